#include "parley/telemetry/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "parley/telemetry/detail/names.hpp"
#include "parley/telemetry/detail/otlp_metrics.hpp"

namespace parley::telemetry {

MetricsOptions::MetricsOptions()
    : labels({"model", "provider", "endpoint", "transport", "method", "status", "code", "direction",
              "dimension"}),
      counted({"bytes", "messages", "chunks", "prompt_tokens", "cached_tokens", "answer_tokens",
               "thought_tokens", "total_tokens", "dropped"}),
      buckets(
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300}) {}

std::string_view error_class(std::string_view kind) {
  static const std::map<std::string_view, std::string_view> classes = {
      {"rate_limited", "rate_limit"},
      {"missing_credentials", "auth"},
      {"unauthenticated", "auth"},
      {"permission_denied", "auth"},
      {"resolve_failed", "network"},
      {"connect_failed", "network"},
      {"tls_failed", "network"},
      {"upgrade_refused", "network"},
      {"disconnected", "network"},
      {"protocol_violation", "network"},
      {"timeout", "timeout"},
      {"invalid_argument", "invalid_request"},
      {"invalid_state", "invalid_request"},
      {"not_found", "invalid_request"},
      {"too_large", "invalid_request"},
      {"conflict", "invalid_request"},
      {"cancelled", "cancelled"},
      {"unavailable", "service"},
      {"service", "service"},
      {"invalid_response", "service"},
  };
  const auto found = classes.find(kind);
  return found == classes.end() ? "unknown" : found->second;
}

struct Metrics::State {
  using Labels = prometheus::Labels;

  State(const Clock& clock_of, MetricsOptions chosen)
      : clock(clock_of),
        options(std::move(chosen)),
        begun(clock.wall_now()),
        ignored(prometheus::BuildCounter()
                    .Name(options.prefix + "_telemetry_ignored_total")
                    .Help("Events that were of too many kinds to be told apart")
                    .Register(registry)
                    .Add({})) {}

  // The families of one operation or event; made when it is first seen.
  struct Families {
    prometheus::Family<prometheus::Counter>* total = nullptr;
    prometheus::Family<prometheus::Gauge>* open = nullptr;
    prometheus::Family<prometheus::Histogram>* duration = nullptr;
    std::map<std::string, prometheus::Family<prometheus::Counter>*, std::less<>> counted;
    std::map<std::string, prometheus::Family<prometheus::Histogram>*, std::less<>> timed;
  };

  std::string name_of(std::string_view operation, std::string_view suffix) const {
    return detail::metric_name(fmt::format("{}_{}{}", options.prefix, operation, suffix));
  }
  Families* families_of(const std::string& operation);
  Labels labels_of(const Event& event);
  std::string bounded(const std::string& label, std::string value);
  void count_fields(const detail::EventName& name, Families& families, const Event& event,
                    const Labels& labels);
  void began(const detail::EventName& name, Families& families, const Event& event);
  void ended(const detail::EventName& name, Families& families, const Event& event, Labels labels);

  const Clock& clock;
  MetricsOptions options;
  WallTime begun;
  prometheus::Registry registry;
  prometheus::Counter& ignored;
  mutable std::mutex mutex;  // of what follows; the registry has locks of its own
  std::map<std::string, Families, std::less<>> families;
  std::map<std::string, std::set<std::string>, std::less<>> label_values;
  std::unordered_map<std::string, TimePoint> open;
};

Metrics::State::Families* Metrics::State::families_of(const std::string& operation) {
  const auto found = families.find(operation);
  if (found != families.end()) return &found->second;
  if (families.size() >= options.max_events) return nullptr;
  auto& made = families[operation];
  made.total = &prometheus::BuildCounter()
                    .Name(name_of(operation, "_total"))
                    .Help(operation + ": how often")
                    .Register(registry);
  return &made;
}

std::string Metrics::State::bounded(const std::string& label, std::string value) {
  auto& seen = label_values[label];
  if (seen.contains(value)) return value;
  if (seen.size() >= options.max_label_values) return "other";
  seen.insert(value);
  return value;
}

