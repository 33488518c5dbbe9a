#include "parley/cli/narrate_world.hpp"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/lines.hpp"
#include "parley/cli/loop_timer.hpp"
#include "parley/cli/narrate_microphone.hpp"
#include "parley/cli/narrate_postgres.hpp"
#include "parley/cli/narrate_services.hpp"
#include "parley/cli/settings.hpp"

namespace parley::cli {
namespace {

// Golden runs: whatever has no recorded answer is a difference.
class NobodyAsked final : public narrative::ModelCaller {
 public:
  Task<Result<narrative::ModelAnswer>> ask(narrative::ModelCall call) override {
    co_return fail(
        Error(ErrorKind::conflict,
              fmt::format("act {}: the golden record has no answer to this prompt", call.act))
            .with_detail("code", "golden"));
  }
};

class NobodySpeaks final : public narrative::LiveTalks {
 public:
  Task<Result<std::unique_ptr<narrative::LiveTalk>>> open(narrative::LiveOpening) override {
    co_return fail(Error(ErrorKind::conflict, "the golden record has no answer to this turn")
                       .with_detail("code", "golden"));
  }
};

// Questions on a terminal; elsewhere, and at the end of input, the answer is `later`.
class Person final : public narrative::Approver {
 public:
  Person(boost::asio::io_context& loop, World& world, bool yes)
      : loop_(loop), world_(world), yes_(yes) {}

  Task<narrative::Approval> ask(std::string act, std::string question) override {
    using narrative::Approval;
    if (yes_) co_return Approval::yes;
    if (!LineReader::input_is_terminal() || asking_) co_return Approval::later;
    asking_ = true;
    if (world_.before_question) world_.before_question();
    if (!lines_) lines_.emplace(loop_.get_executor());
    std::cerr << Style::of(stderr).bold(fmt::format("{}: {} [y/n, Enter: later] ", act,
                                                    strip_control(to_valid_utf8(question))))
              << std::flush;
    const auto line = co_await lines_->next();
    if (world_.after_question) world_.after_question();
    asking_ = false;
    if (!line) co_return Approval::later;
    const auto word = to_lower_ascii(trim(std::string_view(*line)));
    if (word == "y" || word == "yes") co_return Approval::yes;
    co_return word == "n" || word == "no" ? Approval::no : Approval::later;
  }

 private:
  boost::asio::io_context& loop_;
  World& world_;
  bool yes_, asking_ = false;
  std::optional<LineReader> lines_;
};

// What is written is seen, and nothing reaches the disk.
class SeenState final : public narrative::StateStore {
 public:
  explicit SeenState(narrative::StateStore& below) : below_(below) {}
  Result<std::optional<std::string>> read(const std::string& scope,
                                          const std::string& key) override {
    const auto found = values_.find({scope, key});
    if (found == values_.end()) return below_.read(scope, key);
    return std::optional<std::string>(found->second);
  }
  Result<void> write(const std::string& scope, const std::string& key,
                     const std::string& value) override {
    values_[{scope, key}] = value;
    return {};
  }

 private:
  narrative::StateStore& below_;
  std::map<std::pair<std::string, std::string>, std::string> values_;
};

std::optional<std::string> environment_variable(const std::string& name) {
  return api::environment(name.c_str());
}

Result<narrative::Policy> policy_of(const std::string& file) {
  narrative::DiskSources sources;
  const auto text = sources.read(file);
  if (!text) return fail(text.error());
  narrative::Diagnostics mistakes;
  auto policy = narrative::read_policy(file, *text, mistakes);
  if (has_errors(mistakes)) return fail(narrative::error_of(mistakes));
  return policy;
}

// SQLite files, and PostgreSQL where this program has it.
class AllTables final : public narrative::Tables {
 public:
  explicit AllTables(bool allow_delete)
      : files_(file_options(allow_delete)), servers_(postgres_tables(allow_delete)) {}
  Task<Result<narrative::TableRows>> read(narrative::TableQuery query) override {
    auto* tables = of(query);
    if (!tables) co_return fail(no_postgres());
    co_return co_await tables->read(std::move(query));
  }
  Task<Result<void>> remove(narrative::TableQuery query, narrative::TableRows read) override {
    auto* tables = of(query);
    if (!tables) co_return fail(no_postgres());
    co_return co_await tables->remove(std::move(query), std::move(read));
  }

 private:
  static narrative::SqliteTablesOptions file_options(bool allow_delete) {
    narrative::SqliteTablesOptions out;
    out.allow_delete = allow_delete;
    return out;
  }
  narrative::Tables* of(const narrative::TableQuery& query) {
    return narrative::is_postgres(query.input.database) ? servers_.get() : &files_;
  }
  static Error no_postgres() {
    return Error(ErrorKind::invalid_argument,
                 "this program was built without PostgreSQL (PARLEY_POSTGRES=OFF)");
  }

