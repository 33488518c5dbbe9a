#pragma once

#include <algorithm>

#include "parley/narrative/files.hpp"
#include "parley/narrative/gemini_caller.hpp"
#include "parley/narrative/gemini_talks.hpp"
#include "parley/narrative/test_world.hpp"
#include "parley/net/system.hpp"

#include "gemini_here.hpp"

namespace parley::testing {

using narrative::testing::book_of;

class NoWait final : public narrative::Timer {
 public:
  Task<void> wait(std::chrono::milliseconds) override { co_return; }
};

class KeptFiles final : public narrative::OutputFiles {
 public:
  Result<void> write(const std::string& name, BytesView content) override {
    files[name] = std::string(as_text(content));
    return {};
  }
  std::map<std::string, std::string> files;
};

// The ports of a narrative that asks a service.
struct NarrativeHere {
  explicit NarrativeHere(gemini::Client client, narrative::Microphone* microphone = nullptr)
      : caller(client), talks(std::move(client), talk_options(microphone)) {
    ports.models = &caller;
    ports.clock = &clock;
    ports.timer = &timer;
    ports.files = &disk;
    ports.journal = &journal;
    ports.live = &talks;
    ports.output_files = &kept;
  }
  narrative::GeminiTalksOptions talk_options(narrative::Microphone* microphone) {
    narrative::GeminiTalksOptions options;
    options.timer = &timer;
    options.clock = &clock;
    options.microphone = microphone;
    options.prepare = [](gemini::ConversationOptions& talk) {
      talk.policy.retry.first_delay = std::chrono::milliseconds(1);
      talk.policy.retry.max_delay = std::chrono::milliseconds(1);
    };
    return options;
  }
  // The only narrative of the text.
  Task<narrative::RunResult> run(std::string text) {
    co_return co_await run(std::move(text), narrative::RunOptions());
  }
  Task<narrative::RunResult> run(std::string text, narrative::RunOptions options) {
    const auto book = book_of(text);
    const auto name = book.own.front();
    co_return co_await narrative::run(book, name, std::move(options), ports);
  }

  net::SystemClock clock;
  NoWait timer;
  narrative::GeminiCaller caller;
  narrative::GeminiTalks talks;
  narrative::DiskSources disk;
  narrative::testing::TestJournal journal;
  KeptFiles kept;
  narrative::Ports ports;
};

inline emulator::Script script_of(std::string_view yaml) {
  schematic::Diagnostics diagnostics;
  auto script = emulator::read_script(yaml, emulator::FileReader(), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text("s.yaml");
  return script;
}

// The messages of Live clients that hold `part`.
inline int said(emulator::Server& server, std::string_view part) {
  return static_cast<int>(
      std::ranges::count_if(server.service().journal(), [part](const auto& entry) {
        return entry.method == "LIVE" && entry.body.find(part) != std::string::npos;
      }));
}
inline int sessions(emulator::Server& server) {
  return said(server, "\"setup\"");
}

inline std::string notes_of(const narrative::RunResult& run) {
  std::string out;
  for (const auto& act : run.acts)
    for (const auto& note : act.notes) out += act.path + ": " + note + "\n";
  return out;
}
inline std::string path_of(const narrative::RunResult& run) {
  std::string out;
  for (const auto& act : run.acts)
    out += (out.empty() ? "" : " ") + act.path + ":" + std::string(to_string(act.status));
  return out;
}

inline std::string code_of(const narrative::RunResult& run) {
  return run.error ? std::string(run.error->detail("code").value_or("")) : "no error";
}

inline std::string why(const narrative::RunResult& run) {
  return run.error ? run.error->describe() : "";
}

}  // namespace parley::testing
