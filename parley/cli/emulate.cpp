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

int emulate(const EmulateOptions& options) {
  boost::asio::io_context loop(1);
  emulator::ServerOptions server_options;
  server_options.address = options.host;
  server_options.port = options.port;
  server_options.service.seed = options.seed;
  server_options.service.pace = std::chrono::milliseconds(options.pace_ms);
  server_options.service.bad_keys = options.bad_keys;
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
    if (!stream) {
      std::cerr << Style::of(stderr).red("parley emulate: ") << "cannot read " << file << std::endl;
      return exit_code::failed;
    }
    server.service().add_recording(std::filesystem::path(file).stem().string(), bytes.str());
  }
  if (const auto port = server.start(); !port) {
    std::cerr << Style::of(stderr).red("parley emulate: ") << port.error().message() << std::endl;
    return exit_code::failed;
  }
  std::cout << fmt::format("Emulator is ready: {}\n", server.base_url()) << std::flush;
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
  return exit_code::ok;
}

}  // namespace parley::cli
