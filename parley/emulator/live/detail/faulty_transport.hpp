#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "parley/net/transport.hpp"

namespace parley::emulator::detail {

// A connection that does what it is told to do wrong with the bytes that are written.
class FaultyTransport final : public net::Transport {
 public:
  explicit FaultyTransport(std::shared_ptr<net::Transport> inner) : inner_(std::move(inner)) {}

  // The connection is dropped once so many more bytes have gone out.
  void cut_after(std::size_t bytes) { left_ = bytes; }
  // Pieces of so many bytes with a pause between them, from now on.
  void drip(std::size_t bytes, std::chrono::milliseconds pause) {
    piece_ = bytes;
    pause_ = pause;
  }
  // Goes out before the next bytes.
  void inject(std::string bytes) { injected_ += bytes; }

  Task<Result<MutableBytesView>> receive() override { return inner_->receive(); }
  Task<Result<void>> write(BytesView data) override;
  Result<std::size_t> write_now(BytesView data) override;
  bool has_input() override { return inner_->has_input(); }
  Task<void> finish() override { return inner_->finish(); }
  void close() override { inner_->close(); }
  void interrupt() override { inner_->interrupt(); }
  std::optional<net::detail::RawSocket> release() override { return inner_->release(); }
  Executor executor() override { return inner_->executor(); }
  const std::string& peer_address() const override { return inner_->peer_address(); }

 private:
  Task<Result<void>> write_pieces(BytesView data);
  bool usual() const { return !left_ && piece_ == 0 && injected_.empty(); }

  std::shared_ptr<net::Transport> inner_;
  std::optional<std::size_t> left_;
  std::size_t piece_ = 0;
  std::chrono::milliseconds pause_{0};
  std::string injected_;
};

}  // namespace parley::emulator::detail
