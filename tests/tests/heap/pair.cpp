// The same pair in C++: `pair push COUNT` and `pair pop COUNT`, over the wrapper.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "vil/vil.hpp"

namespace {

// The value, or the end of the program with what was said.
template <typename T, typename E>
T need(vil::Result<T, E> &&result, const char *what) {
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", what, vil::name(result.status()));
    std::exit(1);
  }
  return std::move(*result);
}

bool is_lonely(vil::Status status) { return status == vil::Status::timeout || status == vil::Status::peer_gone; }

void push(vil::Pusher &pusher, vil::Block block) {
  while (true) {
    const auto pushed = pusher.push(block);
    if (pushed) return;
    if (!is_lonely(pushed.error()) || !block) std::exit(1);
  }
}

vil::Block pop(vil::Popper &popper) {
  while (true) {
    auto popped = popper.pop(VIL_FOREVER);
    if (popped) return std::move(*popped);
    if (!is_lonely(popped.error())) std::exit(1);
  }
}

void push_all(const vil::Heap &heap, std::uint64_t count) {
  auto out = need(vil::Pusher::open(heap, 0), "pusher");
  auto back = need(vil::Popper::open(heap, 1), "popper");
  std::uint64_t returned = 0;
  for (std::uint64_t number = 0; number < count; ++number) {
    auto block = need(heap.alloc(number % 3 == 0 ? 4096 : 8), "alloc");
    std::memcpy(block.data(), &number, sizeof number);
    push(out, std::move(block));
    while (back.pop(0)) ++returned;  // freed when it goes
  }
  for (; returned < count / 2; ++returned) (void)pop(back);
}

void pop_all(const vil::Heap &heap, std::uint64_t count) {
  auto in = need(vil::Popper::open(heap, 0), "popper");
  auto back = need(vil::Pusher::open(heap, 1), "pusher");
  for (std::uint64_t number = 0; number < count; ++number) {
    auto block = pop(in);
    std::uint64_t found = 0;
    std::memcpy(&found, block.data(), sizeof found);
    if (found != number || block.size() != (number % 3 == 0 ? 4096 : 64)) std::exit(1);
    if (number % 2 == 1) push(back, std::move(block));
  }
}

// Batches, in a heap of its own: what has no room stays, and what was popped is freed when it goes.
bool batches() {
  const vil_block_class_t classes[] = {{64, 64}};
  const vil_queue_shape_t queues[] = {{VIL_QUEUE_SPSC, 4, VIL_FULL_FAILS, 0}};
  vil::HeapOptions options;
  options.memory = vil::Memory::local_scratch;
  options.classes = classes;
  options.class_count = 1;
  options.queues = queues;
  options.queue_count = 1;
  options.fences = true;
  const auto heap = need(vil::Heap::create("batches", options), "scratch");
  auto out = need(vil::Pusher::open(heap, 0), "pusher");
  auto in = need(vil::Popper::open(heap, 0), "popper");
  vil::Block blocks[] = {need(heap.alloc(8), "a"), need(heap.alloc(8), "b"), need(heap.alloc(8), "c"),
                         need(heap.alloc(8), "d"), need(heap.alloc(8), "e"), need(heap.alloc(8), "f")};
  for (std::uint64_t at = 0; at < 6; ++at) std::memcpy(blocks[at].data(), &at, sizeof at);
  const auto pushed = out.push_batch(blocks, 6);
  if (pushed.done != 4 || pushed.status != vil::Status::full || blocks[3] || !blocks[4] || !blocks[5]) return false;
  std::uint64_t seen = 0;
  const auto each = [&seen](vil::Block block) {
    std::uint64_t found = 0;
    std::memcpy(&found, block.data(), sizeof found);
    if (found == seen) ++seen;
  };
  if (in.pop_batch(0, 3, each).value() != 3 || in.pop_batch(0, VIL_BATCH_SIZE, each).value() != 1 || seen != 4) return false;
  if (in.pop_batch(0, 1, each).status() != vil::Status::empty) return false;
  const auto rest = out.push_batch(blocks + 4, 2);
  if (rest.done != 2 || rest.status != vil::Status::ok || in.pop_batch(0, 9, each).value() != 2 || seen != 6) return false;
  return need(heap.class_info(0), "class").held_blocks == 0;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const vil_block_class_t classes[] = {{64, 512}, {4096, 128}};
  const vil_queue_shape_t queues[] = {{VIL_QUEUE_SPSC, 32, VIL_FULL_BLOCKS, 100}, {VIL_QUEUE_SPSC, 64, VIL_FULL_BLOCKS, 100}};
  vil::HeapOptions options;
  options.classes = classes;
  options.class_count = 2;
  options.queues = queues;
  options.queue_count = 2;
  const auto heap = need(vil::Heap::open_or_create("pair", options), "heap");
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  if (std::strcmp(argv[1], "push") == 0) push_all(heap, count);
  else pop_all(heap, count);
  if (!batches()) return 1;
  // Only a block that is ours can be freed, and that once.
  auto block = need(heap.alloc(64, 64), "alloc");
  const auto reference = block.reference();
  if (!heap.resolve(reference) || !block.free() || block || block.free()) return 1;
  if (heap.resolve(reference).error() != vil::Status::e_state) return 1;
  const auto class_info = need(heap.class_info(0), "class");
  return class_info.held_blocks == 0 && class_info.high_water > 0 ? 0 : 1;
}
