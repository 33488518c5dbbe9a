#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/gemini/types.hpp"
#include "parley/net/task.hpp"

namespace parley::gemini {

// One call of a function by a model.
struct CallContext {
  CallContext() = default;
  std::string id;    // by which the service knows the call; empty: it gave none
  std::string name;  // of the function
  json::Members arguments;
  std::stop_token stop;  // asked for where the answer is no longer wanted
  // Of a Live session and a NON_BLOCKING function: sends a part of the answer before the whole.
  // Empty elsewhere. Errors: those of Live::respond().
  std::function<Task<Result<void>>(json::Members part)> progress;
};

// The functions that a model may call. What a function gives is an object, by convention
// {"output": …}; its error, and what it throws, is answered as {"error": "…"}, so that the model
// can go on. Cheap to copy: copies share the functions, which must not change what they capture
// without regard to that. Belongs to one executor.
class Functions {
 public:
  // Runs in one go on the executor's thread: it must not block.
  using Plain = std::function<Result<json::Members>(const json::Members& arguments)>;
  // A coroutine. It takes what it needs as parameters: a coroutine lambda must capture nothing that
  // may end before it does.
  using Async = std::function<Task<Result<json::Members>>(CallContext call)>;

  // A second one of the same name takes the place of the first.
  void add(FunctionDeclaration declaration, Plain run);
  void add(FunctionDeclaration declaration, Async run);

  bool has(std::string_view name) const { return entries_.contains(name); }
  bool empty() const { return entries_.empty(); }
  // Null where there is no such function.
  const FunctionDeclaration* declaration(std::string_view name) const;
  std::vector<FunctionDeclaration> declarations() const;

  // What the function gives, or why not; what it throws is an Error (internal). Errors besides
  // those of the function: not_found (no such function).
  Task<Result<json::Members>> call(CallContext context) const;
  // The answer to one call, with its id: what it gave, or {"error": …}.
  Task<FunctionResponse> run(FunctionCall call, std::stop_token stop = {}) const;
  // The answers to all calls of a turn, in their order. Coroutines run side by side; where the
  // waiting task is cancelled, they are asked to stop and their answers are dropped.
  Task<std::vector<FunctionResponse>> run_all(std::vector<FunctionCall> calls) const;

 private:
  struct Entry;
  std::map<std::string, std::shared_ptr<const Entry>, std::less<>> entries_;
};

CallContext context_of(const FunctionCall& call, std::stop_token stop);
// What a function gave as the object that a model reads: its error is {"error": message}.
json::Members response_of(Result<json::Members> result);

}  // namespace parley::gemini
