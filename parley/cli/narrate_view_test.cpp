#include "parley/cli/narrate_view.hpp"

#include <gtest/gtest.h>

namespace parley::cli {
namespace {

using narrative::ActResult;
using narrative::Status;

ActResult act(std::string path, Status status) {
  ActResult out;
  out.path = std::move(path);
  out.status = status;
  return out;
}

TEST(RunView_D55, ActsStandInTheirOrderAndAreRedrawnInPlace) {
  RunView view(Style::plain(), 80, {"one", "second"});
  const TimePoint start{};
  EXPECT_EQ(view.draw(start), "· one     waiting  \n· second  waiting  \n");
  view.update(act("one", Status::running), start);
  EXPECT_EQ(view.draw(start + std::chrono::milliseconds(1500)),
            "\x1b[2A\x1b[J▶ one     running    1.5 s\n· second  waiting  \n");
  auto done = act("one", Status::done);
  done.tokens = narrative::Tokens(10, 20);
  done.cost = 0.0012;
  done.time = std::chrono::milliseconds(65'000);
  done.rounds = 2;
  done.rounds_planned = 3;
  view.update(done, start);
  view.update(act("more/inner", Status::skipped), start);
  EXPECT_EQ(view.draw(start),
            "\x1b[2A\x1b[J✔ one         done      round 2/3  30 tokens  $0.0012  1 min 05 s\n"
            "· second      waiting  \n"
            "↷ more/inner  skipped  \n");
}

TEST(RunView_D55, ALineIsNeverLongerThanTheTerminalAndMessagesCannotSteerIt) {
  RunView view(Style::plain(), 40, {"one"});
  auto failed = act("one", Status::failed);
  failed.message = "bad\x1b[2J\nthing " + std::string(100, 'x');
  view.update(failed, TimePoint());
  const auto text = view.draw(TimePoint());
  EXPECT_TRUE(text.starts_with("✘ one  failed     bad thing xxx")) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LE(text.size(), 42u);
}

TEST(RunView_D55, ChangesAreLinesOfJson) {
  auto done = act("one", Status::done);
  done.output = "a \"b\"\n";
  done.tokens = narrative::Tokens(1, 2);
  EXPECT_EQ(json_line(done),
            R"({"event":"act","act":"one","status":"done","input_tokens":1,"output_tokens":2,)"
            R"("cost":0.0,"ms":0,"output":"a \"b\"\n"})");
  EXPECT_EQ(json_line(act("one", Status::running)),
            R"({"event":"act","act":"one","status":"running"})");
  narrative::RunResult run;
  run.status = Status::failed;
  run.error = Error(ErrorKind::service, "no").with_detail("code", "refused");
  EXPECT_EQ(json_line(run, "r.jsonl"),
            R"({"event":"end","status":"failed","input_tokens":0,"output_tokens":0,"cost":0.0,)"
            R"("ms":0,"error":"service: no","code":"refused","record":"r.jsonl","output":""})");
}

}  // namespace
}  // namespace parley::cli
