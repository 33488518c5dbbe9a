#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/generate.hpp"

namespace parley::cli {
namespace {

template <class Options>
void add_offline_model(CLI::App& command, Options& options) {
  command.add_flag("--offline", options.offline, "Use the offline model even where a key is set");
  command.add_option("--pace", options.pace_ms, "Offline model: milliseconds between two chunks")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Offline model: the seed of its answers")
      ->capture_default_str();
}

void add_service(CLI::App& command, ServiceOptions& options) {
  auto* group = command.add_option_group(
      "Vertex AI", "Without these the environment chooses the service and the credentials");
  group->add_flag("--vertex", options.vertex,
                  "Ask Vertex AI (default: where GOOGLE_GENAI_USE_VERTEXAI is true)");
  group->add_option("--project", options.project,
                    "Project (default: GOOGLE_CLOUD_PROJECT, else the credentials' own)");
  group->add_option(
      "--location", options.location,
      "Location, or global, us, eu (default: GOOGLE_CLOUD_LOCATION, else us-central1)");
  group
      ->add_option("--credentials", options.credentials,
                   "File of a service account or another credential (default: "
                   "GOOGLE_APPLICATION_CREDENTIALS, gcloud's file, the metadata server)")
      ->check(CLI::ExistingFile);
}

void add_serve(CLI::App& app, ServeOptions& options) {
  auto* command = app.add_subcommand("serve", "Start the chat server with its web page");
  command->footer(
      "With GOOGLE_API_KEY or GEMINI_API_KEY set it asks the Gemini API; without one, or with "
      "--offline,\n"
      "it starts an offline model on this machine and says so.\n\n"
      "Examples:\n  parley serve\n  parley serve --port 9000 --data ./chats\n"
      "  parley serve --allow-origin https://chat.example.org --allow-host chat.example.org");
  command->add_option("--host", options.host, "IP address to listen on")->capture_default_str();
  command->add_option("--port", options.port, "Port to listen on; 0: any free one")
      ->capture_default_str();
  command->add_option("--data", options.data,
                      "Folder for sessions (default: ~/.local/share/parley)");
  command->add_flag("--memory", options.memory,
                    "Keep sessions in memory only; they end with the server");
  command->add_option("--model", options.model,
                      "Model of new sessions (default: GENAI_MODEL_ID, else gemini-2.5-flash)");
  add_offline_model(*command, options);
  command->add_option("--allow-origin", options.origins,
                      "Web origin that pages may come from, besides the server's own");
  command->add_option("--allow-host", options.hosts,
                      "Host name that the server answers to, besides localhost");
  command->add_option("--trusted-proxy", options.proxies,
                      "Address or network whose X-Forwarded-For is believed");
  auto* chain = command->add_option("--tls-cert", options.tls_chain,
                                    "PEM file with the certificate chain: serve https and wss");
  auto* key = command->add_option("--tls-key", options.tls_key, "PEM file with the private key");
  chain->needs(key);
  key->needs(chain);
  command->add_flag("--insecure-no-auth", options.insecure_no_auth,
                    "Allow a --host that other machines reach, although everybody may then use the "
                    "server and your key");
  command->add_flag("--quiet", options.quiet, "Do not print what happens");
}

// What the answer is made of, and how it is printed.
void add_ask_settings(CLI::App& command, AskOptions& options) {
  command.add_option("--top-p", options.top_p, "Choose among the likeliest tokens: 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
  command.add_option("--top-k", options.top_k, "Choose among so many tokens")
      ->check(CLI::PositiveNumber);
  command.add_option("--answer-seed", options.answer_seed,
                     "The same seed tends to give the same answer");
  command.add_option("--stop", options.stop, "Text at which the answer ends; at most five")
      ->allow_extra_args(false);
  command.add_flag("--google-search", options.google_search,
                   "The model may search; its sources are listed behind the answer");
  command.add_flag("--code-execution", options.code_execution, "The model may run Python");
  command.add_flag("--url-context", options.url_context,
                   "The model may read pages that the question names");
  command.add_option("--chat", options.chat,
                     "File of a conversation: it goes on from there, and is written back");
  command.add_flag("--stream,!--no-stream", options.stream,
                   "Print the answer as it comes (default), or when it is whole");
  command.add_flag("--thoughts", options.thoughts,
                   "Print summaries of the model's thoughts on standard error");
  command.add_flag("--show-usage", options.usage, "Print the token counts on standard error");
  command
      .add_option("--timeout", options.timeout, "Seconds for the whole answer (default: no limit)")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--json", options.json, "Print each message of the service as one line of JSON");
}

void add_ask(CLI::App& app, AskOptions& options) {
  auto* command =
      app.add_subcommand("ask", "Ask a model one question; the answer streams to standard output");
  command->footer(
      "Standard input, where it is not a terminal, is added to the question.\n\n"
      "Examples:\n  parley ask \"Why is the sky blue?\"\n  parley ask \"Summarise this\" < "
      "notes.txt\n"
      "  git diff | parley ask -s \"You review code\" \"What changed?\"\n"
      "  parley ask -f photo.jpg \"What is this?\"\n"
      "  parley ask --schema person.json \"Ada Lovelace, born in 1815\"\n"
      "  parley ask --chat trip.json \"I go to Oslo\" && parley ask --chat trip.json \"What to "
      "pack?\"\n"
      "  parley ask --google-search \"Who won yesterday?\"\n"
      "  parley ask --vertex --project my-project --location global \"Why is the sky blue?\"\n"
      "  parley ask --credentials account.json \"Why is the sky blue?\"\n\n"
      "Exit codes: 0 answered, 1 the service or the network failed, 2 wrong usage, 3 the model "
      "gave "
      "no answer\n(the prompt was blocked, the answer was stopped), 130 interrupted.");
  command->add_option("prompt", options.prompt,
                      "The question; \"-\" or none: standard input alone");
  command->add_option("-m,--model", options.model,
                      "Model (default: GENAI_MODEL_ID, else gemini-2.5-flash)");
  command->add_option("-s,--system", options.system_instruction, "System instruction");
  command
      ->add_option("-f,--file", options.files,
                   "File to send with the question: picture, PDF, sound, video, text")
      ->allow_extra_args(false);
  command->add_option("--schema", options.schema, "JSON Schema that the answer has to satisfy")
      ->check(CLI::ExistingFile);
  command->add_flag("--answer-json", options.answer_json, "The answer is to be JSON");
  command->add_option("--temperature", options.temperature, "0 to 2; lower is more predictable")
      ->check(CLI::Range(0.0, 2.0));
  command->add_option("--max-tokens", options.max_tokens, "Most tokens of the answer")
      ->check(CLI::PositiveNumber);
  command->add_option("--thinking", options.thinking,
                      "minimal, low, medium or high; or a number of tokens, 0: none");
  command->add_option("--base-url", options.base_url,
                      "Service to ask (default: GOOGLE_GEMINI_BASE_URL, on Vertex AI "
                      "GOOGLE_VERTEX_BASE_URL, else Google's)");
  add_service(*command, options.service);
  add_ask_settings(*command, options);
  add_offline_model(*command, options);
}

void add_models(CLI::App& app, ModelsOptions& options) {
  auto* command = app.add_subcommand("models", "List the models of the service and what they do");
  command->footer(
      "Examples:\n  parley models\n  parley models --use live\n  parley models --json\n"
      "  parley models --vertex --project my-project");
  command->add_option("--use", options.use, "Only models for that")
      ->check(CLI::IsMember({"generate", "live", "embed"}));
  command->add_option("--base-url", options.base_url,
                      "Service to ask (default: GOOGLE_GEMINI_BASE_URL, else Google's)");
  add_service(*command, options.service);
  command->add_flag("--offline", options.offline, "The offline service even where a key is set");
  command->add_flag("--json", options.json, "Print each model as one line of JSON");
}

void add_chat(CLI::App& app, ChatOptions& options) {
  auto* command = app.add_subcommand("chat", "Talk in a session of a chat server");
  command->footer(
      "Examples:\n  parley chat\n  parley chat http://127.0.0.1:9000 --session ID\n  echo hello | "
      "parley chat\n\n"
      "Exit codes: 0 left in order, 1 no server or an answer failed, 2 wrong usage, 130 "
      "interrupted.");
  command->add_option("url", options.url, "Address of the server")->capture_default_str();
  command->add_option("--session", options.session,
                      "Session to join; without it the first message starts one");
}

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
                                  "Play this recording, or all of a folder, instead of the offline "
                                  "model")
                     ->check(CLI::ExistingPath)
                     ->excludes(record);
  command->add_flag("--in-time", options.in_time, "With --replay: as fast as it was recorded")
      ->needs(replay);
  auto* chain = command->add_option("--tls-cert", options.tls_chain,
                                    "PEM file with a certificate chain: https and wss");
  auto* key = command->add_option("--tls-key", options.tls_key, "PEM file with its private key");
  chain->needs(key);
  key->needs(chain);
}

void add_script(CLI::App& app, EmulateOptions& options) {
  auto* command = &app;
  auto* replay = command->get_option("--replay");
  command
      ->add_option("--script", options.script,
                   "File in YAML that says what is answered when (docs/emulator.md)")
      ->check(CLI::ExistingFile)
      ->excludes(replay);
  command->add_option("--check", options.check, "Only say whether that script has mistakes")
      ->check(CLI::ExistingFile);
  command->add_option("--quota", options.quotas,
                      "A quota, as \"model=gemini-2.5-*; rpm=10; tpm=250000; rpd=100\"; also key= "
                      "and tier=free|paid; the first that fits counts");
  command->add_flag("--hold-clock", options.hold_clock,
                    "Time stands still until POST /parley/clock moves it");
  command->add_option("--control", options.control, "Who may use /parley/journal, state, faults …")
      ->check(CLI::IsMember({"loopback", "anyone", "nobody"}))
      ->capture_default_str();
}

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
  add_recording(*command, options);
  add_script(*command, options);
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

}  // namespace

