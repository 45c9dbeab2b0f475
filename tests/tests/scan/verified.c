/* What ports promise about messages that are verified, kept, taken, asked and answered, with both ends in one process. Tells
 * the first line that does not hold. */
#include <stdio.h>

#include "relative_lidar.h"
#include "relative_map.h"

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

/* Sends a message of one text whose last byte says that it begins elsewhere. */
static int sends_a_lie(vil_sender_t *sender, uint64_t layout_id, uint32_t root_size, uint32_t word) {
  vil_loan_t loan;
  const uint32_t size = 4096, nowhere[2] = {4095, 9};
  HOLDS(vil_sender_loan(sender, &loan) == VIL_OK);
  memset(loan.data, 0, loan.size);
  memcpy(loan.data, &layout_id, 8);
  memcpy((char *)loan.data + 8, &size, 4);
  memcpy((char *)loan.data + 12, &root_size, 4);
  memcpy((char *)loan.data + VIL_ROOT_OFFSET + word, nowhere, 8);
  HOLDS(vil_sender_publish(sender, &loan) == VIL_OK);
  return 0;
}

static int sends_a_scan(relative_lidar_t *lidar, uint64_t stamp) {
  relative_scan_loan_t loan;
  HOLDS(relative_lidar_scans_loan(lidar, &loan) == VIL_OK);
  relative_scan_set_stamp(loan.msg, stamp);
  relative_reading_set_number(relative_scan_set_reading(loan.msg));
  vil_str_writers_set(relative_scan_alloc_tags(loan.msg, 2), 1, "far", 3);
  relative_scan_set_label(loan.msg, "hall", 4);
  HOLDS(relative_scan_alloc_points(loan.msg, 3) != NULL);
  relative_meta_set_source(relative_meta_alloc_before(relative_scan_alloc_meta(loan.msg)), "roof", 4);
  relative_channel_set_unit(relative_channel_writers_at(relative_scan_alloc_channels(loan.msg, 1), 0), 1);
  HOLDS(relative_scan_finish(&loan.builder, NULL) == VIL_OK);
  HOLDS(relative_lidar_scans_publish(lidar, &loan) == VIL_OK);
  return 0;
}

static int the_first_one_is_verified(relative_lidar_t *lidar, relative_map_t *map) {
  relative_scan_msg_t got;
  const uint32_t label = 40;
  HOLDS(sends_a_lie(lidar->scans, RELATIVE_SCAN_LAYOUT_ID, RELATIVE_SCAN_ROOT_SIZE, label) == 0);
  HOLDS(relative_map_scans_receive(map, 0, &got) == VIL_E_MESSAGE);
  HOLDS(got.message.data == NULL && !vil_view_is_there(got.msg.view));
  HOLDS(sends_a_scan(lidar, 5) == 0 && relative_map_scans_receive(map, 0, &got) == VIL_OK);
  HOLDS(relative_scan_stamp(got.msg) == 5 && vil_str_equals(vil_strs_at(relative_scan_tags(got.msg), 1), "far"));
  HOLDS(relative_map_scans_release(map, &got) == VIL_OK);
  HOLDS(sends_a_lie(lidar->scans, RELATIVE_SCAN_LAYOUT_ID, RELATIVE_SCAN_ROOT_SIZE, label) == 0);
  HOLDS(relative_map_scans_receive(map, 0, &got) == VIL_OK && relative_scan_label(got.msg).size == 0);
  HOLDS(relative_map_scans_release(map, &got) == VIL_OK);
  return 0;
}

static int every_one_is_verified_and_taken(relative_lidar_t *lidar, relative_map_t *map) {
  relative_note_loan_t loan;
  relative_note_msg_t got;
  for (int round = 0; round < 3; ++round) {
    HOLDS(relative_lidar_notes_loan(lidar, &loan) == VIL_OK);
    relative_note_said_set_text(relative_note_set_said(loan.msg), "hello", 5);
    HOLDS(relative_note_finish(&loan.builder, NULL) == VIL_OK && relative_lidar_notes_publish(lidar, &loan) == VIL_OK);
    HOLDS(relative_map_notes_receive(map, 0, &got) == VIL_OK);
    HOLDS(vil_str_equals(relative_note_said_text(relative_note_as_said(got.msg)), "hello"));
    HOLDS(relative_map_notes_consume(map, &got) == VIL_OK && got.message.data == NULL);
    HOLDS(sends_a_lie(lidar->notes, RELATIVE_NOTE_LAYOUT_ID, RELATIVE_NOTE_ROOT_SIZE, 8) == 0);
    HOLDS(relative_map_notes_receive(map, 0, &got) == VIL_E_MESSAGE && got.message.data == NULL);
  }
  return 0;
}

