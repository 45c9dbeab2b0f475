/* What the views and builders of relative.yaml promise; answers the number of the first line that does not hold. */
#include <stdio.h>

#include "relative.h"

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

enum { WORDS = 256, BYTES = WORDS * 8 };

static uint64_t memory[WORDS];

static bool is(vil_str_t found, const char *text) {
  return vil_str_equals(found, text) && found.data[found.size] == 0;
}

static void set_channels(relative_scan_writer_t scan) {
  const relative_channel_writers_t channels = relative_scan_alloc_channels(scan, 2);
  const relative_channel_writer_t first = relative_channel_writers_at(channels, 0);
  const relative_channel_writer_t second = relative_channel_writers_at(channels, 1);
  double *const values = relative_channel_alloc_values(second, 2);
  relative_channel_set_name(first, "red", 3);
  relative_channel_set_name(second, "\xc3\xbc", 2);
  relative_channel_set_unit(second, RELATIVE_UNITS_FOOT);
  if (values != NULL) values[1] = 2.5;
}

static void set_references(relative_scan_writer_t scan) {
  relative_point_t *const points = relative_scan_alloc_points(scan, 3);
  float *const ranges = relative_scan_alloc_ranges(scan, 2);
  relative_risk_t *const risks = relative_scan_alloc_risks(scan, 3);
  const vil_str_writers_t tags = relative_scan_alloc_tags(scan, 3);
  const relative_meta_writer_t meta = relative_scan_alloc_meta(scan);
  relative_point_t *const origin = relative_scan_alloc_origin(scan);
  if (points != NULL) points[2].y = -1.5f;
  if (ranges != NULL) ranges[0] = 7.0f;
  if (risks != NULL) risks[1] = RELATIVE_RISK_LOSS;
  if (origin != NULL) origin->x = 4.0f;
  vil_str_writers_set(tags, 0, "near", 4);
  vil_str_writers_set(tags, 2, "x", 1);
  relative_meta_set_source(meta, "roof", 4);
  relative_meta_set_source(relative_meta_alloc_before(meta), "door", 4);
}

/* Everything that a scan may hold, in whatever the builder writes to. */
static void set_everything(relative_scan_writer_t scan) {
  const float matrix[6] = {1, 2, 3, 4, 5, 6};
  relative_point_t corner;
  relative_point_init(&corner);
  corner.y = 9.0f;
  relative_header_set_stamp(relative_scan_set_header(scan), 11);
  relative_header_set_frame(relative_scan_set_header(scan), "map", 3);
  relative_scan_set_stamp(scan, UINT64_C(1) << 40);
  relative_scan_set_label(scan, "hall", 4);
  relative_scan_set_gain(scan, 0.5f);
  relative_scan_set_limit(scan, 1);
  relative_scan_set_risk(scan, RELATIVE_RISK_LOSS);
  relative_scan_set_valid(scan, true);
  relative_scan_set_matrix(scan, matrix, 6);
  relative_scan_set_corner(scan, &corner);
  relative_scan_set_sides_at(scan, 1, "left", 4);
  relative_reading_text_set_risk(relative_reading_set_text(relative_scan_set_reading(scan)), RELATIVE_RISK_WATCH);
  relative_reading_text_set_text(relative_reading_set_text(relative_scan_set_reading(scan)), "warm", 4);
  set_references(scan);
  set_channels(scan);
}

/* Bytes of a scan with everything, built in the memory; 0 when something was wrong. */
static uint32_t everything(size_t capacity) {
  vil_builder_t builder;
  uint32_t size = 0;
  memset(memory, 0xee, sizeof memory);
  set_everything(relative_scan_begin(&builder, memory, capacity));
  return relative_scan_finish(&builder, &size) == VIL_OK ? size : 0;
}

