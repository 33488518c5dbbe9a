#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::cli {

// Each command's options as the command line gave them, and what runs it. The functions return an
// exit code (console.hpp) and print errors themselves.

struct ServeOptions {
  ServeOptions() = default;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  std::string data;        // folder of the session log; empty: the user's own
  bool memory = false;     // sessions live in memory only
  bool offline = false;    // the emulator, even where a key is set
  int pace_ms = 30;        // offline model: milliseconds between two chunks
  std::uint64_t seed = 1;  // offline model
  std::string model;       // empty: GENAI_MODEL_ID, else gemini-2.5-flash
  std::vector<std::string> origins;
  std::vector<std::string> hosts;
  std::vector<std::string> proxies;
  std::string tls_chain;
  std::string tls_key;
  bool insecure_no_auth = false;
  std::string otlp;  // URL of an OpenTelemetry collector; empty: none
  bool quiet = false;
};
int serve(const ServeOptions& options);

// Which of Google's services, and as whom; empty: the environment's.
struct ServiceOptions {
  ServiceOptions() = default;
  bool vertex = false;  // Vertex AI, also where the environment does not say so
  std::string project, location;
  std::string credentials;  // a file
};

struct AskOptions {
  AskOptions() = default;
  std::string prompt;  // empty or "-": standard input
  std::string model;
  std::vector<std::string> compare;  // models that are asked the same
  std::string system_instruction;
  std::string base_url;
  ServiceOptions service;
  bool offline = false;
  int pace_ms = 30;
  std::uint64_t seed = 1;
  bool json = false;  // one JSON object per chunk instead of text
  std::vector<std::string> files;
  std::string schema;        // a file with a JSON Schema of the answer
  bool answer_json = false;  // the answer is to be JSON
  std::optional<double> temperature;
  std::optional<int> max_tokens;
  std::string thinking;  // a level or a number of tokens; empty: the model's own
  std::optional<double> top_p;
  std::optional<int> top_k;
  std::optional<int> answer_seed;
  std::vector<std::string> stop;  // texts at which the answer ends
  bool google_search = false, code_execution = false, url_context = false;
  std::string chat;       // a file with the conversation, read and written; empty: none
  bool stream = true;     // print the answer as it comes
  bool thoughts = false;  // print the model's summaries of its thoughts, on standard error
  bool usage = false;     // print the token counts, on standard error
  double timeout = 0;     // seconds for the whole answer; 0: no limit
};
int ask(const AskOptions& options);

struct ModelsOptions {
  ModelsOptions() = default;
  std::string base_url;
  ServiceOptions service;
  std::string use;  // generate, live or embed; empty: all
  bool offline = false;
  bool json = false;  // one JSON object per model
};
int models(const ModelsOptions& options);

struct ChatOptions {
  ChatOptions() = default;
  std::string url = "http://127.0.0.1:8000";
  std::string session;  // joined at the start; empty: a new one with the first message
};
int chat(const ChatOptions& options);

struct EmulateOptions {
  EmulateOptions() = default;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8090;
  int pace_ms = 30;
  std::uint64_t seed = 1;
  std::vector<std::string> recordings;  // files that can be replayed by name
  std::vector<std::string> bad_keys;
  std::string tls_chain, tls_key;  // PEM files; empty: plain
  std::string tls_made;            // where a certificate of its own is written; empty: none
  std::string record, upstream;    // a file to write; the service behind the proxy
  std::string replay;              // a recording, or a folder of them, that is played instead
  bool in_time = false;
  std::string script;               // a file of rules; empty: none
  std::string check;                // a script that is only read
  std::vector<std::string> quotas;  // as QuotaLimit::parse reads them
  bool hold_clock = false;
  std::string control = "loopback";         // who may use /parley: nobody, loopback, anyone
  double rest_faults = 0, live_faults = 0;  // shares that get a fault by chance
  // Access tokens and Vertex AI
  std::vector<std::string> service_accounts;  // files of accounts that are known
  std::string new_service_account;            // a file that is written, of an account that is known
  int token_seconds = 3599;
  std::string metadata_project;
  // Live
  double playback = 1;
  std::vector<std::string> hears;
  int lifetime_seconds = 600;
  bool text_frames = false;
};
int emulate(const EmulateOptions& options);

struct MockOptions {
  MockOptions() = default;
  std::string file;  // a definition
  std::string host = "127.0.0.1";
  std::uint16_t port = 8095;
  bool quiet = false;
};
int mock(const MockOptions& options);

struct LiveCommandOptions {
  LiveCommandOptions() = default;
  std::string model;  // empty: the newest of the service that speaks
  std::vector<std::string> fallbacks;
  std::string tier;  // whose limits hold; "none": none; empty: that of parley.toml, if it names one
  std::string voice;
  std::string system_instruction;
  std::vector<std::string> inputs;  // WAV files, a turn each; "-": raw PCM16 at 16 kHz
  std::string output;               // a WAV file of what the model says; "-": raw PCM16 at 24 kHz
  std::string microphone, speaker;  // devices of ALSA; empty: none
  bool plain = false;               // lines, also on a terminal
  bool devices = false;             // list them, and that is all
  bool text = false;                // the model writes instead of speaking
  bool keep = false;                // the conversation outlives its connections
  std::string otlp;                 // URL of an OpenTelemetry collector; empty: none
  std::optional<std::uint16_t> metrics_port;  // of /metrics on loopback; 0: any
  bool stats = false;                         // latencies, levels and usage, on standard error
  bool json = false;
  std::string base_url;
  ServiceOptions service;
  bool offline = false;
  int pace_ms = 30;
  std::uint64_t seed = 1;
};
int live(const LiveCommandOptions& options);

struct ConfigOptions {
  ConfigOptions() = default;
  std::string key;               // only this one, or what is in this table
  std::vector<std::string> set;  // "KEY=VALUE", as the nearest place
  std::string limits;            // a model whose limits and price are shown instead
  bool keys = false;             // what a file may have
  bool json = false;
};
int show_config(const ConfigOptions& options);

// Parses the command line and runs the command.
int run_program(int argc, char** argv);

}  // namespace parley::cli
