/* The scan of relative_rust.rs, written in C to stdout: both languages write the same bytes. Needs no library. */
#include <stdio.h>

#include "relative.h"

static void channel(relative_channel_writer_t to, const char *name, relative_units_t unit) {
  relative_channel_set_name(to, name, strlen(name));
  relative_channel_set_unit(to, unit);
}

static void fill(relative_scan_writer_t scan) {
  const relative_point_t seen[3] = {{1, 2}, {3, 4}, {5, 6}};
  const float matrix[2] = {1, 2};
  const relative_header_writer_t header = relative_scan_set_header(scan);
  relative_header_set_stamp(header, 7);
  relative_header_set_frame(header, "base", 4);
  relative_scan_set_stamp(scan, 8);
  memcpy(relative_scan_alloc_points(scan, 3), seen, sizeof seen);
  float *const ranges = relative_scan_alloc_ranges(scan, 4);
  for (uint32_t i = 0; i < 4; i++) ranges[i] = (float)i;
  relative_scan_set_label(scan, "\xc3\xbc" "ber", 5);
  const vil_str_writers_t tags = relative_scan_alloc_tags(scan, 3);
  vil_str_writers_set(tags, 0, "zero", 4);
  vil_str_writers_set(tags, 2, "two", 3);
  const relative_channel_writers_t channels = relative_scan_alloc_channels(scan, 2);
  const relative_channel_writer_t second = relative_channel_writers_at(channels, 1);
  relative_channel_set_name(second, "second", 6);
  *relative_channel_alloc_values(second, 1) = 0.5;
  relative_channel_set_unit(second, RELATIVE_UNITS_FOOT);
  channel(relative_channel_writers_at(channels, 0), "first", RELATIVE_UNITS_METRE);
  relative_risk_t *const risks = relative_scan_alloc_risks(scan, 2);
  risks[0] = risks[1] = RELATIVE_RISK_LOSS;
  const relative_meta_writer_t meta = relative_scan_alloc_meta(scan);
  relative_meta_set_source(meta, "lidar", 5);
  relative_meta_set_source(relative_meta_alloc_before(meta), "older", 5);
  *relative_scan_alloc_origin(scan) = seen[1];
  relative_scan_set_gain(scan, 0.25f);
  relative_scan_set_limit(scan, 9);
  relative_scan_set_risk(scan, RELATIVE_RISK_OK);
  relative_scan_set_valid(scan, false);
  relative_scan_set_matrix(scan, matrix, 2);
  relative_scan_set_corner(scan, &seen[2]);
  relative_scan_set_sides_at(scan, 1, "right", 5);
  const relative_reading_text_writer_t text = relative_reading_set_text(relative_scan_set_reading(scan));
  relative_reading_text_set_text(text, "said", 4);
  relative_reading_text_set_risk(text, RELATIVE_RISK_WATCH);
}

int main(void) {
  static uint64_t memory[512];
  vil_builder_t builder;
  uint32_t size;
  memset(memory, 0xa5, sizeof memory);
  fill(relative_scan_begin(&builder, memory, sizeof memory));
  if (relative_scan_finish(&builder, &size) != VIL_OK) return 1;
  return fwrite(memory, 1, size, stdout) != size;
}
