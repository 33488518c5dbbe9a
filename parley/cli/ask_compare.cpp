#include "parley/cli/ask_compare.hpp"

#include <iostream>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/ask_answer.hpp"
#include "parley/cli/ask_request.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/provider.hpp"
#include "parley/cli/run_task.hpp"
#include "parley/gemini/answer.hpp"
#include "parley/json/value.hpp"
#include "parley/limit/dimension.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {
namespace {

struct Compared {
  explicit Compared(std::string name) : model(std::move(name)) {}
  std::string model, text;
  std::optional<std::int64_t> first_ms;
  std::int64_t whole_ms = 0;
  gemini::UsageMetadata usage;
  std::optional<double> dollars;
  std::optional<Error> error;
  int code = 0;  // of the answer, as `parley ask` would end

  std::int64_t asked() const { return usage.prompt_token_count.value_or(0); }
  std::int64_t answered() const {
    return usage.candidates_token_count.value_or(0) + usage.thoughts_token_count.value_or(0);
  }
};

std::int64_t ms_since(TimePoint begun) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(net::now() - begun).count();
}

// A service, as long as its answer is read.
struct Asked {
  std::optional<Provider> gemini;
  std::shared_ptr<gemini::Provider> provider;
  std::string model;
};

Result<Asked> open_service(const AskOptions& options, const std::string& model,
                           const config::Settings& settings, const Executor& executor) {
  Asked out;
  auto other = other_provider(model, settings);
  if (!other) return fail(std::move(other.error()));
  out.provider = other->provider;
  out.model = other->provider ? other->model : model;
  if (out.provider) return out;
  auto chosen = choose_provider(executor, provider_options_of(options, settings));
  if (!chosen) return fail(std::move(chosen.error()));
  out.provider = gemini::gemini_provider(chosen->client.models());
  out.gemini.emplace(std::move(*chosen));
  return out;
}

std::optional<double> price_of(const Compared& answer, const config::Settings& settings) {
  const auto target = target_of(answer.model, settings);
  const auto provider = target.provider ? Result<config::ProviderSettings>(*target.provider)
                                        : settings.provider("gemini");
  if (!provider) return std::nullopt;
  const auto price = settings.price(*provider, gemini::model_id(target.model));
  if (!price) return std::nullopt;
  const limit::Usage used(answer.asked(), answer.answered(),
                          answer.usage.cached_content_token_count.value_or(0));
  return static_cast<double>(limit::cost_of(used, *price)) / 1e6;
}

// As `parley ask` prints and judges an answer; with --json nothing is printed, and what is wrong
// with the answer is its error.
struct Reader {
  explicit Reader(const AskOptions& options) {
    if (!options.json) printer.emplace(options);
    if (options.schema.empty()) return;
    if (auto text = read_ask_file(options.schema)) schema = std::move(*text);
  }
  void piece(const gemini::GenerateContentResponse& response, Compared& out, TimePoint begun) {
    const auto text = gemini::text_of(response);
    if (!text.empty() && !out.first_ms) out.first_ms = ms_since(begun);
    out.text += text;
    if (response.usage_metadata) out.usage = *response.usage_metadata;
    const bool judged =
        !gemini::candidates_of(response).empty() || !gemini::block_reason_of(response).empty();
    if (judged) problem = gemini::problem_of(response);
    if (printer) printer->piece(response);
  }
  void end(Compared& out) {
    if (printer && out.error)
      printer->end_line();
    else if (printer)
      out.code = printer->end(schema);
    else if (problem && !out.error)
      out.error = std::move(problem);
  }

  std::optional<AskPrinter> printer;
  std::optional<std::string> schema;
  std::optional<Error> problem;
};

Task<void> ask_one(const AskOptions& options, gemini::GenerateContentRequest request,
                   const config::Settings& settings, bool& told_offline, Compared& out) {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto service = open_service(options, out.model, settings, executor);
  if (!service) {
    out.error = std::move(service.error());
    co_return;
  }
  if (service->gemini && !std::exchange(told_offline, true))
    tell_offline(*service->gemini, options.offline, "model answers");
  Reader reader(options);
  const auto begun = net::now();
  auto stream = co_await service->provider->stream(service->model, std::move(request));
  if (!stream) {
    out.error = std::move(stream.error());
    co_return;
  }
  while (auto piece = co_await stream->next()) reader.piece(*piece, out, begun);
  out.whole_ms = ms_since(begun);
  if (auto outcome = stream->outcome(); !outcome) out.error = std::move(outcome.error());
  out.dollars = price_of(out, settings);
  reader.end(out);
}

void tell_line(const Compared& one) {
  json::Object line{{"model", one.model}};
  if (one.error) {
    line["error"] = one.error->describe();
  } else {
    line["text"] = one.text;
    if (one.first_ms) line["first_text_ms"] = *one.first_ms;
    line["whole_ms"] = one.whole_ms;
    line["prompt_tokens"] = one.asked();
    line["answer_tokens"] = one.answered();
    if (one.dollars) line["usd"] = *one.dollars;
  }
  std::cout << json::to_string(json::Value(std::move(line))) << std::endl;
}

void tell_end(const Compared& one) {
  if (one.error) {
    complain(strip_control(one.error->describe()), exit_code::failed);
    return;
  }
  const auto first = one.first_ms ? fmt::format("first text {} ms, ", *one.first_ms) : "";
  const auto cost = one.dollars ? fmt::format("; {:.6f} USD", *one.dollars) : "";
  std::cout << Style::of(stdout).dim(fmt::format("({}whole {} ms; {} + {} tokens{})", first,
                                                 one.whole_ms, one.asked(), one.answered(), cost))
            << "\n\n"
            << std::flush;
}

Task<int> ask_all(const AskOptions& options, const gemini::GenerateContentRequest& request,
                  const config::Settings& settings, std::vector<std::string> models) {
  int code = exit_code::ok;
  bool told_offline = false;
  for (auto& model : models) {
    Compared one(std::move(model));
    if (!options.json) std::cout << Style::of(stdout).bold("== " + one.model) << std::endl;
    gemini::GenerateContentRequest asked(request);
    co_await ask_one(options, std::move(asked), settings, told_offline, one);
    if (options.json)
      tell_line(one);
    else
      tell_end(one);
    if (one.error) one.code = exit_code::failed;
    if (code == exit_code::ok) code = one.code;
  }
  co_return code;
}

}  // namespace

int compare_models(const AskOptions& options, const gemini::GenerateContentRequest& request,
                   const config::Settings& settings) {
  std::vector<std::string> models(1, choose_model(options.model, settings));
  models.insert(models.end(), options.compare.begin(), options.compare.end());
  boost::asio::io_context loop(1);
  return run_until_signal(loop, ask_all(options, request, settings, std::move(models)));
}

}  // namespace parley::cli