static int values_are_read_as_they_were_written(void) {
  const relative_scan_view_t scan = relative_scan_view(memory, everything(sizeof memory));
  HOLDS(relative_header_stamp(relative_scan_header(scan)) == 11);
  HOLDS(is(relative_header_frame(relative_scan_header(scan)), "map"));
  HOLDS(relative_scan_stamp(scan) == UINT64_C(1) << 40 && relative_scan_limit(scan) == 1);
  HOLDS(relative_scan_has_gain(scan) && relative_scan_gain(scan) >= 0.5f && relative_scan_gain(scan) <= 0.5f);
  HOLDS(relative_scan_risk(scan) == RELATIVE_RISK_LOSS && relative_scan_valid(scan));
  HOLDS(relative_scan_matrix(scan).count == 6 && (int)relative_scan_matrix(scan).data[5] == 6);
  HOLDS((int)relative_scan_corner(scan)->y == 9);
  HOLDS(relative_scan_sides_at(scan, 0).size == 0 && is(relative_scan_sides_at(scan, 1), "left"));
  HOLDS(relative_scan_sides_at(scan, 2).size == 0);
  const relative_reading_view_t reading = relative_scan_reading(scan);
  HOLDS(relative_reading_tag(reading) == RELATIVE_READING_TAG_TEXT);
  HOLDS(is(relative_reading_text_text(relative_reading_as_text(reading)), "warm"));
  HOLDS(!vil_view_is_there(relative_reading_as_number(reading).view));
  HOLDS(relative_reading_many_points(relative_reading_as_many(reading)).count == 0);
  return 0;
}

static int references_are_followed(void) {
  const relative_scan_view_t scan = relative_scan_view(memory, everything(sizeof memory));
  HOLDS(relative_scan_points(scan).count == 3 && (int)(relative_scan_points(scan).data[2].y * 2) == -3);
  HOLDS(relative_scan_ranges(scan).count == 2 && (int)relative_scan_ranges(scan).data[0] == 7);
  HOLDS(relative_scan_risks(scan).count == 3 && relative_scan_risks(scan).data[1] == RELATIVE_RISK_LOSS);
  HOLDS(is(relative_scan_label(scan), "hall") && (int)relative_scan_origin(scan)->x == 4);
  const vil_strs_t tags = relative_scan_tags(scan);
  HOLDS(tags.list.count == 3 && is(vil_strs_at(tags, 0), "near") && is(vil_strs_at(tags, 2), "x"));
  HOLDS(vil_strs_at(tags, 1).size == 0 && vil_strs_at(tags, 3).size == 0);
  const relative_meta_view_t meta = relative_scan_meta(scan);
  HOLDS(relative_scan_has_meta(scan) && is(relative_meta_source(meta), "roof") && relative_meta_has_before(meta));
  HOLDS(is(relative_meta_source(relative_meta_before(meta)), "door"));
  HOLDS(!relative_meta_has_before(relative_meta_before(meta)));
  HOLDS(relative_meta_source(relative_meta_before(relative_meta_before(meta))).size == 0);
  const relative_channel_views_t channels = relative_scan_channels(scan);
  const relative_channel_view_t second = relative_channel_views_at(channels, 1);
  HOLDS(channels.list.count == 2 && is(relative_channel_name(relative_channel_views_at(channels, 0)), "red"));
  HOLDS(is(relative_channel_name(second), "\xc3\xbc") && relative_channel_unit(second) == RELATIVE_UNITS_FOOT);
  HOLDS(relative_channel_values(second).count == 2 && (int)(relative_channel_values(second).data[1] * 2) == 5);
  HOLDS(relative_channel_unit(relative_channel_views_at(channels, 2)) == RELATIVE_UNITS_METRE);
  return 0;
}

static int an_empty_message_is_empty(void) {
  vil_builder_t builder;
  uint32_t size = 0;
  const vil_str_writers_t none = relative_scan_alloc_tags(relative_scan_begin(&builder, memory, sizeof memory), 0);
  HOLDS(none.list.count == 0 && relative_scan_finish(&builder, &size) == VIL_OK);
  HOLDS(size == 16 + sizeof(relative_scan_t));
  const relative_scan_view_t scan = relative_scan_view(memory, size);
  HOLDS(relative_scan_limit(scan) == 0 && !relative_scan_has_gain(scan) && !relative_scan_has_meta(scan));
  HOLDS(relative_scan_points(scan).count == 0 && relative_scan_points(scan).data == NULL);
  HOLDS(is(relative_scan_label(scan), "") && relative_scan_tags(scan).list.count == 0);
  HOLDS(relative_scan_origin(scan) == NULL && !relative_scan_has_origin(scan));
  HOLDS(relative_scan_limit(relative_scan_view(memory, 15)) == 700 && relative_scan_limit(relative_scan_view(NULL, 99)) == 700);
  HOLDS(relative_scan_limit(relative_scan_view((const char *)memory + 4, size)) == 700);
  return 0;
}

