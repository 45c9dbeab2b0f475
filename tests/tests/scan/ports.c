/* What ports of relative messages promise, with both ends in one process. Tells the first line that does not hold. */
#include <stdio.h>

#include "scan_lidar.h"
#include "scan_map.h"

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

static int unfinished(scan_lidar_t *lidar, scan_map_t *map) {
  scan_scan_loan_t loan;
  scan_scan_msg_t got;
  HOLDS(scan_lidar_scans_loan(lidar, &loan) == VIL_OK && loan.loan.size == SCAN_SCAN_MAX_BYTES);
  scan_scan_set_stamp(loan.msg, 1);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_E_STATE && loan.loan.data != NULL);
  HOLDS(scan_map_scans_receive(map, 0, &got) == VIL_EMPTY && !vil_view_is_there(got.msg.view));
  HOLDS(scan_scan_finish(&loan.builder, NULL) == VIL_OK);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_OK && loan.loan.data == NULL);
  HOLDS(scan_map_scans_receive(map, 0, &got) == VIL_OK && scan_scan_stamp(got.msg) == 1);
  scan_scan_set_stamp(loan.msg, 2);
  HOLDS(loan.builder.fault == VIL_E_STATE && scan_scan_stamp(got.msg) == 1);
  HOLDS(scan_map_scans_release(map, &got) == VIL_OK && scan_scan_stamp(got.msg) == 0);
  return 0;
}

static int too_long(scan_lidar_t *lidar, scan_map_t *map) {
  scan_scan_loan_t loan;
  scan_scan_msg_t got;
  uint32_t size = 0;
  HOLDS(scan_lidar_scans_loan(lidar, &loan) == VIL_OK);
  HOLDS(scan_scan_alloc_tags(loan.msg, SCAN_SCAN_MAX_BYTES / 8).list.count == 0);
  HOLDS(scan_scan_finish(&loan.builder, NULL) == VIL_E_LIMIT);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_E_LIMIT && loan.loan.data != NULL);
  loan.msg = scan_scan_begin(&loan.builder, loan.loan.data, loan.loan.size);
  HOLDS(scan_scan_alloc_points(loan.msg, 4096) != NULL);
  HOLDS(scan_scan_finish(&loan.builder, &size) == VIL_OK && size == 16 + sizeof(scan_scan_t) + 4096 * 8);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_OK);
  HOLDS(scan_map_scans_receive(map, 0, &got) == VIL_OK && scan_scan_points(got.msg).count == 4096);
  HOLDS(got.msg.view.size == size && got.message.size == SCAN_SCAN_MAX_BYTES);
  HOLDS(scan_map_scans_release(map, &got) == VIL_OK);
  return 0;
}

static int elsewhere(scan_lidar_t *lidar, scan_map_t *map) {
  scan_scan_loan_t loan;
  scan_scan_msg_t got;
  static uint64_t memory[64];
  HOLDS(scan_lidar_scans_loan(lidar, &loan) == VIL_OK);
  (void)scan_scan_begin(&loan.builder, memory, sizeof memory);
  HOLDS(scan_scan_finish(&loan.builder, NULL) == VIL_OK);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_E_STATE && loan.loan.data != NULL);
  HOLDS(scan_lidar_scans_discard(lidar, &loan) == VIL_OK && loan.loan.data == NULL);
  scan_scan_set_stamp(loan.msg, 3);
  HOLDS(scan_scan_finish(&loan.builder, NULL) == VIL_E_STATE);
  HOLDS(scan_map_scans_receive(map, 0, &got) == VIL_EMPTY);
  return 0;
}

static int more_than_the_port_lends(scan_lidar_t *lidar) {
  scan_scan_loan_t one, two;
  HOLDS(scan_lidar_scans_loan(lidar, &one) == VIL_OK);
  HOLDS(scan_lidar_scans_loan(lidar, &two) == VIL_E_LIMIT && two.loan.data == NULL);
  scan_scan_set_stamp(two.msg, 4);
  HOLDS(scan_scan_alloc_points(two.msg, 1) == NULL && scan_scan_finish(&two.builder, NULL) == VIL_E_LIMIT);
  HOLDS(scan_lidar_scans_discard(lidar, &one) == VIL_OK);
  return 0;
}

/* How often the world's trail was told that a message was published twice. */
static int published_twice(const scan_lidar_t *lidar) {
  vil_event_t event;
  uint64_t cursor = 0;
  int count = 0;
  event.struct_size = sizeof event;
  while (vil_registry_trail(lidar->world, &cursor, &event) == VIL_OK) count += event.kind == VIL_EVENT_PUBLISHED_TWICE;
  return count;
}

static int twice(scan_lidar_t *lidar, scan_map_t *map) {
  scan_scan_loan_t loan;
  scan_scan_msg_t got;
  HOLDS(published_twice(lidar) == 0);
  HOLDS(scan_lidar_scans_loan(lidar, &loan) == VIL_OK && scan_scan_finish(&loan.builder, NULL) == VIL_OK);
  scan_scan_loan_t copy = loan;
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_OK && published_twice(lidar) == 0);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_E_STATE && published_twice(lidar) == 1);
  scan_scan_set_stamp(loan.msg, 2);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_E_STATE && published_twice(lidar) == 2);
  HOLDS(scan_lidar_scans_publish(lidar, &copy) == VIL_E_STATE && published_twice(lidar) == 3);
  HOLDS(scan_map_scans_receive(map, 0, &got) == VIL_OK && scan_map_scans_release(map, &got) == VIL_OK);
  HOLDS(scan_map_scans_receive(map, 0, &got) == VIL_EMPTY);
  /* What was never on loan was not published before either. */
  HOLDS(scan_lidar_scans_loan(lidar, &copy) == VIL_OK && scan_lidar_scans_loan(lidar, &loan) == VIL_E_LIMIT);
  HOLDS(scan_lidar_scans_publish(lidar, &loan) == VIL_E_LIMIT && published_twice(lidar) == 3);
  HOLDS(scan_lidar_scans_discard(lidar, &copy) == VIL_OK);
  return 0;
}

int main(void) {
  scan_lidar_t lidar;
  scan_map_t map;
  vil_error_t error;
  int line;
  if (scan_lidar_open_or_create(&lidar, "ports", NULL, &error) != VIL_OK ||
      scan_map_open(&map, "ports", NULL, &error) != VIL_OK) {
    return (void)fprintf(stderr, "%s\n", error.message), 1;
  }
  line = unfinished(&lidar, &map);
  if (line == 0) line = too_long(&lidar, &map);
  if (line == 0) line = elsewhere(&lidar, &map);
  if (line == 0) line = more_than_the_port_lends(&lidar);
  if (line == 0) line = twice(&lidar, &map);
  if (line != 0) (void)fprintf(stderr, "ports.c:%d does not hold\n", line);
  (void)scan_map_close(&map);
  (void)scan_lidar_close(&lidar);
  (void)vil_world_unlink("ports", NULL, NULL);
  return line != 0;
}
