#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "parley/emulator/model/detail/phrases.hpp"
#include "parley/gemini/types.hpp"

namespace parley::emulator::detail {

// What the offline model understands of a request.
struct Wishes {
  Wishes() = default;
  std::string prompt;  // the last thing the user said
  std::string before;  // what the user said before that; may be empty
  std::size_t messages = 0;
  std::string name;                    // "my name is …", said anywhere by the user
  std::optional<std::string> exactly;  // "repeat: …"
  std::size_t words = 0;               // 0: no number was named
  std::string topic;                   // "about …", else a part of the prompt
  bool markdown = false;
  bool json = false;
  std::optional<json::Value> schema;  // of the JSON
  const CodeSample* code = nullptr;
  const Phrases* phrases = nullptr;  // never null once read
};

Wishes read_wishes(const gemini::GenerateContentRequest& request);

}  // namespace parley::emulator::detail
