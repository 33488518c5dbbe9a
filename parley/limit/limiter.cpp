#include "parley/limit/limiter.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/limit/backoff.hpp"
#include "parley/limit/detail/limiter_state.hpp"

namespace parley::limit {

using detail::Amounts;
using detail::Pool;

Outcome Outcome::success(const Usage& used) {
  Outcome outcome(Kind::success);
  outcome.usage = used;
  return outcome;
}

Outcome Outcome::refused(Error error) {
  Outcome outcome(Kind::rate_limited);
  outcome.error = std::move(error);
  return outcome;
}

Outcome Outcome::of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::rate_limited:
      return refused(error);
    case ErrorKind::cancelled:
      return Kind::cancelled;
    case ErrorKind::missing_credentials:
    case ErrorKind::resolve_failed:
    case ErrorKind::connect_failed:
    case ErrorKind::tls_failed:
      return Kind::unsent;
    case ErrorKind::invalid_argument:
    case ErrorKind::unauthenticated:
    case ErrorKind::permission_denied:
    case ErrorKind::not_found:
      return Kind::rejected;
    default:
      if (error.http_status() == 429 || error.http_status() == 503) return refused(error);
      return Kind::failed;
  }
}

Limiter::Limiter(const LimiterOptions& options) : state_(std::make_unique<State>(options)) {}
Limiter::Limiter(Limiter&&) noexcept = default;
Limiter& Limiter::operator=(Limiter&&) noexcept = default;
Limiter::~Limiter() = default;

Result<PoolId> Limiter::configure(std::string_view project, std::string_view model,
                                  const Limits& limits, const Price& price,
                                  const LearnOptions& learn) {
  if (auto checked = check(limits); !checked) return fail(std::move(checked.error()));
  if (!(learn.decrease >= 0.1 && learn.decrease <= 0.99) || learn.successes < 1 || learn.start < 0)
    return fail(ErrorKind::invalid_argument,
                fmt::format("learning for '{}': decrease must be 0.1 to 0.99, successes 1 or more, "
                            "start not negative",
                            model));
  auto& shared = state_->projects[std::string(project)];
  if (!shared) shared = std::make_unique<detail::Project>(Limits());
  const auto key = std::pair(std::string(project), std::string(model));
  const auto [at, made] = state_->ids.try_emplace(key, static_cast<PoolId>(state_->pools.size()));
  if (made) {
    state_->pools.push_back(std::make_unique<Pool>(key.first, key.second, *shared, limits, learn));
    shared->pools.push_back(at->second);
  } else {
    state_->pools[at->second]->account.configure(limits, learn);
  }
  state_->pools[at->second]->price = price;
  state_->pump(*shared, state_->last);
  return at->second;
}

Result<void> Limiter::configure_project(std::string_view project, const Limits& limits) {
  if (auto checked = check(limits); !checked) return checked;
  auto& shared = state_->projects[std::string(project)];
  if (!shared) shared = std::make_unique<detail::Project>(limits);
  shared->account.configure(limits, LearnOptions());
  state_->pump(*shared, state_->last);
  return {};
}

std::optional<PoolId> Limiter::find(std::string_view project, std::string_view model) const {
  const auto found = state_->ids.find(std::pair(std::string(project), std::string(model)));
  if (found == state_->ids.end()) return std::nullopt;
  return found->second;
}

Moment Limiter::State::forward(const Moment& now) {
  last = Moment(std::max(last.at, now.at), now.wall);
  if (!open_windows.empty()) tell_ended_windows(last);
  return last;
}

Limiter::State::Both Limiter::State::look(Pool& pool, const Amounts& amounts,
                                          const std::string& caller, const Moment& now) {
  Both both;
  both.own = pool.account.verdict(amounts, caller, now);
  if (!pool.project->account.inert(now.at))
    both.shared = pool.project->account.verdict(amounts, caller, now);
  return both;
}

