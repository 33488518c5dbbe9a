#include "parley/cli/narrate_options.hpp"

#include <iostream>

#include <CLI/CLI.hpp>

#include "parley/cli/console.hpp"

namespace parley::cli {

void add_narrate_service(CLI::App& command, NarrateOptions& options) {
  command.add_option("-m,--model", options.model,
                     "Model of acts that name none (default: GENAI_MODEL_ID, else "
                     "gemini-2.5-flash)");
  command.add_option(
      "--tier", options.tier,
      "Limits of Gemini: free, tier1, tier2, tier3, or a tier of parley.toml (default: "
      "free, offline none); none: no limits at all, also of other services");
  command.add_flag("--offline", options.offline, "Ask the offline model even where a key is set");
  command.add_option("--seed", options.seed, "Offline model: the seed of its answers")
      ->capture_default_str();
  command.add_option("--pace", options.pace_ms, "Offline model: milliseconds between two chunks")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  command.add_option("--base-url", options.base_url,
                     "Service to ask (default: GOOGLE_GEMINI_BASE_URL, else Google's)");
  command.add_flag("--vertex", options.service.vertex, "Ask Vertex AI");
  command.add_option("--project", options.service.project, "Vertex AI: project");
  command.add_option("--location", options.service.location, "Vertex AI: location");
  command
      .add_option("--credentials", options.service.credentials, "Vertex AI: file of credentials")
      ->check(CLI::ExistingFile);
}

void add_narrate_budget(CLI::App& command, NarrateOptions& options) {
  command.add_option("--rpm-multiplier", options.rpm,
                     "Share of the requests a minute to use (default: 0.8)");
  command.add_option("--tpm-multiplier", options.tpm, "Share of the tokens a minute to use");
  command.add_option("--rpd-multiplier", options.rpd, "Share of the requests a day to use");
  command.add_option("--budget-tokens", options.budget_tokens, "Most tokens of the whole run")
      ->check(CLI::PositiveNumber);
  command.add_option("--budget-money", options.budget_money, "Most US dollars of the whole run")
      ->check(CLI::PositiveNumber);
  command.add_option("--budget-time", options.budget_time,
                     "Time after which no model is asked any more: 30s, 5m, 2h");
}

void add_narrate_world(CLI::App& command, NarrateOptions& options) {
  command.add_option("--state-dir", options.state_dir,
                     "Folder of state, records, cache and content (default: "
                     "~/.local/share/parley/narratives)");
  command.add_option("--policy", options.policy, "TOML file: which commands may run")
      ->check(CLI::ExistingFile);
  command.add_option("--set", options.set, "key=value: state of the narrative, or scope.key=value")
      ->allow_extra_args(false);
  command.add_flag("--allow-delete", options.allow_delete,
                   "Table inputs with pull_and_delete may delete the rows they read");
}

namespace {

void add_going(CLI::App& command, NarrateOptions& options) {
  command.add_flag("--yes", options.yes, "Agree to every approval and command");
  command.add_flag("--cache", options.cache,
                   "Use and keep answers to the same prompt, of acts that do not say");
  command
      .add_option("--output-dir", options.output_dir,
                  "Live narratives: folder of the sound that acts keep")
      ->capture_default_str();
  command.add_option("--microphone", options.microphone,
                     "Live narratives: what the user says, a WAV file, or - for PCM of 16 bits and "
                     "16 kHz from standard input");
  command
      .add_option("--attempts", options.attempts,
                  "Calls of one model, in place of the file's: 3, or ACT=3")
      ->allow_extra_args(false);
  command
      .add_option("--fallback", options.fallback,
                  "Models that are asked next, in place of the file's: MODEL,MODEL or "
                  "ACT=MODEL,MODEL")
      ->allow_extra_args(false);
  command.add_flag("--json", options.json,
                   "One line of JSON for each change (default where the output is no terminal)");
  command.add_flag("--text", options.text, "Print the result alone");
  add_narrate_service(command, options);
  add_narrate_budget(command, options);
  add_narrate_world(command, options);
}

CLI::App* verb(CLI::App& command, NarrateOptions& options, const std::string& name,
               const std::string& what) {
  auto* sub = command.add_subcommand(name, what);
  sub->callback([&options, name] { options.verb = name; });
  return sub;
}

void add_content(CLI::App& command, NarrateOptions& options) {
  auto* content = verb(command, options, "content", "Show what narratives have made");
  content
      ->add_option("what", options.words,
                   "list [TABLE], show TABLE ITEM, last [TABLE], generations [TABLE], or a "
                   "TABLE alone (default: the names of all)")
      ->expected(0, 3);
  content->add_option("--status", options.status,
                      "Only items that are good, bad, accepted, rejected, posting, posted, failed");
  content->add_option("--last", options.last, "Only so many of the newest")
      ->check(CLI::PositiveNumber);
  content->add_option("--state-dir", options.state_dir, "Folder of the content");
  auto* tui =
      verb(command, options, "tui", "Look through content on a terminal; accept and reject");
  tui->add_option("--state-dir", options.state_dir, "Folder of the content");
}

}  // namespace

void add_narrate(CLI::App& app, NarrateOptions& options) {
  auto* command =
      app.add_subcommand("narrate", "Run narratives: several acts, each with its model");
  command->callback([&options, command] {
    if (command->get_subcommands().empty()) std::cerr << command->help();
    if (command->get_subcommands().empty()) options.verb.clear();
  });
  command->footer(
      "Examples:\n  parley narrate check story.toml\n  parley narrate plan story.toml\n"
      "  parley narrate run story.toml --narrative draft --budget-money 0.05\n"
      "  parley narrate resume ~/.local/share/parley/narratives/runs/ID.jsonl\n\n"
      "Exit codes: 0 done, 1 an act failed, 2 wrong usage or a mistake in the file, 4 waits for an "
      "approval,\n130 interrupted. A run that did not end with 0 goes on with resume; nothing is "
      "paid twice.");
  const auto file = [&options](CLI::App* sub, const char* what) {
    sub->add_option("file", options.file, what)->required();
  };
  const auto name = [&options](CLI::App* sub) {
    sub->add_option("--narrative,--narrative-name", options.narrative,
                    "Which narrative of the file (default: [narrative], or the only one)");
  };
  auto* run = verb(*command, options, "run", "Run a narrative");
  file(run, "The narrative (TOML)");
  name(run);
  run->add_option("--save", options.save,
                  "The record (default: runs/ID.jsonl in the state folder)");
  run->add_option("--golden", options.golden,
                  "Ask no model: take the answers of this record, and fail where prompts or "
                  "results differ from it")
      ->check(CLI::ExistingFile);
  add_going(*run, options);
  auto* resume = verb(*command, options, "resume", "Go on with a run that stopped");
  file(resume, "The record");
  resume->add_option("--file", options.source, "The narrative, where it is not where it was");
  add_going(*resume, options);
  auto* check = verb(*command, options, "check", "Tell every mistake of a file");
  file(check, "The narrative (TOML)");
  check->add_flag("--json", options.json, "One line of JSON for each mistake");
  auto* plan = verb(*command, options, "plan",
                    "Show what a run would ask, and what it would cost, without asking");
  file(plan, "The narrative (TOML)");
  name(plan);
  plan->add_flag("--prompts", options.prompts, "Show the prompts");
  plan->add_flag("--json", options.json, "One JSON object, with the prompts");
  add_narrate_service(*plan, options);
  add_narrate_budget(*plan, options);
  add_narrate_world(*plan, options);
  auto* show = verb(*command, options, "show", "Show a record: acts, prompts, answers, costs");
  file(show, "The record");
  show->add_flag("--prompts", options.prompts, "Show the prompts as they were sent");
  show->add_flag("--json", options.json, "The record as it is");
  add_content(*command, options);
}

}  // namespace parley::cli
