#include "parley/gemini/functions.hpp"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {

namespace asio = boost::asio;

struct Functions::Entry {
  Entry(FunctionDeclaration of, Plain plain_form, Async async_form)
      : declaration(std::move(of)), plain(std::move(plain_form)), async(std::move(async_form)) {}
  FunctionDeclaration declaration;
  Plain plain;
  Async async;
};

void Functions::add(FunctionDeclaration declaration, Plain run) {
  auto name = declaration.name;
  entries_[std::move(name)] =
      std::make_shared<const Entry>(std::move(declaration), std::move(run), nullptr);
}
void Functions::add(FunctionDeclaration declaration, Async run) {
  auto name = declaration.name;
  entries_[std::move(name)] =
      std::make_shared<const Entry>(std::move(declaration), nullptr, std::move(run));
}

const FunctionDeclaration* Functions::declaration(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second->declaration;
}

std::vector<FunctionDeclaration> Functions::declarations() const {
  std::vector<FunctionDeclaration> all;
  for (const auto& [name, entry] : entries_) all.push_back(entry->declaration);
  return all;
}

namespace {

Task<Result<json::Members>> call_async(const Functions::Async& run, CallContext context) {
  try {
    co_return co_await run(std::move(context));
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) throw;  // the waiting task is cancelled
    co_return fail(ErrorKind::internal, error.what());
  } catch (const std::exception& error) {
    co_return fail(ErrorKind::internal, error.what());
  } catch (...) {
    co_return fail(ErrorKind::internal, "the function failed");
  }
}

Result<json::Members> call_plain(const Functions::Plain& run, const json::Members& arguments) {
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    return fail(ErrorKind::internal, error.what());
  } catch (...) {
    return fail(ErrorKind::internal, "the function failed");
  }
}

// The answers of one turn while they are being made.
struct Gathering {
  Gathering(const asio::any_io_executor& executor, std::size_t count)
      : answers(count), left(count), done(executor, asio::steady_timer::time_point::max()) {}
  std::vector<FunctionResponse> answers;
  std::size_t left;
  asio::steady_timer done;  // cancelled when the last is there
  std::stop_source stop;
};

Task<void> run_into(std::shared_ptr<Gathering> gathering, std::size_t at, Functions functions,
                    FunctionCall call) {
  const auto token = gathering->stop.get_token();
  gathering->answers[at] = co_await functions.run(std::move(call), token);
  if (--gathering->left == 0) gathering->done.cancel();
}

}  // namespace

CallContext context_of(const FunctionCall& call, std::stop_token stop) {
  CallContext context;
  context.id = call.id.value_or("");
  context.name = call.name;
  context.arguments = call.args.value_or(json::Members());
  context.stop = std::move(stop);
  return context;
}

json::Members response_of(Result<json::Members> result) {
  if (result) return std::move(*result);
  return json::Members(json::Object{{"error", redact(result.error().message())}});
}

Task<Result<json::Members>> Functions::call(CallContext context) const {
  const auto found = entries_.find(context.name);
  if (found == entries_.end())
    co_return fail(ErrorKind::not_found, fmt::format("there is no function {}", context.name));
  const auto entry = found->second;  // outlives this object, as the call may
  if (entry->plain) co_return call_plain(entry->plain, context.arguments);
  co_return co_await call_async(entry->async, std::move(context));
}

Task<FunctionResponse> Functions::run(FunctionCall call, std::stop_token stop) const {
  FunctionResponse response(call.name);
  response.id = call.id;
  auto context = context_of(call, std::move(stop));
  auto result = co_await this->call(std::move(context));
  response.response = response_of(std::move(result));
  co_return response;
}

Task<std::vector<FunctionResponse>> Functions::run_all(std::vector<FunctionCall> calls) const {
  if (calls.empty()) co_return std::vector<FunctionResponse>();
  const auto executor = co_await asio::this_coro::executor;
  const auto gathering = std::make_shared<Gathering>(executor, calls.size());
  struct StopAtEnd {
    std::shared_ptr<Gathering> of;
    ~StopAtEnd() { of->stop.request_stop(); }
  };
  const StopAtEnd stop_at_end{gathering};
  for (std::size_t i = 0; i < calls.size(); ++i)
    asio::co_spawn(executor, run_into(gathering, i, *this, std::move(calls[i])), asio::detached);
  while (gathering->left > 0) {
    boost::system::error_code ignored;
    co_await gathering->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return std::move(gathering->answers);
}

}  // namespace parley::gemini