int run_program(int argc, char** argv) {
  CLI::App app("Live conversations with generative models over WebSockets", "parley");
  app.set_version_flag("--version", PARLEY_VERSION);
  app.require_subcommand(1);
  ServeOptions serve_options;
  AskOptions ask_options;
  ModelsOptions models_options;
  ChatOptions chat_options;
  EmulateOptions emulate_options;
  MockOptions mock_options;
  GenerateCommand generate_options;
  add_serve(app, serve_options);
  add_ask(app, ask_options);
  add_models(app, models_options);
  add_chat(app, chat_options);
  add_emulate(app, emulate_options);
  add_generate_options(
      *app.add_subcommand("generate", "Make typed clients from the definition of an API"),
      generate_options);
  add_mock(app, mock_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError&) {
    if (argc > 1)
      std::cerr << fmt::format(
          "parley: there is no command \"{}\"; serve, ask, models, chat, emulate, generate and "
          "mock are.\n",
          strip_control(to_valid_utf8(argv[1])));
    else
      std::cerr << app.help();
    return exit_code::usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_code::ok : exit_code::usage;
  }
  if (app.got_subcommand("serve")) return serve(serve_options);
  if (app.got_subcommand("ask")) return ask(ask_options);
  if (app.got_subcommand("models")) return models(models_options);
  if (app.got_subcommand("chat")) return chat(chat_options);
  if (app.got_subcommand("generate")) return generate(generate_options);
  if (app.got_subcommand("mock")) return mock(mock_options);
  return emulate(emulate_options);
}

}  // namespace parley::cli
