#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/files.hpp"
#include "parley/emulator/record/proxy.hpp"
#include "parley/emulator/server.hpp"
#include "parley/net/self_signed.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {
namespace {

int complain(std::string_view what) {
  std::cerr << Style::of(stderr).red("parley emulate: ") << what << std::endl;
  return exit_code::failed;
}

// Accounts that may ask for tokens; with one, tokens of others are refused.
Result<void> know_accounts(const EmulateOptions& options, emulator::AuthOptions& auth) {
  for (const auto& path : options.service_accounts) {
    const auto text = read_file(path);
    if (!text) return fail(text.error());
    auto account = emulator::account_of(*text);
    if (!account) return fail(ErrorKind::invalid_argument, path + ": " + account.error().message());
    auth.accounts.push_back(std::move(*account));
  }
  auth.only_own_tokens = !auth.accounts.empty();
  auth.token_life = std::chrono::seconds(options.token_seconds);
  auth.metadata_project = options.metadata_project;
  return {};
}

// The file is for this user alone, as those of gcloud are.
Result<void> write_account(const std::string& path, const Secret& json) {
  namespace fs = std::filesystem;
  std::error_code code;
  fs::remove(path, code);
  std::ofstream stream(path, std::ios::binary);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, code);
  stream << json.reveal() << '\n';
  stream.close();
  if (!stream || code) return fail(ErrorKind::storage, "cannot write " + path);
  return {};
}

}  // namespace

