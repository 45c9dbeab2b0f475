// A relative message in a slot on loan: first a draft, which is written, then finished, which alone can be published.
#ifndef VIL_DRAFT_HPP
#define VIL_DRAFT_HPP

#include <cstdint>
#include <utility>

#include "vil/loan.hpp"
#include "vil/message_builder.hpp"
#include "vil/result.hpp"
#include "vil/view.hpp"

namespace vil {

// Move-only; gone unpublished, it is discarded, as a Loan is. It has everything that a Loan can do with its route, and
// nothing that writes.
template <typename T, typename Mode = mode::publish>
class Finished : Loan<T, Mode> {
  using Slot = Loan<T, Mode>;

 public:
  using View = typename T::vil_view;
  using Slot::answer;
  using Slot::ask;
  using Slot::discard;
  using Slot::keep;
  using Slot::publish;
  using Slot::operator bool;

  // Of a slot whose message is whole, as Draft::finish makes it; nobody else does.
  Finished(Slot &&slot, std::uint32_t size) noexcept : Slot(std::move(slot)), size_(size) {}

  // Its bytes, head included.
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  // What was written; nothing when the slot is no longer held.
  [[nodiscard]] View view() const noexcept { return View(Slot::get(), size_); }

 private:
  std::uint32_t size_;
};

// Move-only; gone unfinished, it is discarded. `draft->` and `root` write the message's root; writers name this object, so
// moving it ends them. When the slot is no longer held, because the draft was finished, discarded or moved from, what is
// written through it or its writers goes nowhere, and its fault is e_state.
template <typename T, typename Mode = mode::publish>
class Draft : Loan<T, Mode> {
  static_assert(detail::is_relative<T>, "flat messages are written in place: a Loan");
  using Slot = Loan<T, Mode>;

 public:
  using Root = typename T::vil_writer;
  using Slot::operator bool;

  // Of this sender; holds nothing until the sender fills it where it lies.
  explicit Draft(vil_sender_t *sender) noexcept : Slot(sender) {}
  Draft(Draft &&) noexcept = default;
  // A slot that was held here is discarded.
  Draft &operator=(Draft &&other) noexcept {
    if (this == &other) return *this;
    if (*this) (void)discard();
    Slot::operator=(std::move(other));
    builder_ = std::move(other.builder_);
    return *this;
  }
  Draft(const Draft &) = delete;
  Draft &operator=(const Draft &) = delete;
  ~Draft() = default;

  // The root's writer.
  [[nodiscard]] Root root() noexcept { return Slot::get() != nullptr ? builder_.root() : Root(); }

  // Lets `draft->set_stamp(7)` write the root.
  class Arrow {
   public:
    explicit Arrow(Root root) noexcept : root_(root) {}
    [[nodiscard]] const Root *operator->() const noexcept { return &root_; }

   private:
    Root root_;
  };
  [[nodiscard]] Arrow operator->() noexcept { return Arrow(root()); }

  // Bytes so far, and the first thing that went wrong; Status::ok while nothing did.
  [[nodiscard]] std::uint32_t used() const noexcept { return builder_.used(); }
  [[nodiscard]] Status fault() const noexcept { return builder_.fault(); }

  // As Builder::skip_zeroes, until it is restarted.
  void skip_zeroes() noexcept { builder_.skip_zeroes(); }

  // Forgets everything, the fault too: the slot is written anew, as long as it is held.
  void restart() noexcept {
    if (*this) builder_.restart();
  }

  // Lets the slot go.
  Result<void, Status> discard() noexcept {
    Result<void, Status> done = Slot::discard();
    if (!*this) builder_.leave();
    return done;
  }

  // The message, now whole: `std::move(draft).finish()`. Or what went wrong first: e_limit, e_argument or e_state; then the
  // draft still holds its slot, to be restarted or let go.
  [[nodiscard]] Result<Finished<T, Mode>, Status> finish() && noexcept {
    if (Slot::get() == nullptr) return Status::e_state;
    const Result<std::uint32_t, Status> size = builder_.finish();
    if (!size) return size.error();
    builder_.leave();
    return Finished<T, Mode>(std::move(static_cast<Slot &>(*this)), *size);
  }

 private:
  friend class Sender<T, Mode>;

  // Writes into the slot that was just loaned.
  void begin() noexcept { builder_ = MessageBuilder<T>(Slot::get(), Slot::raw_.size); }

  MessageBuilder<T> builder_{nullptr, 0};
};

}  // namespace vil

#endif