static int counting_tells_the_bytes_that_it_takes(void) {
  vil_builder_t counter;
  uint32_t counted = 0;
  set_everything(relative_scan_begin(&counter, NULL, RELATIVE_SCAN_MAX_BYTES));
  HOLDS(relative_scan_finish(&counter, &counted) == VIL_OK && counted == everything(sizeof memory));
  return 0;
}

static int what_does_not_fit_is_told_and_nothing_is_written_behind_the_end(void) {
  const uint32_t size = everything(sizeof memory);
  HOLDS(size != 0 && everything(size) == size);
  for (uint32_t capacity = 0; capacity < size; ++capacity) {
    vil_builder_t builder;
    memset(memory, 0xee, sizeof memory);
    set_everything(relative_scan_begin(&builder, memory, capacity));
    HOLDS(relative_scan_finish(&builder, NULL) == VIL_E_LIMIT);
    for (uint32_t at = capacity; at < BYTES; ++at) HOLDS(((const unsigned char *)memory)[at] == 0xee);
  }
  return 0;
}

/* What finish answers when one text was set. */
static vil_status_t with_frame(const char *text, size_t size) {
  vil_builder_t builder;
  relative_header_set_frame(relative_scan_set_header(relative_scan_begin(&builder, memory, sizeof memory)), text, size);
  return relative_scan_finish(&builder, NULL);
}

static int texts_are_utf8_without_nul_and_within_their_bound(void) {
  HOLDS(with_frame("0123456789abcdef0123456789abcdef", 32) == VIL_OK);
  HOLDS(with_frame("0123456789abcdef0123456789abcdef0", 33) == VIL_E_LIMIT);
  HOLDS(with_frame("a\0b", 3) == VIL_E_ARGUMENT && with_frame("\0", 1) == VIL_E_ARGUMENT);
  HOLDS(with_frame(NULL, 0) == VIL_OK && with_frame("\xf4\x8f\xbf\xbf\xed\x9f\xbf", 7) == VIL_OK);
  HOLDS(with_frame("long enough \xff", 13) == VIL_E_ARGUMENT && with_frame("\xc3", 1) == VIL_E_ARGUMENT);
  HOLDS(with_frame("\xc0\xaf", 2) == VIL_E_ARGUMENT && with_frame("\xe0\x80\xaf", 3) == VIL_E_ARGUMENT);
  HOLDS(with_frame("\xed\xa0\x80", 3) == VIL_E_ARGUMENT && with_frame("\xf4\x90\x80\x80", 4) == VIL_E_ARGUMENT);
  HOLDS(with_frame("\xe2\x82(", 3) == VIL_E_ARGUMENT);
  return 0;
}

static int the_first_fault_stays_and_nothing_follows_it(void) {
  vil_builder_t builder;
  relative_scan_writer_t scan = relative_scan_begin(&builder, memory, sizeof memory);
  relative_scan_set_label(scan, "one", 3);
  relative_scan_set_label(scan, "two", 3);
  HOLDS(builder.fault == VIL_E_STATE);
  const uint32_t used = builder.used;
  HOLDS(relative_scan_alloc_points(scan, 1) == NULL && relative_scan_alloc_channels(scan, 4097).list.count == 0);
  relative_scan_set_stamp(scan, 5);
  HOLDS(builder.used == used && relative_scan_finish(&builder, NULL) == VIL_E_STATE);
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  HOLDS(relative_scan_alloc_ranges(scan, 4097) == NULL && builder.fault == VIL_E_LIMIT);
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  relative_channel_set_unit(relative_channel_writers_at(relative_scan_alloc_channels(scan, 1), 1), 1);
  HOLDS(builder.fault == VIL_E_LIMIT);
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  relative_scan_set_sides_at(scan, 2, "x", 1);
  HOLDS(builder.fault == VIL_E_LIMIT);
  (void)relative_scan_begin(&builder, (char *)memory + 4, sizeof memory - 4);
  HOLDS(builder.fault == VIL_E_ARGUMENT);
  return 0;
}

/* Whether the builder's first fault is told with this status and this sentence. */
static bool explains(const vil_builder_t *builder, vil_status_t status, const char *sentence) {
  vil_error_t error = {0};
  vil_builder_explain(builder, NULL);
  vil_builder_explain(builder, &error);
  if (error.status == status && strcmp(error.message, sentence) == 0) return true;
  (void)fprintf(stderr, "%d: %s\n", (int)error.status, error.message);
  return false;
}

