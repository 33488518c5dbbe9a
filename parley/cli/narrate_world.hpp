#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "parley/cli/narrate.hpp"
#include "parley/cli/provider.hpp"
#include "parley/narrative/files.hpp"
#include "parley/narrative/gemini_caller.hpp"
#include "parley/narrative/gemini_talks.hpp"
#include "parley/narrative/programs.hpp"
#include "parley/narrative/sqlite_tables.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {

// The ports of a run on this machine, as the command line asks for them.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // `golden`: no model is asked and nothing is kept. Errors: of the service, of the policy
  // (invalid_argument with its mistakes), of the limiter.
  Result<void> make(boost::asio::io_context& loop, const NarrateOptions& options, bool golden);
  // As make(), without a service: for plans.
  Result<void> make_reading(const NarrateOptions& options);
  // key=value or scope.key=value; written to the state after make(), and only seen after
  // make_reading(). Errors: invalid_argument; storage.
  Result<void> set_state(const std::vector<std::string>& pairs, const std::string& narrative);
  // Opens the services of these models before anything is asked; nothing for golden runs. Errors:
  // those of model_services().
  Result<void> open_services(const std::vector<std::string>& models);
  // After open_services(): some of the models is Gemini's.
  bool asks_gemini(const std::vector<std::string>& models) const;
  bool offline() const { return provider_ && provider_->offline(); }

  narrative::Ports ports;
  std::function<void()> before_question, after_question;

 private:
  struct Parts;
  std::optional<Provider> provider_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace parley::cli
