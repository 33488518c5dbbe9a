#pragma once

#include <string>
#include <string_view>

#include "parley/http/message.hpp"
#include "parley/http/url.hpp"

namespace parley::http {

// A request as a line for a POSIX shell that makes curl send it, to be read, shared and tried by
// hand. Credentials, in fields and in the query, are shown as "***": put yours there. The body
// stands in the line; one with a NUL or control bytes goes in by printf.
std::string curl_line(const Url& origin, const Request& request);

// One word for a POSIX shell, in single quotes where it needs them.
std::string shell_word(std::string_view text);

}  // namespace parley::http
