/* A lidar in C: three scans, each as long as what it saw, written where the map reads them.
   cc examples-c/scan/lidar.c -Iinclude -Iexamples-c/scan/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/lidar */
#include <stdio.h>

#include "scan_lidar.h"

/* What is seen in one turn: number points, further away each time. */
static void turn(scan_scan_writer_t scan, uint32_t number) {
  scan_point_t *const points = scan_scan_alloc_points(scan, number);
  for (uint32_t i = 0; points != NULL && i < number; i++) points[i].x = (float)(i + number);
  scan_scan_set_stamp(scan, number);
  scan_scan_set_label(scan, "hall", 4);
  const vil_str_writers_t tags = scan_scan_alloc_tags(scan, 2);
  vil_str_writers_set(tags, 0, "indoor", 6);
  vil_str_writers_set(tags, 1, "low light", 9);
  if (number != 1) return;
  const scan_meta_writer_t meta = scan_scan_alloc_meta(scan);
  scan_meta_set_source(meta, "roof", 4);
  scan_meta_set_firmware(meta, 7);
}

/* Says on stderr what did not work and why. */
static int failed(const char *what, const char *why) { return fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  scan_lidar_t self;
  vil_error_t error = {0};
  if (scan_lidar_open_or_create(&self, argc > 1 ? argv[1] : "scan", NULL, &error) != VIL_OK) {
    return failed("open", error.message);
  }
  for (uint32_t number = 1; number <= 3; number++) {
    scan_scan_loan_t loan;
    vil_status_t status = scan_lidar_scans_loan(&self, &loan);
    if (status != VIL_OK) return failed("loan", vil_status_name(status));
    turn(loan.msg, number);
    if (scan_scan_finish(&loan.builder, NULL) != VIL_OK) {
      vil_builder_explain(&loan.builder, &error);
      return failed("finish", error.message);
    }
    status = scan_lidar_scans_publish(&self, &loan);
    if (status != VIL_OK) return failed("publish", vil_status_name(status));
  }
  return scan_lidar_close(&self) != VIL_OK;
}
