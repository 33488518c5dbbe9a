#pragma once

#include <mutex>
#include <thread>

namespace parley::api {

// A mutex for critical sections far shorter than a thread's time slice. Whoever finds it taken
// first lets others run, and sleeps only where it stays taken (its owner writes a file): with many
// threads on few cores a sleep and a wake-up at each turn would cost several times what is done
// under the lock. Does for limit::Gate.
class BriefMutex {
 public:
  void lock() {
    if (!mutex_.try_lock()) lock_taken();
  }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int kYields = 32;

  void lock_taken() {
    for (int n = 0; n < kYields; ++n) {
      std::this_thread::yield();
      if (mutex_.try_lock()) return;
    }
    mutex_.lock();
  }

  std::mutex mutex_;
};

}  // namespace parley::api
