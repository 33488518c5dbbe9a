// Compares WebSocket servers: throughput, and processor time of the server for each message.
// Servers run on core 0, the load on core 1, rounds interleaved; medians. bench/ws/run builds and
// starts it.

#include <cstring>
#include <filesystem>
#include <map>
#include <sys/resource.h>

#include <fmt/format.h>

#include "bench/support.hpp"
#include "bench/ws/scenarios.hpp"

namespace {

using namespace parley::bench;

struct Rival {
  std::string name;
  std::vector<std::string> command;
};

struct Arguments {
  std::vector<Rival> rivals;
  std::vector<std::string> only;
  int rounds = 5;
  double seconds = 1;
};

constexpr const char* kUsage =
    "usage: bench_ws [--rounds N] [--seconds S] [--only WORDS]... --server NAME=COMMAND...\n"
    "  COMMAND is started with a port and a mode (echo, deflate, broadcast) behind it; the first\n"
    "  server is compared with each of the others. WORDS: part of a scenario's name.\n";

std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text)
    if (c != ' ')
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  return words;
}

bool parse(int argc, char** argv, Arguments& to) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (i + 1 == argc) return false;
    const std::string value = argv[++i];
    if (word == "--rounds") {
      to.rounds = std::atoi(value.c_str());
    } else if (word == "--seconds") {
      to.seconds = std::atof(value.c_str());
    } else if (word == "--only") {
      to.only.push_back(value);
    } else if (word == "--server" && value.find('=') != std::string::npos) {
      const auto equals = value.find('=');
      to.rivals.push_back({value.substr(0, equals), split_words(value.substr(equals + 1))});
    } else {
      return false;
    }
  }
  return !to.rivals.empty() && to.rounds > 0;
}

bool wanted(const Scenario& scenario, const Arguments& arguments) {
  if (arguments.only.empty()) return true;
  for (const auto& words : arguments.only)
    if (std::strstr(scenario.name, words.c_str())) return true;
  return false;
}

void compare(const Scenario& scenario, const Arguments& arguments) {
  const bool idle = scenario.kind == Scenario::Kind::idle;
  std::map<std::string, std::vector<double>> rates, costs;
  std::map<std::string, std::string> failed;
  std::vector<std::unique_ptr<Server>> servers;
  int port = 18'500;
  for (const auto& rival : arguments.rivals)
    servers.push_back(std::make_unique<Server>(rival.command, port++, scenario.mode));
  for (int round = 0; round < (idle ? 1 : arguments.rounds); ++round)
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const std::string& name = arguments.rivals[i].name;
      if (failed.contains(name)) continue;
      try {
        const auto reading = measure(*servers[i], scenario, arguments.seconds);
        rates[name].push_back(reading.per_second);
        costs[name].push_back(reading.cpu_us);
      } catch (const std::exception& error) {
        failed[name] = error.what();
      }
    }
  const std::string& ours = arguments.rivals.front().name;
  fmt::print("\n### {}\n\n", scenario.name);
  if (idle)
    fmt::print("| server | bytes | {} ÷ it |\n|---|---|---|\n", ours);
  else
    fmt::print(
        "| server | per second | CPU µs each | {0} ÷ it, throughput | {0} ÷ it, CPU "
        "|\n|---|---|---|---|---|\n",
        ours);
  for (const auto& rival : arguments.rivals) {
    if (failed.contains(rival.name)) {
      fmt::print("| {} | – | {} |\n", rival.name, failed[rival.name]);
      continue;
    }
    const double cost = median(costs[rival.name]);
    const double ratio = median(costs[ours]) / cost;
    if (idle)
      fmt::print("| {} | {:.0f} | {:.2f} |\n", rival.name, cost, ratio);
    else
      fmt::print("| {} | {:.0f} | {:.2f} | {:.2f} | {:.2f} |\n", rival.name,
                 median(rates[rival.name]), cost, median(rates[ours]) / median(rates[rival.name]),
                 ratio);
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  pin_to_core(1);
  for (const auto& scenario : all_scenarios())
    if (wanted(scenario, arguments)) compare(scenario, arguments);
}
