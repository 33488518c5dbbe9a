#include "parley/cli/detail/options.hpp"

namespace parley::cli {
namespace {

void add_devices(CLI::App& command, LiveCommandOptions& options) {
  command
      .add_option("--microphone", options.microphone,
                  "Speak into this device of ALSA (default: \"default\")")
      ->expected(0, 1)
      ->type_name("[DEVICE]")
      ->each([&options](const std::string& name) {
        options.microphone = name.empty() ? "default" : name;
      });
  command
      .add_option("--speaker", options.speaker,
                  "Hear the model on this device of ALSA (default: \"default\")")
      ->expected(0, 1)
      ->type_name("[DEVICE]")
      ->each([&options](const std::string& name) {
        options.speaker = name.empty() ? "default" : name;
      });
}

}  // namespace

void add_live(CLI::App& app, LiveCommandOptions& options) {
  auto* command = app.add_subcommand("live", "Talk with a Live model: text, speech, captions");
  command->footer(
      "Lines of standard input are what you say; with --input it is speech. What the model says "
      "goes to\nstandard output (its words) and --output (its voice), captions of you to standard "
      "error.\n\n"
      "Examples:\n  parley live\n  parley live --text -s \"Answer in one sentence\"\n"
      "  parley live --input question.wav --output answer.wav --stats\n"
      "  parley live --keep --fallback openai/gpt-realtime\n"
      "  arecord -q -f S16_LE -r 16000 -t raw | parley live --input - --output - | aplay -q -f "
      "S16_LE -r 24000 -t raw\n\n"
      "Exit codes: 0 ended in order, 1 the service or the network failed, 2 wrong usage, 130 "
      "interrupted.");
  command->add_option("-m,--model", options.model,
                      "Live model (default: the newest of the service that speaks), or that of a "
                      "provider of parley.toml: openai/gpt-realtime");
  command
      ->add_option("--fallback", options.fallbacks,
                   "Model to go on with, and with what was said, where the one before cannot be "
                   "used, such as openai/gpt-realtime; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--tier", options.tier,
                      "Wait for the limits of free, tier1, tier2, tier3 or a tier of parley.toml; "
                      "none (default: the tier that parley.toml names, if it does)");
  command->add_option("--voice", options.voice, "Voice of the model, such as Puck");
  command->add_option("-s,--system", options.system_instruction, "System instruction");
  command
      ->add_option(
          "-i,--input", options.inputs,
          "WAV file to say, a turn each, in real time; \"-\": raw 16-bit samples at 16 kHz "
          "from standard input")
      ->allow_extra_args(false);
  command->add_option("-o,--output", options.output,
                      "WAV file for the model's voice; \"-\": raw 16-bit samples at 24 kHz");
  add_devices(*command, options);
  command->add_flag("--plain", options.plain, "Lines instead of the full screen on a terminal");
  command->add_flag("--devices", options.devices, "List microphones and speakers, and end");
  command->add_flag("--text", options.text, "The model writes instead of speaking");
  command->add_flag("--keep", options.keep,
                    "Go on over another connection where one ends or is lost (docs/live.md); each "
                    "is told");
  command->add_flag("--stats", options.stats, "Tell latency, levels and tokens of each turn");
  command->add_option(
      "--metrics", options.metrics_port,
      "Serve Prometheus metrics at http://127.0.0.1:PORT/metrics; 0: any free port");
  command->add_option("--otlp", options.otlp,
                      "Send metrics and traces to this OpenTelemetry collector, such as "
                      "http://127.0.0.1:4318");
  command->add_flag("--json", options.json, "Print each event as one line of JSON");
  command->add_option("--base-url", options.base_url,
                      "Service to ask (default: GOOGLE_GEMINI_BASE_URL, else Google's)");
  add_service(*command, options.service);
  add_offline_model(*command, options.offline, options.pace_ms, options.seed);
}

void add_config(CLI::App& app, ConfigOptions& options) {
  auto* command =
      app.add_subcommand("config", "Show each setting and where it comes from; check parley.toml");
  command->footer(
      "The nearer place wins: command line, environment (GENAI_MODEL_ID, GEMINI_TIER, "
      "PARLEY_STATE_FILE),\n./parley.toml (or the file that PARLEY_CONFIG names), "
      "~/.config/parley/parley.toml, built in.\n\n"
      "Examples:\n  parley config\n  parley config providers.gemini\n  parley config --keys\n"
      "  parley config --limits gemini-2.5-pro\n"
      "  parley config --limits gemini-2.5-pro --set providers.gemini.default_tier=tier1\n\n"
      "Exit codes: 0 shown, 1 nothing is set there, 2 a file has mistakes.");
  command->add_option("key", options.key, "Only this key, or what is in this table");
  command->add_option("--set", options.set, "KEY=VALUE, over what all places say")
      ->allow_extra_args(false);
  command->add_option("--limits", options.limits,
                      "Show what the provider's tier lets this model do, and its price");
  command->add_flag("--keys", options.keys, "List what parley.toml may have");
  command->add_flag("--json", options.json, "Print one line of JSON for each");
}

}  // namespace parley::cli
