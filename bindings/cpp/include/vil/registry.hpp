// The registry of a world: who is attached, who holds what, who is dead, and what happened.
#ifndef VIL_REGISTRY_HPP
#define VIL_REGISTRY_HPP

#include <cstdint>

#include "vil/result.hpp"
#include "vil/world.hpp"

namespace vil {

// Looks into the registry of a world, and looks after it. A copyable value; it does not keep the world open: once the
// world is closed every call answers e_handle.
class Registry {
 public:
  explicit Registry(const World &world) noexcept : world_(world.get()) {}

  // Entries of the process table, free ones included.
  [[nodiscard]] Result<std::uint32_t, Status> count() const noexcept {
    std::uint32_t out = 0;
    return answer(vil_registry_count(world_, &out), out);
  }

  // Status::empty when nobody is in the entry.
  [[nodiscard]] Result<vil_registry_entry_t, Status> entry(std::uint32_t index) const noexcept {
    vil_registry_entry_t out{};
    out.struct_size = sizeof out;
    return answer(vil_registry_entry(world_, index, &out), out);
  }

  // How many slots an entry's process holds.
  [[nodiscard]] Result<std::uint32_t, Status> slots(std::uint32_t index) const noexcept {
    std::uint32_t out = 0;
    return answer(vil_registry_slots(world_, index, &out), out);
  }

  // Which ends of a route it holds: the sum of VIL_PRODUCER and VIL_CONSUMER, or 0.
  [[nodiscard]] Result<std::uint32_t, Status> ends(std::uint32_t index, std::uint32_t route) const noexcept {
    std::uint32_t out = 0;
    return answer(vil_registry_ends(world_, index, route, &out), out);
  }

  // Recovers one entry if its process is dead: 1 when this call finished it. Status::e_busy when it lives.
  Result<std::uint32_t, Status> recover(std::uint32_t index) const noexcept {
    std::uint32_t out = 0;
    return answer(vil_registry_recover(world_, index, &out), out);
  }

  // The event of the audit trail at the cursor, or the first whole one after it; moves the cursor past it. A cursor of 0
  // begins with the oldest event that is still there. Status::empty when there is none yet.
  [[nodiscard]] Result<vil_event_t, Status> trail(std::uint64_t &cursor) const noexcept {
    vil_event_t out{};
    out.struct_size = sizeof out;
    return answer(vil_registry_trail(world_, &cursor, &out), out);
  }

  // The cursor of the next event to come.
  [[nodiscard]] Result<std::uint64_t, Status> trail_end() const noexcept {
    std::uint64_t out = 0;
    return answer(vil_registry_trail_end(world_, &out), out);
  }

  // Starts a thread that recovers the dead and sweeps this often; one that runs already takes the new interval.
  Result<void, Status> watch(std::uint32_t interval_ms) const noexcept {
    return detail::done(vil_registry_watch(world_, interval_ms));
  }

  // Ends that thread; Status::e_state when there is none.
  Result<void, Status> unwatch() const noexcept { return detail::done(vil_registry_unwatch(world_)); }

 private:
  template <typename Out>
  static Result<Out, Status> answer(vil_status_t status, const Out &out) noexcept {
    if (status != VIL_OK) return static_cast<Status>(status);
    return out;
  }

  vil_world_t *world_;
};

}  // namespace vil

#endif