static int a_fault_is_told_with_the_field_that_it_is_in(void) {
  vil_builder_t builder = {0};
  relative_scan_writer_t scan;
  HOLDS(explains(&builder, VIL_E_STATE, "the message was never begun, is finished, or was passed on"));
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  HOLDS(explains(&builder, VIL_E_STATE, "the message is not finished"));
  (void)relative_scan_alloc_ranges(scan, 4097);
  relative_scan_set_label(scan, "later", 5);
  HOLDS(explains(&builder, VIL_E_LIMIT, "Scan.ranges has a bound of 4096, and was given 4097"));
  relative_header_set_frame(relative_scan_set_header(relative_scan_begin(&builder, memory, sizeof memory)), "\xff", 1);
  HOLDS(explains(&builder, VIL_E_ARGUMENT, "Header.frame was given a text with a NUL in it, or one that is not UTF-8"));
  scan = relative_scan_begin(&builder, memory, 16 + sizeof(relative_scan_t) + 8);
  relative_scan_set_label(scan, "1234567", 7);
  HOLDS(builder.fault == VIL_OK);
  relative_scan_set_sides_at(scan, 1, "", 0);
  relative_scan_set_sides_at(scan, 1, "x", 1);
  HOLDS(explains(&builder, VIL_E_LIMIT,
                 "Scan.sides does not fit: the message takes 194 bytes with it, and has room for 192"));
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  relative_scan_set_sides_at(scan, 2, "x", 1);
  HOLDS(explains(&builder, VIL_E_LIMIT, "Scan.sides has 2 elements, and there is none at index 2"));
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  vil_str_writers_set(relative_scan_alloc_tags(scan, 3), 4, "x", 1);
  HOLDS(explains(&builder, VIL_E_LIMIT, "Scan.tags has 3 elements, and there is none at index 4"));
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  (void)relative_channel_writers_at(relative_scan_alloc_channels(scan, 1), 1);
  HOLDS(explains(&builder, VIL_E_LIMIT, "Scan.channels has 1 elements, and there is none at index 1"));
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  (void)relative_scan_alloc_meta(scan);
  (void)relative_scan_alloc_meta(scan);
  HOLDS(explains(&builder, VIL_E_STATE, "Scan.meta was set twice, and has room taken for the first one"));
  (void)relative_scan_begin(&builder, memory, 40);
  HOLDS(explains(&builder, VIL_E_LIMIT, "its root does not fit: the message takes 184 bytes with it, and has room for 40"));
  (void)relative_scan_begin(&builder, (char *)memory + 4, sizeof memory - 4);
  HOLDS(explains(&builder, VIL_E_ARGUMENT, "the memory of the message is not aligned to 8 bytes"));
  (void)relative_scan_begin(&builder, memory, sizeof memory);
  HOLDS(relative_note_finish(&builder, NULL) == VIL_E_STATE);
  HOLDS(explains(&builder, VIL_E_STATE, "the message was begun with another layout"));
  scan = relative_scan_begin(&builder, memory, sizeof memory);
  HOLDS(relative_scan_finish(&builder, NULL) == VIL_OK && explains(&builder, VIL_OK, ""));
  relative_scan_set_stamp(scan, 5);
  HOLDS(explains(&builder, VIL_E_STATE, "the message was never begun, is finished, or was passed on"));
  return 0;
}

static int a_message_is_ready_when_it_was_finished_as_what_it_is(void) {
  vil_builder_t builder;
  const relative_scan_writer_t scan = relative_scan_begin(&builder, memory, sizeof memory);
  HOLDS(vil_builder_ready(&builder, memory, RELATIVE_SCAN_LAYOUT_ID) == VIL_E_STATE);
  HOLDS(relative_scan_finish(&builder, NULL) == VIL_OK);
  HOLDS(vil_builder_ready(&builder, memory, RELATIVE_SCAN_LAYOUT_ID) == VIL_OK);
  HOLDS(vil_builder_ready(&builder, memory + 1, RELATIVE_SCAN_LAYOUT_ID) == VIL_E_STATE);
  HOLDS(vil_builder_ready(&builder, memory, RELATIVE_NOTE_LAYOUT_ID) == VIL_E_STATE);
  relative_scan_set_stamp(scan, 5);
  HOLDS(builder.fault == VIL_E_STATE && relative_scan_stamp(relative_scan_view(memory, sizeof memory)) == 0);
  HOLDS(relative_scan_finish(&builder, NULL) == VIL_E_STATE);
  (void)relative_scan_begin(&builder, memory, sizeof memory);
  HOLDS(relative_note_finish(&builder, NULL) == VIL_E_STATE);
  return 0;
}

