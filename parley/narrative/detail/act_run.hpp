#pragma once

#include <string>
#include <vector>

#include "parley/narrative/detail/narrative_run.hpp"

namespace parley::narrative::detail {

// One act of a pass, from its condition to the end of its last round.
class ActRun {
 public:
  // `visit`: how often a barge-in has led to it before, and 1.
  ActRun(NarrativeRun& pass, int act_index, int visit = 1);
  Task<Outcome> run();

 private:
  // act_run.cpp: the way through the act
  Task<Result<bool>> may_run();  // false: `result` says why not
  Task<Result<void>> agreed();
  Task<Result<void>> rounds();
  Task<Result<void>> carousel();
  Task<Result<void>> loop();
  Task<Result<void>> numbered_round(int round);
  Task<Result<void>> one_round();
  Task<Result<void>> nested();
  int nested_times() const;
  Result<void> finish();
  Outcome end(Result<void> done);

  // act_inputs.cpp: from inputs to a request
  Task<Result<gemini::GenerateContentRequest>> request();
  Task<Result<std::vector<gemini::Part>>> parts_of(const Input& input);
  Result<gemini::Part> media(const MediaInput& input);
  Task<Result<std::string>> table(const TableInput& input);
  Task<Result<std::string>> command(const CommandInput& input);
  Task<Result<std::string>> execute(CommandCall call, const CommandInput& input);
  Result<void> settings(gemini::GenerateContentRequest& request);
  void history(gemini::GenerateContentRequest& request) const;
  void remember(const Input& input, const std::vector<gemini::Part>& parts);

  // act_call.cpp: from a request to an answer
  Retry retry_policy() const;
  std::vector<std::string> models() const;  // in the order in which they are asked
  Task<Result<ModelAnswer>> obtain(gemini::GenerateContentRequest request);
  Task<Result<ModelAnswer>> ask_model(const std::string& model,
                                      const gemini::GenerateContentRequest& request);
  Task<Result<ModelAnswer>> ask_once(std::string model, gemini::GenerateContentRequest request,
                                     int attempt);
  Task<Result<ModelAnswer>> ask_dry(std::string model, gemini::GenerateContentRequest request);
  Result<ModelAnswer> settled(Result<ModelAnswer> answer, std::unique_ptr<Lease> lease,
                              const std::string& model, const std::string& key,
                              const Tokens& estimated, TimePoint started);
  std::optional<ModelAnswer> known(const std::string& model, const std::string& key);
  Result<void> answered(const ModelAnswer& answer, const std::string& model, const std::string& key,
                        std::string_view source, std::chrono::milliseconds time);
  void charge(const ModelAnswer& answer, const std::string& model);

  // act_live.cpp: turns of a Live session
  static constexpr std::string_view kMicrophone = "(what the user says)";
  Task<Result<ModelAnswer>> ask_live(std::string model, gemini::GenerateContentRequest request);
  Result<void> keep_audio(BytesView pcm, int rate);
  void tell_speech_as_text(const std::string& heard);
  bool was_barged() const;
  bool barge_in_may_repeat() const;

  // act_answer.cpp: from an answer to the act's output
  Task<Result<void>> converse(gemini::GenerateContentRequest request);
  Result<void> into_history(const std::string& heard);
  Result<void> whole_answer(const ModelAnswer& answer);
  std::vector<std::string> mistakes_of(std::string& text) const;
  Task<Result<void>> assertions();
  Task<Result<std::string>> assertion(const Assertion& assertion);
  Task<Result<std::string>> judged(const Assertion& assertion);
  Result<void> save();
  Result<void> keep_content();

  // values.cpp: what templates name
  Values values();
  Result<std::string> value_of(const Template::Reference& reference);
  Result<std::string> read_value(const std::string& what, const std::string& key);
  Result<bool> holds(const Condition& condition, const std::string& own);
  std::string path() const;  // with its round
  Error failed_at(const Place& place, std::string_view code, std::string message) const;

  NarrativeRun& pass_;
  Session& session_;
  const Narrative& narrative_;
  const Act& act_;
  const int index_;
  const int visit_;
  Outcome outcome_;
  BudgetScope* budget_;
  int round_ = 0;                            // of this act's own carousel or loop
  int repair_ = 0;                           // of the answer
  bool aside_ = false;                       // a judge is asked, not the act's session
  std::string own_;                          // its last answer
  bool fresh_ = false;                       // something was asked that no record or cache knew
  std::vector<gemini::Part> remembered_;     // what its user turn leaves in the history
  std::vector<gemini::Content> own_rounds_;  // its earlier rounds
};

}  // namespace parley::narrative::detail
