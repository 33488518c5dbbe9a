#include "parley/cli/detail/options.hpp"

namespace parley::cli {
namespace {

void add_accounts(CLI::App& app, EmulateOptions& options) {
  auto* command = &app;
  command
      ->add_option("--service-account", options.service_accounts,
                   "File of an account that gets access tokens at /token; with one, Vertex AI's "
                   "paths take no other tokens")
      ->check(CLI::ExistingFile);
  command->add_option("--new-service-account", options.new_service_account,
                      "Make such an account and write its file, for --credentials of a client");
  command->add_option("--token-life", options.token_seconds, "Seconds that an access token is good")
      ->check(CLI::Range(1, 43'200))
      ->capture_default_str();
  command->add_option("--metadata-project", options.metadata_project,
                      "Be a metadata server as well, of that project (GCE_METADATA_HOST)");
}

void add_recording(CLI::App& app, EmulateOptions& options) {
  auto* command = &app;
  auto* record = command->add_option("--record", options.record,
                                     "Be a proxy to the service instead, and write what both sides "
                                     "say to this file, without keys");
  command
      ->add_option("--upstream", options.upstream,
                   "The service behind --record (default: Google's Gemini API)")
      ->needs(record);
  auto* replay = command
                     ->add_option("--replay", options.replay,
                                  "Play this recording, or all of a folder in the order of their "
                                  "names, instead of the offline model")
                     ->check(CLI::ExistingPath)
                     ->excludes(record);
  command->add_flag("--in-time", options.in_time, "With --replay: as fast as it was recorded")
      ->needs(replay);
  auto* chain = command->add_option("--tls-cert", options.tls_chain,
                                    "PEM file with a certificate chain: https and wss");
  auto* key = command->add_option("--tls-key", options.tls_key, "PEM file with its private key");
  chain->needs(key);
  key->needs(chain);
  command
      ->add_option(
          "--tls", options.tls_made,
          "https and wss with a certificate that is made now for this machine, and written "
          "to this file for clients to trust")
      ->type_name("FILE")
      ->excludes(chain)
      ->excludes(key);
}

void add_script(CLI::App& app, EmulateOptions& options) {
  auto* command = &app;
  command
      ->add_option("--script", options.script,
                   "YAML file that says what is answered, and when (docs/emulator.md)")
      ->check(CLI::ExistingFile);
  command
      ->add_option("--check", options.check,
                   "Read such a file, tell its mistakes with their places, and end")
      ->check(CLI::ExistingFile);
  command->add_option("--quota", options.quotas,
                      "Hidden quota, as \"model=gemini-2.5-*; rpm=10; tpm=250000; rpd=500\"");
  command->add_flag("--hold-clock", options.hold_clock,
                    "Time stands still until POST /parley/clock moves it");
  command->add_option("--control", options.control, "Who may use the paths below /parley")
      ->check(CLI::IsMember({"nobody", "loopback", "anyone"}))
      ->capture_default_str();
}

}  // namespace

void add_emulate(CLI::App& app, EmulateOptions& options) {
  auto* command =
      app.add_subcommand("emulate", "Start an offline Gemini service for clients and tests");
  command->footer(
      "It answers generateContent, streamGenerateContent, countTokens, embeddings, models, files, "
      "cached\ncontents, tokens for Live, and the Live API over WebSocket, as the Developer API "
      "and "
      "as Vertex AI;\nany API key or access token is good, unless accounts are named.\n"
      "Point a client at it:  export GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 "
      "GEMINI_API_KEY=any\n"
      "As Vertex AI:           parley emulate --new-service-account key.json\n"
      "                        parley ask --credentials key.json --base-url "
      "http://127.0.0.1:8090 Hello\n\n"
      "A request header asks for trouble:  x-parley-fault: status=503; delay=200; cut=100\n"
      "of a Live session:                  x-parley-live-fault: after=3; close=1011\n"
      "and for a recorded answer:          x-parley-replay: NAME   (or the model recording-NAME)\n"
      "All faults are listed in docs/emulator.md.");
  command->add_option("--host", options.host, "IP address to listen on")->capture_default_str();
  command->add_option("--port", options.port, "Port to listen on; 0: any free one")
      ->capture_default_str();
  command->add_option("--pace", options.pace_ms, "Milliseconds between two chunks")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "The seed of the answers")->capture_default_str();
  command
      ->add_option("--recording", options.recordings,
                   "File with a recorded answer; its name is the file's without the ending")
      ->check(CLI::ExistingFile);
  command->add_option("--bad-key", options.bad_keys, "API key that is refused as not valid");
  command
      ->add_option("--faults", options.rest_faults,
                   "Share of the answers over REST that get a fault by chance (of --seed)")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--live-faults", options.live_faults,
                   "Live: share of the sessions that get a fault by chance")
      ->check(CLI::Range(0.0, 1.0));
  add_script(*command, options);
  add_recording(*command, options);
  add_accounts(*command, options);
  command->add_option("--hears", options.hears,
                      "Live: what is understood of the spoken turns, in their order");
  command
      ->add_option("--playback", options.playback,
                   "Live: a turn ends after this share of the time its audio lasts")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command
      ->add_option("--lifetime", options.lifetime_seconds,
                   "Live: seconds that a connection lives; goAway comes a tenth of it before")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  command->add_flag("--text-frames", options.text_frames,
                    "Live: JSON in text frames; the service sends binary ones");
}

void add_mock(CLI::App& app, MockOptions& options) {
  auto* command = app.add_subcommand("mock", "Play the server that a definition describes");
  command->footer(
      "Answers come from the definition's examples; any key is good. What a client does wrong "
      "ends\n"
      "its connection with 1008 and the reason.\n\n"
      "Example:\n  parley mock definitions/elevenlabs.yaml --port 8095");
  command->add_option("file", options.file, "The definition (YAML or JSON)")->required();
  command->add_option("--host", options.host, "IP address to listen on")->capture_default_str();
  command->add_option("--port", options.port, "Port to listen on; 0: any free one")
      ->capture_default_str();
  command->add_flag("-q,--quiet", options.quiet, "Do not print what happens");
}

}  // namespace parley::cli
