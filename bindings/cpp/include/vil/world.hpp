// A world: the shared memory of one running program, attached to.
#ifndef VIL_WORLD_HPP
#define VIL_WORLD_HPP

#include <cstdint>
#include <utility>

#include "vil/contract.hpp"
#include "vil/program.hpp"
#include "vil/result.hpp"

namespace vil {

// How a world is found or made.
struct Options {
  // Where worlds live. Null: $VIL_RUNTIME_DIR, else /dev/shm/vil-UID.
  const char *runtime_dir = nullptr;
  // A world that is made orders memory by fences, for the sake of processes that may not call membarrier(2).
  bool fences = false;
};

namespace detail {

inline vil_world_options_t raw(const Options &options) noexcept {
  return {sizeof(vil_world_options_t), options.fences ? VIL_WORLD_FENCES : 0u, options.runtime_dir, VIL_LANGUAGE_CPP, 0};
}

}  // namespace detail

// Wakes every wait on a world's ends, from any thread and from signal handlers. A copyable value; it does not keep the
// world open: once the world is closed it answers e_handle.
class Canceller {
 public:
  explicit Canceller(vil_world_t *world) noexcept : world_(world) {}

  // Every wait in progress, or else the next one, returns Status::cancelled; once for each end.
  Result<void, Status> cancel() const noexcept { return detail::done(vil_world_cancel(world_)); }

 private:
  vil_world_t *world_;
};

// Owns the attachment; move-only. Ends opened from it stay usable after it is gone.
class World {
 public:
  // Attaches to a world that exists. Without a contract it can only be looked at.
  static Result<World> open(const char *name, const vil_contract_t *contract = nullptr,
                            const Options &options = {}) noexcept {
    return attach(contract, [&](vil_world_t **world, vil_error_t *error) {
      const vil_world_options_t raw = detail::raw(options);
      return vil_world_open(name, contract, &raw, world, error);
    });
  }

  // Makes the world, in place of one of this name in which nobody lives any more, messages and all; e_exists when
  // somebody does.
  static Result<World> create(const char *name, const Program &program, const vil_contract_t *contract = nullptr,
                              const Options &options = {}) noexcept {
    return attach(contract, [&](vil_world_t **world, vil_error_t *error) {
      const vil_world_options_t raw = detail::raw(options);
      return vil_world_create(name, program.get(), contract, &raw, world, error);
    });
  }

  // Attaches to the world, making it when there is none; who loses the race attaches to the winner's.
  static Result<World> open_or_create(const char *name, const Program &program,
                                      const vil_contract_t *contract = nullptr, const Options &options = {}) noexcept {
    return attach(contract, [&](vil_world_t **world, vil_error_t *error) {
      const vil_world_options_t raw = detail::raw(options);
      return vil_world_open_or_create(name, program.get(), contract, &raw, world, error);
    });
  }

  // Removes the world's name. Who is attached stays attached.
  static Result<void> unlink(const char *name, const Options &options = {}) noexcept {
    vil_error_t error{};
    const vil_world_options_t raw = detail::raw(options);
    const vil_status_t status = vil_world_unlink(name, &raw, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return {};
  }

  World(World &&other) noexcept : world_(std::exchange(other.world_, nullptr)), contract_(other.contract_) {}
  World &operator=(World &&other) noexcept {
    std::swap(world_, other.world_);
    std::swap(contract_, other.contract_);
    return *this;
  }
  World(const World &) = delete;
  World &operator=(const World &) = delete;
  ~World() {
    if (world_ != nullptr) (void)vil_world_close(world_);
  }

  [[nodiscard]] Canceller canceller() const noexcept { return Canceller(world_); }

  // Counts all slots by who holds them.
  [[nodiscard]] Result<vil_audit_t, Status> audit() const noexcept {
    vil_audit_t out{};
    out.struct_size = sizeof out;
    return answer(vil_world_audit(world_, &out), out);
  }

  // Recovers what dead processes left; how many there were.
  Result<std::uint32_t, Status> recover() const noexcept {
    std::uint32_t out = 0;
    return answer(vil_world_recover(world_, &out), out);
  }

  [[nodiscard]] Result<std::uint32_t, Status> route_count() const noexcept {
    std::uint32_t out = 0;
    return answer(vil_world_route_count(world_, &out), out);
  }

  [[nodiscard]] Result<vil_route_info_t, Status> route(std::uint32_t index) const noexcept {
    vil_route_info_t out{};
    out.struct_size = sizeof out;
    return answer(vil_world_route_info(world_, index, &out), out);
  }

  // Entries of the process table, free ones included.
  [[nodiscard]] Result<std::uint32_t, Status> process_count() const noexcept {
    std::uint32_t out = 0;
    return answer(vil_world_process_count(world_, &out), out);
  }

  // Status::empty when the entry is free.
  [[nodiscard]] Result<vil_process_info_t, Status> process(std::uint32_t index) const noexcept {
    vil_process_info_t out{};
    out.struct_size = sizeof out;
    return answer(vil_world_process_info(world_, index, &out), out);
  }

  [[nodiscard]] vil_world_t *get() const noexcept { return world_; }
  [[nodiscard]] const vil_contract_t *contract() const noexcept { return contract_; }

 private:
  World(vil_world_t *world, const vil_contract_t *contract) noexcept : world_(world), contract_(contract) {}

  template <typename Call>
  static Result<World> attach(const vil_contract_t *contract, Call call) noexcept {
    vil_world_t *world = nullptr;
    vil_error_t error{};
    const vil_status_t status = call(&world, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return World(world, contract);
  }

  template <typename Out>
  static Result<Out, Status> answer(vil_status_t status, const Out &out) noexcept {
    if (status != VIL_OK) return static_cast<Status>(status);
    return out;
  }

  vil_world_t *world_;
  const vil_contract_t *contract_;
};

}  // namespace vil

#endif
