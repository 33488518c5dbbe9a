#include "world.hpp"

#include <algorithm>

#include "parley/gemini/live.hpp"
#include "parley/generated/gemini/live.hpp"
#include "parley/json/codec.hpp"

namespace parley::testing {
namespace {

using namespace gemini;

// What of a message of the program becomes part of the service's state.
std::vector<std::string> marks_of(const std::string& text) {
  std::vector<std::string> out;
  const auto add_content = [&out](const Content& turn) {
    if (turn.role.value_or("user") != "user") return;
    for (const auto& part : parts_of(turn))
      if (part.text) out.push_back(*part.text);
  };
  auto read = json::inspect(text, [&](json::Cursor root) {
    if (auto at = root.find("clientContent")) {
      ClientContent content;
      at->read(content);
      if (content.turns)
        for (const auto& turn : *content.turns) add_content(turn);
    }
    if (auto at = root.find("realtimeInput")) {
      RealtimeInput input;
      at->read(input);
      if (input.text) out.push_back(*input.text);
      if (input.audio && input.audio->data && input.audio->data->size() > 1) {
        const auto& pcm = *input.audio->data;
        out.push_back("a" + std::to_string(std::to_integer<int>(pcm[0]) +
                                           256 * std::to_integer<int>(pcm[1])));
      }
    }
  });
  return out;
}

std::vector<LiveEvent> events_in(const std::string& text) {
  auto message = json::decode_text<live::ServerMessage>(text);
  if (!message) return {};
  return std::visit([](auto& one) { return events_of(std::move(one)); },
                    static_cast<live::ServerMessage::variant&>(*message));
}

Error cut_error() {
  return Error(ErrorKind::disconnected, "the connection was cut").with_close(1006, "");
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      random_(options_.seed),
      memory_(options_.seed),
      core_(options_.from ? Continuity(*options_.from, options_.policy, random_)
                          : Continuity(options_.setup, options_.policy, random_)) {
  now_ += std::chrono::hours(1);
  core_.start(now_);
  drain();
}

void World::drain() {
  while (auto effect = core_.poll_effect()) obey(std::move(*effect));
  while (auto event = core_.poll_event()) note(std::move(*event));
}

void World::obey(ContinuityEffect effect) {
  if (auto* wanted = std::get_if<OpenLink>(&effect)) return open(wanted->link, wanted->setup);
  if (auto* sending = std::get_if<SendOnLink>(&effect)) {
    auto& link = links_.at(sending->link);
    if (link.over) return;
    const auto last = link.up.empty() ? now_ : link.up.back().first;
    auto text =
        std::visit([](const auto& one) { return json::encode_text(one); }, sending->message);
    link.up.emplace_back(arrival(last), std::move(text));
    core_.written(sending->link, sending->stamp, now_);
    return;
  }
  const auto id = std::get<CloseLink>(effect).link;
  end(id, {});
}

TimePoint World::arrival(TimePoint last) {
  const auto jitter = static_cast<std::uint64_t>(options_.jitter.count());
  const auto more = milliseconds(jitter == 0 ? 0 : random_.below(jitter + 1));
  return std::max(last, now_ + options_.latency + more);
}

void World::open(LinkId id, Setup setup) {
  auto& link = links_[id];
  journal_.push_back(setup);
  if (options_.breaks) link.fault = options_.breaks(id);
  link.begun = now_;
  if (setup.session_resumption && setup.session_resumption->handle)
    if (const auto known = handles_.find(*setup.session_resumption->handle);
        known != handles_.end())
      link.lineage = known->second;
  if (!link.fault.refused)
    link.session =
        std::make_unique<emulator::LiveSession>(options_.live, memory_, emulator::LiveDoor(), now_);
  SetupMessage message;
  message.setup = std::move(setup);
  link.up.emplace_back(arrival(now_), json::encode_text(message));
}

void World::end(LinkId id, Result<void> why) {
  auto& link = links_.at(id);
  if (std::exchange(link.over, true)) return;
  link.session.reset();
  link.up.clear();
  link.down.clear();
  if (link.set_up || why)
    core_.ended(id, std::move(why), now_);
  else
    core_.failed(id, std::move(why.error()), now_);
}

void World::take(LinkId id, const std::string& text) {
  auto& link = links_.at(id);
  if (link.fault.refused) return end(id, fail(*link.fault.refused));
  const auto marks = marks_of(text);
  link.lineage.insert(link.lineage.end(), marks.begin(), marks.end());
  link.session->received(text, now_);
  ++link.taken;
  ++taken_;
  collect(link);
  if (link.fault.after_taken && link.taken >= *link.fault.after_taken) {
    link.fault.after_taken.reset();
    end(id, fail(cut_error()));
  }
}

// What the session has to say sets out; a handle stands for what was taken until here.
void World::collect(Link& link) {
  while (auto output = link.session->poll()) {
    for (const auto& event : events_in(output->text))
      if (const auto* update = std::get_if<LiveResumption>(&event); update && update->resumable)
        handles_[update->handle] = link.lineage;
    const auto last = link.down.empty() ? now_ : link.down.back().first;
    link.down.emplace_back(arrival(last), std::move(*output));
  }
}

void World::tell(LinkId id, const emulator::LiveOutput& output) {
  auto& link = links_.at(id);
  if (output.kind == emulator::LiveOutput::Kind::close) {
    if (output.close_code == 1000) return end(id, {});
    return end(id, fail(live_error(output.close_code, output.close_reason)));
  }
  if (link.fault.after_told && link.told >= *link.fault.after_told) {
    const auto& fault = link.fault;
    return end(
        id, fail(fault.close_code == 0 ? cut_error() : live_error(fault.close_code, fault.reason)));
  }
  ++link.told;
  ++told_;
  if (!link.set_up && output.text.find("setupComplete") != std::string::npos) {
    link.set_up = true;
    core_.opened(id, now_);
  }
  for (auto& event : events_in(output.text)) core_.received(id, std::move(event), now_);
}

std::optional<TimePoint> World::next_time() const {
  auto next = core_.next_timeout();
  const auto consider = [&next](TimePoint at) { next = std::min(next.value_or(at), at); };
  for (const auto& [id, link] : links_) {
    if (link.over) continue;
    if (!link.up.empty()) consider(link.up.front().first);
    if (!link.down.empty()) consider(link.down.front().first);
    if (link.fault.at) consider(link.begun + *link.fault.at);
    if (!link.session) continue;
    if (const auto at = link.session->next_timeout()) consider(*at);
  }
  return next;
}

// One thing that is due on this connection. False: nothing is.
bool World::serve(LinkId id) {
  auto& link = links_.at(id);
  if (link.over) return false;
  if (link.fault.at && link.begun + *link.fault.at <= now_) {
    end(id, fail(cut_error()));
    return true;
  }
  if (!link.up.empty() && link.up.front().first <= now_) {
    const auto text = std::move(link.up.front().second);
    link.up.pop_front();
    take(id, text);
    return true;
  }
  if (!link.down.empty() && link.down.front().first <= now_) {
    const auto output = std::move(link.down.front().second);
    link.down.pop_front();
    tell(id, output);
    return true;
  }
  const auto at = link.session ? link.session->next_timeout() : std::nullopt;
  if (!at || *at > now_) return false;
  link.session->handle_timeout(now_);
  collect(link);
  return true;
}

bool World::step(TimePoint until) {
  const auto next = next_time();
  if (!next || *next > until) {
    now_ = std::max(now_, until);
    return false;
  }
  now_ = std::max(now_, *next);
  for (auto& [id, link] : links_)
    if (serve(id)) {
      drain();
      return true;
    }
  core_.handle_timeout(now_);
  drain();
  return true;
}

void World::run_for(milliseconds time) {
  const auto until = now_ + time;
  while (step(until)) {
  }
}

bool World::run_until(std::function<bool()> done) {
  const auto limit = now_ + std::chrono::minutes(10);
  for (int steps = 0; !done(); ++steps)
    if (steps == 1'000'000 || (!step(limit) && now_ >= limit)) return false;
  return true;
}

void World::send(LiveMessage message) {
  if (!core_.send(std::move(message), now_)) ++refused_;
  drain();
}
void World::say(std::string_view text) {
  std::vector<Content> turns(1, user_content(text));
  send(turns_message(std::move(turns), true));
}

void World::close() {
  core_.close(now_);
  drain();
}

void World::cut_now() {
  for (auto& [id, link] : links_)
    if (!link.over) end(id, fail(cut_error()));
  drain();
}

const std::vector<std::string>& World::taken() const {
  static const std::vector<std::string> nothing;
  for (const bool open : {true, false})
    for (auto it = links_.rbegin(); it != links_.rend(); ++it)
      if (it->second.set_up && (!it->second.over || !open)) return it->second.lineage;
  return nothing;
}

std::size_t World::open_links() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(links_, [](const auto& entry) { return !entry.second.over; }));
}

void World::note(LiveEvent event) {
  if (const auto* text = std::get_if<LiveText>(&event)) heard_.open += text->text;
  if (const auto* audio = std::get_if<LiveAudio>(&event)) heard_.open_audio += audio->pcm.size();
  if (const auto* piece = std::get_if<LiveTranscript>(&event)) {
    if (piece->of_user) heard_.transcripts.push_back(piece->text);
    if (!piece->of_user) heard_.open += piece->text;
  }
  if (const auto* wanted = std::get_if<LiveToolCalls>(&event))
    heard_.calls.insert(heard_.calls.end(), wanted->calls.begin(), wanted->calls.end());
  if (const auto* gone = std::get_if<LiveToolCallsCancelled>(&event))
    heard_.cancelled.insert(heard_.cancelled.end(), gone->ids.begin(), gone->ids.end());
  if (std::holds_alternative<LiveInterrupted>(event)) ++heard_.interrupted;
  if (!std::holds_alternative<LiveTurnComplete>(event)) return;
  heard_.answers.push_back(std::exchange(heard_.open, {}));
  heard_.audio.push_back(std::exchange(heard_.open_audio, 0));
}

void World::note(ConversationEvent event) {
  if (auto* live = std::get_if<LiveEvent>(&event)) return note(std::move(*live));
  heard_.log.push_back(describe(event));
  if (std::holds_alternative<AnswerVoided>(event)) {
    ++heard_.voided;
    heard_.open.clear();
    heard_.open_audio = 0;
  }
  if (const auto* replayed = std::get_if<MessagesReplayed>(&event)) {
    heard_.doubtful += replayed->doubtful;
    heard_.replays += replayed->messages;
  }
  if (const auto* lost = std::get_if<MessagesLost>(&event)) heard_.lost += lost->messages.size();
  heard_.news.push_back(std::move(event));
}

Setup text_setup() {
  LiveOptions options("gemini-live-2.5-flash-preview");
  options.answer_in(Modality::text);
  return options.setup;
}

Setup speech_setup() {
  LiveOptions options("gemini-2.5-flash-native-audio-latest");
  options.transcribe();
  return options.setup;
}

ContinuityPolicy durable() {
  auto policy = ContinuityPolicy::durable();
  policy.retry.max_attempts = 50;
  policy.retry.total = std::chrono::hours(1);
  return policy;
}

}  // namespace parley::testing
