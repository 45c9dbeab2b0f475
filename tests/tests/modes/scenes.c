/* The scenes in C. What does not hold is told with its line, and ends the program. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "modes_camera.h"
#include "modes_crew.h"
#include "modes_screen.h"
#include "modes_worker.h"

#define HOLDS(condition)                                                  \
  do {                                                                    \
    if (!(condition)) {                                                   \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);     \
      exit(1);                                                            \
    }                                                                     \
  } while (0)
#define OK(call) HOLDS((call) == VIL_OK)

enum { ROUNDS = 600 };

/* Longer than anything here takes; only a call that hangs reaches it. */
static const uint64_t LONG = 20000000000u;

/* The three processes of the program, all played by this one. */
static modes_camera_t camera;
static modes_worker_t worker;
static modes_screen_t screen;
static vil_world_t *watcher;

static void begin(void) {
  OK(modes_camera_open_or_create(&camera, "stage", NULL, NULL));
  OK(modes_worker_open(&worker, "stage", NULL, NULL));
  OK(modes_screen_open_within(&screen, "stage", LONG, NULL, NULL));
  OK(vil_world_open("stage", NULL, NULL, &watcher, NULL));
}

/* Everybody leaves; nothing stays behind. */
static void end(void) {
  vil_audit_t audit;
  OK(modes_camera_close(&camera));
  OK(modes_worker_close(&worker));
  OK(modes_screen_close(&screen));
  audit.struct_size = sizeof audit;
  OK(vil_world_audit(watcher, &audit));
  HOLDS(audit.free_slots == audit.slots && audit.leaked_slots == 0);
  OK(vil_world_close(watcher));
  OK(vil_world_unlink("stage", NULL, NULL));
}

/* How often a kind of event stands in the audit trail. */
static int told(uint32_t kind) {
  uint64_t cursor = 0;
  int count = 0;
  vil_event_t event;
  event.struct_size = sizeof event;
  while (vil_registry_trail(watcher, &cursor, &event) == VIL_OK) count += event.kind == kind;
  return count;
}

/* Publishes a frame of this number to its two readers, and lets the screen's go. */
static void film(uint64_t number) {
  modes_frame_loan_t loan;
  modes_frame_msg_t frame;
  OK(modes_camera_frames_loan(&camera, &loan));
  loan.msg->number = number;
  OK(modes_camera_frames_publish(&camera, &loan));
  HOLDS(loan.msg == NULL);
  OK(modes_screen_frames_receive(&screen, 0, &frame));
  HOLDS(frame.msg->number == number);
  OK(modes_screen_frames_release(&screen, &frame));
}

static void shared(void) {
  modes_frame_msg_t frame;
  for (uint64_t number = 0; number < ROUNDS; ++number) {
    film(number);
    OK(modes_worker_frames_receive(&worker, 0, &frame));
    HOLDS(frame.msg->number == number);
    OK(modes_worker_frames_release(&worker, &frame));
  }
}

static void kept(void) {
  modes_frame_loan_t loan, other;
  modes_frame_msg_t frame;
  const modes_frame_t *still;
  for (uint64_t number = 0; number < ROUNDS; ++number) {
    OK(modes_camera_still_loan(&camera, &loan));
    loan.msg->number = number;
    OK(modes_camera_still_keep(&camera, &loan, &still));
    HOLDS(loan.msg == NULL && still->number == number);
    OK(modes_screen_still_receive(&screen, 0, &frame));
    HOLDS(frame.msg->number == number);
    HOLDS(modes_camera_still_loan(&camera, &other) == VIL_E_LIMIT);
    OK(modes_screen_still_release(&screen, &frame));
    HOLDS(still->number == number);
    OK(modes_camera_still_release(&camera, &loan));
    HOLDS(modes_camera_still_release(&camera, &loan) == VIL_E_STATE);
  }
  OK(modes_camera_frames_loan(&camera, &loan));
  HOLDS(vil_sender_keep(camera.frames, &loan.loan) == VIL_E_UNSUPPORTED);
  OK(modes_camera_frames_discard(&camera, &loan));
}

static void taken(void) {
  modes_job_t made;
  modes_job_msg_t job, next;
  memset(&made, 0, sizeof made);
  for (made.number = 0; made.number < ROUNDS; ++made.number) {
    OK(modes_camera_jobs_send(&camera, &made));
    OK(modes_worker_jobs_receive(&worker, 0, &job));
    modes_worker_jobs_edit(&worker, &job)->state = 7;
    if (made.number % 3 == 0) {
      OK(modes_worker_jobs_consume(&worker, &job));
    } else if (made.number % 3 == 1) {
      OK(modes_worker_jobs_forward_done(&worker, &job));
      OK(modes_screen_done_receive(&screen, 0, &next));
      HOLDS(next.msg->number == made.number && next.msg->state == 7);
      OK(modes_screen_done_consume(&screen, &next));
    } else {
      OK(modes_worker_jobs_forward_failed(&worker, &job));
      OK(modes_screen_failed_receive(&screen, 0, &next));
      modes_screen_failed_edit(&screen, &next)->state += 1;
      HOLDS(next.msg->number == made.number && next.msg->state == 8);
      OK(modes_screen_failed_release(&screen, &next));
    }
    HOLDS(job.msg == NULL && modes_worker_jobs_edit(&worker, &job) == NULL);
  }
}

