/* Second stage: looks at each credit in place, and where it is not performing writes an Npl in place for report.
 *
 * It can be killed at any instruction and started again. A credit is released only after its Npl is published, so a
 * new filter gets every unreleased one again and may repeat an Npl, which report recognises by its line. The counts
 * that decide the end are those of the routes, exact across restarts: all credits are seen when as many are released
 * as ingest says there were, and FilterDone says how many messages went to report, the repeated ones included.
 * IngestDone is held until FilterDone is published; a filter that finds FilterDone published has nothing left to do.
 */
#define _GNU_SOURCE

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "credit_filter.h"

/* From this collectability on, a credit is not performing. */
#define NPL_FROM 3

/* Credits taken before the control lane is looked at again. */
#define BATCH 256

/* How long to sleep for a credit before the control lane is looked at again. */
#define NAP_NS UINT64_C(2000000)

/* Deadlines of a full route that are waited out in a row: five minutes with nobody taking anything. */
#define PATIENCE 60

/* Dies with its parent. Between the fork and the asking the parent may have ended, and then nobody would tell. */
static bool die_with_parent(const char *parent) {
  if (parent == NULL) return true;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  return getppid() == (pid_t)strtol(parent, NULL, 10);
}

/* Whether to try again: a wait was ended by a signal, by the loss of a peer that will be replaced, or by its deadline. */
static bool again(vil_status_t status, int *deadlines) {
  if (status == VIL_TIMEOUT) return ++*deadlines <= PATIENCE;
  return status == VIL_INTERRUPTED || status == VIL_PEER_GONE;
}

static bool nothing_now(vil_status_t status) {
  return status == VIL_EMPTY || status == VIL_TIMEOUT || status == VIL_INTERRUPTED || status == VIL_PEER_GONE;
}

static vil_status_t pass_on(credit_filter_t *self, const credit_credit_t *credit) {
  credit_npl_loan_t npl;
  vil_status_t status;
  int deadlines = 0;
  do status = credit_filter_npls_loan(self, &npl);
  while (again(status, &deadlines));
  if (status != VIL_OK) return status;
  credit_npl_init(npl.msg);
  npl.msg->line = credit->line;
  npl.msg->amount = credit->amount;
  npl.msg->risk = (credit_risk_t)credit->kol;
  memcpy(npl.msg->branch, credit->branch, sizeof npl.msg->branch);
  deadlines = 0;
  do status = credit_filter_npls_publish(self, &npl);
  while (again(status, &deadlines));
  return status;
}

/* Takes up to a batch of credits; VIL_OK when there may be more, VIL_EMPTY when there are none now. */
static vil_status_t take_credits(credit_filter_t *self) {
  for (int i = 0; i < BATCH; ++i) {
    credit_credit_msg_t credit;
    vil_status_t status = credit_filter_credits_receive(self, i == 0 ? NAP_NS : 0, &credit);
    if (status != VIL_OK) return nothing_now(status) ? VIL_EMPTY : status;
    if (credit.msg->kol >= NPL_FROM) status = pass_on(self, credit.msg);
    if (status == VIL_OK) status = credit_filter_credits_release(self, &credit);
    if (status != VIL_OK) return status;
  }
  return VIL_OK;
}

static vil_status_t say_done(credit_filter_t *self) {
  credit_filter_done_t done;
  vil_status_t status;
  int deadlines = 0;
  credit_filter_done_init(&done);
  status = credit_filter_npls_published(self, &done.npl);
  if (status != VIL_OK) return status;
  do status = credit_filter_finished_send(self, &done);
  while (again(status, &deadlines));
  return status;
}

/* Until every credit is released that IngestDone counts. */
static vil_status_t filter(credit_filter_t *self) {
  credit_ingest_done_msg_t done;
  bool ended = false;
  uint64_t said = 0;
  vil_status_t status = credit_filter_finished_published(self, &said);
  if (status != VIL_OK || said > 0) return status;
  for (;;) {
    uint64_t released = 0;
    if (!ended) {
      status = credit_filter_ingest_done_receive(self, 0, &done);
      ended = status == VIL_OK;
      if (!ended && !nothing_now(status)) return status;
    }
    status = credit_filter_credits_received(self, &released);
    if (status != VIL_OK) return status;
    if (ended && released >= done.msg->good) break;
    status = take_credits(self);
    if (status != VIL_OK && status != VIL_EMPTY) return status;
  }
  status = say_done(self);
  if (status != VIL_OK) return status;
  return credit_filter_ingest_done_release(self, &done);
}

int main(int argc, char **argv) {
  credit_filter_t self;
  vil_error_t error;
  vil_status_t status;
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: filter WORLD [PARENT]\n");
    return 2;
  }
  if (!die_with_parent(argc == 3 ? argv[2] : NULL)) {
    fprintf(stderr, "filter: the conductor ended before this stage began\n");
    return 1;
  }
  status = credit_filter_open(&self, argv[1], NULL, &error);
  if (status != VIL_OK) {
    fprintf(stderr, "filter: %s: %s\n", vil_status_name(status), error.message);
    return 1;
  }
  status = filter(&self);
  if (status != VIL_OK) fprintf(stderr, "filter: %s\n", vil_status_name(status));
  credit_filter_close(&self);
  return status == VIL_OK ? 0 : 1;
}
