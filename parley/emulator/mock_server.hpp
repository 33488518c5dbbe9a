#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/task.hpp"
#include "parley/schematic/plan.hpp"

namespace parley::emulator {

struct MockOptions {
  MockOptions() = default;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  // "mock.request" {method, path, status} and "mock.session" {endpoint, why}.
  EventSink events;
};

// The service that a definition describes, played from its examples: each WebSocket endpoint by
// schematic::MockSession, each REST endpoint by the example (or a small value) of its first good
// response, as server-sent events where the definition says so. Belongs to one executor.
class MockServer {
 public:
  MockServer(Executor executor, std::shared_ptr<const schematic::Definition> definition,
             schematic::Plan plan, MockOptions options);
  ~MockServer();

  // Binds and accepts from now on; returns the port.
  Result<std::uint16_t> start();
  // Takes no more connections and drops those that are open.
  Task<void> stop();

 private:
  struct Core;
  std::shared_ptr<Core> core_;
  net::HttpServer server_;
};

}  // namespace parley::emulator
