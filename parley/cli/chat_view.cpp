#include "parley/cli/chat_view.hpp"

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::cli {

struct ChatView::Frame {
  explicit Frame(json::Object of) : object(std::move(of)) {}
  std::string text(std::string_view key) const {
    const auto* value = object.if_contains(key);
    return value && value->is_string() ? strip_control(value->get_string()) : std::string();
  }
  std::int64_t number(std::string_view key) const {
    const auto* value = object.if_contains(key);
    return value && value->is_int64() ? value->get_int64() : 0;
  }
  double real(std::string_view key) const {
    const auto* value = object.if_contains(key);
    if (!value) return 0;
    if (value->is_double()) return value->get_double();
    return value->is_int64() ? static_cast<double>(value->get_int64()) : 0;
  }
  bool flag(std::string_view key) const {
    const auto* value = object.if_contains(key);
    return value && value->is_bool() && value->get_bool();
  }
  json::Object object;
};

std::string ChatView::prompt() const {
  if (!style_.terminal()) return {};
  const std::string session =
      session_id_.empty() ? "" : fmt::format(" [{}]", short_id(session_id_));
  return fmt::format("{}{} {} › ", style_.bold("You"), session,
                     connection_id_.empty() ? style_.red("●") : style_.green("●"));
}

void ChatView::settle(bool failed) {
  if (waiting_ > 0) --waiting_;
  failed_ = failed;
}

std::string ChatView::show(std::string_view text) {
  auto value = json::parse(text);
  if (!value || !value->is_object())
    return style_.red("The server sent a frame that is no JSON object.\n");
  const Frame frame(value->get_object());
  const std::string type = frame.text("type");
  refused_ = type == "error";
  if (type == "connected") {
    connection_id_ = frame.text("connection_id");
    if (const auto* info = frame.object.if_contains("server_info"); info && info->is_object())
      model_ = Frame(info->get_object()).text("model");
    if (!style_.terminal()) return {};
    return style_.panel("CONNECTED", {{"Connection", short_id(connection_id_)}, {"Model", model_}});
  }
  if (type == "session_created" || type == "session_joined") {
    session_id_ = frame.text("session_id");
    if (const auto model = frame.text("model"); !model.empty()) model_ = model;
    if (!style_.terminal()) return {};
    const bool joined = type == "session_joined";
    std::string line =
        fmt::format("{} session {} ({}", joined ? "Joined" : "New", session_id_, model_);
    if (joined) line += fmt::format(", {} messages", frame.number("message_count"));
    return style_.cyan(line + ")") + "\n";
  }
  if (type == "session_update") return show_update(frame);
  if (refused_) return show_error(frame);
  if (type == "pong") return style_.dim("pong") + "\n";
  return show_answer(frame);
}

std::string ChatView::show_answer(const Frame& frame) {
  const std::string type = frame.text("type");
  if (type == "status") {
    context_ = frame.number("context_messages");
    if (!style_.terminal()) return {};
    return style_.dim(fmt::format("Generating response... (Context: {} messages)", context_)) +
           "\n";
  }
  if (type == "response_start") {
    const auto asker = frame.text("request_connection_id");
    own_ = asker.empty() || asker == connection_id_;
    answering_ = true;
    if (!style_.terminal()) return {};
    return fmt::format("\n{} {}\n", style_.bold(own_ ? "Answer" : "Answer to somebody else"),
                       style_.dim(fmt::format("({} - {})", short_id(session_id_), model_)));
  }
  if (type == "chunk") {
    // Off a terminal only the answers to our own questions are wanted.
    if (!style_.terminal() && !own_) return {};
    const std::string text = frame.text("text");
    if (!text.empty()) mid_line_ = text.back() != '\n';
    return text;
  }
  if (type != "response_complete") return {};
  answering_ = false;
  std::string text = mid_line_ ? "\n" : "";
  mid_line_ = false;
  if (own_) settle(false);
  if (!style_.terminal()) return own_ ? text : std::string();
  return text + style_.panel("RESPONSE COMPLETED",
                             {{"Total Chunks", std::to_string(frame.number("total_chunks"))},
                              {"Total Time", fmt::format("{:.3f}s", frame.real("processing_time"))},
                              {"Session Messages", std::to_string(frame.number("message_count"))}});
}

std::string ChatView::show_update(const Frame& frame) {
  if (!style_.terminal()) return {};
  const std::string kind = frame.text("update_type");
  if (kind == "user_typing")
    return frame.flag("typing") ? style_.dim("Someone else is typing...\n") : "";
  if (kind == "message_added") {
    // Own questions and all answers are on the screen anyway.
    if (frame.text("role") == "model" || frame.text("connection_id") == connection_id_) return {};
    return style_.dim(fmt::format("Session updated: {} messages\n", frame.number("message_count")));
  }
  if (kind == "user_joined") return style_.dim("Somebody joined the session\n");
  if (kind == "user_left" || kind == "user_disconnected")
    return style_.dim("Somebody left the session\n");
  if (kind == "session_cleared") return style_.yellow("The session was cleared\n");
  if (kind != "session_deleted") return {};
  session_id_.clear();
  return style_.yellow("The session was deleted\n");
}

std::string ChatView::show_error(const Frame& frame) {
  const auto asker = frame.text("request_connection_id");
  const bool ours = asker.empty() || asker == connection_id_;
  if (ours) settle(true);
  answering_ = false;
  std::string text = mid_line_ ? "\n" : "";
  mid_line_ = false;
  text += style_.red("Error: ") + frame.text("message");
  if (const auto wait = frame.number("retry_after_ms"); wait > 0)
    text += fmt::format(" (try again in {:.1f} s)", static_cast<double>(wait) / 1000);
  return text + "\n";
}

}  // namespace parley::cli
