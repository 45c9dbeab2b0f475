// What a port's routes allow, as types: the second parameter of a sender or receiver.
#ifndef VIL_MODE_HPP
#define VIL_MODE_HPP

#include <type_traits>

namespace vil {

// Generated code names the mode that the program gives a port, so that keeping, consuming or answering where the
// contract has none of it does not compile. libvil refuses it too, for those who name another mode by hand.
namespace mode {

// Of senders. Messages are published, and that is it.
struct publish {};
// Messages are published and may be read on by their producer: loan_read.
struct keep {};
// Messages are questions: their numbers tell which answer is whose.
struct ask {};
// Messages are answers.
struct answer {};

// Of receivers. Messages are read in place and released.
struct read {};
// Messages are read and changed in place, and released: the process says `mutates`.
struct change {};
// Messages are the receiver's own: consume_once.
struct take {};

}  // namespace mode

namespace detail {

template <typename Mode, typename... Any>
inline constexpr bool is_one_of = (std::is_same_v<Mode, Any> || ...);

}  // namespace detail
}  // namespace vil

#endif
