#include "parley/gemini/continuity/detail/calls.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/gemini/continuity/detail/history.hpp"

namespace parley::gemini::detail {
namespace {

// An answer with the id that the connection gave the call.
FunctionResponse with_id(FunctionResponse response, const std::optional<std::string>& id) {
  response.id = id;
  return response;
}

}  // namespace

bool Calls::is_taken(const std::string& id) const {
  return std::ranges::find(open_, id, &Open::id) != open_.end() ||
         std::ranges::find(retired_, id) != retired_.end();
}

std::vector<FunctionCall> Calls::came(std::vector<FunctionCall> calls, LinkId link,
                                      std::vector<FunctionResponse>& answers) {
  std::vector<FunctionCall> fresh;
  for (auto& call : calls) {
    const auto same = std::ranges::find_if(open_, [&](const Open& one) {
      return !one.known && one.call.name == call.name && one.call.args == call.args;
    });
    if (same != open_.end()) {
      same->known = true;
      same->service_id = call.id;
      for (const auto& answer : same->answers) answers.push_back(with_id(answer, call.id));
      continue;
    }
    Open open;
    open.service_id = call.id;
    if (call.id) {
      open.id = *call.id;
      for (int n = 0; is_taken(open.id); ++n) open.id = fmt::format("{}~{}", *call.id, link + n);
      call.id = open.id;
    }
    open.call = call;
    open_.push_back(std::move(open));
    fresh.push_back(std::move(call));
  }
  return fresh;
}

Calls::Open* Calls::find(const FunctionResponse& response) {
  const auto found = std::ranges::find_if(open_, [&](const Open& one) {
    if (one.answered) return false;
    return response.id ? one.id == *response.id : one.id.empty() && one.call.name == response.name;
  });
  return found == open_.end() ? nullptr : &*found;
}

Result<void> Calls::answer(std::vector<FunctionResponse>& responses, bool connected,
                           std::vector<FunctionResponse>& late) {
  for (const auto& response : responses)
    if (find(response) == nullptr &&
        std::ranges::find(retired_, response.id.value_or("")) == retired_.end())
      return fail(
          Error(ErrorKind::invalid_argument, fmt::format("no call of {} with the id \"{}\" is open",
                                                         response.name, response.id.value_or("")))
              .with_stage(Stage::send));
  std::vector<FunctionResponse> now;
  for (auto& response : responses) {
    auto* open = find(response);
    if (open == nullptr) {
      late.push_back(std::move(response));
      continue;
    }
    open->answers.push_back(response);
    open->answered = !response.will_continue.value_or(false);
    if (open->known && connected) now.push_back(with_id(std::move(response), open->service_id));
  }
  responses = std::move(now);
  return {};
}

std::vector<std::string> Calls::cancelled(const std::vector<std::string>& service_ids) {
  std::vector<std::string> ids;
  for (const auto& id : service_ids) {
    const auto found = std::ranges::find_if(
        open_, [&](const Open& one) { return one.known && one.service_id == id; });
    if (found == open_.end()) continue;
    if (!found->answered) ids.push_back(found->id);
    retired_.push_back(found->id);
    open_.erase(found);
  }
  return ids;
}

void Calls::mark() {
  for (auto& one : open_) one.in_handle = one.in_handle || one.known;
}

std::vector<FunctionResponse> Calls::moved(bool with_handle) {
  std::vector<FunctionResponse> answers;
  for (auto& one : open_) {
    one.known = with_handle && one.in_handle;
    one.in_handle = one.known;
    if (one.known)
      for (const auto& answer : one.answers) answers.push_back(with_id(answer, one.service_id));
  }
  return answers;
}

// Takes those out; gives the ids of the ones that the program has not answered.
std::vector<std::string> Calls::retire(bool (*which)(const Open&)) {
  std::vector<std::string> ids;
  for (auto& one : open_) {
    if (!which(one)) continue;
    if (!one.answered) ids.push_back(one.id);
    if (one.answered) words_ += call_in_words(one.call, one.answers);
    retired_.push_back(one.id);
  }
  std::erase_if(open_, which);
  while (retired_.size() > 100) retired_.pop_front();
  return ids;
}

std::vector<std::string> Calls::turn_done() {
  return retire([](const Open& one) { return one.answered || !one.known; });
}

std::vector<std::string> Calls::drop_all() {
  return retire([](const Open&) { return true; });
}

bool Calls::any_open() const {
  return std::ranges::any_of(open_, [](const Open& one) { return !one.answered; });
}

}  // namespace parley::gemini::detail
