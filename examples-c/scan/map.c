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

int main(int argc, char **argv) {
  const char *world = argc > 1 ? argv[1] : "scan";
  scan_map_t self;
  vil_error_t error;
  if (scan_map_open_or_create(&self, world, NULL, &error) != VIL_OK) return puts(error.message), 1;
  for (int i = 0; i < 3; i++) {
    scan_scan_msg_t scan;
    if (scan_map_scans_receive(&self, VIL_FOREVER, &scan) != VIL_OK) return 1;
    show(scan.msg);
    if (scan_map_scans_release(&self, &scan) != VIL_OK) return 1;
  }
  return scan_map_close(&self) != VIL_OK || vil_world_unlink(world, NULL, NULL) != VIL_OK;
}
