/* Round trips through the C++ wrapper: both processes poll. */
#include "ends.hpp"

namespace {

template <typename T>
struct RoundTrip {
  static void run(const trial_t &trial) { trial.role != nullptr ? answer(trial) : ask(trial); }

  static void answer(const trial_t &trial) {
    trial_pin(trial.core_b);
    auto self = ends::attach<T>(trial.world, false);
    trial_ready();
    for (std::uint64_t trip = 0; trip < trial.warm_up + trial.messages; ++trip) {
      ends::take(trial, self.receiver, trip);
      ends::send(trial, self.sender, trip);
    }
  }

  static void ask(const trial_t &trial) {
    const char *name = trial_world_name();
    trial_pin(trial.core_a);
    auto self = ends::create<T>(trial, name, true);
    const trial_peer_t peer = trial_start_peer(&trial, "answer", name);
    (void)vil::World::unlink(name);
    trial_times_t times = trial_times(&trial, trial.warm_up, 1);
    for (std::uint64_t trip = 0; trip < trial.warm_up + trial.messages; ++trip) {
      ends::send(trial, self.sender, trip);
      ends::take(trial, self.receiver, trip);
      trial_received(&times);
    }
    trial_say(&trial, &times);
    trial_end_peer(&peer);
  }
};

}  // namespace

int main(int argc, char **argv) { return ends::with_size<RoundTrip>(trial_of(argc, argv)); }