static int what_is_kept_is_read_by_both(relative_lidar_t *lidar, relative_map_t *map) {
  relative_scan_loan_t loan;
  relative_scan_view_t kept;
  relative_scan_msg_t got;
  HOLDS(relative_lidar_still_loan(lidar, &loan) == VIL_OK);
  relative_scan_set_label(loan.msg, "hall", 4);
  HOLDS(relative_lidar_still_keep(lidar, &loan, &kept) == VIL_E_STATE && !vil_view_is_there(kept.view));
  HOLDS(relative_scan_finish(&loan.builder, NULL) == VIL_OK);
  HOLDS(relative_lidar_still_keep(lidar, &loan, &kept) == VIL_OK);
  HOLDS(relative_map_still_receive(map, 0, &got) == VIL_OK);
  HOLDS(vil_str_equals(relative_scan_label(kept), "hall") && vil_str_equals(relative_scan_label(got.msg), "hall"));
  relative_scan_set_stamp(loan.msg, 6);
  HOLDS(relative_scan_stamp(kept) == 0);
  HOLDS(relative_lidar_still_release(lidar, &loan) == VIL_OK && relative_map_still_release(map, &got) == VIL_OK);
  return 0;
}

static int questions_and_answers_are_messages_too(relative_lidar_t *lidar, relative_map_t *map) {
  relative_ask_loan_t ask;
  relative_ask_msg_t asked;
  relative_answer_loan_t answer;
  relative_answer_msg_t answered;
  uint64_t number = 99;
  HOLDS(relative_map_find_loan(map, &ask) == VIL_OK);
  HOLDS(relative_map_find_ask(map, &ask, NULL) == VIL_E_STATE && ask.loan.data != NULL);
  relative_ask_set_pattern(ask.msg, "ha", 2);
  HOLDS(relative_ask_finish(&ask.builder, NULL) == VIL_OK && relative_map_find_ask(map, &ask, &number) == VIL_OK);
  HOLDS(relative_lidar_find_receive(lidar, 0, &asked) == VIL_OK);
  HOLDS(vil_str_equals(relative_ask_pattern(asked.msg), "ha"));
  HOLDS(relative_lidar_find_loan(lidar, &answer) == VIL_OK);
  HOLDS(relative_lidar_find_answer(lidar, &answer, &asked) == VIL_E_STATE);
  vil_str_writers_set(relative_answer_alloc_lines(answer.msg, 1), 0, "hall", 4);
  HOLDS(relative_answer_finish(&answer.builder, NULL) == VIL_OK);
  HOLDS(relative_lidar_find_answer(lidar, &answer, &asked) == VIL_OK);
  HOLDS(relative_lidar_find_release(lidar, &asked) == VIL_OK);
  HOLDS(relative_map_find_receive(map, 0, &answered) == VIL_OK && answered.message.answers == number);
  HOLDS(vil_str_equals(vil_strs_at(relative_answer_lines(answered.msg), 0), "hall"));
  HOLDS(relative_map_find_release(map, &answered) == VIL_OK);
  return 0;
}

int main(void) {
  relative_lidar_t lidar;
  relative_map_t map;
  vil_error_t error;
  int line;
  if (relative_lidar_open_or_create(&lidar, "verified", NULL, &error) != VIL_OK ||
      relative_map_open(&map, "verified", NULL, &error) != VIL_OK) {
    return (void)fprintf(stderr, "%s\n", error.message), 1;
  }
  line = the_first_one_is_verified(&lidar, &map);
  if (line == 0) line = every_one_is_verified_and_taken(&lidar, &map);
  if (line == 0) line = what_is_kept_is_read_by_both(&lidar, &map);
  if (line == 0) line = questions_and_answers_are_messages_too(&lidar, &map);
  if (line != 0) (void)fprintf(stderr, "verified.c:%d does not hold\n", line);
  (void)relative_map_close(&map);
  (void)relative_lidar_close(&lidar);
  (void)vil_world_unlink("verified", NULL, NULL);
  return line != 0;
}
