#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "parley/base/random.hpp"
#include "parley/limit/limiter.hpp"
#include "parley/limit/window.hpp"

// A service with a quota that its client does not know, on virtual time, and three kinds of client.
// Deterministic: the same seed gives the same run. For the tests and bench/limit.
namespace parley::limit::simulation {

enum class QuotaRule { sliding, aligned };  // any 60 s, or each minute of the clock
// What a refusal says: all; the kind of quota and a time; nothing but 429.
enum class Refusals { with_value, with_time, bare };

struct Service {
  std::int64_t quota = 100;  // requests in 60 s
  QuotaRule rule = QuotaRule::sliding;
  Refusals refusals = Refusals::with_time;
};

struct Score {
  std::int64_t served = 0, refused = 0;
  double used = 0;      // share of the quota that was served
  double refusals = 0;  // share of the answers that were 429
};

// Decides when the next request may go.
class Client {
 public:
  virtual ~Client() = default;
  // True: a request goes now, to be ended with its number.
  virtual bool go(const Moment& now, std::uint64_t& number) = 0;
  // When to ask again, if no answer comes first.
  virtual TimePoint next(const Moment& now) = 0;
  virtual void end(std::uint64_t number, const std::optional<Error>& refusal,
                   const Moment& now) = 0;
};

// The limiter of this module with `limits`, learning.
class Adaptive final : public Client {
 public:
  Adaptive(const Limits& limits, const LearnOptions& learn)
      : pool_(limiter_.configure("project", "model", limits, Price(), learn).value()) {}
  bool go(const Moment& now, std::uint64_t& number) override {
    const auto lease = limiter_.reserve(pool_, Demand(), now);
    if (lease) number = *lease;
    until_ = lease ? std::nullopt : lease.error().until;
    return lease.has_value();
  }
  TimePoint next(const Moment& now) override {
    return until_.value_or(now.at + std::chrono::seconds(1));
  }
  void end(std::uint64_t number, const std::optional<Error>& refusal, const Moment& now) override {
    limiter_.settle(number, refusal ? Outcome::of(*refusal) : Outcome(Outcome::Kind::success), now);
  }

 private:
  Limiter limiter_;
  PoolId pool_;
  std::optional<TimePoint> until_;
};

// A window of 60 s with a limit that somebody wrote down. Waits as long as the service says.
class Fixed final : public Client {
 public:
  explicit Fixed(std::int64_t limit) : window_(std::chrono::seconds(60)), limit_(limit) {}
  bool go(const Moment& now, std::uint64_t&) override {
    if (now.at < ready_ || window_.used(now.at) >= limit_) return false;
    window_.take(now.at, 1);
    return true;
  }
  TimePoint next(const Moment& now) override {
    return std::max(ready_, window_.fits_at(now.at, 1, limit_));
  }
  void end(std::uint64_t, const std::optional<Error>& refusal, const Moment& now) override {
    if (refusal && refusal->retry_after())
      ready_ = std::max(ready_, now.at + *refusal->retry_after());
  }

 private:
  SlidingWindow window_;
  std::int64_t limit_;
  TimePoint ready_{};
};

// Additive increase, multiplicative decrease of an even rate, as many clients have it: halved by a
// refusal (once a second), one more each minute; waits as long as the service says.
class PlainAimd final : public Client {
 public:
  explicit PlainAimd(double per_minute) : rate_(per_minute) {}
  bool go(const Moment& now, std::uint64_t&) override {
    if (now.at < ready_) return false;
    ready_ =
        now.at + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(60 / rate_));
    return true;
  }
  TimePoint next(const Moment&) override { return ready_; }
  void end(std::uint64_t, const std::optional<Error>& refusal, const Moment& now) override {
    if (!refusal) {
      rate_ += 1 / rate_;
      return;
    }
    if (refusal->retry_after()) ready_ = std::max(ready_, now.at + *refusal->retry_after());
    if (now.at - reduced_ < std::chrono::seconds(1)) return;
    reduced_ = now.at;
    rate_ = std::max(rate_ / 2, 1.0);
  }

 private:
  double rate_;
  TimePoint ready_{};
  TimePoint reduced_{};
};

class Run {
 public:
  Run(const Service& service, Client& client, std::uint64_t seed)
      : service_(service), client_(&client), random_(seed) {}

