#include "parley/emulator/live/detail/faulty_transport.hpp"

#include <algorithm>

namespace parley::emulator::detail {

Task<Result<void>> FaultyTransport::write_pieces(BytesView data) {
  const std::size_t size = piece_ == 0 ? std::max<std::size_t>(data.size(), 1) : piece_;
  for (std::size_t at = 0; at < data.size(); at += size) {
    if (at > 0 && pause_.count() > 0) co_await sleep_for(pause_);
    const auto piece = data.subspan(at, std::min(size, data.size() - at));
    auto written = co_await inner_->write(piece);
    if (!written) co_return written;
  }
  co_return Result<void>();
}

Task<Result<void>> FaultyTransport::write(BytesView data) {
  if (!injected_.empty()) {
    const std::string first = std::exchange(injected_, {});
    auto written = co_await inner_->write(as_bytes(first));
    if (!written) co_return written;
  }
  if (!left_ || *left_ > data.size()) {
    if (left_) *left_ -= data.size();
    co_return co_await write_pieces(data);
  }
  auto written = co_await write_pieces(data.first(*left_));
  if (written) co_await inner_->finish();
  inner_->close();
  co_return fail(ErrorKind::disconnected, "the connection was cut as asked");
}

Result<std::size_t> FaultyTransport::write_now(BytesView data) {
  return usual() ? inner_->write_now(data) : Result<std::size_t>(0);
}

}  // namespace parley::emulator::detail
