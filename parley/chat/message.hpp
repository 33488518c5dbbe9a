#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/chat/record.hpp"
#include "parley/generated/chat_wire/types.hpp"

namespace parley::chat {

// The messages of chat protocol v1 are generated from definitions/chat.yaml.
namespace wire = ::parley::chat_wire;

// An error as a client sees it: the document's text and a code to act on.
struct Complaint {
  Complaint(std::string_view complaint_code, std::string complaint_message)
      : code(complaint_code), message(std::move(complaint_message)) {}
  std::string code;
  std::string message;
  std::string detail;  // where and why; may be empty
  bool retryable = false;
  std::int64_t retry_after_ms = 0;
};

// Reads one frame of a client. `max_message`: Unicode scalars of a chat message, which comes back
// trimmed and not empty. Unknown members are ignored; everything else that is wrong is named.
std::expected<wire::ClientMessage, Complaint> read_client_message(std::string_view frame,
                                                                  std::size_t max_message);

// How a failed generation is told to people; the service's own words are kept.
Complaint complaint_of(const Error& error);

}  // namespace parley::chat
