#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/emulator/clock.hpp"
#include "parley/emulator/control/control.hpp"
#include "parley/emulator/music/session.hpp"
#include "parley/emulator/quota/quota.hpp"
#include "parley/emulator/record/recording.hpp"
#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/script.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/task.hpp"

namespace parley::emulator {

struct ServerOptions {
  ServerOptions() = default;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free port
  // Empty: plain HTTP and ws. Google's SDKs for Python and Go speak only wss to Live.
  std::optional<net::TlsIdentity> tls;
  ServiceOptions service;
  LiveOptions live;
  // Where not empty, only these exchanges are played (see Player), and nothing is made up.
  std::vector<RecordedExchange> replay;
  bool replay_in_time = false;
  MusicOptions music;
  std::optional<Script> script;
  // Hidden quotas, behind those of the script; also without one.
  std::vector<QuotaLimit> quotas;
  ControlAccess control = ControlAccess::loopback;  // who may use the paths below /parley
  // Time stands still until clock().advance(): waits, lifetimes, quotas and expiry follow it.
  bool hold_clock = false;
};

// The emulator on a port: REST, and Live and music over WebSocket. Belongs to one executor.
// Destroying it drops its connections.
class Server {
 public:
  Server(Executor executor, ServerOptions options);

  // Listens from now on; returns the port.
  Result<std::uint16_t> start();
  Task<void> stop();

  Service& service();
  // From now on, for each request and each new session; empty: no script. Counts begin anew.
  void set_script(std::optional<Script> script);
  ServerClock& clock();
  std::string base_url() const;
  // Answers that are being sent.
  int streaming() const;

 private:
  struct Core;  // shared with the exchanges that are under way
  ServerOptions options_;
  std::shared_ptr<Core> core_;
  net::HttpServer server_;
  std::uint16_t port_ = 0;
};

}  // namespace parley::emulator
