#include "parley/http/curl.hpp"

#include <gtest/gtest.h>

namespace parley::http {
namespace {

TEST(CurlLine_A38, ARequestIsShownWithItsKeyMasked) {
  Request request("POST", "/v1beta/models/m:generateContent?key=secret-1&alt=sse");
  request.headers.set("Host", "example.org");
  request.headers.set("x-goog-api-key", "secret-2");
  request.headers.set("Authorization", "Bearer secret-3 with spaces");
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Content-Length", "13");
  request.body = R"({"it's":"$x"})";
  const auto line = curl_line(*parse_url("https://example.org"), request);
  EXPECT_EQ(line,
            "curl -sS -H 'x-goog-api-key: ***' -H 'Authorization: Bearer ***' "
            "-H 'Content-Type: application/json' --data-binary '{\"it'\\''s\":\"$x\"}' "
            "'https://example.org/v1beta/models/m:generateContent?key=***&alt=sse'");
  EXPECT_EQ(line.find("secret"), std::string::npos);
}

TEST(CurlLine_A38, MethodsAndEmptyFieldsAreSaid) {
  const auto origin = *parse_url("http://h:8080");
  EXPECT_EQ(curl_line(origin, Request("GET", "/a")), "curl -sS http://h:8080/a");
  EXPECT_EQ(curl_line(origin, Request("HEAD", "/a")), "curl -sS --head http://h:8080/a");
  EXPECT_EQ(curl_line(origin, Request("DELETE", "/a")), "curl -sS -X DELETE http://h:8080/a");
  Request request("POST", "/a");
  request.headers.set("X-Empty", "");
  EXPECT_EQ(curl_line(origin, request), "curl -sS -X POST -H 'X-Empty;' http://h:8080/a");
}

TEST(CurlLine_A38, BytesAndFileNamesGoThroughPrintf) {
  const auto origin = *parse_url("http://h");
  Request request("POST", "/a");
  request.headers.set("Content-Type", "x/y");
  request.body = std::string("a\0'\xff", 4);
  EXPECT_EQ(curl_line(origin, request),
            "printf '%b' '\\0141\\0000\\0047\\0377' | curl -sS -H 'Content-Type: x/y' "
            "--data-binary @- http://h/a");
  request.body = "@/etc/passwd";
  EXPECT_EQ(
      curl_line(origin, request),
      "printf '%s' @/etc/passwd | curl -sS -H 'Content-Type: x/y' --data-binary @- http://h/a");
}

TEST(CurlLine_A38, AShellWordIsOneWord) {
  EXPECT_EQ(shell_word("plain-1.2/x"), "plain-1.2/x");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("`$(x)`"), "'`$(x)`'");
  EXPECT_EQ(shell_word("'"), "''\\'''");
}

}  // namespace
}  // namespace parley::http
