#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/measure.hpp"
#include "parley/cli/provider.hpp"
#include "parley/cli/server_log.hpp"
#include "parley/cli/settings.hpp"
#include "parley/server/chat_server.hpp"

namespace parley::cli {
namespace {

int refuse(std::string_view why, int code = exit_code::failed) {
  std::cerr << Style::of(stderr).red("parley serve: ") << why << std::endl;
  return code;
}

bool is_public(const std::string& host) {
  boost::system::error_code code;
  const auto address = boost::asio::ip::make_address(host, code);
  return !code && !address.is_loopback();
}

std::string default_folder() {
  if (auto data = api::environment("XDG_DATA_HOME")) return *data + "/parley";
  if (auto home = api::environment("HOME")) return *home + "/.local/share/parley";
  return "parley-data";
}

Result<server::ChatServerOptions> server_options(const ServeOptions& options,
                                                 const std::string& model, Measure& measure) {
  server::ChatServerOptions server;
  server.http.address = options.host;
  server.http.port = options.port;
  if (!options.tls_chain.empty()) {
    auto identity = net::TlsIdentity::from_files(options.tls_chain, options.tls_key);
    if (!identity) return fail(std::move(identity.error()));
    server.http.tls = std::move(*identity);
  }
  server.access.origins = options.origins;
  server.access.hosts = options.hosts;
  server.access.proxies = options.proxies;
  server.access.any_host = is_public(options.host);
  server.hub.default_model = model;
  server.data_folder = options.memory ? "" : options.data.empty() ? default_folder() : options.data;
  server.telemetry = measure.sink();
  server.metrics = [&measure] { return measure.page(); };
  if (options.quiet)
    server.events = server.telemetry;
  else
    server.events = [log = ServerLog(), sink = server.telemetry](const Event& event) {
      log(event), sink(event);
    };
  return server;
}

// The names that sessions may use: those the service lists for generateContent.
Task<void> learn_models(const gemini::Client& client, std::vector<std::string>& names,
                        std::string& problem) {
  auto models = co_await client.models().list_all();
  if (!models) {
    problem = models.error().describe();
    co_return;
  }
  for (const auto& model : *models)
    if (model.supported_generation_methods &&
        std::ranges::count(*model.supported_generation_methods, "generateContent") > 0)
      names.push_back(model.name.starts_with("models/") ? model.name.substr(7) : model.name);
}

// Runs the loop for one task of the start.
void run_now(boost::asio::io_context& loop, Task<void> task) {
  bool done = false;
  boost::asio::co_spawn(loop, std::move(task), [&done](std::exception_ptr) { done = true; });
  while (!done && loop.run_one() > 0) {
  }
  loop.restart();
}

void announce(const ServeOptions& options, const server::ChatServerOptions& server,
              const Provider& provider, std::uint16_t port) {
  const std::string host = server.access.any_host ? "127.0.0.1" : options.host;
  const std::string url =
      fmt::format("{}://{}:{}", options.tls_chain.empty() ? "http" : "https",
                  host.find(':') == std::string::npos ? host : "[" + host + "]", port);
  if (!options.quiet)
    std::cerr << Style::of(stderr).panel(
        "PARLEY CHAT SERVER",
        {{"Model", server.hub.default_model +
                       (provider.offline() ? " (offline model, no key and no network)" : "")},
         {"Service", provider.client.base_url()},
         {"Sessions", server.data_folder.empty() ? "in memory" : server.data_folder},
         {"API", url + "/docs"}});
  std::cout << "Parley is ready: " << url << "/demo" << std::endl;
}

ProviderOptions provider_of(const ServeOptions& options, const config::Settings& settings) {
  ProviderOptions out;
  out.offline = options.offline;
  out.pace_ms = options.pace_ms;
  out.seed = options.seed;
  fill_from(settings, out);
  return out;
}

// A server that runs, and what it was made of.
struct Running {
  const ServeOptions& options;
  Provider& provider;
  server::ChatServer& server;
};

void not_reloaded(std::string_view why) {
  std::cerr << Style::of(stderr).yellow("parley serve: ")
            << "the configuration was not reloaded, and what was in force stays: " << why
            << std::endl;
}

// Reads the configuration anew. All of it is tried before anything is changed.
Task<void> reload(Running running) {
  config::Diagnostics diagnostics;
  const auto settings = load_settings(diagnostics);
  for (const auto& one : diagnostics) std::cerr << one.text() << std::endl;
  if (!settings) co_return not_reloaded("it has mistakes");
  auto client = running.provider.client;
  if (!running.provider.offline()) {
    const auto wanted = provider_of(running.options, *settings);
    auto provider = choose_provider(co_await boost::asio::this_coro::executor, wanted);
    if (!provider) co_return not_reloaded(provider.error().describe());
    if (provider->offline()) co_return not_reloaded("it names no service, or no key for it");
    client = provider->client;
  }
  std::vector<std::string> names;
  std::string problem;
  co_await learn_models(client, names, problem);
  if (!problem.empty()) co_return not_reloaded("the service does not list its models: " + problem);
  const std::string model = choose_model(running.options.model, *settings);
  if (std::ranges::count(names, model) == 0)
    co_return not_reloaded(fmt::format("the service has no model \"{}\" that chats", model));
  std::cerr << "parley serve: the configuration was reloaded: " << model << " of "
            << client.base_url() << std::endl;
  running.provider.client = client;
  running.server.use(std::move(client), model, std::move(names));
}

int serve_until_told(boost::asio::io_context& loop, Running running) {
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM), hang_up(loop, SIGHUP);
  bool asked = false;
  std::function<void()> wait = [&] {
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      if (std::exchange(asked, true)) return loop.stop();  // the second time: now
      boost::asio::co_spawn(loop, running.server.stop(std::chrono::seconds(5)),
                            [&loop](std::exception_ptr) { loop.stop(); });
      wait();
    });
  };
  // The next one is waited for when this one is done: two never run side by side.
  std::function<void()> wait_for_reload = [&] {
    hang_up.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      boost::asio::co_spawn(loop, reload(running),
                            [&wait_for_reload](std::exception_ptr) { wait_for_reload(); });
    });
  };
  wait();
  wait_for_reload();
  loop.run();
  return exit_code::ok;
}

}  // namespace

