#include "parley/gemini/continuity/detail/outbox.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace parley::gemini::detail {

using enum LiveMessageKind;

bool is_media(LiveMessageKind kind) {
  return kind == audio || kind == image;
}
bool is_sound(LiveMessageKind kind) {
  return is_media(kind) || kind == audio_end || kind == activity_start || kind == activity_end;
}
bool is_trigger(LiveMessageKind kind) {
  return kind == complete_turns || kind == text || kind == activity_end || kind == answers;
}
std::size_t audio_bytes(const LiveMessage& message) {
  const auto* input = std::get_if<RealtimeInputMessage>(&message);
  const bool sounds = input && input->realtime_input.audio && input->realtime_input.audio->data;
  return sounds ? input->realtime_input.audio->data->size() : 0;
}

Outbox::Entries::iterator Outbox::remove(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  if (is_unsent(*entry)) unsent_bytes_ -= entry->bytes;
  if (static_cast<std::size_t>(entry - entries_.begin()) < out_) --out_;
  return entries_.erase(entry);
}

// The oldest media of which `which` is true goes.
template <class Which>
bool Outbox::drop_media(Which which) {
  const auto entry = std::ranges::find_if(
      entries_, [&](const auto& one) { return is_media(one.kind) && which(one); });
  if (entry == entries_.end()) return false;
  const auto pcm = audio_bytes(entry->message);
  dropped_audio_ += pcm;
  dropped_audio_total_ += pcm;
  remove(entry);
  return true;
}

Result<void> Outbox::add(LiveMessage message, LiveMessageKind kind, bool may_drop) {
  const auto size = size_on_wire(message);
  while (may_drop && unsent_bytes_ > 0 && unsent_bytes_ + size > queue_bytes_ &&
         drop_media([](const Outgoing& entry) { return entry.stamp == 0 && !entry.was_out; })) {
  }
  if (unsent_bytes_ > 0 && unsent_bytes_ + size > queue_bytes_)
    return fail(Error(ErrorKind::too_large,
                      fmt::format("{} bytes wait to be sent; with {} more they would be over the "
                                  "queue's {}",
                                  unsent_bytes_, size, queue_bytes_))
                    .with_stage(Stage::send));
  entries_.emplace_back(std::move(message), kind, size);
  bytes_ += size;
  unsent_bytes_ += size;
  return {};
}

void Outbox::add_first(LiveMessage message, LiveMessageKind kind) {
  const auto size = size_on_wire(message);
  entries_.emplace(entries_.begin() + static_cast<std::ptrdiff_t>(out_), std::move(message), kind,
                   size);
  bytes_ += size;
  unsent_bytes_ += size;
}

Outgoing* Outbox::waiting() {
  return out_ < entries_.size() ? &entries_[out_] : nullptr;
}

void Outbox::hand_out(Outgoing& entry, std::uint64_t index, TimePoint now) {
  entry.stamp = ++stamps_;
  entry.index = index;
  entry.at = now;
  ++out_;
}

void Outbox::written(std::uint64_t stamp, bool keep) {
  for (auto at = out_; at-- > 0;) {
    auto& entry = entries_[at];
    if (entry.stamp != stamp) continue;
    if (is_unsent(entry)) unsent_bytes_ -= entry.bytes;
    entry.written = true;
    if (!keep) remove(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    return;
  }
}

void Outbox::rewind() {
  for (std::size_t at = 0; at < out_; ++at) {
    auto& entry = entries_[at];
    entry.was_out = entry.was_out || entry.written;
    entry.written = false;
    entry.stamp = 0;
  }
  out_ = 0;
}

void Outbox::take_out(const Test& test, const Sink& sink) {
  for (std::size_t at = 0; at < out_;) {
    if (!test(entries_[at])) {
      ++at;
      continue;
    }
    sink(entries_[at]);
    remove(entries_.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void Outbox::for_each(const Sink& sink) {
  for (auto& entry : entries_) sink(entry);
}

void Outbox::trim(const Sink& sink) {
  const auto kept = [](const Outgoing& entry) { return !is_unsent(entry); };
  while (bytes_ - unsent_bytes_ > replay_bytes_) {
    if (drop_media(kept)) continue;
    if (entries_.empty() || !kept(entries_.front())) return;
    sink(entries_.front());
    remove(entries_.begin());
  }
}

std::vector<LiveMessage> Outbox::take_unsent() {
  std::vector<LiveMessage> unsent;
  for (auto& entry : entries_)
    if (is_unsent(entry)) unsent.push_back(std::move(entry.message));
  entries_.clear();
  out_ = bytes_ = unsent_bytes_ = 0;
  return unsent;
}

}  // namespace parley::gemini::detail
