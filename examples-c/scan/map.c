/* A map in C: reads scans where the lidar wrote them, and copies nothing.
   cc examples-c/scan/map.c -Iinclude -Iexamples-c/scan/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/map */
#include <stdio.h>

#include "scan_map.h"

static void show(scan_scan_view_t scan) {
  const scan_point_slice_t points = scan_scan_points(scan);
  const vil_strs_t tags = scan_scan_tags(scan);
  const scan_meta_view_t meta = scan_scan_meta(scan);
  float furthest = 0;
  for (uint32_t i = 0; i < points.count; i++) furthest = points.data[i].x > furthest ? points.data[i].x : furthest;
  printf("%u: %u points within %.0f m in %s", (unsigned)scan_scan_stamp(scan), (unsigned)points.count, (double)furthest,
         scan_scan_label(scan).data);
  for (uint32_t i = 0; i < tags.list.count; i++) printf(", %s", vil_strs_at(tags, i).data);
  if (scan_scan_has_meta(scan)) printf(" (%s %u)", scan_meta_source(meta).data, (unsigned)scan_meta_firmware(meta));
  printf("\n");
}

/* Says on stderr what did not work and why. */
static int failed(const char *what, const char *why) { return fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  const char *world = argc > 1 ? argv[1] : "scan";
  scan_map_t self;
  vil_error_t error = {0};
  if (scan_map_open_or_create(&self, world, NULL, &error) != VIL_OK) return failed("open", error.message);
  for (int i = 0; i < 3; i++) {
    scan_scan_msg_t scan;
    vil_status_t status = scan_map_scans_receive(&self, VIL_FOREVER, &scan);
    if (status != VIL_OK) return failed("receive", vil_status_name(status));
    show(scan.msg);
    status = scan_map_scans_release(&self, &scan);
    if (status != VIL_OK) return failed("release", vil_status_name(status));
  }
  if (vil_world_unlink(world, NULL, &error) != VIL_OK) return failed("unlink", error.message);
  return scan_map_close(&self) != VIL_OK;
}
