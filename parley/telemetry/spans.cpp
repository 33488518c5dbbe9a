#include "parley/telemetry/spans.hpp"

#include <fmt/format.h>

#include "parley/json/writer.hpp"
#include "parley/telemetry/detail/names.hpp"
#include "parley/telemetry/detail/otlp_metrics.hpp"

namespace parley::telemetry {

using detail::Phase;

SpanBook::SpanBook(Random& random, SpanLimits limits) : random_(&random), limits_(limits) {}

namespace {

void add_attributes(const Event& event, std::vector<std::pair<std::string, std::string>>& out) {
  for (const auto& [key, value] : event.fields)
    if (key != "id" && key != "parent") out.emplace_back(key, value);
}

std::uint64_t not_zero(Random& random) {
  std::uint64_t value = 0;
  while (value == 0) value = random.next();
  return value;
}

}  // namespace

void SpanBook::observe(const Event& event, TimePoint now, WallTime wall_now) {
  const std::string id(event.field("id"));
  if (id.empty()) return;
  const auto name = detail::split_event_name(event.name);
  if (name.phase == Phase::start) return begin(name.operation, event, now, wall_now);
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  if (name.phase != Phase::none && found->second.span.name == name.operation) {
    Open open = std::move(found->second);
    open_.erase(found);
    return end(std::move(open), event, name.phase == Phase::exception, now);
  }
  auto& moments = found->second.span.moments;
  if (moments.size() >= limits_.moments) {
    ++dropped_;
    return;
  }
  auto& moment = moments.emplace_back();
  moment.name = event.name;
  moment.after = now - found->second.begun;
  add_attributes(event, moment.attributes);
}

void SpanBook::begin(std::string_view operation, const Event& event, TimePoint now,
                     WallTime wall_now) {
  if (open_.size() >= limits_.open) {
    ++dropped_;
    return;
  }
  auto [place, fresh] = open_.try_emplace(std::string(event.field("id")));
  if (!fresh) {
    ++dropped_;
    return;
  }
  Open& open = place->second;
  open.begun = now;
  open.span.name = operation;
  open.span.start = wall_now;
  open.span.span_id = not_zero(*random_);
  const auto parent = open_.find(std::string(event.field("parent")));
  if (parent != open_.end() && parent != place) {
    open.span.trace_id = parent->second.span.trace_id;
    open.span.parent_id = parent->second.span.span_id;
  } else {
    open.span.trace_id = {not_zero(*random_), not_zero(*random_)};
  }
  add_attributes(event, open.span.attributes);
}

void SpanBook::end(Open open, const Event& event, bool exception, TimePoint now) {
  open.span.took = now - open.begun;
  open.span.failed = exception || !event.field("kind").empty();
  if (open.span.failed) {
    open.span.message = event.field("message");
    if (open.span.message.empty()) open.span.message = event.field("kind");
  }
  add_attributes(event, open.span.attributes);
  ended_.push_back(std::move(open.span));
  while (ended_.size() > limits_.ended) {
    ended_.pop_front();
    ++dropped_;
  }
}

std::vector<Span> SpanBook::take(std::size_t limit) {
  std::vector<Span> out;
  while (!ended_.empty() && out.size() < limit) {
    out.push_back(std::move(ended_.front()));
    ended_.pop_front();
  }
  return out;
}

namespace {

void write_attributes(json::Writer& out,
                      const std::vector<std::pair<std::string, std::string>>& attributes) {
  out.member("attributes").begin_array();
  for (const auto& [key, value] : attributes) detail::write_attribute(out, key, value);
  out.end_array();
}

void write_span(json::Writer& out, const Span& span) {
  out.begin_object();
  out.field("traceId", fmt::format("{:016x}{:016x}", span.trace_id[0], span.trace_id[1]));
  out.field("spanId", fmt::format("{:016x}", span.span_id));
  if (span.parent_id != 0) out.field("parentSpanId", fmt::format("{:016x}", span.parent_id));
  out.field("name", span.name).field("kind", 3);  // SPAN_KIND_CLIENT
  out.field("startTimeUnixNano", detail::unix_nanos(span.start));
  out.field("endTimeUnixNano", detail::unix_nanos(span.start, span.took));
  write_attributes(out, span.attributes);
  out.member("events").begin_array();
  for (const auto& moment : span.moments) {
    out.begin_object().field("timeUnixNano", detail::unix_nanos(span.start, moment.after));
    out.field("name", moment.name);
    write_attributes(out, moment.attributes);
    out.end_object();
  }
  out.end_array().member("status").begin_object();
  out.field("code", span.failed ? 2 : 1);  // STATUS_CODE_ERROR, STATUS_CODE_OK
  if (!span.message.empty()) out.field("message", span.message);
  out.end_object().end_object();
}

}  // namespace

std::string otlp_traces(const std::vector<Span>& spans, std::string_view service_name) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("resourceSpans").begin_array().begin_object();
  detail::write_resource(out, service_name);
  out.member("scopeSpans").begin_array().begin_object();
  detail::write_scope(out);
  out.member("spans").begin_array();
  for (const auto& span : spans) write_span(out, span);
  out.end_array().end_object().end_array().end_object().end_array().end_object();
  return text;
}

}  // namespace parley::telemetry
