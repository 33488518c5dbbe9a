#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/emulator/record/recording.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/task.hpp"

namespace parley::emulator {

struct ProxyOptions {
  ProxyOptions() = default;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;               // 0: any free one
  std::optional<net::TlsIdentity> tls;  // of the side to the client; empty: plain
  std::string upstream = "https://generativelanguage.googleapis.com";
  net::HttpClientOptions http;  // of the side to the service: trust, proxies, limits
};

// Stands between a client and the service, hands on what both say as it comes, and writes it down
// without credentials. The client's key goes on to the service. Belongs to one executor.
class RecordingProxy {
 public:
  // `write` gets each line as it is made, on the executor. Errors: invalid_argument for an upstream
  // that is no http or https URL.
  static Result<RecordingProxy> make(Executor executor, ProxyOptions options,
                                     std::function<void(std::string_view line)> write);
  RecordingProxy(RecordingProxy&&) noexcept;
  ~RecordingProxy();

  // Listens from now on; returns the port.
  Result<std::uint16_t> start();
  Task<void> stop();
  std::string base_url() const;

 private:
  struct Core;
  explicit RecordingProxy(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace parley::emulator
