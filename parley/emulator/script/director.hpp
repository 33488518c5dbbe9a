#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/time.hpp"
#include "parley/emulator/quota/quota.hpp"
#include "parley/emulator/script/script.hpp"
#include "parley/gemini/types.hpp"
#include "parley/http/message.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {

// A request over REST, or a setup or turn of a Live session, as rules see it.
struct Asked {
  Asked() = default;
  bool live = false;
  When::Event event = When::Event::turn;
  // REST: it generates content, so that a rule with an "answer" may be meant.
  bool generates = true;
  std::string method, path, model, key;    // the model is bare; the key may be a token
  const http::Headers* headers = nullptr;  // of the request, or the upgrade; null: none
  std::string text;                        // of the user's last turn
  std::vector<std::string> tool_results;   // functions whose answers it carries
  const json::Value* request = nullptr;    // the body, or the setup; null: none
};

// Tells which rule of a script is meant, and counts how often each was. Shared by a service and its
// sessions; not thread-safe.
class Director {
 public:
  // `now`: of the quotas; empty: the system's clock.
  explicit Director(Script script, std::function<WallTime()> now = {});
  ~Director();
  Director(const Director&) = delete;
  Director& operator=(const Director&) = delete;

  // Null: no rule is meant. The reply lives as long as the director.
  const Reply* find(const Asked& asked);

  // Counts a request, or the tokens of a further turn of a session; what the quotas refuse.
  std::optional<QuotaRefusal> charge(std::string_view model, std::string_view key,
                                     std::int64_t input_tokens, bool new_request);

  const Script& script() const { return script_; }
  json::Array quotas_used() const { return quota_.used(now_()); }
  // For a status page: {name, line, matched} of each rule.
  json::Array state() const;

 private:
  struct Compiled;
  Script script_;
  std::vector<std::unique_ptr<Compiled>> compiled_;  // one for each rule
  Quota quota_;
  std::function<WallTime()> now_;
};

// True where `value` has all members of `part`, each with that value; lists are compared element by
// element. Names may be written in either spelling (generationConfig, generation_config).
bool has_members(const json::Value& value, const json::Value& part);
// The text and the answered functions of the last turn of a conversation.
void note_turn(const std::vector<gemini::Content>& contents, Asked& out);

}  // namespace parley::emulator
