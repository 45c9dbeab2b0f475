/* Reads what shop.c sends, and asks and answers with itself. Tells the first line that does not hold. */
#include <stdio.h>
#include <stdlib.h>

#include "external_shop.h"
#include "external_stock.h"

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

static const uint32_t *const item_words = external_item_descriptor;

static int orders(external_stock_t *stock) {
  external_item_t item;
  static uint64_t memory[64];
  size_t size = 0;
  vil_msg_fault_t fault;
  external_order_msg_t got;
  const vil_adapter_t *json = &vil_adapter_json;
  const vil_adapter_t none = {"none", "", NULL, NULL};
  HOLDS(external_stock_orders_receive_into(stock, 0, &none, item_words, &item, sizeof item, &size, NULL) ==
        VIL_E_ARGUMENT);
  HOLDS(external_stock_orders_receive_into(stock, 0, json, item_words, &item, sizeof item, &size, &fault) == VIL_OK);
  HOLDS(size == sizeof item && item.id == 7 && item.cents == -250 && item.sold == 1);
  HOLDS(external_stock_orders_receive_into(stock, 0, json, external_basket_descriptor, memory, sizeof memory, &size,
                                           &fault) == VIL_OK);
  const external_basket_view_t basket = external_basket_view(memory, size);
  HOLDS(vil_str_equals(external_basket_owner(basket), "Frau \xc3\x84pfel"));
  HOLDS(external_basket_items(basket).count == 2 && external_basket_items(basket).data[1].id == 8);
  HOLDS(external_basket_items(basket).data[0].cents == -250);

  HOLDS(external_stock_orders_receive_into(stock, 0, json, item_words, &item, sizeof item, &size, &fault) ==
        VIL_E_MESSAGE);
  HOLDS(fault.rule == VIL_MSG_UTF8 && fault.offset == 6 && fault.found == 0xff);
  HOLDS(external_stock_orders_receive_into(stock, 0, json, item_words, &item, sizeof item, &size, &fault) ==
        VIL_E_MESSAGE);
  HOLDS(strcmp(fault.path, "cents") == 0);
  HOLDS(external_stock_orders_receive_into(stock, 0, json, item_words, &item, sizeof item, &size, &fault) ==
        VIL_E_MESSAGE);
  HOLDS(fault.rule == VIL_MSG_SYNTAX);
  HOLDS(external_stock_orders_receive(stock, 0, &got) == VIL_E_MESSAGE && got.data == NULL && got.size == 0);
  HOLDS(external_stock_orders_receive(stock, 0, &got) == VIL_E_MESSAGE && got.data == NULL && got.size == 0);
  HOLDS(external_stock_orders_receive(stock, 0, &got) == VIL_OK && got.size == EXTERNAL_ORDER_MAX_PAYLOAD);
  HOLDS(got.data[got.size - 1] == 0);
  HOLDS(external_stock_orders_release(stock, &got) == VIL_OK && got.data == NULL && got.size == 0);
  HOLDS(external_stock_orders_receive(stock, 0, &got) == VIL_EMPTY);
  return 0;
}

static int in_place(external_stock_t *stock, external_shop_t *shop) {
  external_wire_loan_t loan;
  external_wire_msg_t got;
  HOLDS(external_shop_wires_loan(shop, &loan) == VIL_OK && loan.capacity == 32 && loan.data != NULL);
  HOLDS(external_shop_wires_publish(shop, &loan, 33) == VIL_E_LIMIT && loan.data != NULL);
  loan.data[0] = 'w';
  HOLDS(external_shop_wires_publish(shop, &loan, 1) == VIL_OK && loan.data == NULL);
  HOLDS(external_shop_wires_publish(shop, &loan, 1) == VIL_E_STATE);
  HOLDS(external_stock_wires_receive(stock, 0, &got) == VIL_OK && got.size == 1 && got.data[0] == 'w');
  HOLDS(external_stock_wires_release(stock, &got) == VIL_OK);
  HOLDS(external_shop_wires_loan(shop, &loan) == VIL_OK);
  HOLDS(external_shop_wires_discard(shop, &loan) == VIL_OK && loan.data == NULL);
  HOLDS(external_shop_wires_send(shop, NULL, 0) == VIL_OK);
  HOLDS(external_stock_wires_receive(stock, 0, &got) == VIL_OK && got.size == 0 && got.data != NULL);
  HOLDS(external_stock_wires_release(stock, &got) == VIL_OK);
  return 0;
}

static int asked(external_stock_t *stock, external_shop_t *shop) {
  external_order_loan_t loan;
  external_wire_loan_t answer;
  external_order_msg_t question;
  external_wire_msg_t got;
  uint64_t number = 9;
  HOLDS(external_shop_quote_loan(shop, &loan) == VIL_OK);
  memcpy(loan.data, "how", 3);
  HOLDS(external_shop_quote_ask(shop, &loan, 3, &number) == VIL_OK && number == 0);
  HOLDS(external_stock_quote_receive(stock, 0, &question) == VIL_OK && question.size == 3);
  HOLDS(external_stock_quote_loan(stock, &answer) == VIL_OK);
  memcpy(answer.data, "so", 2);
  HOLDS(external_stock_quote_answer(stock, &answer, 2, &question) == VIL_OK && answer.data == NULL);
  HOLDS(external_stock_quote_release(stock, &question) == VIL_OK);
  HOLDS(external_shop_quote_receive(shop, 0, &got) == VIL_OK && got.size == 2 && memcmp(got.data, "so", 2) == 0);
  HOLDS(external_shop_quote_release(shop, &got) == VIL_OK);
  return 0;
}

static int long_text(external_shop_t *shop) {
  static uint64_t memory[100];
  static char owner[EXTERNAL_ORDER_MAX_PAYLOAD];
  vil_builder_t builder;
  uint32_t size = 0;
  const external_basket_writer_t basket = external_basket_begin(&builder, memory, sizeof memory);
  memset(owner, 'o', sizeof owner);
  external_basket_set_owner(basket, owner, sizeof owner);
  HOLDS(external_basket_finish(&builder, &size) == VIL_OK);
  HOLDS(external_shop_orders_send_from(shop, &vil_adapter_json, external_basket_descriptor, memory, size) ==
        VIL_E_LIMIT);
  HOLDS(external_shop_orders_send_from(shop, &vil_adapter_json, external_basket_descriptor, memory, size - 1) ==
        VIL_E_MESSAGE);
  return 0;
}

int main(int count, char **words) {
  external_stock_t stock;
  external_shop_t shop;
  if (count < 3 || external_stock_open_or_create(&stock, words[1], NULL, NULL) != VIL_OK) return 1;
  int line = system(words[2]) == 0 ? orders(&stock) : __LINE__;
  if (line == 0) line = external_shop_open(&shop, words[1], NULL, NULL) == VIL_OK ? 0 : __LINE__;
  if (line == 0) line = in_place(&stock, &shop);
  if (line == 0) line = asked(&stock, &shop);
  if (line == 0) line = long_text(&shop);
  if (line != 0) fprintf(stderr, "stock.c:%d does not hold\n", line);
  return line == 0 ? 0 : 1;
}