namespace {

// Mistakes go to standard error, each with its place.
Result<emulator::Script> read_script(const std::string& path) {
  auto text = read_file(path);
  if (!text) return fail(std::move(text.error()));
  const auto folder = std::filesystem::path(path).parent_path();
  schematic::Diagnostics diagnostics;
  auto script = emulator::read_script(
      *text, [&folder](const std::string& name) { return read_file((folder / name).string()); },
      diagnostics);
  std::cerr << diagnostics.text(path) << std::flush;
  if (diagnostics.has_errors())
    return fail(ErrorKind::invalid_argument, "the script cannot be used: " + path);
  return script;
}

int check(const std::string& path) {
  const auto script = read_script(path);
  if (!script) return complain(script.error().message());
  std::cout << fmt::format("{}: {} rules, {} quotas\n", path, script->rules.size(),
                           script->quotas.size());
  return exit_code::ok;
}

Result<void> read_script_of(const EmulateOptions& options, emulator::ServerOptions& out) {
  using emulator::ControlAccess;
  out.hold_clock = options.hold_clock;
  out.control = options.control == "nobody"   ? ControlAccess::nobody
                : options.control == "anyone" ? ControlAccess::anyone
                                              : ControlAccess::loopback;
  for (const auto& text : options.quotas) {
    auto quota = emulator::QuotaLimit::parse(text);
    if (!quota) return fail(ErrorKind::invalid_argument, "--quota: " + quota.error().message());
    out.quotas.push_back(std::move(*quota));
  }
  if (options.script.empty()) return {};
  auto script = read_script(options.script);
  if (!script) return fail(std::move(script.error()));
  out.script = std::move(*script);
  return {};
}

// A file with exchanges, or with one session as the SDKs' tests keep it.
Result<void> read_recording_file(const std::string& path,
                                 std::vector<emulator::RecordedExchange>& out) {
  auto text = read_file(path);
  if (!text) return fail(std::move(text.error()));
  const auto add = [&](auto read) -> Result<void> {
    if (!read) return fail(ErrorKind::invalid_argument, path + ": " + read.error().message());
    if constexpr (std::is_same_v<decltype(read), Result<emulator::RecordedExchange>>)
      out.push_back(std::move(*read));
    else
      out.insert(out.end(), std::make_move_iterator(read->begin()),
                 std::make_move_iterator(read->end()));
    return {};
  };
  const bool of_sdk = text->starts_with('>') || text->starts_with('<');
  return of_sdk ? add(emulator::read_session_log(*text)) : add(emulator::read_recording(*text));
}

Result<std::vector<emulator::RecordedExchange>> read_recordings(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  if (std::error_code code; fs::is_directory(path, code)) {
    for (const auto& entry : fs::directory_iterator(path, code))
      if (const auto end = entry.path().extension(); end == ".jsonl" || end == ".log")
        files.push_back(entry.path().string());
    std::ranges::sort(files);
  } else {
    files.push_back(path);
  }
  std::vector<emulator::RecordedExchange> out;
  for (const auto& file : files)
    if (auto read = read_recording_file(file, out); !read) return fail(std::move(read.error()));
  if (out.empty()) return fail(ErrorKind::invalid_argument, path + " holds no exchange");
  return out;
}

// Empty: plain http.
Result<std::optional<net::TlsIdentity>> identity_of(const EmulateOptions& options) {
  if (!options.tls_chain.empty()) {
    auto identity = net::TlsIdentity::from_files(options.tls_chain, options.tls_key);
    if (!identity) return fail(std::move(identity.error()));
    return std::optional(std::move(*identity));
  }
  if (options.tls_made.empty()) return std::nullopt;
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  if (std::ranges::find(names, options.host) == names.end() && options.host != "0.0.0.0" &&
      options.host != "::")
    names.push_back(options.host);
  const auto made = net::make_self_signed(names, net::SystemClock().wall_now());
  if (!made) return fail(made.error());
  std::ofstream file(options.tls_made, std::ios::binary);
  file << made->certificate;
  file.close();
  if (!file) return fail(ErrorKind::storage, "cannot write " + options.tls_made);
  auto identity = net::TlsIdentity::from_pem(made->certificate, made->key.reveal());
  if (!identity) return fail(std::move(identity.error()));
  return std::optional(std::move(*identity));
}

Result<emulator::ServerOptions> server_options_of(const EmulateOptions& options) {
  emulator::ServerOptions out;
  out.address = options.host;
  out.port = options.port;
  out.service.seed = options.seed;
  out.service.pace = std::chrono::milliseconds(options.pace_ms);
  out.service.bad_keys = options.bad_keys;
  out.service.faults.rest = options.rest_faults;
  out.service.faults.live = options.live_faults;
  out.service.faults.seed = options.seed;
  out.live.seed = options.seed;
  out.live.pace = out.service.pace;
  out.live.playback = options.playback;
  out.live.hears = options.hears;
  out.live.text_frames = options.text_frames;
  out.live.lifetime = std::chrono::seconds(options.lifetime_seconds);
  out.live.notice = out.live.lifetime / 10;
  auto identity = identity_of(options);
  if (!identity) return fail(std::move(identity.error()));
  out.tls = std::move(*identity);
  if (auto read = read_script_of(options, out); !read) return fail(std::move(read.error()));
  if (options.replay.empty()) return out;
  auto exchanges = read_recordings(options.replay);
  if (!exchanges) return fail(std::move(exchanges.error()));
  out.replay = std::move(*exchanges);
  out.replay_in_time = options.in_time;
  return out;
}

void run_until_signal(boost::asio::io_context& loop) {
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
}

// The proxy to the real service; each line is on disk when the next one is made.
int record(const EmulateOptions& options, std::optional<net::TlsIdentity> tls) {
  boost::asio::io_context loop(1);
  std::ofstream file(options.record, std::ios::binary | std::ios::trunc);
  if (!file) return complain("cannot write " + options.record);
  emulator::ProxyOptions proxy_options;
  proxy_options.address = options.host;
  proxy_options.port = options.port;
  proxy_options.tls = std::move(tls);
  if (!options.upstream.empty()) proxy_options.upstream = options.upstream;
  auto proxy = emulator::RecordingProxy::make(
      loop.get_executor(), std::move(proxy_options),
      [&file](std::string_view line) { file << line << std::flush; });
  if (!proxy) return complain(proxy.error().message());
  if (const auto port = proxy->start(); !port) return complain(port.error().message());
  std::cout << fmt::format("Recording proxy is ready: {}\n", proxy->base_url()) << std::flush;
  run_until_signal(loop);
  if (!file) return complain("the recording could not be written to " + options.record);
  return exit_code::ok;
}

}  // namespace

int emulate(const EmulateOptions& options) {
  if (!options.check.empty()) return check(options.check);
  auto server_options = server_options_of(options);
  if (!server_options) return complain(server_options.error().message());
  if (!options.record.empty()) return record(options, server_options->tls);
  if (auto known = know_accounts(options, server_options->service.auth); !known)
    return complain(known.error().message());
  boost::asio::io_context loop(1);
  emulator::Server server(loop.get_executor(), std::move(*server_options));
  for (const auto& file : options.recordings) {
    auto bytes = read_file(file);
    if (!bytes) return complain(bytes.error().message());
    server.service().add_recording(std::filesystem::path(file).stem().string(), std::move(*bytes));
  }
  if (const auto port = server.start(); !port) return complain(port.error().message());
  if (!options.new_service_account.empty()) {
    auto account = emulator::make_service_account("emulator", server.base_url() + "/token");
    if (!account) return complain(account.error().message());
    server.service().add_account(account->account);
    if (auto written = write_account(options.new_service_account, account->json); !written)
      return complain(written.error().message());
  }
  std::cout << fmt::format("Emulator is ready: {}\n", server.base_url()) << std::flush;
  run_until_signal(loop);
  return exit_code::ok;
}

}  // namespace parley::cli
