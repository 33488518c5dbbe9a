#pragma once

#include <memory>
#include <utility>

#include "parley/limit/limiter.hpp"

namespace parley::limit {

// Whoever gave a lease and takes it back. Thread-safe.
class LeaseOwner {
 public:
  virtual ~LeaseOwner() = default;
  virtual void end(LeaseId lease, const Outcome& outcome) = 0;
  virtual void charge(LeaseId lease, const Usage& usage) = 0;
};

// The right to make one call (or to hold one session), with all that was reserved for it. Keep it
// until the last byte of the answer; end it by settle(). Destroyed without that, it ends as failed:
// nothing leaks. May be moved to another thread; one thread at a time.
class Lease {
 public:
  Lease() = default;
  Lease(std::shared_ptr<LeaseOwner> owner, LeaseId id) : owner_(std::move(owner)), id_(id) {}
  Lease(Lease&& other) noexcept : owner_(std::move(other.owner_)), id_(other.id_) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    settle(Outcome::Kind::failed);
    owner_ = std::move(other.owner_);
    id_ = other.id_;
    return *this;
  }
  ~Lease() { settle(Outcome::Kind::failed); }

  // False after settle(), after a move, and for one that was never granted.
  explicit operator bool() const { return owner_ != nullptr; }
  LeaseId id() const { return id_; }

  // Ends it. The first call counts; later ones do nothing.
  void settle(const Outcome& outcome) {
    if (const auto owner = std::exchange(owner_, nullptr)) owner->end(id_, outcome);
  }
  // Books what a session has used since the last time, see Limiter::charge.
  void charge(const Usage& usage) {
    if (owner_) owner_->charge(id_, usage);
  }

 private:
  std::shared_ptr<LeaseOwner> owner_;
  LeaseId id_ = 0;
};

}  // namespace parley::limit
