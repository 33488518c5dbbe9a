#include "parley/narrative/detail/live_stage.hpp"

#include <charconv>

#include <fmt/format.h>

#include "parley/json/codec.hpp"
#include "parley/narrative/detail/check_live.hpp"

namespace parley::narrative::detail {
namespace {

constexpr std::string_view kHandle = "live_handle";

// "1764000000000 handle": until when it is good, in Unix milliseconds, and the handle.
std::string handle_text(const std::string& handle, WallTime expires) {
  return fmt::format("{} {}", to_unix_ms(expires), handle);
}
bool read_handle(std::string_view text, LiveOpening& out) {
  const auto space = text.find(' ');
  std::int64_t ms = 0;
  if (space == std::string_view::npos) return false;
  const auto [end, code] = std::from_chars(text.data(), text.data() + space, ms);
  if (code != std::errc() || end != text.data() + space) return false;
  out.handle = std::string(text.substr(space + 1));
  out.handle_expires = from_unix_ms(ms);
  return true;
}

}  // namespace

// A handle belongs to a model, an instruction and everything that was said.
std::string LiveStage::key_of(const std::vector<gemini::Content>& history) const {
  gemini::GenerateContentRequest all;
  all.contents = history;
  return sha256(model_ + "\n" + system_ + "\n" + json::encode_text(all));
}

LiveOpening LiveStage::opening(std::string model, const gemini::GenerateContentRequest& request) {
  LiveOpening out;
  out.settings = *narrative_.live;
  out.model = std::move(model);
  out.system = request.system_instruction;
  out.config = request.generation_config;
  out.hears_always = hears_always(narrative_);
  out.history = gemini::contents_of(request);
  if (!out.history.empty()) out.history.pop_back();
  const auto key = key_of(out.history);
  auto& replay = session_.options.replay;
  // The last one that was recorded counts.
  for (auto text = replay.value("", std::string(kHandle), key); text;
       text = replay.value("", std::string(kHandle), key))
    read_handle(*text, out);
  if (out.handle_expires <= session_.ports.clock->wall_now()) out.handle.clear();
  return out;
}

Task<Result<LiveAnswer>> LiveStage::turn(std::string model, gemini::GenerateContentRequest request,
                                         LiveTurn turn) {
  model_ = model;
  system_ = request.system_instruction ? json::encode_text(*request.system_instruction) : "";
  handle_.clear();
  if (!session_.ports.live)
    co_return fail(Error(ErrorKind::not_found, "no Live session can be opened here")
                       .with_detail("code", "live_not_configured"));
  if (talk_ && talk_->is_over()) talk_.reset();
  if (!talk_) {
    auto open = opening(std::move(model), request);
    if (!open.history.empty() && turn.note)
      turn.note(open.handle.empty() ? fmt::format("the session begins with the {} turns so far",
                                                  open.history.size())
                                    : "the session goes on by its handle");
    auto opened = co_await session_.ports.live->open(std::move(open));
    if (!opened) co_return fail(std::move(opened.error()));
    talk_ = std::move(*opened);
    if (closing_) talk_->close();
  }
  auto answer = co_await talk_->turn(std::move(turn));
  if (answer) {
    handle_ = answer->handle;
    handle_expires_ = answer->handle_expires;
  }
  co_return answer;
}

Result<void> LiveStage::said(const std::vector<gemini::Content>& turns) {
  history_.insert(history_.end(), turns.begin(), turns.end());
  if (handle_.empty()) return {};
  Entry entry(EntryType::value);
  entry.what = kHandle;
  entry.key = key_of(history_);
  entry.text = handle_text(handle_, handle_expires_);
  handle_.clear();
  return session_.write(std::move(entry), true);
}

void LiveStage::close() {
  closing_ = true;
  if (talk_) talk_->close();
}

Task<void> LiveStage::closed() {
  close();
  if (talk_) co_await talk_->closed();
}

}  // namespace parley::narrative::detail
