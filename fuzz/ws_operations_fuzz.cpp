#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>

#include "parley/base/text.hpp"
#include "parley/ws/connection.hpp"

using namespace parley;

namespace {

// Two ends that the input tells what to do. Each message arrives once, whole and in order.
struct End {
  End(ws::Role role, const ws::Options& options, Random& random, const ws::Agreement& agreement)
      : connection(role, options, random, TimePoint(), agreement) {}
  ws::Connection connection;
  std::deque<std::string> expected;  // what the other end has sent and this one not seen yet
  std::string part;                  // a message that is being sent in parts
  bool in_parts = false;
};

struct Input {
  const std::uint8_t* data;
  std::size_t size;
  std::uint8_t next() {
    if (size == 0) return 0;
    --size;
    return *data++;
  }
};

void deliver(End& from, End& to, std::size_t limit, TimePoint now) {
  const auto output = from.connection.poll_output();
  std::string bytes(as_text(output.first(std::min(limit, output.size()))));
  from.connection.consume_output(bytes.size());
  to.connection.receive({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()}, now);
  while (const auto event = to.connection.poll_event()) {
    if (event->kind == ws::Event::Kind::text && !is_valid_utf8(event->text())) std::abort();
    if (event->kind != ws::Event::Kind::text && event->kind != ws::Event::Kind::binary) continue;
    if (to.expected.empty() || to.expected.front() != event->text()) std::abort();
    to.expected.pop_front();
  }
}

void act(End& self, End& other, std::uint8_t what, Input& input, TimePoint now) {
  auto& connection = self.connection;
  const std::size_t size = std::size_t{input.next()} * (what & 0x80 ? 17 : 1);
  const std::string text(size, static_cast<char>('a' + size % 26));
  const auto compress = static_cast<ws::Compress>(size % 3);
  switch (what % 8) {
    case 0:
      if (connection.send_text(text, compress)) other.expected.push_back(text);
      break;
    case 1:
      if (connection.send_binary(as_bytes(text), compress)) other.expected.push_back(text);
      break;
    case 2: {
      const bool last = input.next() % 2 == 0;
      if (!connection.send_part(ws::MessageKind::binary, as_bytes(text), last, compress)) break;
      self.part = self.in_parts ? self.part + text : text;
      self.in_parts = !last;
      if (last) other.expected.push_back(self.part);
      break;
    }
    case 3:
      (void)connection.ping(as_bytes(text).first(std::min<std::size_t>(size, 125)));
      break;
    case 4:
      connection.handle_timeout(now);
      break;
    case 5:
      if (size % 16 == 0)
        (void)connection.close(static_cast<std::uint16_t>(1000 + size), text, now);
      break;
    case 6:
      if (connection.role() == ws::Role::server &&
          connection.send_prepared(ws::PreparedMessage::text(text)))
        other.expected.push_back(text);
      break;
    default:
      deliver(self, other, size * 8 + 1, now);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  SeededRandom random(1);
  ws::Options options;
  options.max_output = 20'000;
  options.fragment_size = input.next();
  options.ping_interval = std::chrono::seconds(10);
  options.pong_timeout = std::chrono::seconds(5);
  options.idle_timeout = std::chrono::seconds(60);
  ws::Agreement agreement;
  const auto settings = input.next();
  if (settings & 1) {
    agreement.deflate = ws::DeflateAgreement();
    agreement.deflate->server_max_window_bits = 8 + (settings >> 1 & 7);
    agreement.deflate->client_max_window_bits = 15 - (settings >> 1 & 7);
    agreement.deflate->server_no_context_takeover = (settings & 16) != 0;
    agreement.deflate->client_no_context_takeover = (settings & 32) != 0;
    agreement.deflate->min_size = settings & 64 ? 0 : 64;
  }
  End client(ws::Role::client, options, random, agreement);
  End server(ws::Role::server, options, random, agreement);
  TimePoint now{};
  while (input.size > 0) {
    const auto what = input.next();
    now += std::chrono::milliseconds(what * 4);
    act(what & 0x40 ? server : client, what & 0x40 ? client : server, what, input, now);
    if (server.connection.poll_output().size() > options.max_output + 300) std::abort();
  }
  for (int i = 0; i < 4; ++i) {
    deliver(client, server, std::string::npos, now);
    deliver(server, client, std::string::npos, now);
  }
  // Without an end nothing is missing.
  if (client.connection.open() && server.connection.open() &&
      !(client.expected.empty() && server.expected.empty()))
    std::abort();
  return 0;
}
