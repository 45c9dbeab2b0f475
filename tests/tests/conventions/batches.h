/* The processes of batches.yaml, each played by the program that checks a rule. */
#ifndef BATCHES_H
#define BATCHES_H

#include "driver.h"

#include "batches_giver.h"
#include "batches_reader.h"
#include "batches_taker.h"

enum { ROOM = 8 }; /* of each ring, and loans at each end but one */

static batches_giver_t giver;
static batches_taker_t taker;
static batches_reader_t reader;

static void begin(void) {
  GOES(batches_giver_open_or_create(&giver, the_world, NULL, NULL));
  GOES(batches_taker_open(&taker, the_world, NULL, NULL));
  GOES(batches_reader_open(&reader, the_world, NULL, NULL));
}

/* Everybody leaves, and every slot is free again. */
static void end(void) {
  vil_world_t *watcher = NULL;
  vil_audit_t audit;
  GOES(vil_world_open(the_world, NULL, NULL, &watcher, NULL));
  GOES(batches_giver_close(&giver));
  GOES(batches_taker_close(&taker));
  GOES(batches_reader_close(&reader));
  audit.struct_size = sizeof audit;
  GOES(vil_world_audit(watcher, &audit));
  CHECK(audit.free_slots == audit.slots && audit.leaked_slots == 0);
  GOES(vil_world_close(watcher));
}

#endif
