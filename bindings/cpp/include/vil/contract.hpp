// What a binary was generated from: one entry for each port of its process. Constants of generated code.
#ifndef VIL_CONTRACT_HPP
#define VIL_CONTRACT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "vil/message.hpp"
#include "vil/result.hpp"

namespace vil {
namespace detail {

inline constexpr std::uint32_t direction_in = 0;
inline constexpr std::uint32_t direction_out = 1;

template <typename T>
constexpr vil_port_contract_t port(const char *port_name, std::uint32_t direction) noexcept {
  static_assert(is_message<T>());
  using Traits = MessageTraits<T>;
  return {port_name, Traits::name, Traits::layout_id, Traits::layout_text, Traits::size, Traits::align, direction, 0};
}

}  // namespace detail

// The entry of a port that receives T. `name` must live as long as the contract.
template <typename T>
constexpr vil_port_contract_t in_port(const char *name) noexcept {
  return detail::port<T>(name, detail::direction_in);
}

// The entry of a port that sends T.
template <typename T>
constexpr vil_port_contract_t out_port(const char *name) noexcept {
  return detail::port<T>(name, detail::direction_out);
}

// The contract of a process. `ports` must live as long as any world opened with it: make both constants.
template <std::size_t N>
constexpr vil_contract_t contract(const char *program, const char *process,
                                  const vil_port_contract_t (&ports)[N]) noexcept {
  return {sizeof(vil_contract_t), 1, program, process, ports, static_cast<std::uint32_t>(N), 0};
}

namespace detail {

// Whether a T may pass through this port: libvil compares the contract with the world, this compares T with the
// contract, so that a Sender<T> never writes a T into another message's slot.
template <typename T>
Result<void> agree(const vil_contract_t *contract, const char *port_name, std::uint32_t direction) noexcept {
  static_assert(is_message<T>());
  using Traits = MessageTraits<T>;
  if (contract == nullptr) {
    return Error(Status::e_argument, "the world was opened without a contract; a typed port needs one");
  }
  bool known = false;
  for (std::uint32_t i = 0; i < contract->port_count; ++i) {
    const vil_port_contract_t &entry = contract->ports[i];
    if (std::strcmp(entry.port, port_name) != 0) continue;
    known = true;
    if (entry.direction != direction) continue;  // a request port has an entry for each direction
    if (entry.layout_id == Traits::layout_id && entry.size == Traits::size && entry.align == Traits::align) return {};
    return Error(Status::e_contract, "the contract names another message for this port");
  }
  if (known) return Error(Status::e_argument, "the port goes the other way");
  return Error(Status::e_not_found, "the contract has no port of this name");
}

}  // namespace detail
}  // namespace vil

#endif
