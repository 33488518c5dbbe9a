#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/gemini/anthropic/detail/messages.hpp"
#include "parley/gemini/detail/json_members.hpp"

namespace parley::gemini::detail {
namespace {

constexpr std::size_t kMostOpenBlocks = 1000;

using NextAnswer = Result<std::optional<GenerateContentResponse>>;

NextAnswer nothing_yet() {
  return std::optional<GenerateContentResponse>();
}
NextAnswer tell_answer(GenerateContentResponse answer) {
  return std::optional<GenerateContentResponse>(std::move(answer));
}

}  // namespace

GenerateContentResponse AnthropicReader::frame() const {
  GenerateContentResponse out;
  if (!id_.empty()) out.response_id = id_;
  if (!model_.empty()) out.model_version = model_;
  return out;
}

GenerateContentResponse AnthropicReader::answer_of(Part part) const {
  auto out = frame();
  Candidate candidate;
  candidate.index = 0;
  auto& content = candidate.content.emplace();
  content.role = "model";
  content.parts.emplace().push_back(std::move(part));
  out.candidates.emplace().push_back(std::move(candidate));
  return out;
}

AnthropicReader::Answer AnthropicReader::begin(const json::Object& event) {
  const auto* message = object_member(event, "message");
  if (!message) return fail(unreadable_answer("a message_start without a message"));
  id_ = text_member(*message, "id");
  model_ = text_member(*message, "model");
  if (const auto* usage = object_member(*message, "usage")) usage_.add(*usage);
  return nothing_yet();
}

Result<AnthropicReader::Block*> AnthropicReader::block_of(const json::Object& event) {
  const auto index = number_member(&event, "index");
  const auto found = index ? blocks_.find(*index) : blocks_.end();
  if (found == blocks_.end())
    return fail(unreadable_answer(
        fmt::format("a {} of a block that is not open", text_member(event, "type"))));
  return &found->second;
}

AnthropicReader::Answer AnthropicReader::begin_block(const json::Object& event) {
  const auto index = number_member(&event, "index");
  const auto* start = object_member(event, "content_block");
  if (!index || !start) return fail(unreadable_answer("a content_block_start without its block"));
  if (blocks_.contains(*index))
    return fail(unreadable_answer(fmt::format("the block {} begins twice", *index)));
  if (blocks_.size() >= kMostOpenBlocks)
    return fail(unreadable_answer("more than 1000 blocks are open at once"));
  Block block;
  block.type = text_member(*start, "type");
  block.start = *start;
  const auto& kept = blocks_.emplace(*index, std::move(block)).first->second;
  // What a block begins with is usually empty.
  if (kept.type == "text" && !text_member(kept.start, "text").empty()) {
    auto part = anthropic_part(kept.start);
    return tell_answer(answer_of(std::move(**part)));
  }
  return nothing_yet();
}

AnthropicReader::Answer AnthropicReader::add_to_block(const json::Object& event) {
  auto block = block_of(event);
  if (!block) return fail(std::move(block.error()));
  const auto* delta = object_member(event, "delta");
  if (!delta) return fail(unreadable_answer("a content_block_delta without a delta"));
  const std::string type = text_member(*delta, "type");
  if (type == "input_json_delta") {
    (*block)->input += text_member(*delta, "partial_json");
  } else if (type == "signature_delta") {
    (*block)->signature += text_member(*delta, "signature");
  } else if (type == "text_delta" || type == "thinking_delta") {
    const bool thought = type == "thinking_delta";
    auto text = text_member(*delta, thought ? "thinking" : "text");
    if (text.empty()) return nothing_yet();
    Part part = text_part(text);
    if (thought) part.thought = true;
    return tell_answer(answer_of(std::move(part)));
  }
  return nothing_yet();
}

AnthropicReader::Answer AnthropicReader::end_block(const json::Object& event) {
  auto open = block_of(event);
  if (!open) return fail(std::move(open.error()));
  const Block block = std::move(**open);
  blocks_.erase(*number_member(&event, "index"));
  json::Object whole = block.start;
  if (block.type == "tool_use" && !trim(block.input).empty()) {
    auto input = json::parse(block.input, json::trusted_limits());
    if (!input)
      return fail(unreadable_answer(fmt::format("the input of the call of {} cannot be read",
                                                text_member(whole, "name")))
                      .with_cause(std::move(input.error())));
    whole["input"] = std::move(*input);
  } else if (block.type == "thinking") {
    // Its text was told as it came.
    if (block.signature.empty()) return nothing_yet();
    whole["signature"] = block.signature;
  } else if (block.type != "tool_use" && block.type != "redacted_thinking") {
    return nothing_yet();
  }
  auto part = anthropic_part(whole);
  if (!part) return fail(std::move(part.error()));
  return tell_answer(answer_of(std::move(**part)));
}

AnthropicReader::Answer AnthropicReader::end(const json::Object& event) {
  if (const auto* usage = object_member(event, "usage")) usage_.add(*usage);
  auto out = frame();
  Candidate candidate;
  candidate.index = 0;
  const auto* delta = object_member(event, "delta");
  if (const auto reason = delta ? text_member(*delta, "stop_reason") : ""; !reason.empty())
    candidate.finish_reason = FinishReason::of(anthropic_finish(reason));
  if (usage_.told()) out.usage_metadata = usage_.sum();
  out.candidates.emplace().push_back(std::move(candidate));
  return tell_answer(std::move(out));
}

AnthropicReader::Answer AnthropicReader::read(std::string_view data) {
  auto value = json::parse(data, json::trusted_limits());
  if (!value)
    return fail(unreadable_answer("an event of the stream cannot be read")
                    .with_cause(std::move(value.error())));
  if (auto error = anthropic_error_in(*value, 0)) return fail(std::move(*error));
  const auto* event = value->if_object();
  if (!event) return fail(unreadable_answer("an event of the stream is no object"));
  const std::string type = text_member(*event, "type");
  if (type == "message_start") return begin(*event);
  if (type == "content_block_start") return begin_block(*event);
  if (type == "content_block_delta") return add_to_block(*event);
  if (type == "content_block_stop") return end_block(*event);
  if (type == "message_delta") return end(*event);
  if (type == "message_stop") {
    if (!blocks_.empty()) return fail(unreadable_answer("the message ended within a block"));
    finished_ = true;
  }
  // ping, and what the service may add at any time.
  return nothing_yet();
}

}  // namespace parley::gemini::detail
