#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/model/tokens.hpp"
#include "parley/emulator/rest/detail/responses.hpp"
#include "parley/emulator/rest/detail/route.hpp"
#include "parley/emulator/rest/detail/stream_writer.hpp"
#include "parley/emulator/script/detail/errors.hpp"
#include "parley/emulator/script/director.hpp"
#include "parley/json/codec.hpp"

// What a script says over REST.
namespace parley::emulator {

using detail::error_answer;

namespace detail {

Answer quota_error(const QuotaRefusal& refusal) {
  return error_answer(429, "RESOURCE_EXHAUSTED", refusal.message(), refusal.details());
}

Answer script_error(const ScriptError& error, std::string_view model) {
  Answer usual;
  if (error.quota) {
    auto refusal = *error.quota;
    refusal.model = model;
    usual = quota_error(refusal);
  } else {
    usual = usual_error(error.code, model);
  }
  if (error.status.empty() && error.message.empty() && !error.details) return usual;
  json::Object told;
  if (const auto document = json::parse(usual.pieces.at(0), json::trusted_limits());
      document && document->is_object())
    if (const auto* inner = document->get_object().if_contains("error");
        inner && inner->is_object())
      told = inner->get_object();
  const auto text_of = [&](std::string_view name, const std::string& given) {
    const auto* found = told.if_contains(name);
    return !given.empty() || !found ? given : std::string(found->as_string());
  };
  json::Array details = error.details.value_or(json::Array());
  const auto* usual_details = told.if_contains("details");
  if (!error.details && error.message.empty() && usual_details) details = usual_details->as_array();
  return error_answer(error.code, text_of("status", error.status),
                      text_of("message", error.message), std::move(details));
}

}  // namespace detail

namespace {

bool generates(const Service::Route& route) {
  return route.method == "generateContent" || route.method == "streamGenerateContent";
}

gemini::Part audio_part(const Step& step) {
  gemini::Part part;
  auto& blob = part.inline_data.emplace();
  blob.mime_type = fmt::format("audio/L16;codec=pcm;rate={}", step.rate);
  blob.data = step.pcm;
  return part;
}

// The parts that a step adds to the answer; none: it does something else.
std::vector<gemini::Part> parts_of_step(const Step& step, const std::string& model,
                                        const std::string& response_id) {
  std::vector<gemini::Part> parts;
  switch (step.kind) {
    case Step::Kind::text:
    case Step::Kind::thought:
      parts.push_back(gemini::text_part(step.text));
      if (step.kind == Step::Kind::thought) parts.back().thought = true;
      break;
    case Step::Kind::call:
      return detail::call_parts(model, response_id, step.calls);
    case Step::Kind::audio:
      parts.push_back(audio_part(step));
      break;
    case Step::Kind::part:
      if (auto part = json::decode_text<gemini::Part>(json::to_string(step.value)))
        parts.push_back(std::move(*part));
      break;
    default:
      break;
  }
  return parts;
}

int tokens_of(const gemini::Part& part) {
  if (part.function_call)
    return (static_cast<int>(json::encode_text(*part.function_call).size()) + 3) / 4;
  gemini::Content content;
  content.parts = {part};
  return count_tokens({content});
}

}  // namespace

// One answer that a script gives: its messages, made one by one.
class Service::Scripted {
 public:
  Scripted(const Reply& reply, const Route& route, const gemini::GenerateContentRequest& request,
           std::string id, WallTime now)
      : reply_(reply), route_(route), id_(std::move(id)), now_(now) {
    prompt_ = count_tokens(gemini::contents_of(request)) + route.file_tokens;
    if (request.system_instruction) prompt_ += count_tokens({*request.system_instruction});
  }

  Answer stream(bool sse, std::chrono::milliseconds pace);
  Answer whole();

 private:
  std::string message(std::vector<gemini::Part> parts, bool last);
  bool take(const Step& step, bool last, detail::StreamWriter& out);
  void finish_candidate(gemini::Candidate& candidate) const;

