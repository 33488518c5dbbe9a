#include "parley/http/detail/header_check.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::http::detail {
namespace {

std::unexpected<Error> bad(int status, std::string message) {
  const auto kind = status == 413 || status == 414 || status == 431 ? ErrorKind::too_large
                                                                    : ErrorKind::protocol_violation;
  return fail(Error(kind, std::move(message)).with_http_status(status));
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

// What the framing of the message depends on.
struct Framing {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
};

Result<void> check_coding(std::string_view value, bool http_1_0) {
  if (http_1_0) return bad(400, "Transfer-Encoding in an HTTP/1.0 message");
  if (!iequals_ascii(value, "chunked"))
    return bad(501, fmt::format("the transfer coding \"{}\" is not known", value.substr(0, 40)));
  return {};
}

Result<void> check_field(std::string_view line, bool http_1_0, Framing& framing) {
  if (line.starts_with(' ') || line.starts_with('\t')) return bad(400, "a folded header line");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return bad(400, "a header line without a colon");
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  if (!is_token(name)) return bad(400, "a header name with a character that is not allowed");
  if (has_control(value))
    return bad(400, fmt::format("a control character in the header {}", name));
  if (iequals_ascii(name, "Host")) ++framing.hosts;
  if (iequals_ascii(name, "Content-Length")) {
    const bool digits = !value.empty() && value.size() <= 18 &&
                        value.find_first_not_of("0123456789") == std::string_view::npos;
    if (++framing.lengths > 1 || !digits)
      return bad(400, "a Content-Length that is not one number");
  }
  if (iequals_ascii(name, "Transfer-Encoding")) {
    if (++framing.codings > 1) return bad(400, "more than one Transfer-Encoding");
    if (auto coding = check_coding(value, http_1_0); !coding) return coding;
  }
  if (framing.lengths > 0 && framing.codings > 0)
    return bad(400, "Content-Length together with Transfer-Encoding");
  return {};
}

Result<Framing> check_fields(std::string_view lines, const ParserLimits& limits, bool http_1_0) {
  Framing framing;
  std::size_t count = 0;
  while (!lines.starts_with("\r\n")) {
    const auto end = lines.find("\r\n");
    if (end == std::string_view::npos) return bad(400, "a header section without its empty line");
    if (++count > limits.max_header_fields)
      return bad(431, fmt::format("more than {} header fields", limits.max_header_fields));
    if (auto field = check_field(lines.substr(0, end), http_1_0, framing); !field)
      return fail(std::move(field.error()));
    lines.remove_prefix(end + 2);
  }
  return framing;
}

Result<void> check_line_ends(std::string_view header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == '\n' && (i == 0 || header[i - 1] != '\r'))
      return bad(400, "a line that ends without a carriage return");
    if (header[i] == '\r' && i + 1 < header.size() && header[i + 1] != '\n')
      return bad(400, "a carriage return inside a line");
    if (header[i] == '\0') return bad(400, "a zero byte in the header");
  }
  return {};
}

Result<void> check_version(std::string_view version) {
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return {};
  if (version.size() == 8 && version.starts_with("HTTP/"))
    return bad(505, fmt::format("the version {} is not spoken here", version));
  return bad(400, "a start line without an HTTP version");
}

Result<void> check_request_line(std::string_view line, const ParserLimits& limits) {
  const auto parts = split(line, ' ');
  if (parts.size() != 3) return bad(400, "a request line that is not \"METHOD target VERSION\"");
  if (!is_token(parts[0])) return bad(400, "a method that is no token");
  if (parts[1].size() > limits.max_target)
    return bad(414, fmt::format("the target is over {} bytes", limits.max_target));
  if (parts[1].empty() || has_control(parts[1]) || parts[1].find('\t') != std::string_view::npos)
    return bad(400, "a target with a character that is not allowed");
  return check_version(parts[2]);
}

}  // namespace

Result<void> check_partial_header(std::string_view header, const ParserLimits& limits,
                                  bool is_request) {
  if (auto ends = check_line_ends(header); !ends) return ends;
  auto line = header.substr(0, header.find("\r\n"));
  if (line.ends_with('\r')) line.remove_suffix(1);  // half a line end
  // Another protocol on this port, for example TLS, never comes to a line end.
  if (is_request && !line.empty() && !is_token(line.substr(0, line.find(' '))))
    return bad(400, "the request does not begin with a method");
  // A method and a version surround the target; 300 bytes leave room for any of them.
  if (is_request && line.size() > limits.max_target + 300)
    return bad(414, fmt::format("the target is over {} bytes", limits.max_target));
  if (header.size() > limits.max_header)
    return bad(431, fmt::format("the header is over {} bytes", limits.max_header));
  return {};
}

Result<void> check_request_header(std::string_view header, const ParserLimits& limits) {
  if (auto whole = check_partial_header(header, limits, true); !whole) return whole;
  const auto end = header.find("\r\n");
  if (auto line = check_request_line(header.substr(0, end), limits); !line) return line;
  const bool old = header.substr(0, end).ends_with("HTTP/1.0");
  auto framing = check_fields(header.substr(end + 2), limits, old);
  if (!framing) return fail(std::move(framing.error()));
  if (framing->hosts > 1 || (framing->hosts == 0 && !old))
    return bad(400, "a request needs exactly one Host");
  return {};
}

Result<void> check_response_header(std::string_view header, const ParserLimits& limits) {
  if (auto whole = check_partial_header(header, limits, false); !whole) return whole;
  const auto end = header.find("\r\n");
  const auto line = header.substr(0, end);
  if (auto version = check_version(line.substr(0, line.find(' '))); !version) return version;
  auto framing = check_fields(header.substr(end + 2), limits, line.starts_with("HTTP/1.0"));
  if (!framing) return fail(std::move(framing.error()));
  return {};
}

}  // namespace parley::http::detail
