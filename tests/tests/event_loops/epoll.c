/* An event loop in C: epoll, edge-triggered, and the set itself asked until it has nothing more. Ends when both producers
   are gone, and prints what it saw. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "demo_line_sink.h"

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

#define READINGS 1
#define ALARMS 2
/* Longer than a slice of waiting lets a lost wake-up lie. */
#define LATE_NS UINT64_C(2000000)

static uint64_t messages, alarms, wakes, late, gone;

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

static void take_reading(demo_line_sink_t *sink, int is_first) {
  demo_line_reading_msg_t reading;
  CHECK(demo_line_sink_readings_receive(sink, 0, &reading) == VIL_OK);
  CHECK(reading.msg->value == (double)messages);
  if (is_first && now_ns() - reading.msg->time > LATE_NS) late++;
  messages++;
  CHECK(demo_line_sink_readings_release(sink, &reading) == VIL_OK);
}

static void take_alarm(demo_line_sink_t *sink) {
  demo_line_alarm_msg_t alarm;
  CHECK(demo_line_sink_alarms_receive(sink, 0, &alarm) == VIL_OK);
  CHECK(alarm.msg->vil_arm.overheated.value == (double)alarms);
  alarms++;
  CHECK(demo_line_sink_alarms_release(sink, &alarm) == VIL_OK);
}

/* Everything there is. */
static void serve(demo_line_sink_t *sink, vil_waitset_t *set) {
  uint64_t token;
  vil_status_t status;
  int is_first = 1;
  while ((status = vil_waitset_wait(set, 0, &token)) != VIL_EMPTY) {
    if (status == VIL_PEER_GONE) {
      gone++;
    } else {
      CHECK(status == VIL_OK);
      if (token == READINGS) take_reading(sink, is_first);
      if (token == ALARMS) take_alarm(sink);
    }
    is_first = 0;
  }
}

int main(void) {
  demo_line_sink_t sink;
  vil_waitset_t *set = NULL;
  int fd = -1;
  CHECK(demo_line_sink_open_or_create(&sink, "loops", NULL, NULL) == VIL_OK);
  CHECK(vil_waitset_create(sink.world, &set, NULL) == VIL_OK);
  CHECK(vil_waitset_add(set, sink.readings, READINGS, NULL) == VIL_OK);
  CHECK(vil_waitset_add(set, sink.alarms, ALARMS, NULL) == VIL_OK);
  CHECK(vil_waitset_fd(set, &fd, NULL) == VIL_OK);
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN | EPOLLET;
  CHECK(loop >= 0 && epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0);
  while (gone < 2) {
    CHECK(epoll_wait(loop, &event, 1, 60000) == 1);
    wakes++;
    serve(&sink, set);
  }
  CHECK(vil_waitset_close(set) == VIL_OK);
  CHECK(demo_line_sink_close(&sink) == VIL_OK);
  printf("messages %llu\nalarms %llu\nwakes %llu\nlate %llu\n", (unsigned long long)messages, (unsigned long long)alarms,
         (unsigned long long)wakes, (unsigned long long)late);
  return 0;
}
