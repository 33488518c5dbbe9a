// How fast are generated decoders and encoders beside the same structs over Boost.JSON and
// nlohmann? Prints nanoseconds per message (median of rounds) and ratios. Base64 is done by the
// same function.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"

#include "openai_realtime/realtime.hpp"

namespace {

using namespace parley;
namespace realtime = openai_realtime::realtime;
using Clock = std::chrono::steady_clock;

using Run = std::function<std::size_t()>;

// Nanoseconds per run of each, medians of rounds in which all take their turn, so that a change of
// the processor's speed meets all of them.
std::array<double, 3> medians(const std::array<Run, 3>& runs, int repeat) {
  std::array<std::vector<double>, 3> rounds;
  std::size_t sum = 0;
  for (int round = 0; round < 41; ++round)
    for (std::size_t which = 0; which < runs.size(); ++which) {
      const auto begin = Clock::now();
      for (int i = 0; i < repeat; ++i) sum += runs[which]();
      const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
      rounds[which].push_back(took.count() / repeat);
    }
  if (sum == 0) std::abort();
  std::array<double, 3> out{};
  for (std::size_t which = 0; which < runs.size(); ++which) {
    std::ranges::nth_element(rounds[which], rounds[which].begin() + 20);
    out[which] = rounds[which][20];
  }
  return out;
}

struct Delta {
  Delta() = default;
  std::string event_id, response_id, item_id, delta;
  std::int64_t output_index = 0, content_index = 0;
  Bytes audio;
};

std::string text_message() {
  return R"({"type":"response.output_text.delta","event_id":"event_4122","response_id":"resp_001","item_id":"msg_007","output_index":0,"content_index":0,"delta":"Sure, I can help with that. What would you like?"})";
}
std::string audio_message() {
  return R"({"type":"response.output_audio.delta","event_id":"event_4122","response_id":"resp_001","item_id":"msg_007","output_index":0,"content_index":0,"delta":")" +
         to_base64(Bytes(24'576, std::byte{0x5a})) + "\"}";
}

Delta by_boost(std::string_view text, bool audio, boost::json::parser& parser,
               unsigned char* memory, std::size_t size) {
  boost::json::monotonic_resource resource(memory, size);
  parser.reset(&resource);
  parser.write(text.data(), text.size());
  const auto value = parser.release();
  const auto& object = value.as_object();
  Delta out;
  if (object.at("type").as_string().empty()) std::abort();
  out.event_id = object.at("event_id").as_string();
  out.response_id = object.at("response_id").as_string();
  out.item_id = object.at("item_id").as_string();
  out.output_index = object.at("output_index").as_int64();
  out.content_index = object.at("content_index").as_int64();
  if (audio)
    out.audio = *from_base64(object.at("delta").as_string());
  else
    out.delta = object.at("delta").as_string();
  return out;
}

Delta by_nlohmann(std::string_view text, bool audio) {
  const auto object = nlohmann::json::parse(text);
  Delta out;
  if (object.at("type").get_ref<const std::string&>().empty()) std::abort();
  out.event_id = object.at("event_id");
  out.response_id = object.at("response_id");
  out.item_id = object.at("item_id");
  out.output_index = object.at("output_index");
  out.content_index = object.at("content_index");
  if (audio)
    out.audio = *from_base64(object.at("delta").get_ref<const std::string&>());
  else
    out.delta = object.at("delta");
  return out;
}

void row(std::string_view name, const std::array<Run, 3>& runs, int repeat) {
  const auto [ours, boost, nlohmann] = medians(runs, repeat);
  fmt::print("{:32} {:9.0f} {:9.0f} {:9.0f}   {:5.2f}x {:5.2f}x\n", name, ours, boost, nlohmann,
             boost / ours, nlohmann / ours);
}

void decode(std::string_view name, const std::string& text, bool audio, int repeat) {
  std::vector<unsigned char> memory(256 * 1024);
  boost::json::parser parser;
  const Run ours = [&] {
    auto message = json::decode_text<realtime::ServerMessage>(text, json::trusted_limits());
    if (!message || std::holds_alternative<json::Unknown>(*message)) std::abort();
    return message->index() + 1;
  };
  const Run boost = [&] {
    return by_boost(text, audio, parser, memory.data(), memory.size()).item_id.size();
  };
  const Run nlohmann = [&] { return by_nlohmann(text, audio).item_id.size(); };
  row(name, {ours, boost, nlohmann}, repeat);
}

void encode(std::string_view name, int repeat) {
  openai_realtime::ResponseTextDelta message;
  message.event_id = "event_4122";
  message.response_id = "resp_001";
  message.item_id = "msg_007";
  message.delta = "Sure, I can help with that. What would you like?";
  const Run ours = [&] { return json::encode_text(message).size(); };
  const Run boost = [&] {
    boost::json::object object;
    object["type"] = "response.output_text.delta";
    object["event_id"] = message.event_id;
    object["response_id"] = message.response_id;
    object["item_id"] = message.item_id;
    object["output_index"] = message.output_index;
    object["content_index"] = message.content_index;
    object["delta"] = message.delta;
    return boost::json::serialize(object).size();
  };
  const Run nlohmann = [&] {
    nlohmann::json object;
    object["type"] = "response.output_text.delta";
    object["event_id"] = message.event_id;
    object["response_id"] = message.response_id;
    object["item_id"] = message.item_id;
    object["output_index"] = message.output_index;
    object["content_index"] = message.content_index;
    object["delta"] = message.delta;
    return object.dump().size();
  };
  row(name, {ours, boost, nlohmann}, repeat);
}

}  // namespace

int main() {
  fmt::print("{:32} {:>9} {:>9} {:>9}   {:>6} {:>6}\n", "ns per message", "generated", "Boost",
             "nlohmann", "Boost", "nlohmann");
  decode("decode a text delta (203 B)", text_message(), false, 4'000);
  decode("decode an audio delta (32 KiB)", audio_message(), true, 400);
  encode("encode a text delta", 4'000);
}
