#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/json/value.hpp"

namespace parley::emulator::detail {

// How Vertex AI says what a Live session has to say: it names the session and the role, gives audio
// without its rate, counts under other names, opens and ends transcripts, and ends the turn of a
// function call by itself.
class VertexDialect {
 public:
  // A message as the Developer API says it; the messages that stand in its place, in their order.
  std::vector<std::string> say(std::string_view compact);

 private:
  void change(json::Object& message);
  void change_content(json::Object& content);
  bool transcribing_ = false;  // of the model, and not ended
};

}  // namespace parley::emulator::detail
