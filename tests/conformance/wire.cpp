#include "wire.hpp"

#include <ostream>

#include "parley/http/parser.hpp"

namespace parley::testing {
namespace {

namespace asio = boost::asio;

struct Echo final : net::SocketHandler {
  void on_message(net::ServerSocket& socket, const ws::Event& message) override {
    if (!socket.send(message)) socket.abort();
  }
};

Task<void> echo_client(http::Url url) {
  net::ConnectOptions options;
  options.offer.deflate = ws::DeflateOptions();
  options.protocol.max_output = 64 * 1024 * 1024;
  auto socket = co_await net::connect_websocket(std::move(url), options);
  if (!socket) throw std::runtime_error(socket.error().describe());
  while (auto message = co_await socket->next()) (void)co_await socket->send(std::move(*message));
}

Task<std::string> read_head(tcp::socket& socket, std::string& rest) {
  std::string head;
  std::string buffer(4096, '\0');
  while (head.find("\r\n\r\n") == std::string::npos) {
    const auto got = co_await socket.async_read_some(asio::buffer(buffer), asio::use_awaitable);
    head.append(buffer, 0, got);
  }
  const auto end = head.find("\r\n\r\n") + 4;
  rest = head.substr(end);
  head.resize(end);
  co_return head;
}

Task<void> write_script(tcp::socket& socket, const Script& script, bool masked) {
  std::string bytes = script.raw;
  for (const auto& frame : script.frames) bytes += encode(frame, masked);
  if (script.end_with_close) bytes += encode(Frame(0x88, close_payload(1000)), masked);
  const std::size_t piece = script.piece ? script.piece : bytes.size();
  boost::system::error_code gone;
  for (std::size_t at = 0; at < bytes.size() && !gone; at += piece)
    co_await asio::async_write(socket,
                               asio::buffer(bytes.data() + at, std::min(piece, bytes.size() - at)),
                               asio::redirect_error(asio::use_awaitable, gone));
}

// Splits off the frames at the start of `bytes`.
void decode(std::string& bytes, bool masked, std::vector<Frame>& to) {
  std::size_t at = 0;
  for (;;) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
    if (bytes.size() < at + 2) break;
    std::size_t size = byte(1) & 0x7f, header = 2;
    const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() < at + header + extended) break;
    if (extended) size = 0;
    for (; header < 2 + extended; ++header) size = size << 8 | byte(header);
    EXPECT_EQ((byte(1) & 0x80) != 0, masked);
    const std::size_t key = at + header;
    if (masked) header += 4;
    if (bytes.size() < at + header + size) break;
    std::string payload = bytes.substr(at + header, size);
    if (masked)
      for (std::size_t i = 0; i < size; ++i)
        payload[i] = static_cast<char>(payload[i] ^ bytes[key + i % 4]);
    to.emplace_back(byte(0), std::move(payload));
    at += header + size;
  }
  bytes.erase(0, at);
}

// Reads until the other side ends; where it must not be the first to, ends ours after its close
// frame.
Task<void> listen(tcp::socket& socket, std::string bytes, bool we_end_first, Heard& heard) {
  std::string buffer(256 * 1024, '\0');
  boost::system::error_code code;
  for (;;) {
    decode(bytes, we_end_first, heard.frames);
    if (we_end_first && heard.close_code() != 0) socket.shutdown(tcp::socket::shutdown_send, code);
    const auto got = co_await socket.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, code));
    if (code) break;
    bytes.append(buffer, 0, got);
  }
  heard.ended_first = code == asio::error::eof && !we_end_first;
  EXPECT_TRUE(bytes.empty()) << "half a frame at the end";
}

Task<void> with_server(const Script& script, Heard& heard) {
  const auto executor = co_await asio::this_coro::executor;
  Echo echo;
  net::WebSocketServerOptions options;
  options.policy.deflate = ws::DeflateOptions();
  options.sockets.protocol.max_output = 64 * 1024 * 1024;
  net::WebSocketServer server(executor, options, echo);
  const auto port = server.listen().value();
  tcp::socket socket(executor);
  co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  std::string request =
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (!script.extensions.empty())
    request += "Sec-WebSocket-Extensions: " + script.extensions + "\r\n";
  request += "\r\n";
  co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
  std::string rest;
  const auto head = co_await read_head(socket, rest);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
  asio::co_spawn(executor, write_script(socket, script, true), asio::detached);
  co_await listen(socket, std::move(rest), false, heard);
}

Task<void> with_client(const Script& script, Heard& heard) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
  http::Url url;
  url.scheme = "ws";
  url.host = "127.0.0.1";
  url.port = acceptor.local_endpoint().port();
  asio::co_spawn(executor, echo_client(url), asio::detached);
  tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
  std::string rest;
  const auto head = co_await read_head(socket, rest);
  http::RequestParser request;
  EXPECT_TRUE(request.receive(as_bytes(head)));
  auto answer = ws::accept(request.request()).response;
  if (!script.extensions.empty()) answer.headers.set("Sec-WebSocket-Extensions", script.extensions);
  co_await asio::async_write(socket, asio::buffer(http::serialize_head(answer)),
                             asio::use_awaitable);
  asio::co_spawn(executor, write_script(socket, script, false), asio::detached);
  co_await listen(socket, std::move(rest), true, heard);
}

}  // namespace

void PrintTo(const Frame& frame, std::ostream* out) {
  *out << std::hex << frame.first << std::dec << ":" << frame.payload.substr(0, 80) << " ("
       << frame.payload.size() << ")";
}

std::string encode(const Frame& frame, bool masked) {
  const std::size_t size = frame.payload.size();
  std::string bytes(1, static_cast<char>(frame.first));
  const auto put = [&](int shift) {
    for (; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
  };
  const int mask = masked ? 0x80 : 0;
  bytes += static_cast<char>(mask | static_cast<int>(size < 126 ? size : size < 65536 ? 126 : 127));
  if (size >= 126) put(size < 65536 ? 8 : 56);
  if (!masked) return bytes + frame.payload;
  constexpr char key[] = {0x37, static_cast<char>(0xfa), 0x21, 0x3d};
  bytes.append(key, 4);
  std::string payload = frame.payload;
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
  return bytes + payload;
}

std::string close_payload(int code, std::string reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
}

std::vector<Frame> Heard::messages() const {
  std::vector<Frame> found;
  for (const auto& frame : frames)
    if ((frame.first & 0xf) != 8) found.push_back(frame);
  return found;
}

int Heard::close_code() const {
  for (const auto& frame : frames) {
    if ((frame.first & 0xf) != 8) continue;
    if (frame.payload.size() < 2) return 1005;
    return static_cast<unsigned char>(frame.payload[0]) << 8 |
           static_cast<unsigned char>(frame.payload[1]);
  }
  return 0;
}

Heard run_script(Side side, const Script& script) {
  Heard heard;
  if (side == Side::server)
    run(with_server(script, heard));
  else
    run(with_client(script, heard));
  return heard;
}

}  // namespace parley::testing
