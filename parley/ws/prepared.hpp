#pragma once

#include <map>
#include <string>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/ws/context.hpp"
#include "parley/ws/deflate.hpp"

namespace parley::ws {

// One message, framed once for many receivers, and compressed once for each window size among them.
// For servers: the frames of clients are masked, each with a key of its own. Not thread-safe.
class PreparedMessage {
 public:
  // `text` must be valid UTF-8.
  static PreparedMessage text(std::string_view text) { return PreparedMessage(true, text); }
  static PreparedMessage binary(BytesView data) { return PreparedMessage(false, as_text(data)); }

  std::size_t payload_size() const { return payload_size_; }
  const std::string& plain() const { return plain_; }
  // The compressed frame for a connection with that agreement; null where it would not be shorter.
  const std::string* deflated(const DeflateAgreement& agreement, Context& context) const;

 private:
  PreparedMessage(bool is_text, std::string_view payload);
  std::string_view payload() const;

  bool text_;
  std::size_t payload_size_;
  std::string plain_;
  mutable std::map<int, std::string> deflated_;  // by window bits
};

}  // namespace parley::ws
