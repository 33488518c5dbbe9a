#include "parley/gemini/chat.hpp"

#include <exception>

#include <fmt/format.h>

#include "parley/json/value.hpp"

namespace parley::gemini {

Chat::Chat(Models models, std::string model)
    : models_(std::move(models)), model_(std::move(model)) {}

void Chat::add_function(FunctionDeclaration declaration, Function run) {
  functions_[declaration.name] = std::move(run);
  declare_function(settings_.tools, std::move(declaration));
}

// Every call of the turn has a function here, and there is one.
bool Chat::can_run(const Content& turn) const {
  bool any = false;
  for (const auto& part : parts_of(turn)) {
    if (!part.function_call) continue;
    if (!functions_.contains(part.function_call->name)) return false;
    any = true;
  }
  return any;
}

// All answers go into one turn, in the order of the calls.
Content Chat::run_calls(const Content& turn) const {
  Content answers;
  answers.role = "user";
  auto& parts = answers.parts.emplace();
  for (const auto& part : parts_of(turn)) {
    if (!part.function_call) continue;
    const auto& call = *part.function_call;
    FunctionResponse response(call.name);
    response.id = call.id;
    try {
      response.response = functions_.find(call.name)->second(call.args.value_or(json::Members()));
    } catch (const std::exception& error) {
      response.response = json::Members(json::Object{{"error", error.what()}});
    }
    parts.emplace_back().function_response = std::move(response);
  }
  return answers;
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
    auto answer = co_await models_.generate_content(model_, std::move(request));
    if (!answer) co_return answer;
    const auto& candidates = candidates_of(*answer);
    if (candidates.empty() || !candidates[0].content) co_return answer;  // blocked: not kept
    // The turn goes back as it came: thought signatures and ids belong to it.
    said.push_back(*candidates[0].content);
    if (!can_run(said.back()) || max_rounds_ == 0) {
      history_ = std::move(said);
      co_return answer;
    }
    if (round == max_rounds_)
      co_return fail(ErrorKind::invalid_state,
                     fmt::format("the model still calls functions after {} rounds", max_rounds_));
    said.push_back(run_calls(said.back()));
  }
}

}  // namespace parley::gemini
