/* Messages by their descriptors: what breaks a rule is told, and what is too small is told too. */
#include "driver.h"

/* A descriptor by hand: the flat message `M` with one field `f`, a bool. docs/descriptor.md says which word is what. */
static const uint32_t DESCRIPTOR[] = {
    0x444c4956, 1, 34, 7, 0, 0, 0, 0, 12, 1, 31, 4, /* head */
    0, 0, 1, 1, 1, 1, 20, 0,                        /* M: a struct of one byte with one field at word 20 */
    2, 1, 0, 0, 0xffffffff, 28, 0, 0,               /* f: at 0, never absent, its shape at word 28 */
    0, 10, 0,                                       /* a scalar, bool */
    0x0066004d, 0, 0                                /* "M", "f" */
};

static void what_breaks_a_rule_is_told(void) {
  unsigned char flag = 1;
  vil_msg_fault_t fault;
  size_t size = 99;
  char text[32];
  memset(&fault, 0x55, sizeof fault);
  vil_msg_fault_t before;
  memset(&before, 0x55, sizeof before);
  CHECK(vil_msg_verify(DESCRIPTOR, &flag, sizeof flag, &fault) == VIL_OK);
  CHECK(memcmp(&fault, &before, sizeof fault) == 0);
  flag = 2;
  CHECK(vil_msg_verify(DESCRIPTOR, &flag, sizeof flag, &fault) == VIL_E_MESSAGE);
  CHECK(fault.rule == VIL_MSG_BOOL && fault.offset == 0 && fault.expected == 1 && fault.found == 2);
  CHECK(strcmp(fault.path, "f") == 0);
  CHECK(vil_msg_verify(DESCRIPTOR, &flag, sizeof flag, NULL) == VIL_E_MESSAGE);
  CHECK(vil_msg_to_json(DESCRIPTOR, &flag, sizeof flag, VIL_JSON_COMPACT, text, sizeof text, &size, NULL) == VIL_E_MESSAGE);
  CHECK(vil_msg_snapshot(DESCRIPTOR, &flag, sizeof flag, text, sizeof text, &size, &fault) == VIL_E_MESSAGE);
  CHECK(vil_msg_from_json(DESCRIPTOR, "{\"g\":1}", 7, text, sizeof text, &size, &fault) == VIL_E_MESSAGE);
  CHECK(fault.rule == VIL_MSG_NAME && fault.offset == 1);
}

static void too_little_room_is_told(void) {
  const unsigned char flag = 1;
  unsigned char made = 0;
  size_t size = 0;
  char text[12];
  vil_status_t status = vil_msg_to_json(DESCRIPTOR, &flag, sizeof flag, VIL_JSON_COMPACT, NULL, 0, &size, NULL);
  CHECK(status == VIL_E_LIMIT && size == 10);
  CHECK(vil_msg_to_json(DESCRIPTOR, &flag, sizeof flag, VIL_JSON_COMPACT, text, 10, &size, NULL) == VIL_E_LIMIT);
  CHECK(size == 10 && strcmp(text, "{\"f\":true") == 0);
  CHECK(vil_msg_to_json(DESCRIPTOR, &flag, sizeof flag, VIL_JSON_COMPACT, text, 11, &size, NULL) == VIL_OK);
  CHECK(strcmp(text, "{\"f\":true}") == 0);
  CHECK(vil_msg_from_json(DESCRIPTOR, text, size, NULL, 0, &size, NULL) == VIL_E_LIMIT && size == 1);
  CHECK(vil_msg_from_json(DESCRIPTOR, text, strlen(text), &made, sizeof made, &size, NULL) == VIL_OK && made == 1);
  made = 0;
  CHECK(vil_msg_snapshot(DESCRIPTOR, &flag, sizeof flag, NULL, 0, &size, NULL) == VIL_E_LIMIT && size == 1);
  CHECK(vil_msg_snapshot(DESCRIPTOR, &flag, sizeof flag, &made, sizeof made, &size, NULL) == VIL_OK && made == 1);
  CHECK(vil_msg_verify(NULL, &flag, sizeof flag, NULL) == VIL_E_ARGUMENT);
  CHECK(vil_msg_verify(DESCRIPTOR, NULL, 0, NULL) == VIL_E_ARGUMENT);
  CHECK(vil_msg_to_json(DESCRIPTOR, &flag, sizeof flag, 2, text, sizeof text, &size, NULL) == VIL_E_ARGUMENT);
  CHECK(vil_msg_to_json(DESCRIPTOR, &flag, sizeof flag, VIL_JSON_PRETTY, text, sizeof text, NULL, NULL) == VIL_E_ARGUMENT);
}

/* The bytes change as often as they are looked at; whatever is found, the copy keeps it. */
static void a_copy_stays_what_it_was_found_to_be(void) {
  unsigned char flag = 0;
  unsigned char copy = 9;
  size_t size = 0;
  for (unsigned i = 0; i < 256; i++) {
    flag = (unsigned char)i;
    if (vil_msg_snapshot(DESCRIPTOR, &flag, sizeof flag, &copy, sizeof copy, &size, NULL) == VIL_OK) {
      flag = 77;
      CHECK(vil_msg_verify(DESCRIPTOR, &copy, size, NULL) == VIL_OK && copy <= 1);
    }
  }
}

/* Routes of which nothing sound came are looked at, and those from the 64th on always. */
static void a_route_is_verified_until_a_message_of_it_was_sound(void) {
  unsigned char flag = 2;
  uint64_t sound = 0;
  CHECK(vil_msg_verify_first(DESCRIPTOR, &flag, sizeof flag, 3, &sound) == VIL_E_MESSAGE && sound == 0);
  flag = 1;
  CHECK(vil_msg_verify_first(DESCRIPTOR, &flag, sizeof flag, 3, &sound) == VIL_OK && sound == 8);
  CHECK(vil_msg_verify_first(DESCRIPTOR, &flag, sizeof flag, 64, &sound) == VIL_OK && sound == 8);
  flag = 2;
  CHECK(vil_msg_verify_first(DESCRIPTOR, &flag, sizeof flag, 3, &sound) == VIL_OK);
  CHECK(vil_msg_verify_first(DESCRIPTOR, &flag, sizeof flag, 4, &sound) == VIL_E_MESSAGE);
  CHECK(vil_msg_verify_first(DESCRIPTOR, &flag, sizeof flag, 64, &sound) == VIL_E_MESSAGE);
  CHECK(vil_msg_verify_first(DESCRIPTOR, &flag, sizeof flag, 3, NULL) == VIL_E_ARGUMENT);
  CHECK(vil_msg_verify_first(NULL, &flag, sizeof flag, 4, &sound) == VIL_E_ARGUMENT);
}

static const rule_t rules[] = {
    {"C-MSG-1", what_breaks_a_rule_is_told},
    {"C-MSG-2", too_little_room_is_told},
    {"C-MSG-3", a_copy_stays_what_it_was_found_to_be},
    {"C-MSG-4", a_route_is_verified_until_a_message_of_it_was_sound},
};

RULES(rules)
