#include "parley/narrative/gemini_caller.hpp"

#include <algorithm>

#include "parley/gemini/answer.hpp"
#include "parley/gemini/live.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/narrative/detail/gemini_answer.hpp"
#include "parley/narrative/detail/gemini_talk.hpp"

namespace parley::narrative {
namespace {

bool looks_live(std::string_view model) {
  gemini::Model named;
  named.name = std::string(model);
  return gemini::is_live_model(named) || model.find("-live") != std::string_view::npos ||
         model.find("-exp") != std::string_view::npos;
}

// What is said up to the end of the turn.
Task<Result<ModelAnswer>> read_turn(gemini::Live& live) {
  ModelAnswer answer;
  std::string spoken;
  bool ended = false;
  while (!ended) {
    auto event = co_await live.next();
    if (!event) {
      const auto outcome = live.outcome();
      if (!outcome) co_return fail(outcome.error());
      co_return fail(ErrorKind::disconnected, "the session ended before the answer");
    }
    if (const auto* text = std::get_if<gemini::LiveText>(&*event)) {
      if (!text->thought) answer.text += text->text;
    } else if (const auto* said = std::get_if<gemini::LiveTranscript>(&*event)) {
      if (!said->of_user && !said->interim) spoken += said->text;
    } else if (const auto* used = std::get_if<gemini::LiveUsage>(&*event)) {
      answer.tokens = Tokens(used->usage.prompt + used->usage.tool_use,
                             used->usage.answer + used->usage.thoughts);
    } else if (const auto* turn = std::get_if<gemini::LiveTurnComplete>(&*event)) {
      answer.finish_reason = turn->reason.empty() ? "STOP" : turn->reason;
      ended = !turn->more_to_come;
    }
  }
  if (answer.text.empty()) answer.text = std::move(spoken);
  co_return answer;
}

Task<Result<ModelAnswer>> ask_live(gemini::LiveOptions options,
                                   gemini::GenerateContentRequest request) {
  options.setup.generation_config = request.generation_config;
  options.setup.system_instruction = request.system_instruction;
  if (gemini::live_output(options.setup.model) == gemini::LiveOutputKind::audio) {
    options.answer_in(gemini::Modality::audio);
    options.transcribe();
  } else {
    options.answer_in(gemini::Modality::text);
  }
  const auto model = options.setup.model;
  auto live = co_await gemini::Live::connect(std::move(options));
  if (!live) co_return fail(std::move(live.error()));
  auto turns = request.contents.value_or(std::vector<gemini::Content>());
  auto sent = co_await live->send_turns(std::move(turns));
  if (!sent) co_return fail(std::move(sent.error()));
  auto answer = co_await read_turn(*live);
  if (answer) answer->model = model;
  co_await live->close();
  co_return answer;
}

}  // namespace

Result<ModelAnswer> detail::answer_of(const gemini::GenerateContentResponse& response) {
  if (gemini::candidates_of(response).empty() && gemini::block_reason_of(response).empty())
    return fail(Error(ErrorKind::invalid_response, "the service gave no answer")
                    .with_stage(Stage::receive));
  ModelAnswer answer;
  answer.text = gemini::text_of(response);
  answer.model = response.model_version.value_or("");
  answer.finish_reason = gemini::finish_reason_of(response);
  if (auto blocked = gemini::block_reason_of(response); !blocked.empty())
    answer.finish_reason = std::move(blocked);
  if (response.usage_metadata) {
    const auto usage = gemini::usage_of(*response.usage_metadata);
    answer.tokens = Tokens(usage.prompt + usage.tool_use, usage.answer + usage.thoughts);
  }
  return answer;
}

GeminiCaller::GeminiCaller(gemini::Client client) : client_(std::move(client)) {}

Task<bool> GeminiCaller::is_live(std::string model) {
  if (!looks_live(model)) co_return false;
  if (const auto found = live_.find(model); found != live_.end()) co_return found->second;
  bool live = true;
  auto told = co_await client_.models().get(model);
  if (told && told->supported_generation_methods)
    live = std::ranges::find(*told->supported_generation_methods, "generateContent") ==
           told->supported_generation_methods->end();
  live_[model] = live;
  co_return live;
}

Task<Result<ModelAnswer>> GeminiCaller::ask(ModelCall call) {
  const bool live = co_await is_live(call.model);
  if (live) {
    auto options = detail::live_options(client_, call.model);
    auto answer = co_await ask_live(std::move(options), std::move(call.request));
    co_return answer;
  }
  auto response = co_await client_.models().generate_content(call.model, std::move(call.request));
  if (!response) co_return fail(std::move(response.error()));
  co_return detail::answer_of(*response);
}

}  // namespace parley::narrative
