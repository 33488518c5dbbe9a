#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/api/call_options.hpp"
#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/gemini/backend.hpp"
#include "parley/gemini/files.hpp"
#include "parley/gemini/tokens.hpp"
#include "parley/gemini/types.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"

namespace parley::api {
class EventStream;
class Transport;
}  // namespace parley::api

namespace parley::gemini {

namespace detail {
class Generation;
class StreamSource;
}  // namespace detail

struct ClientOptions {
  ClientOptions() = default;
  Secret api_key;        // empty: GOOGLE_API_KEY, else GEMINI_API_KEY
  std::string base_url;  // empty: GOOGLE_GEMINI_BASE_URL, else the service; a path in it is kept.
                         // On Vertex AI GOOGLE_VERTEX_BASE_URL stands for the first
  std::string api_version;  // empty: v1beta, on Vertex AI v1beta1
  Access access;            // Developer API or Vertex AI; project, location, credentials
  // A call whose access token is answered with 401 is made once more, with another token. Without
  // it the token is dropped, and the error given back.
  bool repeat_refused = false;
  net::HttpClientOptions http;
  // Retries, fail-over, breaker, cache, packing: all off (docs/resilience.md). What the service
  // says of delays and quotas is read; with a cache, answers of models, counts and embeddings are
  // kept.
  api::CallOptions calls;
};

// How an answer came.
enum class ServedBy { http, websocket };
std::string_view to_string(ServedBy served_by);

// A streamed answer, the same over HTTP and over a Live session. Destroying it, or cancelling the
// task that waits for it, closes its socket.
class Stream {
 public:
  explicit Stream(api::EventStream events);
  explicit Stream(std::unique_ptr<detail::StreamSource> source);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  // The next message, as soon as it is there: new text only. Empty: the end, see outcome().
  Task<std::optional<GenerateContentResponse>> next();
  // Success where the service ended the stream in order. A stream may end so without a finish
  // reason (GenerateContentResponse::finish_reason); one that was cut is an Error, and so is a
  // status that the service sent in the middle. What came before it stays valid.
  Result<void> outcome() const;

  ServedBy served_by() const;
  // The attempts that were made, and which endpoint answers; none where nothing was asked for.
  const api::CallReport& report() const;

 private:
  std::unique_ptr<detail::StreamSource> source_;
};

// The models/… methods of the API. A model may be named in every spelling that
// Backend::model_name() takes; its errors are those of the calls.
class Models {
 public:
  Models(std::shared_ptr<api::Transport> transport, Backend backend);

  Task<Result<GenerateContentResponse>> generate_content(std::string model,
                                                         GenerateContentRequest request) const;
  // Returns when the service has begun to answer. Errors that come before that are returned here.
  Task<Result<Stream>> stream_generate_content(std::string model,
                                               GenerateContentRequest request) const;
  // generate_content() with what became of the call: attempts, endpoint, cache.
  Task<Result<GenerateContentResponse>> generate_content(
      std::string model, GenerateContentRequest request,
      std::shared_ptr<api::CallReport> report) const;
  // stream_generate_content() with the same, told when it returns; later attempts change it.
  Task<Result<Stream>> stream_generate_content(std::string model, GenerateContentRequest request,
                                               std::shared_ptr<api::CallReport> report) const;
  // Whether calls wait for a limiter by themselves (ClientOptions::calls.permit).
  bool has_permit() const;
  // generate_content() as a line for a shell, with the key masked. Nothing is sent.
  Result<std::string> curl_generate_content(std::string model,
                                            GenerateContentRequest request) const;
  Task<Result<CountTokensResponse>> count_tokens(std::string model,
                                                 std::vector<Content> contents) const;
  // A direction for each text, of at most 100; `dimensions` 0: the model's own (3072). Vertex AI
  // takes the texts of some models one by one: that many requests, one after the other.
  Task<Result<std::vector<std::vector<double>>>> embed(std::string model,
                                                       std::vector<std::string> texts,
                                                       int dimensions = 0) const;
  // One page; `page_size` 0: the service's default (50).
  Task<Result<ListModelsResponse>> list(int page_size = 0, std::string page_token = "") const;
  // All pages.
  Task<Result<std::vector<Model>>> list_all() const;
  // Those that the Live API has: by bidiGenerateContent among their methods, or by their name where
  // the service does not list methods (Vertex AI). See choose_live_model().
  Task<Result<std::vector<Model>>> list_live() const;
  Task<Result<Model>> get(std::string model) const;

 private:
  detail::Generation generation_of(std::string_view model, std::string_view method) const;

  std::shared_ptr<api::Transport> transport_;
  Backend backend_;
};

// The Gemini API over HTTP, of either service. Cheap to copy: copies share the connections. Belongs
// to one executor; calls may run side by side. Nothing is retried unless ClientOptions::calls says
// so.
class Client {
 public:
  // Errors: those of Backend::choose(). Nothing is sent.
  static Result<Client> make(ClientOptions options = ClientOptions());

  Models models() const { return Models(transport_, backend_); }
  Files files() const { return Files(transport_, backend_); }
  Caches caches() const { return Caches(transport_, backend_); }
  Tokens tokens() const { return Tokens(transport_, backend_); }
  const Backend& backend() const { return backend_; }
  // For its breakers, its cache and checks of its endpoints.
  const api::Transport& transport() const { return *transport_; }
  const std::string& base_url() const { return base_url_; }

 private:
  Client(std::shared_ptr<api::Transport> transport, Backend backend);
  std::shared_ptr<api::Transport> transport_;
  Backend backend_;
  std::string base_url_;
};

}  // namespace parley::gemini
