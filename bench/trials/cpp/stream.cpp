/* A stream through the C++ wrapper: one process sends as fast as it can, this one receives and measures. */
#include "ends.hpp"

namespace {

template <typename T>
struct Stream {
  static void run(const trial_t &trial) { trial.role != nullptr ? produce(trial) : consume(trial); }

  static void produce(const trial_t &trial) {
    trial_pin(trial.core_b);
    auto self = ends::attach<T>(trial.world, true);
    trial_ready();
    for (std::uint64_t number = 0; number < trial.warm_up + trial.messages; ++number) {
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
    for (std::uint64_t number = 0; number < trial.warm_up + trial.messages; ++number) {
      ends::take(trial, self.receiver, number);
      trial_received(&times);
    }
    trial_say(&trial, &times);
    trial_end_peer(&peer);
  }
};

}  // namespace

int main(int argc, char **argv) { return ends::with_size<Stream>(trial_of(argc, argv)); }