/* What must not be done, is refused and told. */
static void mistakes(void) {
  modes_job_t made;
  modes_job_msg_t job, copy;
  modes_frame_msg_t frame;
  modes_frame_loan_t loan, twice;
  memset(&made, 0, sizeof made);
  OK(modes_camera_jobs_send(&camera, &made));
  OK(modes_worker_jobs_receive(&worker, 0, &job));
  copy = job;
  HOLDS(vil_receiver_release(worker.jobs, &job.message) == VIL_E_STATE && told(VIL_EVENT_UNCONSUMED) == 1);
  job = copy;
  HOLDS(modes_worker_jobs_consume(&worker, &job) == VIL_E_STATE && told(VIL_EVENT_RELEASED_TWICE) == 1);
  HOLDS(modes_worker_jobs_forward_done(&worker, &copy) == VIL_E_STATE && told(VIL_EVENT_USED_AFTER_END) == 1);

  OK(modes_camera_frames_loan(&camera, &loan));
  twice = loan;
  OK(modes_camera_frames_publish(&camera, &loan));
  HOLDS(modes_camera_frames_publish(&camera, &twice) == VIL_E_STATE && told(VIL_EVENT_PUBLISHED_TWICE) == 1);
  OK(modes_worker_frames_receive(&worker, 0, &frame));
  HOLDS(vil_receiver_consume(worker.frames, &frame.message) == VIL_E_UNSUPPORTED);
  OK(modes_worker_frames_release(&worker, &frame));
  OK(modes_screen_frames_receive(&screen, 0, &frame));
  OK(modes_screen_frames_release(&screen, &frame));
}

static void borrowed(void) {
  modes_frame_msg_t frame, seen;
  for (uint64_t number = 0; number < ROUNDS; ++number) {
    film(number);
    OK(modes_worker_frames_receive(&worker, 0, &frame));
    OK(modes_worker_frames_forward_seen(&worker, &frame));
    HOLDS(frame.msg == NULL);
    OK(modes_screen_seen_receive(&screen, 0, &seen));
    HOLDS(seen.msg->number == number);
    OK(modes_screen_seen_release(&screen, &seen));
  }
  for (uint64_t number = 0; number < 8; ++number) {
    film(number);
    OK(modes_worker_frames_receive(&worker, 0, &frame));
    OK(modes_worker_frames_forward_seen(&worker, &frame));
  }
  film(8);
  OK(modes_worker_frames_receive(&worker, 0, &frame));
  HOLDS(modes_worker_frames_forward_seen(&worker, &frame) == VIL_FULL && frame.msg->number == 8);
  OK(modes_worker_frames_release(&worker, &frame));
}

static void asked(void) {
  modes_price_loan_t price;
  modes_price_msg_t questions[2];
  modes_quote_loan_t quote;
  modes_quote_msg_t answer;
  uint64_t number;
  for (uint64_t round = 0; round < ROUNDS / 2; ++round) {
    for (uint32_t item = 0; item < 2; ++item) {
      OK(modes_camera_quote_loan(&camera, &price));
      price.msg->item = item;
      OK(modes_camera_quote_ask(&camera, &price, &number));
      HOLDS(number == 2 * round + item);
      OK(modes_worker_quote_receive(&worker, 0, &questions[item]));
    }
    for (uint32_t item = 2; item-- > 0;) {
      OK(modes_worker_quote_loan(&worker, &quote));
      quote.msg->item = questions[item].msg->item;
      OK(modes_worker_quote_answer(&worker, &quote, &questions[item]));
      OK(modes_worker_quote_release(&worker, &questions[item]));
      OK(modes_camera_quote_receive(&camera, 0, &answer));
      HOLDS(answer.message.answers == 2 * round + item && answer.msg->item == item);
      OK(modes_camera_quote_release(&camera, &answer));
    }
  }
  OK(modes_camera_quote_asked(&camera, &number));
  HOLDS(number == ROUNDS);
}

static void worked(void) {
  modes_crew_t crew[2];
  modes_job_t made;
  modes_job_msg_t job;
  memset(&made, 0, sizeof made);
  OK(modes_crew_open(&crew[0], "stage", NULL, NULL));
  OK(modes_crew_open(&crew[1], "stage", NULL, NULL));
  for (uint64_t round = 0; round < 100; ++round) {
    uint64_t sum = 0;
    for (made.number = 0; made.number < 16; ++made.number) OK(modes_camera_work_send(&camera, &made));
    HOLDS(modes_camera_work_send(&camera, &made) == VIL_FULL);
    for (size_t at = 0; at < 16; ++at) {
      modes_crew_t *free_one = &crew[(at + round) % 2];
      OK(modes_crew_work_receive(free_one, 0, &job));
      sum |= (uint64_t)1 << job.msg->number;
      OK(modes_crew_work_consume(free_one, &job));
    }
    HOLDS(sum == 0xffff && modes_crew_work_receive(&crew[0], 0, &job) == VIL_EMPTY);
  }
  OK(modes_crew_close(&crew[0]));
  OK(modes_crew_close(&crew[1]));
}