Refusal Limiter::State::refusal_of(const Both& both) {
  const auto& own = both.own;
  const auto& shared = both.shared;
  Refusal refusal;
  refusal.project_wide =
      own.mask == 0 ||
      (!own.never && (shared.never || (own.until && shared.mask != 0 &&
                                       (!shared.until || *shared.until > *own.until))));
  const auto& worst = refusal.project_wide ? shared : own;
  refusal.why = worst.never ? Refusal::Why::never_fits : Refusal::Why::blocked;
  refusal.dimension = worst.dimension;
  refusal.until = worst.until;
  refusal.largest = worst.largest;
  return refusal;
}

LeaseId Limiter::State::take(PoolId id, const Demand& demand, const Amounts& amounts,
                             const Moment& now) {
  Pool& pool = *pools[id];
  std::uint32_t place = 0;
  if (spare.empty()) {
    place = static_cast<std::uint32_t>(leases.size());
    leases.emplace_back();
  } else {
    place = spare.back();
    spare.pop_back();
  }
  auto& lease = leases[place];
  lease.pool = id;
  lease.live = true;
  lease.amounts = amounts;
  lease.estimate = demand.estimate;
  lease.charged = Usage();
  lease.caller = demand.caller;
  lease.own = pool.account.take(amounts, demand.caller, now);
  lease.shared.reset();
  if (!pool.project->account.inert(now.at))
    lease.shared = pool.project->account.take(amounts, demand.caller, now);
  ++pool.leases;
  if (keep_notices)
    tell(Notice::Kind::reserved, id, Dimension::requests_per_minute, {},
         demand.estimate.input_tokens + demand.estimate.output_tokens);
  return static_cast<LeaseId>(lease.generation) << 32 | place;
}

std::expected<LeaseId, Refusal> Limiter::reserve(PoolId id, const Demand& demand,
                                                 const Moment& when) {
  const Moment now = state_->forward(when);
  Pool& pool = *state_->pools.at(id);
  const Amounts amounts = detail::amounts_of(demand, pool.price);
  if (!state_->tickets.empty()) state_->pump(*pool.project, now);
  const auto both = state_->look(pool, amounts, demand.caller, now);
  std::optional<Refusal> refusal;
  if (!both.fits()) {
    refusal = State::refusal_of(both);
  } else if (const auto* first = state_->tickets.empty()
                                     ? nullptr
                                     : state_->ahead_of(pool, amounts, demand.priority)) {
    refusal = first->refusal;
    refusal->why = Refusal::Why::waiting;
  }
  if (!refusal) {
    if (!pool.queue.empty()) state_->count_higher(pool, demand.priority);
    return state_->take(id, demand, amounts, now);
  }
  state_->tell(pool.account.cooldown(refusal->dimension, now.at) ? Notice::Kind::window_hit
                                                                 : Notice::Kind::rejected,
               id, refusal->dimension, refusal->until);
  return std::unexpected(*refusal);
}

Error Limiter::State::error_of(const Refusal& refusal, const Pool& pool, const Moment& now) const {
  const auto name = to_string(refusal.dimension);
  const std::string whose = refusal.project_wide ? fmt::format("project '{}'", pool.project_name)
                                                 : fmt::format("model '{}'", pool.model);
  if (refusal.why == Refusal::Why::never_fits && refusal.largest == 0)
    return Error(ErrorKind::permission_denied,
                 fmt::format("the limit {} of {} is 0: it cannot be used at all", name, whose))
        .with_detail("dimension", std::string(name));
  if (refusal.why == Refusal::Why::never_fits)
    return Error(ErrorKind::too_large,
                 fmt::format("the request is larger than the limit {} of {}, which is {}", name,
                             whose, refusal.largest))
        .with_detail("dimension", std::string(name))
        .with_detail("largest", std::to_string(refusal.largest));
  Error error =
      Error(ErrorKind::rate_limited,
            fmt::format("{}{} of {} is used up",
                        refusal.why == Refusal::Why::waiting ? "others wait: " : "", name, whose))
          .with_detail("dimension", std::string(name));
  if (!refusal.until) return error;
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(*refusal.until - now.at);
  return std::move(error).with_retry_after(std::max(left, milliseconds(1)));
}

Error Limiter::error_of(const Refusal& refusal, PoolId pool, const Moment& now) const {
  return state_->error_of(refusal, *state_->pools.at(pool), now);
}

}  // namespace parley::limit
