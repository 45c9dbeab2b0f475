// Reads what shop.c sends, and asks and answers with itself. Tells the first line that does not hold.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "external_shop.hpp"
#include "external_stock.hpp"

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

namespace {

using namespace std::chrono_literals;
using external::Basket;
using external::Item;
using vil::Status;

const vil::Adapter json = vil::Adapter::json();

// Of another name.
constexpr vil_adapter_t none{"none", "", nullptr, nullptr};

int orders(external::Stock &stock) {
  Item item{};
  vil_msg_fault_t fault{};
  alignas(8) unsigned char memory[512];
  std::size_t size = 0;
  HOLDS(stock.orders.receive_into(0s, vil::Adapter(none), item) == Status::e_argument);
  HOLDS(stock.orders.receive_into(0s, json, item, &fault) == Status::ok);
  HOLDS(item.id == 7 && item.cents == -250 && item.sold == 1);
  HOLDS(stock.orders.receive_into<Basket>(0s, json, memory, sizeof memory, size, &fault) == Status::ok);
  const external::BasketView basket(memory, size);
  HOLDS(basket.owner() == "Frau \xc3\x84pfel" && basket.items().size() == 2);
  HOLDS(basket.items()[0].cents == -250 && basket.items()[1].id == 8);
  HOLDS(stock.orders.receive_into(0s, json, item, &fault) == Status::e_message && fault.rule == VIL_MSG_UTF8);
  HOLDS(stock.orders.receive_into(0s, json, item, &fault) == Status::e_message);
  HOLDS(std::string_view(fault.path) == "cents");
  HOLDS(stock.orders.receive_into(0s, json, item, &fault) == Status::e_message && fault.rule == VIL_MSG_SYNTAX);
  HOLDS(stock.orders.receive(0s).status() == Status::e_message);
  HOLDS(stock.orders.receive(0s).status() == Status::e_message);
  auto most = stock.orders.receive(0s);
  HOLDS(most && (*most)->size == 504 && (*most)->data[503] == 0);
  HOLDS(most->release() && (*most)->size == 0 && (*most)->data == nullptr);
  HOLDS(stock.orders.receive(0s).status() == Status::empty);
  return 0;
}

int in_place(external::Stock &stock, external::Shop &shop) {
  auto envelope = shop.wires.loan();
  HOLDS(envelope && envelope->capacity() == 32);
  HOLDS(envelope->publish(33).status() == Status::e_limit && *envelope);
  envelope->data()[0] = 'w';
  HOLDS(envelope->publish(1) && !*envelope && envelope->data() == nullptr);
  HOLDS(envelope->publish(1).status() == Status::e_state);
  HOLDS(shop.wires.send(nullptr, 0));
  auto got = stock.wires.receive(0s);
  HOLDS(got && (*got)->text() == "w" && got->release());
  auto empty = stock.wires.receive(0s);
  HOLDS(empty && (*empty)->size == 0);
  return 0;
}

int asked(external::Stock &stock, external::Shop &shop) {
  auto envelope = shop.quote.loan();
  HOLDS(envelope);
  std::memcpy(envelope->data(), "how", 3);
  HOLDS(*envelope->ask(3) == 0);
  auto question = stock.quote.receive(0s);
  HOLDS(question && (*question)->text() == "how");
  auto answer = stock.quote.loan();
  HOLDS(answer);
  std::memcpy(answer->data(), "so", 2);
  HOLDS(answer->answer(*question, 2));
  auto got = shop.quote.receive(0s);
  HOLDS(got && (*got)->text() == "so");
  return 0;
}

int sent(external::Stock &stock, external::Shop &shop) {
  Item item{};
  item.id = 3;
  item.cents = 4;
  Item back{};
  HOLDS(shop.orders.send_from(json, item));
  HOLDS(stock.orders.receive_into(0s, json, back) == Status::ok && back.id == 3 && back.cents == 4);
  HOLDS(shop.orders.send_from(vil::Adapter(none), item).status() == Status::e_argument);
  HOLDS(shop.orders.send_from<Basket>(json, &item, sizeof item).status() == Status::e_message);
  HOLDS(stock.orders.receive(0s).status() == Status::empty);
  return 0;
}

int run(const char *world, const char *command) {
  auto stock = external::Stock::open_or_create(world);
  HOLDS(stock && std::system(command) == 0);
  if (const int line = orders(*stock)) return line;
  auto shop = external::Shop::open(world);
  HOLDS(shop);
  if (const int line = in_place(*stock, *shop)) return line;
  if (const int line = asked(*stock, *shop)) return line;
  return sent(*stock, *shop);
}

}  // namespace

int main(int count, char **words) {
  const int line = count < 3 ? __LINE__ : run(words[1], words[2]);
  if (line != 0) std::fprintf(stderr, "stock.cpp:%d does not hold\n", line);
  return line == 0 ? 0 : 1;
}