static void dropped(void) {
  modes_frame_loan_t loan;
  modes_frame_msg_t frame;
  modes_price_t level = {0};
  modes_price_msg_t price;
  for (uint32_t round = 0; round < 100; ++round) {
    for (uint32_t number = round * 10; number < round * 10 + 10; ++number) {
      OK(modes_camera_latest_loan(&camera, &loan));
      loan.msg->number = number;
      OK(modes_camera_latest_publish(&camera, &loan));
      level.item = number;
      OK(modes_camera_level_send(&camera, &level));
    }
    for (uint32_t number = round * 10 + 6; number < round * 10 + 10; ++number) {
      OK(modes_screen_latest_receive(&screen, 0, &frame));
      OK(modes_screen_level_receive(&screen, 0, &price));
      HOLDS(frame.msg->number == number && price.msg->item == number);
      OK(modes_screen_latest_consume(&screen, &frame));
      OK(modes_screen_level_release(&screen, &price));
    }
    HOLDS(modes_screen_latest_receive(&screen, 0, &frame) == VIL_EMPTY);
  }
  HOLDS(told(VIL_EVENT_DROPPED_OLDEST) > 0);
}

static void copied(void) {
  modes_frame_t frames[4] = {{0}}, copies[4];
  modes_job_t job = {0};
  for (uint32_t number = 0; number < 4; ++number) frames[number].number = number;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    size_t sent = 77, got = 77;
    OK(modes_camera_frames_send(&camera, &frames[0]));
    OK(modes_camera_frames_send_batch(&camera, frames + 1, 2, &sent));
    OK(modes_screen_frames_read_batch(&screen, LONG, copies, 4, &got));
    HOLDS(sent == 2 && got == 3 && copies[0].number == 0 && copies[2].number == 2);
    HOLDS(modes_screen_frames_read_batch(&screen, 0, copies, 4, &got) == VIL_EMPTY && got == 0);
    HOLDS(modes_screen_frames_read_batch(&screen, 0, copies, 0, &got) == VIL_E_ARGUMENT);
    OK(modes_worker_frames_read(&worker, 0, &copies[3]));
    OK(modes_worker_frames_read_batch(&worker, 0, copies, 1, &got));
    HOLDS(got == 1 && copies[3].number == 0 && copies[0].number == 1);
    OK(modes_worker_frames_read_batch(&worker, 0, copies, 4, &got));
    HOLDS(got == 1 && copies[0].number == 2);
    OK(modes_camera_jobs_send(&camera, &job)); /* taken, and used */
    OK(modes_worker_jobs_read(&worker, 0, &job));
  }
}

static void opened_again(void) {
  modes_worker_t other;
  modes_frame_msg_t frame, seen;
  HOLDS(modes_worker_open_within(&other, "stage", 5000000, NULL, NULL) == VIL_E_BUSY);
  film(1);
  OK(modes_worker_frames_receive(&worker, 0, &frame));
  OK(modes_worker_frames_forward_seen(&worker, &frame));
  OK(modes_screen_seen_receive(&screen, 0, &seen));
  OK(modes_worker_close(&worker));
  HOLDS(modes_worker_open_within(&worker, "stage", 5000000, NULL, NULL) == VIL_E_PENDING);
  HOLDS(seen.msg->number == 1);
  OK(modes_screen_seen_release(&screen, &seen));
  OK(modes_worker_open_within(&worker, "stage", LONG, NULL, NULL));
}

static void *takes_jobs(void *unused) {
  OK(vil_receiver_move_to_thread(worker.jobs));
  return unused;
}

/* An end that another thread has taken is not closed, and stays to be closed; everything else is. */
static void taken_by_a_thread(void) {
  pthread_t thread;
  HOLDS(pthread_create(&thread, NULL, takes_jobs, NULL) == 0 && pthread_join(thread, NULL) == 0);
  HOLDS(modes_worker_close(&worker) == VIL_E_BUSY);
  HOLDS(worker.jobs != NULL && worker.done == NULL && worker.frames == NULL && worker.world == NULL);
  OK(vil_receiver_move_to_thread(worker.jobs));
  OK(modes_worker_close(&worker));
  HOLDS(worker.jobs == NULL);
}

int main(void) {
  void (*const scenes[])(void) = {shared, kept,    taken,  mistakes,          borrowed,    asked,
                                  worked, dropped, copied, taken_by_a_thread, opened_again};
  for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; ++i) {
    begin();
    scenes[i]();
    end();
  }
  return 0;
}
