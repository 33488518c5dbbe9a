#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/gemini/router/router.hpp"

namespace parley::gemini {

namespace detail {
// Without "models/".
std::string bare_name(std::string_view model);
}  // namespace detail

struct Router::State {
  State(Client of, RouterOptions with);

  struct Target {
    std::string model;  // as it was asked for
    std::string name;   // as its service knows it
    std::shared_ptr<Provider> provider;
    Way way = Way::rest;
  };
  Target target_of(const std::string& model, std::optional<Way> way) const;
  Way way_of(std::string_view model) const;
  Result<limit::PoolId> pool_of(const std::string& model);
  std::vector<std::string> models_for(const RouteRequest& asked) const;
  // For the limiter at a model, with so many left, this one included.
  api::WaitOptions wait_at(const RouteRequest& asked, std::size_t left) const;
  RouteAttempt begin(const Target& target) const;
  std::shared_ptr<api::CallReport> report_of_call() const;
  bool goes_on(std::vector<RouteAttempt>& attempts, const Error& error,
               const std::vector<std::string>& models, std::size_t at) const;
  void tell(std::string_view name, const std::string& a, std::string_view a_is,
            const std::string& b, std::string_view b_is, std::string_view kind = {}) const;

  Client client;
  RouterOptions options;
  std::map<std::string, Way, std::less<>> ways;  // as the service lists them
  std::map<std::string, limit::PoolId, std::less<>> pools;
};

struct RoutedStream::Parts {
  // Reads the first piece. False: the stream has ended without one.
  Task<bool> begin();
  Task<std::optional<GenerateContentResponse>> read();
  Result<void> outcome() const { return limited ? limited->outcome() : plain->outcome(); }
  void drop() {
    limited.reset();
    plain.reset();
  }

  std::optional<api::LimitedStream<Stream>> limited;  // or
  std::optional<Stream> plain;
  std::optional<GenerateContentResponse> first;
  std::string model;
  Way way = Way::rest;
  std::vector<RouteAttempt> attempts;
};

}  // namespace parley::gemini
