#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"
#include "parley/emulator/auth/options.hpp"
#include "parley/emulator/fault/fault.hpp"
#include "parley/emulator/live/session.hpp"
#include "parley/gemini/types.hpp"
#include "parley/http/message.hpp"
#include "parley/http/url.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {

class Director;
struct Reply;

struct ServiceOptions {
  ServiceOptions() = default;
  std::uint64_t seed = 1;
  std::chrono::milliseconds pace{30};  // between two messages of a stream
  std::vector<std::string> bad_keys;   // refused as not valid; any other key is good
  std::size_t journal_size = 1000;     // requests that are remembered
  std::size_t replay_piece = 0;        // bytes per piece of a replayed stream; 0: by events
  std::function<WallTime()> now;       // of files, caches and tokens; empty: the system's clock
  FaultRate faults;                    // by chance; what a client asks for comes first
  std::shared_ptr<Director> director;  // a script and its quotas; null: none
  AuthOptions auth;                    // who may use Vertex AI, and the servers that give tokens
};

// An answer, ready to be sent.
struct Answer {
  Answer() = default;
  int status = 200;
  http::Headers headers;
  std::vector<std::string> pieces;    // of the body, in order
  std::chrono::milliseconds pace{0};  // between two of them
  // Before each, instead of the pace; none for those behind the last.
  std::vector<std::chrono::milliseconds> waits;
  Fault fault;  // of the way it goes out: delay, cut, drip …
  bool streamed = false;
};

// One request as it came, without credentials.
struct JournalEntry {
  JournalEntry() = default;
  WallTime at{};  // by ServiceOptions::now
  std::string method;
  std::string target;
  http::Headers headers;
  std::string body;
};

namespace detail {
class Authority;
class Store;
}  // namespace detail

// The REST part of the Gemini Developer API without I/O: generateContent, streamGenerateContent
// (SSE and JSON array), countTokens, embeddings, models, files, cached contents and tokens for
// Live, for v1, v1beta and v1alpha, as the service answers them; text comes from the offline model.
// The path may have a prefix. Below /v1 and /v1beta1, projects/… and publishers/… are answered as
// Vertex AI does, for access tokens (AuthOptions); the servers that give them out are here as well.
// Not thread-safe.
//
// A client asks for faults by the header "x-parley-fault" (see Fault::parse) and for a recording by
// "x-parley-replay: NAME" or by the model "recording-NAME".
class Service {
 public:
  explicit Service(ServiceOptions options = ServiceOptions());
  ~Service();

  Answer handle(const http::Request& request, const http::Target& target);
  // Where the path is the Live API's: how its session begins. A wrong key is told by the session,
  // after the upgrade; a fault is asked for by the header "x-parley-live-fault" (LiveFault::parse).
  std::optional<LiveDoor> live_door(const http::Request& request, const http::Target& target);
  // A message of a Live client, for the journal: its method is "LIVE".
  void remember_live(const std::string& target, std::string_view message);

  // A recorded body: a stream of events, or one JSON document. An error document is answered with
  // the HTTP status that it names.
  void add_recording(std::string name, std::string bytes);
  // A service account that may ask for tokens; from now on Vertex AI takes none but those.
  void add_account(AuthOptions::Account account);
  // The next requests, and the next Live sessions, get these faults, one each.
  void inject(Fault fault) { faults_.push_back(std::move(fault)); }
  void inject_live(LiveFault fault) { live_faults_.push_back(std::move(fault)); }

  const std::deque<JournalEntry>& journal() const { return journal_; }
  const ServiceOptions& options() const { return options_; }
  detail::Store& store() { return *store_; }

  // From now on; sessions that are open keep theirs. Null: none.
  void set_director(std::shared_ptr<Director> director) { options_.director = std::move(director); }
  void set_fault_rate(FaultRate faults);
  void forget_journal() { journal_.clear(); }
  // How many faults wait for requests, and for Live sessions.
  std::pair<std::size_t, std::size_t> waiting_faults() const {
    return {faults_.size(), live_faults_.size()};
  }
  void forget_faults();

  struct Route;

 private:
  class Scripted;
  Answer answer(const http::Request& request, const http::Target& target);
  std::optional<Route> find_route(const http::Target& target) const;
  Result<Fault> next_fault(const http::Request& request);
  std::optional<Answer> refuse_credentials(const http::Request& request,
                                           const http::Target& target) const;
  Answer generate(const http::Request& request, const http::Target& target, Route route);
  const Reply* scripted(const http::Request& request, const http::Target& target,
                        const std::optional<Route>& route);
  std::optional<Answer> play(const Reply& reply, const http::Request& request,
                             const http::Target& target, std::optional<Route> route);
  std::optional<Answer> by_script(const gemini::GenerateContentRequest& request, const Route& route,
                                  bool sse);
  Answer own_answer(const http::Request& request, const http::Target& target,
                    const std::optional<Route>& route);
  Answer stream(const gemini::GenerateContentRequest& request, const Route& route, bool sse);
  Answer whole(const gemini::GenerateContentRequest& request, const Route& route);
  Answer count(const http::Request& request, const Route& route) const;
  Answer predict(const http::Request& request, const Route& route) const;
  Answer embed_for_vertex(http::Request request) const;
  Answer vertex_caches(const http::Request& request, const http::Target& target,
                       const Route& route);
  std::optional<Answer> refuse(const http::Request& request, const http::Target& target,
                               const Route& route) const;
  Answer embed_one(const http::Request& request) const;
  Answer embed_batch(const http::Request& request, const Route& route) const;
  Answer answer_model(const http::Request& request, const http::Target& target, const Route& route);
  Answer list_models(const http::Target& target, const Route& route) const;
  Answer replay(const std::string& name) const;
  std::optional<std::string> recording_of(const http::Request& request, const Route& route) const;
  void remember(const http::Request& request, bool secret_body);
  bool use_token(const std::string& name, LiveDoor& door);
  std::string next_response_id();

  ServiceOptions options_;
  std::unique_ptr<detail::Store> store_;
  std::unique_ptr<detail::Authority> authority_;
  std::map<std::string, std::string> recordings_;
  std::deque<Fault> faults_;
  std::deque<LiveFault> live_faults_;
  SeededRandom chance_;
  std::deque<JournalEntry> journal_;
  std::uint64_t served_ = 0;
};

}  // namespace parley::emulator
