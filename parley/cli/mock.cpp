#include <csignal>
#include <iostream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/files.hpp"
#include "parley/emulator/mock_server.hpp"
#include "parley/schematic/definition.hpp"

namespace parley::cli {
namespace {

int complain_of_mock(const std::string& text) {
  std::cerr << Style::of(stderr).red("parley mock: ") << text << std::endl;
  return exit_code::failed;
}

void print_endpoints(const schematic::Plan& plan, std::uint16_t port, const std::string& host) {
  std::cout << fmt::format("Mock of {} is ready: ws://{}:{} http://{}:{}\n", plan.definition->name,
                           host, port, host, port);
  for (const auto& one : plan.endpoints)
    std::cout << fmt::format("  {:6} {}\n", "WS", one.endpoint->path);
  for (const auto& one : plan.rest)
    std::cout << fmt::format("  {:6} {}\n", one.endpoint->method, one.endpoint->path);
  std::cout << std::flush;
}

}  // namespace

int mock(const MockOptions& options) {
  const auto text = read_file(options.file);
  if (!text) return complain_of_mock(text.error().message());
  schematic::Diagnostics diagnostics;
  auto read = schematic::read_definition_text(*text, diagnostics);
  if (read && !diagnostics.has_errors()) check(*read, diagnostics);
  std::cerr << diagnostics.text(options.file) << std::flush;
  if (!read || diagnostics.has_errors()) return exit_code::failed;
  const auto definition = std::make_shared<const schematic::Definition>(std::move(*read));
  schematic::Diagnostics told;
  auto plan = make_plan(*definition, told);
  if (!plan) return exit_code::failed;

  boost::asio::io_context loop(1);
  emulator::MockOptions server_options;
  server_options.address = options.host;
  server_options.port = options.port;
  if (!options.quiet)
    server_options.events = [](const Event& event) {
      const auto why = event.field("why");
      std::cout << fmt::format("{} {}{}{}{}{}\n", event.name, event.field("method"),
                               event.field("endpoint"), event.field("method").empty() ? "" : " ",
                               event.field("path"), why.empty() ? "" : fmt::format(": {}", why))
                << std::flush;
    };
  emulator::MockServer server(loop.get_executor(), definition, *plan, server_options);
  const auto port = server.start();
  if (!port) return complain_of_mock(port.error().message());
  print_endpoints(*plan, *port, options.host);
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
  return exit_code::ok;
}

}  // namespace parley::cli