  const Reply& reply_;
  const Route& route_;
  std::string id_;
  WallTime now_;
  int prompt_ = 0, spent_ = 0, thoughts_ = 0;
  bool called_ = false;
};

void Service::Scripted::finish_candidate(gemini::Candidate& candidate) const {
  candidate.finish_reason = gemini::FinishReason::of(reply_.finish_reason);
  if (!reply_.finish_message.empty())
    candidate.finish_message = reply_.finish_message;
  else if (called_)
    candidate.finish_message = "Model generated function call(s).";
}

std::string Service::Scripted::message(std::vector<gemini::Part> parts, bool last) {
  for (const auto& part : parts)
    (part.thought.value_or(false) ? thoughts_ : spent_) += tokens_of(part);
  gemini::GenerateContentResponse response;
  auto& candidate = response.candidates.emplace().emplace_back();
  called_ = called_ || std::ranges::any_of(
                           parts, [](const auto& part) { return part.function_call.has_value(); });
  candidate.content.emplace().role = "model";
  candidate.content->parts = std::move(parts);
  candidate.index = 0;
  if (last && reply_.complete) finish_candidate(candidate);
  auto& usage = response.usage_metadata.emplace();
  usage.prompt_token_count = prompt_;
  if (route_.cached_tokens > 0) usage.cached_content_token_count = route_.cached_tokens;
  if (last) usage.candidates_token_count = spent_;
  if (last && thoughts_ > 0) usage.thoughts_token_count = thoughts_;
  usage.total_token_count = prompt_ + (last ? spent_ + thoughts_ : 0);
  usage.prompt_tokens_details = detail::text_tokens(prompt_);
  response.model_version = route_.model;
  response.response_id = id_;
  if (route_.vertex) as_vertex(response, now_, last);
  std::string text = json::encode_text(response);
  if (!last || (!reply_.usage && !reply_.grounding)) return text;
  auto object = json::parse(text, json::trusted_limits())->as_object();
  if (reply_.usage) object["usageMetadata"] = *reply_.usage;
  if (reply_.grounding)
    object["candidates"].as_array()[0].as_object()["groundingMetadata"] = *reply_.grounding;
  return json::to_string(object);
}

// False: nothing comes behind it.
bool Service::Scripted::take(const Step& step, bool last, detail::StreamWriter& out) {
  switch (step.kind) {
    case Step::Kind::wait:
      out.wait(step.time);
      return true;
    case Step::Kind::message:
      out.add(json::to_string(step.value));
      return true;
    case Step::Kind::raw:
      out.add_raw(step.text);
      return true;
    case Step::Kind::error:
      if (step.error.shape == ScriptError::Shape::end)
        out.cut();
      else
        out.add_error(detail::script_error(step.error, route_.model).pieces.at(0),
                      step.error.shape == ScriptError::Shape::event);
      return false;
    case Step::Kind::cut:
    case Step::Kind::close:
      out.cut();
      return false;
    default:
      break;
  }
  auto parts = parts_of_step(step, route_.model, id_);
  if (!parts.empty()) out.add(message(std::move(parts), last));
  return true;
}

Answer Service::Scripted::stream(bool sse, std::chrono::milliseconds pace) {
  detail::StreamWriter out(sse, reply_.pace.value_or(pace));
  const auto& steps = reply_.steps;
  const auto gives_part = [this](const Step& step) {
    return !parts_of_step(step, route_.model, id_).empty();
  };
  // The end stands in the last message where that is the last step, else in one of its own.
  const bool closed_by_step = !steps.empty() && gives_part(steps.back());
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (!take(steps[i], closed_by_step && i + 1 == steps.size(), out))
      return std::move(out).finish();
  const bool literal = std::ranges::any_of(steps, [](const Step& step) {
    return step.kind == Step::Kind::message || step.kind == Step::Kind::raw;
  });
  if (!closed_by_step && reply_.complete && !literal)
    out.add(message({gemini::text_part("")}, true));
  return std::move(out).finish();
}

Answer Service::Scripted::whole() {
  std::vector<gemini::Part> parts;
  std::chrono::milliseconds delay{0};
  std::optional<std::string> literal;
  bool cut = false;
  for (const auto& step : reply_.steps) {
    if (step.kind == Step::Kind::error) return detail::script_error(step.error, route_.model);
    if (step.kind == Step::Kind::wait) delay += step.time;
    if (step.kind == Step::Kind::message) literal = detail::pretty(json::to_string(step.value));
    if (step.kind == Step::Kind::raw) literal = literal.value_or("") + step.text;
    cut = cut || step.kind == Step::Kind::cut || step.kind == Step::Kind::close;
    for (auto& part : parts_of_step(step, route_.model, id_)) {
      const bool joins = !parts.empty() && parts.back().text && part.text &&
                         parts.back().thought == part.thought && !part.thought_signature;
      if (joins)
        *parts.back().text += *part.text;
      else
        parts.push_back(std::move(part));
    }
  }
  auto answer =
      detail::json_answer(literal ? *literal : detail::pretty(message(std::move(parts), true)));
  answer.fault.delay = delay;
  if (cut) answer.fault.cut = answer.pieces.at(0).size() / 2;
  return answer;
}

const Reply* Service::scripted(const http::Request& request, const http::Target& target,
                               const std::optional<Route>& route) {
  if (route && refuse(request, target, *route)) return nullptr;
  Asked asked;
  asked.method = request.method;
  asked.path = request.target.substr(0, request.target.find('?'));
  asked.key = key_of(request, target);
  asked.headers = &request.headers;
  asked.generates = route && generates(*route);
  if (route) asked.model = route->model;
  const auto body = json::parse(request.body, json::trusted_limits());
  if (body) asked.request = &*body;
  if (asked.generates)
    if (const auto wanted =
            json::decode_text<gemini::GenerateContentRequest>(request.body, json::trusted_limits()))
      note_turn(gemini::contents_of(*wanted), asked);
  return options_.director->find(asked);
}

// Nothing where the service answers by itself.
std::optional<Answer> Service::play(const Reply& reply, const http::Request& request,
                                    const http::Target& target, std::optional<Route> route) {
  const std::string model = route ? route->model : std::string();
  if (reply.http) {
    Answer answer;
    answer.status = reply.http->status;
    answer.pieces = {reply.http->body};
    for (const auto& [name, value] : reply.http->headers) answer.headers.add(name, value);
    return answer;
  }
  if (reply.error) return detail::script_error(*reply.error, model);
  if (reply.fault && reply.fault->status != 0)
    return detail::usual_error(reply.fault->status, model);
  if (!route || !generates(*route) || reply.steps.empty()) return std::nullopt;
  return generate(request, target, std::move(*route));
}

std::optional<Answer> Service::by_script(const gemini::GenerateContentRequest& request,
                                         const Route& route, bool sse) {
  auto& director = *options_.director;
  const int tokens = count_tokens(gemini::contents_of(request)) + route.file_tokens;
  if (const auto refusal = director.charge(route.model, route.key, tokens, true))
    return detail::quota_error(*refusal);
  if (route.reply != nullptr && !route.reply->steps.empty()) {
    Scripted scripted(*route.reply, route, request, next_response_id(), options_.now());
    return route.method == "generateContent" ? scripted.whole()
                                             : scripted.stream(sse, options_.pace);
  }
  if (route.reply != nullptr || !director.script().refuse_others) return std::nullopt;
  return error_answer(404, "NOT_FOUND", "No rule of the script is meant by this request.");
}

}  // namespace parley::emulator