int serve(const ServeOptions& options) {
  if (is_public(options.host) && !options.insecure_no_auth)
    return refuse(fmt::format("{} can be reached from other machines, and everybody there could "
                              "use this server and your "
                              "key. Add --insecure-no-auth if that is what you want.",
                              options.host),
                  exit_code::usage);
  auto measure = Measure::make(options.otlp);
  if (!measure) return refuse("--otlp: " + measure.error().message(), exit_code::usage);
  boost::asio::io_context loop(1);
  const MeasureOnLoop on_loop(**measure);
  const auto settings = settings_or_complain("serve");
  const auto provider_options = provider_of(options, settings);
  auto provider = choose_provider(loop.get_executor(), provider_options);
  if (!provider) return refuse(provider.error().describe());
  const std::string model = choose_model(options.model, settings);
  auto configured = server_options(options, model, **measure);
  if (!configured) return refuse(configured.error().message());
  std::string problem;
  run_now(loop, learn_models(provider->client, configured->hub.models, problem));
  if (!problem.empty())
    std::cerr << Style::of(stderr).yellow("parley serve: ")
              << "the service does not list its models, so any name is accepted: " << problem
              << std::endl;
  else if (std::ranges::count(configured->hub.models, model) == 0)
    return refuse(fmt::format(
        "the service has no model \"{}\" that chats; choose one with --model or GENAI_MODEL_ID",
        model));
  auto chat_server = server::ChatServer::make(loop.get_executor(), provider->client, *configured);
  if (!chat_server) return refuse(chat_server.error().message());
  const auto port = (*chat_server)->listen();
  if (!port) return refuse(port.error().message() + "\nChoose another port with --port.");
  (*measure)->export_on(loop.get_executor());
  announce(options, *configured, *provider, *port);
  return serve_until_told(loop, Running{options, *provider, **chat_server});
}

}  // namespace parley::cli