  // A client that always has something to ask. What happens before `warm_up` is not counted.
  Score play(Duration warm_up, Duration counted) {
    const TimePoint begin = TimePoint() + std::chrono::hours(1);
    const TimePoint end = begin + warm_up + counted;
    now_ = begin;
    while (now_ < end) {
      counting_ = now_ >= begin + warm_up;
      if (open_ < most_open && client_->go(moment(), number_)) {
        send();
        continue;
      }
      auto next = std::max(client_->next(moment()), now_ + std::chrono::nanoseconds(1));
      if (open_ == most_open) next = TimePoint::max();
      if (!events_.empty() && events_.top().at <= next) {
        const Event event = events_.top();
        events_.pop();
        now_ = event.at;
        handle(event);
      } else {
        now_ = next;
      }
    }
    const double minutes = std::chrono::duration<double>(counted).count() / 60;
    score_.used =
        static_cast<double>(score_.served) / (minutes * static_cast<double>(service_.quota));
    score_.refusals =
        static_cast<double>(score_.refused) /
        static_cast<double>(std::max<std::int64_t>(score_.served + score_.refused, 1));
    return score_;
  }

 private:
  struct Event {
    TimePoint at;
    std::uint64_t order;
    bool arrives;  // at the service, or its answer at the client
    std::uint64_t number;
    std::optional<Error> refusal;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  static constexpr int most_open = 2000;

  Moment moment() const {
    return Moment(
        now_,
        from_unix_ms(1'767'000'000'000 +
                     std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch())
                         .count()));
  }
  Duration between(int least_ms, int most_ms) {
    return std::chrono::milliseconds(
        least_ms + static_cast<int>(random_.below(static_cast<std::uint64_t>(most_ms - least_ms))));
  }
  void push(Duration in, bool arrives, std::uint64_t number, std::optional<Error> refusal) {
    events_.push(Event{now_ + in, ++order_, arrives, number, std::move(refusal)});
  }
  void send() {
    ++open_;
    push(between(10, 40), true, number_, {});
  }
  void handle(const Event& event) {
    if (!event.arrives) {
      --open_;
      client_->end(event.number, event.refusal, moment());
      return;
    }
    using std::chrono::seconds;
    if (service_.rule == QuotaRule::aligned) {
      const auto minute = now_.time_since_epoch() / seconds(60);
      if (minute != minute_) taken_.clear();
      minute_ = minute;
    } else {
      while (!taken_.empty() && now_ - taken_.front() >= seconds(60)) taken_.pop_front();
    }
    const bool fits = static_cast<std::int64_t>(taken_.size()) < service_.quota;
    if (counting_) ++(fits ? score_.served : score_.refused);
    if (fits) {
      taken_.push_back(now_);
      push(between(300, 2500), false, event.number, {});
      return;
    }
    push(between(20, 60), false, event.number, refusal());
  }
  Error refusal() {
    Error error(ErrorKind::rate_limited, "Resource has been exhausted (e.g. check quota).");
    error = std::move(error).with_http_status(429);
    if (service_.refusals == Refusals::bare) return error;
    using std::chrono::seconds;
    const auto passed = now_.time_since_epoch() % seconds(60);
    const Duration left = service_.rule == QuotaRule::aligned ? Duration(seconds(60)) - passed
                                                              : taken_.front() + seconds(60) - now_;
    const auto delay = std::chrono::ceil<std::chrono::milliseconds>(left);
    error = std::move(error).with_retry_after(delay).with_detail(
        "quota_id", "GenerateRequestsPerMinutePerProjectPerModel");
    if (service_.refusals == Refusals::with_value)
      error = std::move(error).with_detail("quota_value", std::to_string(service_.quota));
    return error;
  }

  Service service_;
  Client* client_;
  SeededRandom random_;
  TimePoint now_{};
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0, number_ = 0;
  int open_ = 0;
  bool counting_ = false;
  std::deque<TimePoint> taken_;
  std::int64_t minute_ = -1;
  Score score_;
};

// The limiter of this module: `configured` requests a minute, or nothing but a first guess of 10.
inline std::unique_ptr<Client> adaptive(std::optional<std::int64_t> configured) {
  Limits limits;
  limits.requests_per_minute = configured;
  LearnOptions learn;
  learn.start = configured ? 0 : 10;
  return std::make_unique<Adaptive>(limits, learn);
}

}  // namespace parley::limit::simulation
