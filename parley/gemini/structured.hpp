#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "parley/gemini/client.hpp"
#include "parley/json/schema.hpp"

// Answers that are values of a type. Any type that `parley generate` makes from a definition (also
// one of your own, by parley_generate() in CMake) has its schema as data: it is sent with the
// request (responseJsonSchema), and the answer is checked against it and decoded.
namespace parley::gemini {

// A JSON Schema in the words that the service reads ("Schema" of the API's reference): constants
// and enumerations that are open become the listed values, since a model chooses among them; what
// the service does not know (default, examples, most formats) is left out.
json::Value service_schema(const json::Value& schema);

// Asks for JSON that is as `schema` says.
void answer_as(GenerateContentRequest& request, const json::Value& schema);

// The answer's JSON, checked. Errors: those of problem_of(); invalid_response where the text is no
// JSON (with line and column), is not as the schema says (with the place, "$.steps[2].minutes: …"),
// or ended early because of maxOutputTokens, which the message says. Detail "answer": the text's
// beginning.
Result<std::string> read_structured(const GenerateContentResponse& response,
                                    const json::Value& schema);
Result<std::string> read_structured(std::string_view text, std::string_view finish_reason,
                                    const json::Value& schema);

// The whole text of a streamed answer and its finish reason; `on_text` (may be empty) sees the text
// as it comes, which is no whole JSON before the end.
struct StreamedText {
  StreamedText() = default;
  std::string text, finish_reason;
};
Task<Result<StreamedText>> read_streamed(Models models, std::string model,
                                         GenerateContentRequest request,
                                         std::function<void(std::string_view)> on_text);

namespace detail {
template <class T>
Result<T> decode_structured(Result<std::string> text) {
  if (!text) return fail(std::move(text.error()));
  auto value = json::decode_text<T>(*text, json::trusted_limits());
  if (!value)
    return fail(Error(ErrorKind::invalid_response,
                      "the answer is not of its type: " + value.error().message())
                    .with_stage(Stage::receive));
  return value;
}
}  // namespace detail

// The answer as a T. Errors: those of read_structured().
template <class T>
Result<T> answer_of(const GenerateContentResponse& response) {
  const auto schema = service_schema(json::schema_of<T>());
  return detail::decode_structured<T>(read_structured(response, schema));
}

// Asks for a T and reads it. Errors: those of Models::generate_content() and answer_of().
template <class T>
Task<Result<T>> generate_as(Models models, std::string model, GenerateContentRequest request) {
  answer_as(request, json::schema_of<T>());
  auto response = co_await models.generate_content(std::move(model), std::move(request));
  if (!response) co_return fail(std::move(response.error()));
  co_return answer_of<T>(*response);
}
template <class T>
Task<Result<T>> generate_as(Models models, std::string model, std::string_view text) {
  return generate_as<T>(std::move(models), std::move(model), prompt(text));
}

// The same over a stream: the T is there when the stream has ended.
template <class T>
Task<Result<T>> stream_as(Models models, std::string model, GenerateContentRequest request,
                          std::function<void(std::string_view)> on_text = nullptr) {
  const auto schema = json::schema_of<T>();
  answer_as(request, schema);
  auto streamed = co_await read_streamed(std::move(models), std::move(model), std::move(request),
                                         std::move(on_text));
  if (!streamed) co_return fail(std::move(streamed.error()));
  auto checked = read_structured(streamed->text, streamed->finish_reason, service_schema(schema));
  co_return detail::decode_structured<T>(std::move(checked));
}

}  // namespace parley::gemini
