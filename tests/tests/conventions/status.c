/* The status table: numbers and names. That the document has the same table is compared outside. */
#include "driver.h"

#define ALL(each)                                                                                                   \
  each(VIL_OK) each(VIL_EMPTY) each(VIL_FULL) each(VIL_TIMEOUT) each(VIL_INTERRUPTED) each(VIL_CANCELLED)           \
  each(VIL_PEER_GONE) each(VIL_DROPPED) each(VIL_E_ARGUMENT) each(VIL_E_HANDLE) each(VIL_E_BUSY) each(VIL_E_STATE)  \
  each(VIL_E_LIMIT) each(VIL_E_NOMEM) each(VIL_E_SYSTEM) each(VIL_E_PERMISSION) each(VIL_E_NOT_FOUND)               \
  each(VIL_E_EXISTS) each(VIL_E_CONTRACT) each(VIL_E_ABI) each(VIL_E_CORRUPT) each(VIL_E_OWNER) each(VIL_E_FORKED)  \
  each(VIL_E_PROGRAM) each(VIL_E_UNSUPPORTED) each(VIL_E_PANIC) each(VIL_E_NAME) each(VIL_E_PENDING) each(VIL_E_BARRIER)  \
  each(VIL_E_MESSAGE)

static void every_number_belongs_to_one_name(void) {
  int known = 0;
#define COUNT(name) known++;
  ALL(COUNT)
  for (vil_status_t status = -1000; status < 1000; status++) {
    switch (status) { /* Two names with one number do not compile. */
#define CASE(name)                                      \
  case name:                                            \
    CHECK(strcmp(vil_status_name(status), #name) == 0); \
    known--;                                            \
    break;
      ALL(CASE)
      default:
        break;
    }
  }
  CHECK(known == 0);
}

static void an_unknown_number_has_a_name_too(void) {
  const vil_status_t unknown[] = {8, 9, 1000, INT32_MAX, -23, -24, -1000, INT32_MIN};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    CHECK(strcmp(vil_status_name(unknown[i]), "VIL_UNKNOWN") == 0);
  }
}

static const rule_t rules[] = {
    {"C-STATUS-2", every_number_belongs_to_one_name},
    {"C-STATUS-3", an_unknown_number_has_a_name_too},
};

RULES(rules)
