#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/schematic/plan.hpp"

namespace parley::schematic {

struct MockFrame {
  MockFrame() = default;
  bool binary = false;
  std::string data;
};

// What the mock does next, in this order.
struct MockAnswer {
  MockAnswer() = default;
  std::vector<MockFrame> frames;
  int close_code = 0;  // 0: the connection stays open
  std::string close_reason;
};

// The server's side of one connection, played from a definition: greeting, the answer to
// initialize, the examples of the server's messages in turn (one for each client message), the
// terminal message behind the close message. A message that the definition does not allow ends the
// connection with 1008 and a reason that says why. Pure: bytes in, bytes out.
class MockSession {
 public:
  // The plan must outlive the session.
  MockSession(const Plan& plan, const PlannedEndpoint& endpoint);

  MockAnswer open();
  MockAnswer receive(bool binary, std::string_view data);

 private:
  const MessageSchema* recognise(bool binary, std::string_view data, json::Value& value,
                                 std::string& why) const;
  MockFrame frame_of(const MessageSchema& message, std::size_t turn) const;
  void answer_one(MockAnswer& out, const json::Value& request);
  MockAnswer refuse(std::string reason);

  const Plan& plan_;
  const PlannedEndpoint& endpoint_;
  bool initialized_ = false;
  std::size_t turn_ = 0;
};

// The first mistake in an upgrade request to the endpoint: 400 and a text for a parameter, 401
// where no credentials of a kind that the definition knows were given; empty: it may come in.
// `target` is the request's; headers are found by `header`. "404" where the path is another.
struct MockRefusal {
  MockRefusal() = default;
  int status = 0;
  std::string text;
};
class MockRequest {
 public:
  virtual ~MockRequest() = default;
  virtual std::optional<std::string_view> header(std::string_view name) const = 0;
  // Decoded.
  virtual const std::vector<std::string>& segments() const = 0;
  virtual std::optional<std::string_view> query(std::string_view name) const = 0;
};
std::optional<MockRefusal> mock_refusal(const Plan& plan, const std::string& path,
                                        const std::vector<PlannedParam>& params,
                                        const MockRequest& request, std::string_view base_url);
// True where the path of the request is the template's, below the path of the base URL.
bool path_fits(std::string_view path_template, std::string_view base_url,
               const std::vector<std::string>& segments);

}  // namespace parley::schematic
