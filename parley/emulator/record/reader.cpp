#include <limits>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/record/recording.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {
namespace {

using Piece = RecordedExchange::Piece;

// What is wrong with a line; thrown inside this file only, where a line is read.
struct Wrong {
  std::string what;
};

const json::Value& member(const json::Object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  if (!found) throw Wrong{fmt::format("there is no \"{}\"", name)};
  return *found;
}
std::string text(const json::Object& object, std::string_view name) {
  const auto& value = member(object, name);
  if (!value.is_string()) throw Wrong{fmt::format("\"{}\" is no text", name)};
  return std::string(value.get_string());
}
std::int64_t number(const json::Object& object, std::string_view name, std::int64_t most) {
  const auto& value = member(object, name);
  if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > most)
    throw Wrong{fmt::format("\"{}\" is no number of 0 to {}", name, most)};
  return value.get_int64();
}
const json::Object& object_in(const json::Object& object, std::string_view name) {
  const auto& value = member(object, name);
  if (!value.is_object()) throw Wrong{fmt::format("\"{}\" is no object", name)};
  return value.get_object();
}

http::Headers headers_in(const json::Object& object) {
  http::Headers out;
  const auto& list = member(object, "headers");
  if (!list.is_array()) throw Wrong{"\"headers\" is no list"};
  for (const auto& pair : list.get_array()) {
    if (!pair.is_array() || pair.get_array().size() != 2 || !pair.get_array()[0].is_string() ||
        !pair.get_array()[1].is_string())
      throw Wrong{"a header is no pair of texts"};
    out.add(std::string(pair.get_array()[0].get_string()),
            std::string(pair.get_array()[1].get_string()));
  }
  return out;
}

class Reader {
 public:
  void line(const json::Object& line) {
    const auto at = std::chrono::milliseconds(number(line, "at", 1ll << 40));
    const auto id = number(line, "exchange", std::numeric_limits<int>::max());
    if (line.contains("request") || line.contains("open")) return begin(line, id);
    const auto found = places_.find(id);
    if (found == places_.end()) throw Wrong{fmt::format("exchange {} has not begun", id)};
    read(line, at, all_[found->second]);
  }
  std::vector<RecordedExchange> take() { return std::move(all_); }

 private:
  void begin(const json::Object& line, std::int64_t id) {
    if (places_.contains(id)) throw Wrong{fmt::format("exchange {} begins twice", id)};
    RecordedExchange exchange;
    exchange.live = line.contains("open");
    const auto& from = object_in(line, exchange.live ? "open" : "request");
    exchange.target = text(from, "target");
    if (!exchange.live) {
      exchange.method = text(from, "method");
      exchange.body = text(from, "body");
    }
    places_[id] = all_.size();
    all_.push_back(std::move(exchange));
  }

  static void read(const json::Object& line, std::chrono::milliseconds at, RecordedExchange& out) {
    Piece piece;
    piece.at = at;
    if (line.contains("response") && !out.live) {
      const auto& from = object_in(line, "response");
      out.status = static_cast<int>(number(from, "status", 999));
      out.headers = headers_in(from);
    } else if (line.contains("text") && !out.live) {
      piece.bytes = text(line, "text");
      out.pieces.push_back(std::move(piece));
    } else if (line.contains("bytes") && !out.live) {
      const auto bytes = from_base64(text(line, "bytes"));
      if (!bytes) throw Wrong{"\"bytes\" is no base64"};
      piece.bytes = as_text(*bytes);
      out.pieces.push_back(std::move(piece));
    } else if (line.contains("end") && !out.live) {
      const auto how = text(line, "end");
      if (how != "whole" && how != "cut") throw Wrong{"\"end\" is neither whole nor cut"};
      out.whole = how == "whole";
    } else if ((line.contains("client") || line.contains("server")) && out.live) {
      piece.of_client = line.contains("client");
      piece.bytes = text(line, piece.of_client ? "client" : "server");
      piece.binary = line.contains("frame") && text(line, "frame") == "binary";
      out.pieces.push_back(std::move(piece));
    } else if (line.contains("close") && out.live) {
      const auto& from = object_in(line, "close");
      out.close_code = static_cast<std::uint16_t>(number(from, "code", 4999));
      out.close_reason = text(from, "reason");
    } else {
      throw Wrong{"it says nothing that fits its exchange"};
    }
  }

  std::map<std::int64_t, std::size_t> places_;
  std::vector<RecordedExchange> all_;
};

void read_line(std::string_view line, bool first, Reader& reader) {
  const auto value = json::parse(line, json::trusted_limits());
  if (!value) throw Wrong{value.error().message()};
  if (!value->is_object()) throw Wrong{"it is no JSON object"};
  const auto& object = value->get_object();
  if (!first) return reader.line(object);
  if (number(object, "parley_recording", 1'000'000) != 1)
    throw Wrong{"this version of recordings is not known"};
}

}  // namespace

Result<std::vector<RecordedExchange>> read_recording(std::string_view text) {
  Reader reader;
  std::size_t number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    try {
      read_line(line, number == 1, reader);
    } catch (const Wrong& wrong) {
      return fail(ErrorKind::invalid_argument, fmt::format("line {}: {}", number, wrong.what));
    }
  }
  return reader.take();
}

}  // namespace parley::emulator
