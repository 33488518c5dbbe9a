#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace parley::bench {

// A server that runs as a process of its own on core 0, from the start to the destruction.
class Server {
 public:
  // `command` gets the port and the mode (echo, deflate, broadcast) appended; waits until it
  // accepts.
  Server(const std::vector<std::string>& command, int port, const std::string& mode);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  int port() const { return port_; }
  double cpu_seconds() const;          // of the process so far
  std::size_t resident_bytes() const;  // without what it shares with other processes

 private:
  pid_t pid_;
  int port_;
};

// A connected WebSocket, blocking. These throw std::runtime_error.
int open_websocket(int port, bool deflate);
// Only the TCP connection, and the upgrade on it.
int open_tcp(int port);
void send_upgrade(int socket, bool deflate);
void read_upgrade(int socket);
void write_all(int socket, const std::string& bytes);

// A client's frame; its masking key is fixed, which servers cannot know.
std::string client_frame(std::string payload, bool text, bool compressed = false);
// `size` bytes at most of text that is all ASCII, or hardly.
std::string ascii_text(std::size_t size);
std::string world_text(std::size_t size);
// Looks like the messages of an API, and its compressed form.
std::string json_text(std::size_t size);
std::string deflated(const std::string& text);

// Counts a server's messages in a stream of bytes.
class MessageCounter {
 public:
  // Returns how many have ended in these bytes.
  int feed(const char* bytes, std::size_t size);

 private:
  unsigned char header_[10];
  std::size_t header_size_ = 0;
  std::uint64_t left_ = 0;
  bool final_ = false;  // the frame ends its message
};

}  // namespace parley::bench
