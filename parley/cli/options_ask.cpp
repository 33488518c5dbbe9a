#include "parley/cli/detail/options.hpp"

namespace parley::cli {

void add_offline_model(CLI::App& command, bool& offline, int& pace_ms, std::uint64_t& seed) {
  command.add_flag("--offline", offline, "Use the offline model even where a key is set");
  command.add_option("--pace", pace_ms, "Offline model: milliseconds between two chunks")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  command.add_option("--seed", seed, "Offline model: the seed of its answers")
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
      "  parley serve --allow-origin https://chat.example.org --allow-host chat.example.org\n\n"
      "SIGHUP reads parley.toml anew: model and service. Where it has a mistake, or the service "
      "does "
      "not\nanswer, what was in force stays.");
  command->add_option("--host", options.host, "IP address to listen on")->capture_default_str();
  command->add_option("--port", options.port, "Port to listen on; 0: any free one")
      ->capture_default_str();
  command->add_option("--data", options.data,
                      "Folder for sessions (default: ~/.local/share/parley)");
  command->add_flag("--memory", options.memory,
                    "Keep sessions in memory only; they end with the server");
  command->add_option("--model", options.model,
                      "Model of new sessions (default: GENAI_MODEL_ID, else gemini-2.5-flash)");
  add_offline_model(*command, options.offline, options.pace_ms, options.seed);
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
  command->add_option("--otlp", options.otlp,
                      "Send metrics and traces to this OpenTelemetry collector, such as "
                      "http://127.0.0.1:4318");
  command->add_flag("--quiet", options.quiet, "Do not print what happens");
}

// What the answer is made of, and how it is printed.
namespace {

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
  auto* compare = command.add_option(
      "--compare", options.compare,
      "Ask this model the same, and tell times, tokens and price of each; may be repeated");
  compare->allow_extra_args(false);
  auto* chat = command.add_option(
      "--chat", options.chat, "File of a conversation: it goes on from there, and is written back");
  chat->excludes(compare);
  auto* stream = command.add_flag("--stream,!--no-stream", options.stream,
                                  "Print the answer as it comes (default), or when it is whole");
  command.add_flag("--thoughts", options.thoughts,
                   "Print summaries of the model's thoughts on standard error");
  command.add_flag("--show-usage", options.usage, "Print the token counts on standard error");
  auto* timeout = command.add_option("--timeout", options.timeout,
                                     "Seconds for the whole answer (default: no limit)");
  timeout->check(CLI::NonNegativeNumber)->excludes(compare);
  stream->excludes(compare);
  command.add_flag("--json", options.json, "Print each message of the service as one line of JSON");
}

}  // namespace

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
                      "Model, or PROVIDER/MODEL for one of parley.toml (default: GENAI_MODEL_ID, "
                      "parley.toml, else gemini-2.5-flash)");
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
  add_offline_model(*command, options.offline, options.pace_ms, options.seed);
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

}  // namespace parley::cli