Metrics::State::Labels Metrics::State::labels_of(const Event& event) {
  Labels labels;
  for (const auto& name : options.labels)
    if (const auto value = event.field(name); !value.empty())
      labels[detail::label_name(name)] = bounded(name, std::string(value));
  return labels;
}

void Metrics::State::count_fields(const detail::EventName& name, Families& found,
                                  const Event& event, const Labels& labels) {
  for (const auto& [field, text] : event.fields) {
    const bool timed = field.ends_with("_ms");
    // The pair of start and end is measured already.
    if (field == "duration_ms" &&
        (name.phase == detail::Phase::stop || name.phase == detail::Phase::exception))
      continue;
    if (!timed && std::ranges::find(options.counted, field) == options.counted.end()) continue;
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || !(value >= 0)) continue;
    if (timed) {
      auto*& family = found.timed[field];
      const std::string base(field.substr(0, field.size() - 3));
      if (family == nullptr)
        family = &prometheus::BuildHistogram()
                      .Name(name_of(name.operation, "_" + base + "_seconds"))
                      .Help(fmt::format("{} of {}", base, name.operation))
                      .Register(registry);
      family->Add(labels, options.buckets).Observe(value / 1000);
    } else {
      auto*& family = found.counted[field];
      if (family == nullptr)
        family = &prometheus::BuildCounter()
                      .Name(name_of(name.operation, "_" + field + "_total"))
                      .Help(fmt::format("{} of {}, added up", field, name.operation))
                      .Register(registry);
      family->Add(labels).Increment(value);
    }
  }
}

void Metrics::State::began(const detail::EventName& name, Families& found, const Event& event) {
  if (found.open == nullptr)
    found.open = &prometheus::BuildGauge()
                      .Name(name_of(name.operation, "_open"))
                      .Help(name.operation + ": begun and not ended")
                      .Register(registry);
  const std::string key = name.operation + '#' + std::string(event.field("id"));
  if (open.size() >= options.max_open || !open.emplace(key, clock.now()).second) return;
  found.open->Add({}).Increment();
}

void Metrics::State::ended(const detail::EventName& name, Families& found, const Event& event,
                           Labels labels) {
  const bool failed = name.phase == detail::Phase::exception || !event.field("kind").empty();
  labels["outcome"] = failed ? "error" : "ok";
  if (failed) labels["error"] = error_class(event.field("kind"));
  found.total->Add(labels).Increment();
  const auto begun_at = open.find(name.operation + '#' + std::string(event.field("id")));
  if (begun_at == open.end()) return;
  const std::chrono::duration<double> took = clock.now() - begun_at->second;
  open.erase(begun_at);
  if (found.open != nullptr) found.open->Add({}).Decrement();
  if (found.duration == nullptr)
    found.duration = &prometheus::BuildHistogram()
                          .Name(name_of(name.operation, "_duration_seconds"))
                          .Help(name.operation + ": from start to stop")
                          .Register(registry);
  labels.erase("error");
  found.duration->Add(labels, options.buckets).Observe(took.count());
}

Metrics::Metrics(const Clock& clock, MetricsOptions options)
    : state_(std::make_unique<State>(clock, std::move(options))) {}
Metrics::~Metrics() = default;

void Metrics::observe(const Event& event) {
  auto& state = *state_;
  const auto name = detail::split_event_name(event.name);
  const std::scoped_lock lock(state.mutex);
  auto* found = state.families_of(name.operation);
  if (found == nullptr) return state.ignored.Increment();
  auto labels = state.labels_of(event);
  state.count_fields(name, *found, event, labels);
  if (name.phase == detail::Phase::start)
    state.began(name, *found, event);
  else if (name.phase == detail::Phase::none)
    found->total->Add(labels).Increment();
  else
    state.ended(name, *found, event, std::move(labels));
}

EventSink Metrics::sink() {
  return [this](const Event& event) { observe(event); };
}

std::string Metrics::prometheus() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

std::string Metrics::otlp(std::string_view service_name) const {
  return detail::otlp_metrics(state_->registry.Collect(), service_name, state_->begun,
                              state_->clock.wall_now());
}

}  // namespace parley::telemetry
