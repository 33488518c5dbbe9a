#include "parley/emulator/record/player.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/http/url.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {

using std::chrono::milliseconds;

namespace {

// The path with its parameters, but for those that are credentials.
std::string shape_of(std::string_view target) {
  const auto parsed = http::parse_target(target);
  if (!parsed) return std::string(target);
  std::string out;
  for (const auto& segment : parsed->segments)
    if (!segment.empty()) out += "/" + segment;
  for (const auto& [name, value] : parsed->query)
    if (name != "key" && name != "access_token") out += fmt::format("?{}={}", name, value);
  return out;
}

bool same_body(std::string_view one, std::string_view other) {
  if (one == other) return true;
  const auto left = json::parse(one, json::trusted_limits());
  const auto right = json::parse(other, json::trusted_limits());
  return left && right && *left == *right;
}

Answer answer_of(const RecordedExchange& exchange, bool in_time) {
  Answer answer;
  answer.status = exchange.status;
  for (const auto& header : exchange.headers.all()) {
    const bool of_connection =
        header.name.size() > 0 &&
        (iequals_ascii(header.name, "connection") || iequals_ascii(header.name, "date") ||
         iequals_ascii(header.name, "content-length") ||
         iequals_ascii(header.name, "transfer-encoding"));
    if (!of_connection) answer.headers.add(header.name, header.value);
  }
  std::size_t size = 0;
  for (const auto& piece : exchange.pieces) {
    answer.pieces.push_back(piece.bytes);
    size += piece.bytes.size();
  }
  answer.streamed = exchange.pieces.size() > 1;
  if (in_time && exchange.pieces.size() > 1) {
    const auto whole = exchange.pieces.back().at - exchange.pieces.front().at;
    answer.pace = whole / static_cast<int>(exchange.pieces.size() - 1);
  }
  if (!exchange.whole) answer.fault.cut = size;
  return answer;
}

class PlayedSession final : public LiveVoice {
 public:
  PlayedSession(RecordedExchange exchange, bool in_time, TimePoint now)
      : exchange_(std::move(exchange)), in_time_(in_time), moved_(now) {
    go_on(now);
  }

  void received(std::string_view, TimePoint now) override {
    ++heard_;
    go_on(now);
  }
  void handle_timeout(TimePoint now) override { go_on(now); }
  std::optional<TimePoint> next_timeout() const override { return due_; }
  std::optional<LiveOutput> poll() override {
    if (outputs_.empty()) return std::nullopt;
    LiveOutput output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
  }

 private:
  // Says what is due: a message waits for as many messages of the client as stand before it.
  void go_on(TimePoint now) {
    due_.reset();
    while (next_ < exchange_.pieces.size()) {
      const auto& piece = exchange_.pieces[next_];
      if (piece.of_client) {
        if (awaited_ >= heard_) return;
        ++awaited_;
        moved_ = now;
      } else {
        const auto gap =
            in_time_ && next_ > 0 ? piece.at - exchange_.pieces[next_ - 1].at : milliseconds(0);
        if (now < moved_ + gap) {
          due_ = moved_ + gap;
          return;
        }
        moved_ += gap;
        say(piece);
      }
      ++next_;
    }
    if (std::exchange(over_, true)) return;
    LiveOutput end;
    end.kind = LiveOutput::Kind::close;
    end.close_code =
        exchange_.close_code == 0 || exchange_.close_code == 1005 || exchange_.close_code == 1006
            ? 1000
            : exchange_.close_code;
    end.close_reason = exchange_.close_reason;
    outputs_.push_back(std::move(end));
  }
  void say(const RecordedExchange::Piece& piece) {
    LiveOutput output;
    output.text = piece.bytes;
    output.flipped = !piece.binary;
    outputs_.push_back(std::move(output));
  }

  RecordedExchange exchange_;
  bool in_time_;
  TimePoint moved_;
  std::size_t next_ = 0, heard_ = 0, awaited_ = 0;
  bool over_ = false;
  std::optional<TimePoint> due_;
  std::deque<LiveOutput> outputs_;
};

}  // namespace

Player::Player(std::vector<RecordedExchange> exchanges, bool in_time) : in_time_(in_time) {
  for (auto& exchange : exchanges) entries_.emplace_back(std::move(exchange));
}

Answer Player::answer(const http::Request& request) {
  const auto wanted = shape_of(request.target);
  Entry* chosen = nullptr;
  for (auto& entry : entries_) {
    const auto& exchange = entry.exchange;
    if (exchange.live || exchange.method != request.method || shape_of(exchange.target) != wanted ||
        !same_body(exchange.body, request.body))
      continue;
    chosen = &entry;
    if (!entry.played) break;
  }
  if (chosen == nullptr)
    return detail::error_answer(
        404, "NOT_FOUND",
        fmt::format("no recorded call is like {} {} with this body", request.method, wanted));
  chosen->played = true;
  return answer_of(chosen->exchange, in_time_);
}

std::unique_ptr<LiveVoice> Player::session(const std::string& target, TimePoint now) {
  const auto wanted = shape_of(target);
  Entry* chosen = nullptr;
  for (auto& entry : entries_) {
    const bool fits = entry.exchange.target.empty() ? target.find("Bidi") != std::string::npos
                                                    : shape_of(entry.exchange.target) == wanted;
    if (!entry.exchange.live || !fits) continue;
    chosen = &entry;
    if (!entry.played) break;
  }
  if (chosen == nullptr) return nullptr;
  chosen->played = true;
  return std::make_unique<PlayedSession>(chosen->exchange, in_time_, now);
}

}  // namespace parley::emulator
