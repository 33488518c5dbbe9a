#include "parley/gemini/chat.hpp"

#include <utility>

#include <fmt/format.h>

#include "parley/gemini/answer.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"

namespace parley::gemini {

Chat::Chat(Models models, std::string model)
    : Chat(gemini_provider(std::move(models)), std::move(model)) {}
Chat::Chat(std::shared_ptr<const Provider> provider, std::string model)
    : provider_(std::move(provider)), model_(std::move(model)) {}

void Chat::add_function(FunctionDeclaration declaration, Function run) {
  declare_function(settings_.tools, declaration);
  functions_.add(std::move(declaration), std::move(run));
}
void Chat::add_function(FunctionDeclaration declaration, AsyncFunction run) {
  declare_function(settings_.tools, declaration);
  functions_.add(std::move(declaration), std::move(run));
}

void Chat::choose_functions(FunctionCallingMode::Known mode, std::vector<std::string> allowed) {
  if (!settings_.tool_config) settings_.tool_config.emplace();
  auto& calling = settings_.tool_config->function_calling_config.emplace();
  calling.mode = mode;
  if (!allowed.empty()) calling.allowed_function_names = std::move(allowed);
}

// Every call of the turn is answered here, and there is one: by its function, or, where the model
// made the name up, with that there is none. What is declared without a function is the caller's.
bool Chat::can_run(const Content& turn) const {
  const auto calls = calls_of(turn);
  for (const auto& call : calls) {
    const bool made_up = !functions_.empty() && !is_declared(settings_.tools, call.name);
    if ((!functions_.has(call.name) && !made_up) || call.will_continue.value_or(false))
      return false;
  }
  return !calls.empty();
}

Task<Content> Chat::run_calls(Content turn) const {
  Content answers;
  answers.role = "user";
  auto& parts = answers.parts.emplace();
  auto calls = calls_of(turn);
  auto responses = co_await functions_.run_all(std::move(calls));
  for (auto& response : responses) parts.emplace_back().function_response = std::move(response);
  co_return answers;
}

Error Chat::too_many_rounds() const {
  return Error(ErrorKind::invalid_state,
               fmt::format("the model still calls functions after {} rounds", max_rounds_));
}

Task<Result<GenerateContentResponse>> Chat::send(std::string text) {
  return send(user_content(text));
}

Task<Result<GenerateContentResponse>> Chat::send(Content turn) {
  auto said = history_;
  said.push_back(std::move(turn));
  for (int round = 0;; ++round) {
    GenerateContentRequest request = settings_;
    request.contents = said;
    auto answer = co_await provider_->generate(model_, std::move(request));
    if (!answer) co_return answer;
    const auto& candidates = candidates_of(*answer);
    if (candidates.empty() || !candidates[0].content) co_return answer;  // blocked: not kept
    // The turn goes back as it came: thought signatures and ids belong to it.
    said.push_back(*candidates[0].content);
    if (!can_run(said.back()) || max_rounds_ == 0) {
      history_ = std::move(said);
      co_return answer;
    }
    if (round == max_rounds_) co_return fail(too_many_rounds());
    auto results = co_await run_calls(said.back());
    said.push_back(std::move(results));
  }
}

ChatStream Chat::stream(std::string text) {
  return stream(user_content(text));
}

namespace {

Result<void> check_history(const std::vector<Content>& history) {
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto role = history[i].role.value_or("user");
    if (role != "user" && role != "model" && role != "function")
      return fail(ErrorKind::invalid_argument,
                  fmt::format("turn {} of the history has the role \"{}\"; user and model are "
                              "possible",
                              i, role));
    if (parts_of(history[i]).empty())
      return fail(ErrorKind::invalid_argument,
                  fmt::format("turn {} of the history has no parts", i));
  }
  return {};
}

}  // namespace

Result<void> Chat::set_history(std::vector<Content> history) {
  if (auto good = check_history(history); !good) return good;
  history_ = std::move(history);
  return {};
}

std::string Chat::save() const {
  std::string text;
  json::Writer(text).value(history_);
  return text;
}

Result<void> Chat::restore(std::string_view json) {
  auto history = json::decode_text<std::vector<Content>>(json, json::trusted_limits());
  if (!history) return fail(std::move(history.error()));
  return set_history(std::move(*history));
}

}  // namespace parley::gemini
