#include "parley/net/monitor.hpp"

#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

namespace parley::net {

std::vector<std::string> ResourceGuard::look(const ResourceUse& use) {
  const double shares[] = {
      static_cast<double>(use.connections) / static_cast<double>(limits_.max_connections),
      static_cast<double>(use.memory) / static_cast<double>(limits_.max_memory),
      use.cpu / limits_.max_cpu};
  constexpr const char* names[] = {"connections", "memory", "cpu"};
  std::vector<std::string> reached;
  for (std::size_t i = 0; i < std::size(shares); ++i) {
    const bool over = shares[i] >= limits_.mark;
    if (over && !marked_[i]) reached.emplace_back(names[i]);
    marked_[i] = over;
  }
  return reached;
}

Result<void> ResourceGuard::admit(const ResourceUse& use) const {
  if (use.connections >= limits_.max_connections)
    return fail(ErrorKind::too_large, fmt::format("{} connections are open, the limit is {}",
                                                  use.connections, limits_.max_connections));
  if (use.memory >= limits_.max_memory)
    return fail(ErrorKind::too_large,
                fmt::format("the process uses {} bytes of memory, the limit for new connections is "
                            "{}",
                            use.memory, limits_.max_memory));
  return {};
}

void SampleHistory::add(const PoolSample& sample) {
  samples_.push_back(sample);
  while (samples_.size() > capacity_) samples_.pop_front();
}

ResourceUse ProcessMeter::read(std::size_t connections) {
  ResourceUse use;
  use.connections = connections;
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  if (file >> size >> resident)
    use.memory = resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  rusage times{};
  ::getrusage(RUSAGE_SELF, &times);
  const auto cpu = std::chrono::seconds(times.ru_utime.tv_sec + times.ru_stime.tv_sec) +
                   std::chrono::microseconds(times.ru_utime.tv_usec + times.ru_stime.tv_usec);
  const TimePoint now = std::chrono::steady_clock::now();
  if (last_at_ && now > *last_at_)
    use.cpu = std::chrono::duration<double>(cpu - last_cpu_) /
              std::chrono::duration<double>(now - *last_at_);
  last_at_ = now;
  last_cpu_ = cpu;
  return use;
}

}  // namespace parley::net
