#include "parley/schematic/mock.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/conform.hpp"

namespace parley::schematic {

MockSession::MockSession(const Plan& plan, const PlannedEndpoint& endpoint)
    : plan_(plan), endpoint_(endpoint) {}

MockFrame MockSession::frame_of(const MessageSchema& message, std::size_t turn) const {
  MockFrame frame;
  const bool raw = message.schema.kind == Type::Kind::raw;
  frame.binary = raw || message.frame == Frame::binary;
  const PlannedType* type = plan_.find(plan_.resolve(message.schema).name);
  const auto* examples = &message.examples;
  if (examples->empty() && type) examples = &type->definition->examples;
  json::Value value =
      examples->empty() ? sample(plan_, message.schema) : (*examples)[turn % examples->size()];
  if (!raw) {
    frame.data = json::to_string(value);
    return frame;
  }
  const auto bytes = value.is_string() ? from_base64(value.as_string()) : std::nullopt;
  frame.data = bytes ? std::string(as_text(*bytes)) : std::string("\0\1\2\3", 4);
  return frame;
}

namespace {

const MessageSchema* find(const std::vector<PlannedMessage>& messages, std::string_view id) {
  for (const auto& one : messages)
    if (one.message->id == id) return one.message;
  return nullptr;
}

}  // namespace

MockAnswer MockSession::open() {
  MockAnswer out;
  if (const auto* greeting = find(endpoint_.server, endpoint_.endpoint->lifecycle.greeting))
    out.frames.push_back(frame_of(*greeting, 0));
  initialized_ = !endpoint_.endpoint->lifecycle.initialize;
  return out;
}

MockAnswer MockSession::refuse(std::string reason) {
  MockAnswer out;
  out.close_code = 1008;
  // A close frame has room for 123 bytes.
  while (reason.size() > 120) reason.pop_back();
  out.close_reason = to_valid_utf8(reason);
  while (out.close_reason.size() > 123) out.close_reason.pop_back();
  return out;
}

const MessageSchema* MockSession::recognise(bool binary, std::string_view data, json::Value& value,
                                            std::string& why) const {
  const auto& cycle = endpoint_.endpoint->lifecycle;
  if (!binary) {
    auto parsed = json::parse(data, json::trusted_limits());
    if (!parsed) {
      why = parsed.error().message();
      return nullptr;
    }
    value = std::move(*parsed);
  }
  const auto fits = [&](const MessageSchema& message) {
    const bool raw = message.schema.kind == Type::Kind::raw;
    if (raw != binary) return false;
    const auto wrong = raw ? std::nullopt : mismatch(plan_, message.schema, value);
    if (wrong && why.empty()) why = fmt::format("{}: {}", message.id, *wrong);
    return !wrong;
  };
  if (!initialized_) return fits(*cycle.initialize) ? &*cycle.initialize : nullptr;
  // The one with most constants first: "" that closes is a text as well.
  if (cycle.close && fits(*cycle.close)) return &*cycle.close;
  why.clear();
  for (const auto& message : cycle.streaming_messages)
    if (fits(message)) return &message;
  if (why.empty()) why = binary ? "no binary message is defined" : "no such message is defined";
  return nullptr;
}

void MockSession::answer_one(MockAnswer& out, const json::Value& request) {
  const auto& cycle = endpoint_.endpoint->lifecycle;
  std::vector<const MessageSchema*> usual;
  for (const auto& message : cycle.server_messages)
    if (!message.terminal && !message.fatal && message.repeatable && message.id != cycle.greeting &&
        message.id != cycle.ready_after)
      usual.push_back(&message);
  if (usual.empty()) return;
  auto frame = frame_of(*usual[turn_ % usual.size()], turn_ / usual.size());
  ++turn_;
  const auto& correlation = endpoint_.endpoint->correlation;
  if (correlation && !frame.binary && request.is_object()) {
    const auto* id = request.as_object().if_contains(correlation->request_field);
    auto answer = json::parse(frame.data);
    if (id && answer && answer->is_object()) {
      answer->as_object()[correlation->response_field] = *id;
      frame.data = json::to_string(*answer);
    }
  }
  out.frames.push_back(std::move(frame));
}

MockAnswer MockSession::receive(bool binary, std::string_view data) {
  json::Value value;
  std::string why;
  const auto* message = recognise(binary, data, value, why);
  if (!message) return refuse(std::move(why));
  const auto& cycle = endpoint_.endpoint->lifecycle;
  MockAnswer out;
  if (!std::exchange(initialized_, true)) {
    if (const auto* ready = find(endpoint_.server, cycle.ready_after))
      out.frames.push_back(frame_of(*ready, 0));
    return out;
  }
  if (cycle.close && message == &*cycle.close) {
    for (const auto& last : cycle.server_messages)
      if (last.terminal && out.frames.empty()) out.frames.push_back(frame_of(last, 0));
    out.close_code = 1000;
    return out;
  }
  answer_one(out, value);
  return out;
}

bool path_fits(std::string_view path_template, std::string_view base_url,
               const std::vector<std::string>& segments) {
  auto authority = base_url.find("://");
  auto base =
      authority == std::string_view::npos ? std::string_view() : base_url.substr(authority + 3);
  const auto slash = base.find('/');
  std::string whole(slash == std::string_view::npos ? "" : base.substr(slash));
  while (whole.ends_with('/')) whole.pop_back();
  whole += path_template.substr(0, path_template.find('?'));
  std::vector<std::string_view> wanted;
  for (const auto part : split(whole, '/'))
    if (!part.empty()) wanted.push_back(part);
  std::vector<std::string_view> found;
  for (const auto& part : segments)
    if (!part.empty()) found.push_back(part);
  if (wanted.size() != found.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    // "{name}", also with text around it: "models/{model}:generate".
    const auto open = wanted[i].find('{'), close = wanted[i].rfind('}');
    if (open == std::string_view::npos) {
      if (wanted[i] != found[i]) return false;
    } else if (!found[i].starts_with(wanted[i].substr(0, open)) ||
               !found[i].ends_with(wanted[i].substr(close + 1))) {
      return false;
    }
  }
  return true;
}

namespace {

bool has_credentials(const AuthStrategy& auth, const MockRequest& request) {
  using Kind = AuthStrategy::Kind;
  switch (auth.kind) {
    case Kind::none:
    case Kind::message:
      return true;
    case Kind::bearer:
    case Kind::basic:
      return request.header(auth.name.empty() ? "Authorization" : auth.name).has_value();
    case Kind::header:
      return request.header(auth.name).has_value();
    case Kind::query:
      return request.query(auth.name).has_value();
    case Kind::subprotocol:
      return request.header("Sec-WebSocket-Protocol").value_or("").find(auth.prefix) !=
             std::string_view::npos;
  }
  return false;
}

}  // namespace

std::optional<MockRefusal> mock_refusal(const Plan& plan, const std::string& path,
                                        const std::vector<PlannedParam>& params,
                                        const MockRequest& request, std::string_view base_url) {
  MockRefusal out;
  if (!path_fits(path, base_url, request.segments())) {
    out.status = 404;
    out.text = "no endpoint has this path";
    return out;
  }
  const auto& auth = plan.definition->auth;
  if (!auth.empty() && std::ranges::none_of(auth, [&](const AuthStrategy& one) {
        return has_credentials(one, request);
      })) {
    out.status = 401;
    out.text = "no credentials";
    return out;
  }
  for (const auto& one : params) {
    const auto& param = *one.param;
    const bool given =
        param.location == ParamLocation::path ||
        (param.location == ParamLocation::query ? request.query(param.name).has_value()
                                                : request.header(param.name).has_value());
    if (!param.required || given) continue;
    out.status = 400;
    out.text = fmt::format("the parameter \"{}\" is missing", param.name);
    return out;
  }
  return std::nullopt;
}

}  // namespace parley::schematic
