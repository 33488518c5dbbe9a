#pragma once

#include <string>
#include <vector>

#include "bench/ws/load.hpp"

namespace parley::bench {

struct Scenario {
  const char* name;
  const char* mode;  // of the server
  enum class Kind { echo, broadcast, accept, idle } kind;
  enum class Payload { ascii, world, binary, deflated } payload = Payload::ascii;
  std::size_t size = 0;  // bytes of a message
  int connections = 0;
  int depth = 1;  // messages under way on each connection
};

const std::vector<Scenario>& all_scenarios();

struct Reading {
  double per_second = 0;  // messages or connections
  double cpu_us = 0;      // of the server, for each; bytes for each connection where Kind is idle
};

// Drives the server for about `seconds`.
Reading measure(const Server& server, const Scenario& scenario, double seconds);

}  // namespace parley::bench
