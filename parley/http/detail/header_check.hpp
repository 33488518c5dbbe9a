#pragma once

#include <string_view>

#include "parley/base/error.hpp"
#include "parley/http/parser.hpp"

namespace parley::http::detail {

// Checks a whole header section, start line to empty line, for everything that two readers could
// understand in two ways (RFC 9112, 2.2, 5, 6.1, 6.3, 11.2). Errors carry the HTTP status to
// answer.
Result<void> check_request_header(std::string_view header, const ParserLimits& limits);
Result<void> check_response_header(std::string_view header, const ParserLimits& limits);

// The same for a header section of which only the beginning has come.
Result<void> check_partial_header(std::string_view header, const ParserLimits& limits,
                                  bool is_request);

}  // namespace parley::http::detail
