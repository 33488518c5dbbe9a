#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/emulator/server.hpp"

namespace parley::cli {

namespace {

int complain(std::string_view what) {
  std::cerr << Style::of(stderr).red("parley emulate: ") << what << std::endl;
  return exit_code::failed;
}

}  // namespace

int emulate(const EmulateOptions& options) {
  boost::asio::io_context loop(1);
  emulator::ServerOptions server_options;
  server_options.address = options.host;
  server_options.port = options.port;
  server_options.service.seed = options.seed;
  server_options.service.pace = std::chrono::milliseconds(options.pace_ms);
  server_options.service.bad_keys = options.bad_keys;
  server_options.service.faults.rest = options.rest_faults;
  server_options.service.faults.live = options.live_faults;
  server_options.service.faults.seed = options.seed;
  if (!options.tls_chain.empty()) {
    auto identity = net::TlsIdentity::from_files(options.tls_chain, options.tls_key);
    if (!identity) return complain(identity.error().message());
    server_options.tls = std::move(*identity);
  }
  server_options.live.seed = options.seed;
  server_options.live.pace = server_options.service.pace;
  server_options.live.playback = options.playback;
  server_options.live.hears = options.hears;
  server_options.live.text_frames = options.text_frames;
  server_options.live.lifetime = std::chrono::seconds(options.lifetime_seconds);
  server_options.live.notice = server_options.live.lifetime / 10;
  emulator::Server server(loop.get_executor(), server_options);
  for (const auto& file : options.recordings) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream bytes;
    bytes << stream.rdbuf();
    if (!stream) return complain("cannot read " + file);
    server.service().add_recording(std::filesystem::path(file).stem().string(), bytes.str());
  }
  if (const auto port = server.start(); !port) return complain(port.error().message());
  std::cout << fmt::format("Emulator is ready: {}\n", server.base_url()) << std::flush;
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
  return exit_code::ok;
}

}  // namespace parley::cli
