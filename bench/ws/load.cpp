#include "bench/ws/load.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "bench/support.hpp"

namespace parley::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int try_connect(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  if (socket >= 0 &&
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  if (socket >= 0) ::close(socket);
  return -1;
}

}  // namespace

Server::Server(const std::vector<std::string>& command, int port, const std::string& mode)
    : pid_(::fork()), port_(port) {
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no server outlives the benchmark
    pin_to_core(0);
    std::vector<std::string> words = command;
    words.push_back(std::to_string(port));
    words.push_back(mode);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    std::perror(arguments[0]);
    ::_exit(1);
  }
  for (int tries = 0; tries < 1000; ++tries) {
    if (const int socket = try_connect(port); socket >= 0) {
      ::close(socket);
      ::usleep(100'000);
      return;
    }
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) break;
    ::usleep(10'000);
  }
  ::kill(pid_, SIGKILL);
  throw std::runtime_error(command.back() + " does not listen on port " + std::to_string(port));
}

Server::~Server() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

double Server::cpu_seconds() const {
  clockid_t clock;
  timespec time{};
  ::clock_getcpuclockid(pid_, &clock);
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::size_t Server::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  std::size_t size = 0, resident = 0, shared = 0;
  file >> size >> resident >> shared;
  return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

int open_tcp(int port) {
  for (int tries = 0; tries < 500; ++tries) {
    const int socket = try_connect(port);
    if (socket >= 0) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return socket;
    }
    ::usleep(10'000);
  }
  give_up("connect");
}

void send_upgrade(int socket, bool deflate) {
  std::string request =
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (deflate)
    request += "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";
  write_all(socket, request + "\r\n");
}

void read_upgrade(int socket) {
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    char byte = 0;
    if (::read(socket, &byte, 1) != 1) give_up("the server closed in the handshake");
    answer += byte;
  }
}

int open_websocket(int port, bool deflate) {
  const int socket = open_tcp(port);
  send_upgrade(socket, deflate);
  read_upgrade(socket);
  return socket;
}

void write_all(int socket, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::write(socket, bytes.data() + at, bytes.size() - at);
    if (sent <= 0) give_up("write");
    at += static_cast<std::size_t>(sent);
  }
}

std::string client_frame(std::string payload, bool text, bool compressed) {
  constexpr char key[] = {0x12, 0x34, 0x56, 0x78};
  const std::size_t size = payload.size();
  std::string frame(1, static_cast<char>((compressed ? 0xc0 : 0x80) | (text ? 1 : 2)));
  const auto put = [&](int shift) {
    for (; shift >= 0; shift -= 8) frame += static_cast<char>(size >> shift & 0xff);
  };
  if (size < 126) {
    frame += static_cast<char>(0x80 | size);
  } else {
    frame += static_cast<char>(0x80 | (size < 65536 ? 126 : 127));
    put(size < 65536 ? 8 : 56);
  }
  frame.append(key, 4);
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
  return frame + payload;
}

std::string ascii_text(std::size_t size) {
  return std::string(size, 'A');
}

std::string world_text(std::size_t size) {
  const std::string_view piece = "Grüße, 世界! Добрый день. ";
  std::string text;
  while (text.size() + piece.size() <= size) text += piece;
  return text.append(size - text.size(), '.');
}

std::string json_text(std::size_t size) {
  std::string text = "[";
  for (int i = 0; text.size() < size; ++i)
    text += R"({"type":"chunk","index":)" + std::to_string(i * 7919 % 100'003) +
            R"(,"text":"word )" + std::to_string(i * 104'729 % 9973) + R"("},)";
  text.resize(size);
  return text;
}

std::string deflated(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 100, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out - 4);
  deflateEnd(&stream);
  return out;
}

int MessageCounter::feed(const char* bytes, std::size_t size) {
  int ended = 0;
  while (size > 0) {
    if (left_ > 0) {
      const std::size_t skip = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size));
      left_ -= skip;
      bytes += skip;
      size -= skip;
      if (left_ == 0 && final_) ++ended;
      continue;
    }
    header_[header_size_++] = static_cast<unsigned char>(*bytes++);
    --size;
    const unsigned short_length = header_size_ > 1 ? header_[1] & 0x7fu : 0;
    const std::size_t needed = short_length == 126 ? 4 : short_length == 127 ? 10 : 2;
    if (header_size_ < needed) continue;
    left_ = short_length;
    if (needed > 2) left_ = 0;
    for (std::size_t i = 2; i < needed; ++i) left_ = left_ << 8 | header_[i];
    header_size_ = 0;
    final_ = (header_[0] & 0x80) != 0;
    if (left_ == 0 && final_) ++ended;
  }
  return ended;
}

}  // namespace parley::bench
