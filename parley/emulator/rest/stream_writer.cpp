#include "parley/emulator/rest/detail/stream_writer.hpp"

#include <utility>

#include "parley/emulator/detail/wire.hpp"

namespace parley::emulator::detail {

StreamWriter::StreamWriter(bool sse, std::chrono::milliseconds pace)
    : sse_(sse), answer_(json_answer("")) {
  answer_.pieces.clear();
  answer_.streamed = true;
  answer_.pace = pace;
  if (!sse) return;
  answer_.headers.set("Content-Type", "text/event-stream");
  answer_.headers.set("Content-Disposition", "attachment");
}

void StreamWriter::push(std::string piece) {
  const auto usual = answer_.pieces.empty() ? std::chrono::milliseconds(0) : answer_.pace;
  answer_.waits.push_back(std::exchange(next_wait_, std::nullopt).value_or(usual));
  answer_.pieces.push_back(std::move(piece));
}

void StreamWriter::wait(std::chrono::milliseconds time) {
  next_wait_ = next_wait_.value_or(std::chrono::milliseconds(0)) + time;
}

void StreamWriter::add(std::string_view compact) {
  if (sse_) return push("data: " + spaced(compact) + "\r\n\r\n");
  std::string element = pretty(compact);
  if (element.ends_with('\n')) element.pop_back();
  push((std::exchange(empty_, false) ? "[" : "\n,\r\n") + element);
}

void StreamWriter::add_raw(std::string text) {
  push(std::move(text));
}

void StreamWriter::add_error(std::string document, bool as_event) {
  if (!sse_ || as_event) {
    const auto parsed = json::parse(document, json::trusted_limits());
    return add(parsed ? json::to_string(*parsed) : document);
  }
  push(std::move(document));
}

void StreamWriter::cut() {
  std::size_t bytes = 0;
  for (const auto& piece : answer_.pieces) bytes += piece.size();
  answer_.fault.cut = bytes;
}

Answer StreamWriter::finish() && {
  if (!sse_ && !answer_.fault.cut) {
    if (std::exchange(empty_, false)) push("[");
    answer_.pieces.back() += "\n]";
  }
  return std::move(answer_);
}

}  // namespace parley::emulator::detail
