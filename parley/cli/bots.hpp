#pragma once

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "parley/cli/narrate.hpp"
#include "parley/narrative/bots.hpp"

namespace CLI {
class App;
}

namespace parley::cli {

struct BotsCommand {
  BotsCommand() = default;
  std::string verb;                // run, check, settle
  std::string file;                // of bots
  std::vector<std::string> only;   // names of bots; empty: all
  bool once = false;               // what is due
  int at_once = 4;                 // bots side by side
  std::vector<std::string> words;  // settle: table, item, status
  NarrateOptions narrate;          // state folder, service, model, limits, policy, budgets
};
void add_bots(CLI::App& app, BotsCommand& options);
int bots(const BotsCommand& options);

// The bots' work on this machine: narratives with their records, programs, addresses. Items and
// times are the caller's.
class BotWork final : public narrative::BotActions {
 public:
  BotWork(boost::asio::io_context& loop, const BotsCommand& options, narrative::StateStore& state)
      : loop_(loop), options_(options), state_(state) {}
  Task<Result<void>> generate(narrative::Bot bot) override;
  Task<Result<narrative::Verdict>> judge(narrative::Bot bot, narrative::ContentRow item) override;
  Task<Result<void>> post(narrative::Bot bot, narrative::ContentRow item) override;

 private:
  Task<Result<narrative::RunResult>> run(narrative::Bot bot, std::string record, std::string item);
  Task<Result<void>> post_by_program(narrative::Bot bot, narrative::ContentRow item);
  Task<Result<void>> post_by_http(narrative::Bot bot, narrative::ContentRow item);

  boost::asio::io_context& loop_;
  const BotsCommand& options_;
  narrative::StateStore& state_;
};

}  // namespace parley::cli