static int a_reader_takes_defaults_for_what_an_older_writer_does_not_know(void) {
  const uint32_t size = everything(sizeof memory);
  const uint32_t ends_before_valid = 89, ends_before_header = 15;
  relative_scan_view_t scan;
  memcpy((char *)memory + 12, &ends_before_valid, 4);
  scan = relative_scan_view(memory, size);
  HOLDS(relative_scan_risk(scan) == RELATIVE_RISK_LOSS && relative_scan_has_gain(scan));
  HOLDS(relative_scan_valid(scan) && relative_scan_matrix(scan).count == 0 && relative_scan_corner(scan) == NULL);
  HOLDS(relative_scan_sides_at(scan, 1).size == 0 && relative_reading_tag(relative_scan_reading(scan)) == 0);
  memcpy((char *)memory + 12, &ends_before_header, 4);
  scan = relative_scan_view(memory, size);
  HOLDS(!vil_view_is_there(relative_scan_header(scan).view) && relative_header_stamp(relative_scan_header(scan)) == 0);
  HOLDS(relative_scan_limit(scan) == 700 && relative_scan_risk(scan) == RELATIVE_RISK_WATCH);
  return 0;
}

static int a_reader_reads_past_what_a_newer_writer_knows_more(void) {
  vil_builder_t builder;
  vil_writer_t root = vil_builder_begin(&builder, memory, sizeof memory, RELATIVE_GROWN_LAYOUT_ID, 24, 24);
  const uint32_t count = 9;
  vil_writer_put(root, 0, &count, sizeof count);
  vil_writer_str(root, 16, "newer", 5, VIL_NO_BOUND);
  HOLDS(relative_grown_finish(&builder, NULL) == VIL_OK);
  HOLDS(relative_grown_count(relative_grown_view(memory, builder.used)) == 9);
  HOLDS(relative_grown_level(relative_grown_view(memory, builder.used)) == 0);
  const uint32_t older = 4;
  memcpy((char *)memory + 12, &older, 4);
  HOLDS(relative_grown_level(relative_grown_view(memory, builder.used)) == 3);
  return 0;
}

static int unions_are_messages_too(void) {
  vil_builder_t builder;
  uint32_t size = 0;
  const relative_note_writer_t note = relative_note_begin(&builder, memory, sizeof memory);
  relative_note_said_set_text(relative_note_set_said(note), "hello", 5);
  HOLDS(relative_note_finish(&builder, &size) == VIL_OK);
  const relative_note_view_t found = relative_note_view(memory, size);
  HOLDS(relative_note_tag(found) == RELATIVE_NOTE_TAG_SAID);
  HOLDS(is(relative_note_said_text(relative_note_as_said(found)), "hello"));
  HOLDS(relative_note_seen_where(relative_note_as_seen(found)) == NULL);
  return 0;
}

static const unsigned char *first, *last;

static bool within(const void *data, uint64_t size) {
  const unsigned char *const at = (const unsigned char *)data;
  return size == 0 || (at >= first + 16 && at <= last && size <= (uint64_t)(last - at));
}

static bool text_within(vil_str_t text) { return within(text.data, text.size == 0 ? 0 : (uint64_t)text.size + 1); }

static bool channels_within(relative_channel_views_t channels) {
  for (uint32_t index = 0; index <= channels.list.count && index < 64; ++index) {
    const relative_channel_view_t channel = relative_channel_views_at(channels, index);
    const vil_f64_slice_t values = relative_channel_values(channel);
    if (!text_within(relative_channel_name(channel)) || values.count > 1024) return false;
    if (!within(values.data, (uint64_t)values.count * 8) || (uintptr_t)values.data % 8 != 0) return false;
  }
  return true;
}

