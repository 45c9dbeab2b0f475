/* A stream through the C++ wrapper: one process sends as fast as it can, this one receives and measures.
   With --chunk one call moves several messages. */
#include "ends.hpp"

#include <algorithm>

namespace {

template <typename T>
struct Stream {
  static void run(const trial_t &trial) { trial.role != nullptr ? produce(trial) : consume(trial); }

  // Messages that one call is to move: no more than are left.
  static std::size_t chunk_of(const trial_t &trial, std::size_t left) { return left < trial.chunk ? left : trial.chunk; }

  static void produce(const trial_t &trial) {
    trial_pin(trial.core_b);
    auto self = ends::attach<T>(trial.world, true);
    trial_ready();
    const std::size_t messages = trial.warm_up + trial.messages;
    std::size_t number = 0;
    vil::LoanBatch<T, TRIAL_CHUNK> loans(self.sender);
    while (trial.chunk > 1 && number < messages) {
      const std::size_t count = chunk_of(trial, messages - number);
      ends::send_batch(trial, loans, number, count);
      number += count;
    }
    for (; number < messages; ++number) {
      ends::send(trial, self.sender, number);
    }
  }

  static void consume(const trial_t &trial) {
    const char *name = trial_world_name();
    trial_pin(trial.core_a);
    auto self = ends::create<T>(trial, name, false);
    trial_times_t times = trial_times(&trial, trial.warm_up, trial.batch);
    const trial_peer_t peer = trial_start_peer(&trial, "produce", name);
    (void)vil::World::unlink(name);
    const std::size_t messages = trial.warm_up + trial.messages;
    std::size_t number = 0;
    vil::IncomingBatch<T, TRIAL_CHUNK> incoming(self.receiver);
    while (trial.chunk > 1 && number < messages) {
      const std::size_t left = std::min(messages - number, times.left);
      const std::size_t count = ends::take_batch(trial, incoming, number, chunk_of(trial, left));
      trial_received_many(&times, count);
      number += count;
    }
    for (; number < messages; ++number) {
      ends::take(trial, self.receiver, number);
      trial_received(&times);
    }
    trial_say(&trial, &times);
    trial_end_peer(&peer);
  }
};

}  // namespace

int main(int argc, char **argv) { return ends::with_size<Stream>(trial_of(argc, argv)); }
