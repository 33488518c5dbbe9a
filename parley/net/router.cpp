#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/net/detail/exchange_state.hpp"
#include "parley/net/http_server.hpp"

namespace parley::net {
namespace {

// One segment of a pattern: literal text around at most one name.
struct Piece {
  std::string prefix;
  std::string name;  // empty: a literal
  std::string suffix;
  bool rest = false;  // "{name...}": this segment and all that follow
};

Piece parse_piece(std::string_view text) {
  Piece piece;
  const auto open = text.find('{');
  const auto close = text.find('}');
  if (open == std::string_view::npos || close == std::string_view::npos) {
    piece.prefix = text;
    return piece;
  }
  piece.prefix = text.substr(0, open);
  piece.suffix = text.substr(close + 1);
  auto name = text.substr(open + 1, close - open - 1);
  piece.rest = name.ends_with("...");
  if (piece.rest) name.remove_suffix(3);
  piece.name = name;
  return piece;
}

bool match_piece(const Piece& piece, const std::string& segment,
                 std::vector<std::pair<std::string, std::string>>& parameters) {
  if (piece.name.empty()) return segment == piece.prefix;
  if (segment.size() <= piece.prefix.size() + piece.suffix.size()) return false;
  if (!segment.starts_with(piece.prefix) || !segment.ends_with(piece.suffix)) return false;
  parameters.emplace_back(
      piece.name, segment.substr(piece.prefix.size(),
                                 segment.size() - piece.prefix.size() - piece.suffix.size()));
  return true;
}

}  // namespace

struct Router::Route {
  std::string method;
  std::vector<Piece> pieces;
  Handler handler;

  bool match(const std::vector<std::string>& segments,
             std::vector<std::pair<std::string, std::string>>& parameters) const {
    parameters.clear();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i].rest) {
        std::string rest;
        for (std::size_t k = i; k < segments.size(); ++k) rest += (k > i ? "/" : "") + segments[k];
        parameters.emplace_back(pieces[i].name, std::move(rest));
        return true;
      }
      if (i >= segments.size() || !match_piece(pieces[i], segments[i], parameters)) return false;
    }
    return pieces.size() == segments.size();
  }
};

Router::Router()
    : error_body_([](int, const std::string& message) {
        return fmt::format("{{\"detail\":\"{}\"}}", message);
      }) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  Route route;
  route.method = method;
  route.handler = std::move(handler);
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  for (const auto part : split(pattern, '/')) route.pieces.push_back(parse_piece(part));
  routes_.push_back(std::move(route));
}

void Router::set_error_body(std::function<std::string(int, const std::string&)> make) {
  error_body_ = std::move(make);
}

Task<void> Router::handle(Exchange& exchange) const {
  auto& parameters = exchange.state().parameters;
  const std::string& asked = exchange.request().method;
  std::string allow;
  for (const auto& route : routes_) {
    if (!route.match(exchange.target().segments, parameters)) continue;
    if (route.method == asked || (route.method == "GET" && asked == "HEAD"))
      co_return co_await route.handler(exchange);
    if (allow.find(route.method) != std::string::npos) continue;
    allow += (allow.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  http::Response response(allow.empty() ? 404 : asked == "OPTIONS" ? 204 : 405);
  if (!allow.empty()) response.headers.set("Allow", allow + ", OPTIONS");
  if (response.status != 204) {
    response.headers.set("Content-Type", "application/json");
    response.body =
        error_body_(response.status, response.status == 404 ? "Not Found" : "Method Not Allowed");
  }
  co_await exchange.respond(std::move(response));
}

}  // namespace parley::net