/* Whether all that a scan of these bytes answers lies within them. It always comes to an end: references lead forward. */
static bool everything_within(const void *data, uint32_t size) {
  const relative_scan_view_t scan = relative_scan_view(data, size);
  const relative_reading_view_t reading = relative_scan_reading(scan);
  const vil_strs_t tags = relative_scan_tags(scan);
  bool sound = true;
  first = (const unsigned char *)data;
  last = first + size;
  sound = sound && text_within(relative_scan_label(scan)) && channels_within(relative_scan_channels(scan));
  sound = sound && within(relative_scan_points(scan).data, relative_scan_points(scan).count * UINT64_C(8));
  sound = sound && within(relative_scan_ranges(scan).data, relative_scan_ranges(scan).count * UINT64_C(4));
  sound = sound && within(relative_scan_risks(scan).data, relative_scan_risks(scan).count);
  sound = sound && within(relative_scan_matrix(scan).data, relative_scan_matrix(scan).count * UINT64_C(4));
  sound = sound && within(relative_scan_origin(scan), relative_scan_has_origin(scan) ? 8 : 0);
  sound = sound && text_within(relative_header_frame(relative_scan_header(scan)));
  sound = sound && text_within(relative_reading_text_text(relative_reading_as_text(reading)));
  sound = sound && text_within(relative_scan_sides_at(scan, 0)) && text_within(relative_scan_sides_at(scan, 1));
  for (uint32_t index = 0; index <= tags.list.count && index < 64; ++index) {
    sound = sound && text_within(vil_strs_at(tags, index));
  }
  relative_meta_view_t meta = relative_scan_meta(scan);
  while (sound && vil_view_is_there(meta.view)) {
    sound = text_within(relative_meta_source(meta));
    meta = relative_meta_before(meta);
  }
  return sound;
}

static int nothing_is_read_outside_whatever_the_bytes_are(void) {
  const uint32_t size = everything(sizeof memory);
  uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
  static uint64_t sound[WORDS];
  memcpy(sound, memory, sizeof memory);
  HOLDS(everything_within(memory, size));
  for (uint32_t round = 0; round < 200000; ++round) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    const uint32_t at = (uint32_t)(seed >> 33) % (size / 4) * 4, kind = (uint32_t)(seed >> 20) & 3u;
    uint32_t value = (uint32_t)(seed >> 30);
    if (kind == 0) value %= size + 8;
    if (kind == 1) value = UINT32_MAX - value % 64;
    memcpy((char *)memory + at, &value, 4);
    if (!everything_within(memory, size - value % 8)) {
      (void)fprintf(stderr, "round %u: %u at %u\n", (unsigned)round, (unsigned)value, (unsigned)at);
      return __LINE__;
    }
    if (round % 16 == 0) memcpy(memory, sound, sizeof memory);
  }
  return 0;
}

static int zeroes_are_skipped_in_plain_slices_alone_and_until_it_begins_anew(void) {
  vil_builder_t builder;
  relative_scan_writer_t scan;
  relative_channel_view_t red;
  float *ranges;
  memset(memory, 0xee, BYTES);
  scan = relative_scan_begin(&builder, memory, BYTES);
  vil_builder_skip_zeroes(&builder);
  ranges = relative_scan_alloc_ranges(scan, 2);
  HOLDS(ranges != NULL && ((const unsigned char *)ranges)[7] == 0xee);
  set_channels(scan);
  HOLDS(relative_scan_finish(&builder, NULL) == VIL_OK);
  red = relative_channel_views_at(relative_scan_channels(relative_scan_view(memory, BYTES)), 0);
  HOLDS(is(relative_channel_name(red), "red") && relative_channel_values(red).count == 0);
  scan = relative_scan_begin(&builder, memory, BYTES);
  ranges = relative_scan_alloc_ranges(scan, 2);
  HOLDS(ranges != NULL && ((const unsigned char *)ranges)[7] == 0);
  return 0;
}

int main(void) {
  int (*const tests[])(void) = {
      values_are_read_as_they_were_written,
      references_are_followed,
      an_empty_message_is_empty,
      counting_tells_the_bytes_that_it_takes,
      what_does_not_fit_is_told_and_nothing_is_written_behind_the_end,
      texts_are_utf8_without_nul_and_within_their_bound,
      the_first_fault_stays_and_nothing_follows_it,
      a_fault_is_told_with_the_field_that_it_is_in,
      a_message_is_ready_when_it_was_finished_as_what_it_is,
      a_reader_takes_defaults_for_what_an_older_writer_does_not_know,
      a_reader_reads_past_what_a_newer_writer_knows_more,
      unions_are_messages_too,
      zeroes_are_skipped_in_plain_slices_alone_and_until_it_begins_anew,
      nothing_is_read_outside_whatever_the_bytes_are,
  };
  for (size_t index = 0; index < sizeof tests / sizeof *tests; ++index) {
    const int line = tests[index]();
    if (line != 0) return (void)fprintf(stderr, "relative.c:%d does not hold\n", line), 1;
  }
  return 0;
}