  narrative::SqliteTables files_;
  std::unique_ptr<narrative::Tables> servers_;
};

}  // namespace

struct World::Parts {
  explicit Parts(const NarrateOptions& options)
      : folder(state_folder(options)),
        state(folder + "/state"),
        seen(state),
        answers(folder + "/cache/answers"),
        outputs(folder + "/cache/outputs"),
        tables(options.allow_delete),
        content(folder + "/content.db", clock),
        output_files(options.output_dir) {}

  std::string folder;
  net::SystemClock clock;
  LoopTimer timer;
  narrative::DiskSources files;
  narrative::FolderState state;
  SeenState seen;
  narrative::FolderAnswers answers;
  narrative::FolderOutputs outputs;
  AllTables tables;
  narrative::SqliteContent content;
  narrative::FolderFiles output_files;
  NobodyAsked nobody;
  NobodySpeaks nobody_live;
  std::optional<narrative::Programs> programs;
  std::unique_ptr<narrative::Limits> limits;
  std::unique_ptr<Person> person;
  std::unique_ptr<narrative::GeminiCaller> caller;
  std::unique_ptr<narrative::ServiceCaller> services;
  std::unique_ptr<narrative::Microphone> microphone;
  std::unique_ptr<narrative::GeminiTalks> talks;
};

World::World() = default;
World::~World() = default;

Result<void> World::make_reading(const NarrateOptions& options) {
  parts_ = std::make_unique<Parts>(options);
  if (!options.policy.empty()) {
    auto policy = policy_of(options.policy);
    if (!policy) return fail(std::move(policy.error()));
    parts_->programs.emplace(std::move(*policy));
    ports.commands = &*parts_->programs;
  }
  ports.models = &parts_->nobody;
  ports.clock = &parts_->clock;
  ports.timer = &parts_->timer;
  ports.files = &parts_->files;
  ports.tables = &parts_->tables;
  ports.state = &parts_->seen;
  ports.environment = environment_variable;
  return {};
}

Result<void> World::make(boost::asio::io_context& loop, const NarrateOptions& options,
                         bool golden) {
  if (auto made = make_reading(options); !made) return made;
  parts_->person = std::make_unique<Person>(loop, *this, options.yes);
  ports.approver = parts_->person.get();
  if (golden) {
    ports.live = &parts_->nobody_live;
    return {};
  }
  ports.state = &parts_->state;
  const auto settings = settings_or_complain("narrate");
  const auto service = provider_options_of(options, settings);
  auto provider = choose_provider(loop.get_executor(), service);
  if (!provider) return fail(std::move(provider.error()));
  provider_.emplace(std::move(*provider));
  auto limits = limits_of(options, offline(), true);
  if (!limits) return fail(std::move(limits.error()));
  parts_->limits = std::move(*limits);
  parts_->caller = std::make_unique<narrative::GeminiCaller>(provider_->client);
  parts_->services = std::make_unique<narrative::ServiceCaller>(*parts_->caller,
                                                                model_services(options, settings));
  ports.models = parts_->services.get();
  ports.limits = parts_->limits.get();
  narrative::GeminiTalksOptions talks;
  talks.timer = &parts_->timer;
  talks.clock = &parts_->clock;
  if (!options.microphone.empty()) {
    auto microphone = open_microphone(loop.get_executor(), options.microphone);
    if (!microphone) return fail(std::move(microphone.error()));
    parts_->microphone = std::move(*microphone);
    talks.microphone = parts_->microphone.get();
  }
  parts_->talks = std::make_unique<narrative::GeminiTalks>(provider_->client, std::move(talks));
  ports.live = parts_->talks.get();
  ports.output_files = &parts_->output_files;
  ports.content = &parts_->content;
  ports.cache = &parts_->answers;
  ports.outputs = &parts_->outputs;
  return {};
}

Result<void> World::open_services(const std::vector<std::string>& models) {
  if (!parts_->services) return {};
  for (const auto& model : models)
    if (auto opened = parts_->services->service_of(model); !opened)
      return fail(std::move(opened.error()));
  return {};
}

bool World::asks_gemini(const std::vector<std::string>& models) const {
  return std::ranges::any_of(models, [this](const std::string& model) {
    const auto found = parts_->services->service_of(model);
    return found && !found->provider;
  });
}

Result<void> World::set_state(const std::vector<std::string>& pairs, const std::string& narrative) {
  for (const auto& pair : pairs) {
    const auto sign = pair.find('=');
    if (sign == std::string::npos || sign == 0)
      return fail(ErrorKind::invalid_argument, fmt::format("--set {}: it must be key=value", pair));
    const auto [scope, key] = narrative::scope_and_key(pair.substr(0, sign), narrative);
    if (auto written = ports.state->write(scope, key, pair.substr(sign + 1)); !written)
      return written;
  }
  return {};
}

}  // namespace parley::cli
