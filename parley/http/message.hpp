#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::http {

struct Header {
  Header(std::string header_name, std::string header_value)
      : name(std::move(header_name)), value(std::move(header_value)) {}
  std::string name;
  std::string value;
};

// Header fields in their order; names compare without case (RFC 9110, 5.1).
class Headers {
 public:
  Headers() = default;

  void add(std::string_view name, std::string_view value);
  // Replaces all fields of that name by one.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // True where a comma-separated list in any field of that name has the token (without case).
  bool has_token(std::string_view name, std::string_view token) const;

  const std::vector<Header>& all() const { return fields_; }

 private:
  std::vector<Header> fields_;
};

struct Request {
  Request() = default;
  Request(std::string_view request_method, std::string_view request_target)
      : method(request_method), target(request_target) {}

  std::string method = "GET";
  std::string target = "/";  // as on the wire: path and query, percent-encoded
  int version = 11;          // 10 or 11
  Headers headers;
  std::string body;
};

struct Response {
  Response() = default;
  explicit Response(int response_status) : status(response_status) {}

  int status = 200;
  std::string reason;  // empty: the standard phrase of the status
  int version = 11;
  Headers headers;
  std::string body;
};

// "Not Found" for 404; "" for a status without a registered phrase.
std::string_view reason_phrase(int status);

// Start line and headers with the empty line that ends them, without the body. Nothing is added:
// callers set Host, Content-Length and the rest. CR, LF and NUL in a field become spaces.
std::string serialize_head(const Request& request);
std::string serialize_head(const Response& response);

}  // namespace parley::http
