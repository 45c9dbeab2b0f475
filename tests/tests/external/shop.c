/* Sends what a stranger may send: good messages as JSON, then bytes that are none. Tells the first line that does not hold. */
#include <stdio.h>

#include "external_shop.h"

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

/* A loan whose frame says what it likes. */
static vil_status_t lie(external_shop_t *shop, uint32_t stated) {
  vil_loan_t loan;
  const vil_status_t status = vil_sender_loan(shop->orders, &loan);
  if (status != VIL_OK) return status;
  memset(loan.data, 0xff, loan.size);
  memcpy(loan.data, &stated, sizeof stated);
  return vil_sender_publish(shop->orders, &loan);
}

static int good(external_shop_t *shop) {
  external_item_t item;
  static uint64_t memory[64];
  vil_builder_t builder;
  uint32_t size = 0;
  external_item_init(&item);
  item.id = 7;
  item.cents = -250;
  item.sold = 1;
  const external_basket_writer_t basket = external_basket_begin(&builder, memory, sizeof memory);
  external_basket_set_owner(basket, "Frau \xc3\x84pfel", 11);
  external_item_t *items = external_basket_alloc_items(basket, 2);
  HOLDS(items != NULL);
  items[0] = item;
  items[1].id = 8;
  HOLDS(external_basket_finish(&builder, &size) == VIL_OK);
  HOLDS(external_shop_orders_send_from(shop, &vil_adapter_json, external_item_descriptor, &item, sizeof item) == VIL_OK);
  HOLDS(external_shop_orders_send_from(shop, &vil_adapter_json, external_basket_descriptor, memory, size) == VIL_OK);
  return 0;
}

static int bad(external_shop_t *shop) {
  static const char no_utf8[] = "{\"id\":\xff}", other[] = "{\"id\":1,\"cents\":\"x\"}";
  static unsigned char most[EXTERNAL_ORDER_MAX_PAYLOAD + 1];
  HOLDS(external_shop_orders_send(shop, no_utf8, sizeof no_utf8 - 1) == VIL_OK);
  HOLDS(external_shop_orders_send(shop, other, sizeof other - 1) == VIL_OK);
  HOLDS(external_shop_orders_send(shop, NULL, 0) == VIL_OK);
  HOLDS(lie(shop, EXTERNAL_ORDER_MAX_PAYLOAD + 1) == VIL_OK && lie(shop, UINT32_MAX) == VIL_OK);
  HOLDS(external_shop_orders_send(shop, most, sizeof most) == VIL_E_LIMIT);
  HOLDS(external_shop_orders_send(shop, most, sizeof most - 1) == VIL_OK);
  HOLDS(external_shop_orders_send(shop, NULL, 1) == VIL_E_ARGUMENT);
  return 0;
}

int main(int count, char **words) {
  external_shop_t shop;
  const char *world = count > 1 ? words[1] : "";
  if (external_shop_open_within(&shop, world, UINT64_C(20000000000), NULL, NULL) != VIL_OK) return 1;
  int line = good(&shop);
  if (line == 0) line = bad(&shop);
  if (line != 0) fprintf(stderr, "shop.c:%d does not hold\n", line);
  return external_shop_close(&shop) == VIL_OK && line == 0 ? 0 : 1;
}
