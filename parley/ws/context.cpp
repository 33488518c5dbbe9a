#include "parley/ws/context.hpp"

#include <algorithm>
#include <utility>

#include "parley/ws/detail/spare.hpp"

namespace parley::ws {
namespace {

constexpr std::size_t kSpareBuffers = 16;
constexpr std::size_t kSpareBytes = 1024 * 1024;  // a larger buffer goes back to the system
constexpr std::size_t kSpareStreams = 4;

template <class T>
std::unique_ptr<T> take(std::vector<std::unique_ptr<T>>& from, int window_bits) {
  const auto found =
      std::ranges::find(from, window_bits, [](const auto& one) { return one->window_bits(); });
  if (found == from.end()) return nullptr;
  auto taken = std::move(*found);
  from.erase(found);
  return taken;
}

template <class T>
void keep(std::vector<std::unique_ptr<T>>& in, std::unique_ptr<T> one) {
  if (!one || in.size() >= kSpareStreams) return;
  one->reset();
  in.push_back(std::move(one));
}

}  // namespace

Context::Context(const Options& options, Random& random)
    : options_(options), random_(random), spare_(std::make_unique<Spare>()) {}
Context::~Context() = default;

std::string Context::Spare::take_buffer() {
  if (buffers.empty()) return {};
  std::string buffer = std::move(buffers.back());
  buffers.pop_back();
  return buffer;
}

void Context::Spare::give_back(std::string& buffer) {
  std::string taken;
  taken.swap(buffer);
  if (taken.capacity() < 64 || taken.capacity() > kSpareBytes || buffers.size() >= kSpareBuffers)
    return;
  taken.clear();
  buffers.push_back(std::move(taken));
}

std::unique_ptr<Output> Context::Spare::take_output() {
  if (outputs.empty()) return std::make_unique<Output>();
  auto output = std::move(outputs.back());
  outputs.pop_back();
  return output;
}

void Context::Spare::give_back(std::unique_ptr<Output> output) {
  if (!output || output->bytes.capacity() > kSpareBytes || outputs.size() >= kSpareBuffers) return;
  output->bytes.clear();
  output->at = 0;
  output->last_pong = std::string::npos;
  output->pong_run = 0;
  outputs.push_back(std::move(output));
}

std::unique_ptr<detail::Inflater> Context::Spare::take_inflater(int window_bits) {
  auto found = take(inflaters, window_bits);
  return found ? std::move(found) : std::make_unique<detail::Inflater>(window_bits);
}
void Context::Spare::give_back(std::unique_ptr<detail::Inflater> inflater) {
  keep(inflaters, std::move(inflater));
}

// Connections of one context have one level as a rule; another level costs a new compressor.
std::unique_ptr<detail::Deflater> Context::Spare::take_deflater(int window_bits,
                                                                const DeflateAgreement& how) {
  auto found = take(deflaters, window_bits);
  if (found && found->level() == how.level && found->memory_level() == how.memory_level)
    return found;
  return std::make_unique<detail::Deflater>(window_bits, how.level, how.memory_level);
}
void Context::Spare::give_back(std::unique_ptr<detail::Deflater> deflater) {
  keep(deflaters, std::move(deflater));
}

}  // namespace parley::ws
