#include "bench/ws/scenarios.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::bench {
namespace {

using Kind = Scenario::Kind;
using Payload = Scenario::Payload;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string frame_of(const Scenario& scenario) {
  switch (scenario.payload) {
    case Payload::ascii:
      return client_frame(ascii_text(scenario.size), true);
    case Payload::world:
      return client_frame(world_text(scenario.size), true);
    case Payload::binary:
      return client_frame(ascii_text(scenario.size), false);
    case Payload::deflated:
      return client_frame(deflated(json_text(scenario.size)), true, true);
  }
  return {};
}

// Many sockets that are read as they become ready.
class Crowd {
 public:
  Crowd(const Server& server, int size, bool deflate) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < size; ++i) {
      sockets.push_back(open_websocket(server.port(), deflate));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = static_cast<std::uint32_t>(i);
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, sockets.back(), &event);
    }
    counters.resize(sockets.size());
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() {
    for (const int socket : sockets) ::close(socket);
    ::close(epoll_);
  }

  // Calls `on_frames(index, count)` for what has come.
  template <class F>
  void read_ready(F on_frames) {
    epoll_event events[256];
    const int ready = ::epoll_wait(epoll_, events, 256, 1000);
    if (ready == 0) {
      throw std::runtime_error("the server has not answered for a second");
    }
    for (int i = 0; i < ready; ++i) {
      const auto index = events[i].data.u32;
      const auto got = ::read(sockets[index], buffer_.data(), buffer_.size());
      if (got <= 0) {
        throw std::runtime_error("the server has closed a connection");
      }
      on_frames(index, counters[index].feed(buffer_.data(), static_cast<std::size_t>(got)));
    }
  }

  std::vector<int> sockets;
  std::vector<MessageCounter> counters;

 private:
  int epoll_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
};

Reading measure_echo(const Server& server, const Scenario& scenario, double seconds) {
  Crowd crowd(server, scenario.connections, scenario.payload == Payload::deflated);
  std::string burst;
  for (int i = 0; i < scenario.depth; ++i) burst += frame_of(scenario);
  std::vector<int> waiting(crowd.sockets.size(), scenario.depth);
  const double cpu = server.cpu_seconds();
  const auto start = Clock::now();
  for (const int socket : crowd.sockets) write_all(socket, burst);
  double messages = 0;
  while (seconds_since(start) < seconds)
    crowd.read_ready([&](std::uint32_t index, int count) {
      messages += count;
      waiting[index] -= count;
      if (waiting[index] > 0) return;
      waiting[index] = scenario.depth;
      write_all(crowd.sockets[index], burst);
    });
  Reading reading;
  reading.per_second = messages / seconds_since(start);
  reading.cpu_us = (server.cpu_seconds() - cpu) * 1e6 / messages;
  return reading;
}

// One publishes when all have got the last one; a message is counted for each receiver.
Reading measure_broadcast(const Server& server, const Scenario& scenario, double seconds) {
  Crowd crowd(server, scenario.connections, false);
  const std::string frame = frame_of(scenario);
  const double cpu = server.cpu_seconds();
  const auto start = Clock::now();
  double messages = 0;
  while (seconds_since(start) < seconds) {
    write_all(crowd.sockets[0], frame);
    int left = scenario.connections;
    while (left > 0) crowd.read_ready([&](std::uint32_t, int count) { left -= count; });
    messages += scenario.connections;
  }
  Reading reading;
  reading.per_second = messages / seconds_since(start);
  reading.cpu_us = (server.cpu_seconds() - cpu) * 1e6 / messages;
  return reading;
}

Reading measure_accept(const Server& server, const Scenario& scenario, double seconds) {
  const double cpu = server.cpu_seconds();
  const auto start = Clock::now();
  double count = 0;
  std::vector<int> sockets(static_cast<std::size_t>(scenario.connections));
  while (seconds_since(start) < seconds) {
    for (auto& socket : sockets) send_upgrade(socket = open_tcp(server.port()), false);
    for (const int socket : sockets) {
      read_upgrade(socket);
      const linger reset{1, 0};  // no TIME_WAIT, or the ports would run out
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      ::close(socket);
    }
    count += scenario.connections;
  }
  Reading reading;
  reading.per_second = count / seconds_since(start);
  reading.cpu_us = (server.cpu_seconds() - cpu) * 1e6 / count;
  return reading;
}

Reading measure_idle(const Server& server, const Scenario& scenario) {
  const auto before = server.resident_bytes();
  Crowd crowd(server, scenario.connections, false);
  ::usleep(300'000);
  Reading reading;
  reading.cpu_us = static_cast<double>(server.resident_bytes() - before) / scenario.connections;
  return reading;
}

}  // namespace

const std::vector<Scenario>& all_scenarios() {
  static const std::vector<Scenario> scenarios = {
      {"echo 20 B, 100 connections", "echo", Kind::echo, Payload::ascii, 20, 100, 1},
      {"echo 1 KiB text, 100 connections", "echo", Kind::echo, Payload::ascii, 1024, 100, 1},
      {"echo 64 KiB binary, 10 connections", "echo", Kind::echo, Payload::binary, 65536, 10, 1},
      {"echo 64 KiB text, not ASCII, 10 connections", "echo", Kind::echo, Payload::world, 65536, 10,
       1},
      {"pipelined 16 x 20 B, 100 connections", "echo", Kind::echo, Payload::ascii, 20, 100, 16},
      {"pipelined 16 x 1 KiB text, 100 connections", "echo", Kind::echo, Payload::ascii, 1024, 100,
       16},
      {"deflate, echo 1 KiB JSON, 100 connections", "deflate", Kind::echo, Payload::deflated, 1024,
       100, 1},
      {"broadcast 200 B to 1,000", "broadcast", Kind::broadcast, Payload::ascii, 200, 1000, 1},
      {"accept and upgrade", "echo", Kind::accept, Payload::ascii, 0, 50, 1},
      {"memory of an idle connection, at 10,000", "echo", Kind::idle, Payload::ascii, 0, 10'000, 1},
  };
  return scenarios;
}

Reading measure(const Server& server, const Scenario& scenario, double seconds) {
  switch (scenario.kind) {
    case Kind::echo:
      return measure_echo(server, scenario, seconds);
    case Kind::broadcast:
      return measure_broadcast(server, scenario, seconds);
    case Kind::accept:
      return measure_accept(server, scenario, seconds);
    case Kind::idle:
      return measure_idle(server, scenario);
  }
  return {};
}

}  // namespace parley::bench
