#pragma once

#include <string>

#include "parley/emulator/rest/service.hpp"

namespace parley::emulator {

// What a request's path asks for.
struct Service::Route {
  std::string version;
  std::string model;   // bare; empty: the list
  std::string method;  // "generateContent" …; empty: GET
  // Of other collections than models: the segments behind the version.
  std::vector<std::string> resource;
  bool upload = false;
  int cached_tokens = 0;  // of the prompt that come from cached contents
};

}  // namespace parley::emulator
