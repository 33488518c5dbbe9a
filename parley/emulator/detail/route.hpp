#pragma once

#include <string>

#include "parley/emulator/service.hpp"

namespace parley::emulator {

// What a request's path asks for.
struct Service::Route {
  std::string version;
  std::string model;   // bare; empty: the list
  std::string method;  // "generateContent" …; empty: GET
};

}  // namespace parley::emulator
