#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parley/narrative/runner.hpp"

// A world for narratives without network, disk and time: everything is told by the test.
namespace parley::narrative::testing {

class MapSources final : public Sources {
 public:
  MapSources(std::initializer_list<std::pair<const std::string, std::string>> of) : files(of) {}
  Result<std::string> read(const std::string& file) override {
    const auto found = files.find(file);
    if (found == files.end()) return fail(ErrorKind::not_found, "there is no file " + file);
    return found->second;
  }
  std::map<std::string, std::string> files;
};

// The narrative of a text, which must have no mistakes.
inline Book book_of(const std::string& text) {
  MapSources sources{{"n.toml", text}};
  auto loaded = load("n.toml", sources);
  EXPECT_TRUE(loaded.ok()) << to_text(loaded.diagnostics);
  return std::move(loaded.book);
}
// All mistakes and warnings of a text, a line for each.
inline std::string mistakes_of(const std::string& text) {
  MapSources sources{{"n.toml", text}};
  return to_text(load("n.toml", sources).diagnostics);
}

class TestClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(time); }
  WallTime wall_now() const override { return from_unix_ms(1'764'000'000'000 + time.count()); }
  std::chrono::milliseconds time{1'000'000};
};

// Waiting moves the clock, and takes no time.
class TestTimer final : public Timer {
 public:
  explicit TestTimer(TestClock& of) : clock(of) {}
  Task<void> wait(std::chrono::milliseconds time) override {
    waits.push_back(time);
    clock.time += time;
    co_return;
  }
  TestClock& clock;
  std::vector<std::chrono::milliseconds> waits;
};

// The last turn of a call: its texts, joined by '|'.
inline std::string prompt_of(const ModelCall& call) {
  std::string out;
  for (const auto& part : gemini::parts_of(gemini::contents_of(call.request).back()))
    out += (out.empty() ? "" : "|") + part.text.value_or("(medium)");
  return out;
}

inline ModelAnswer answered(std::string text, Tokens tokens = Tokens(10, 20)) {
  ModelAnswer answer;
  answer.text = std::move(text);
  answer.finish_reason = "STOP";
  answer.tokens = tokens;
  return answer;
}

// Answers "to PROMPT" unless the test says otherwise; it takes a second of the clock.
class TestModels final : public ModelCaller {
 public:
  explicit TestModels(TestClock& of) : clock(of) {}
  Task<Result<ModelAnswer>> ask(ModelCall call) override {
    clock.time += std::chrono::seconds(1);
    calls.push_back(std::move(call));
    if (answer) co_return answer(calls.back());
    co_return answered("to " + prompt_of(calls.back()));
  }
  TestClock& clock;
  std::vector<ModelCall> calls;
  std::function<Result<ModelAnswer>(const ModelCall&)> answer;
};

class TestJournal final : public Journal {
 public:
  Result<void> append(std::string_view line, bool) override {
    if (lines.size() == room) return fail(ErrorKind::storage, "the disk is full");
    lines.emplace_back(line);
    return {};
  }
  std::vector<Entry> entries() const {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    auto read = parse_record(text);
    EXPECT_TRUE(read) << (read ? "" : read.error().message());
    return read ? std::move(*read) : std::vector<Entry>();
  }
  std::vector<std::string> lines;
  std::size_t room = 100'000;
};

class TestState final : public StateStore {
 public:
  Result<std::optional<std::string>> read(const std::string& scope,
                                          const std::string& key) override {
    const auto found = values.find(scope + "/" + key);
    if (found == values.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }
  Result<void> write(const std::string& scope, const std::string& key,
                     const std::string& value) override {
    values[scope + "/" + key] = value;
    return {};
  }
  std::map<std::string, std::string> values;
};

struct TestWorld {
  TestWorld() : timer(clock), models(clock) {
    ports.models = &models;
    ports.clock = &clock;
    ports.timer = &timer;
    ports.journal = &journal;
    ports.state = &state;
    ports.files = &files;
  }
  // Runs "n" or the only narrative of the book.
  RunResult run(const Book& book, RunOptions options = RunOptions(), std::string name = "") {
    if (name.empty()) name = book.own.front();
    auto task = narrative::run(book, std::move(name), std::move(options), ports);
    return parley::run(std::move(task));
  }
  RunResult run(const std::string& text) { return run(book_of(text)); }

  TestClock clock;
  TestTimer timer;
  TestModels models;
  TestJournal journal;
  TestState state;
  MapSources files{};
  Ports ports;
};

}  // namespace parley::narrative::testing
