// What a call answered: the numbers of vil.h under C++ names. A status is a value; nothing here is ever thrown.
#ifndef VIL_STATUS_HPP
#define VIL_STATUS_HPP

#include "vil/vil.h"

namespace vil {

// 0 ok, above 0 benign (the call could not do it now), below 0 an error. The set is open: a newer libvil may answer
// a number that has no name here, and `name` then says so.
enum class Status : vil_status_t {
  ok = VIL_OK,
  empty = VIL_EMPTY,
  full = VIL_FULL,
  timeout = VIL_TIMEOUT,
  interrupted = VIL_INTERRUPTED,
  cancelled = VIL_CANCELLED,
  peer_gone = VIL_PEER_GONE,
  dropped = VIL_DROPPED,
  e_argument = VIL_E_ARGUMENT,
  e_handle = VIL_E_HANDLE,
  e_busy = VIL_E_BUSY,
  e_state = VIL_E_STATE,
  e_limit = VIL_E_LIMIT,
  e_nomem = VIL_E_NOMEM,
  e_system = VIL_E_SYSTEM,
  e_permission = VIL_E_PERMISSION,
  e_not_found = VIL_E_NOT_FOUND,
  e_exists = VIL_E_EXISTS,
  e_contract = VIL_E_CONTRACT,
  e_abi = VIL_E_ABI,
  e_corrupt = VIL_E_CORRUPT,
  e_owner = VIL_E_OWNER,
  e_forked = VIL_E_FORKED,
  e_program = VIL_E_PROGRAM,
  e_unsupported = VIL_E_UNSUPPORTED,
  e_panic = VIL_E_PANIC,
  e_name = VIL_E_NAME,
  e_pending = VIL_E_PENDING,
  e_barrier = VIL_E_BARRIER,
  e_message = VIL_E_MESSAGE
};

// The number as C knows it.
[[nodiscard]] constexpr vil_status_t code(Status status) noexcept { return static_cast<vil_status_t>(status); }

// An error, as opposed to ok and to the benign answers.
[[nodiscard]] constexpr bool is_error(Status status) noexcept { return code(status) < 0; }

// The name in vil.h, such as "VIL_TIMEOUT". Static, never null.
[[nodiscard]] inline const char *name(Status status) noexcept { return vil_status_name(code(status)); }

}  // namespace vil

#endif
