/* The other process of every event loop here: `source MESSAGES SEED` publishes numbered readings in bursts of random length,
   with an alarm on the control lane before every eighth burst. Before most bursts it lets the sink catch up and fall asleep. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "demo_line_source.h"

#define GOES(call)                                                                               \
  do {                                                                                           \
    const vil_status_t said_ = (call);                                                           \
    if (said_ != VIL_OK) {                                                                       \
      fprintf(stderr, "%s:%d: %s says %s\n", __FILE__, __LINE__, #call, vil_status_name(said_)); \
      exit(1);                                                                                   \
    }                                                                                            \
  } while (0)

static uint64_t dice;

static uint64_t below(uint64_t end) {
  dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
  return (dice >> 16) % end;
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* Route 0 carries readings, as the program lists them. */
static void until_all_is_received(const demo_line_source_t *source, uint64_t published) {
  vil_route_info_t info;
  do {
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    GOES(vil_world_route_info(source->world, 0, &info));
    const struct timespec while_nothing = {0, 30000};
    if (info.received < published) ppoll(NULL, 0, &while_nothing, NULL);
  } while (info.received < published);
}

static void read_sensor(demo_line_source_t *source, uint64_t number) {
  demo_line_reading_t reading;
  demo_line_reading_init(&reading);
  reading.time = now_ns();
  reading.value = (double)number;
  vil_status_t status;
  do {
    status = demo_line_source_readings_send(source, &reading);
  } while (status == VIL_TIMEOUT || status == VIL_FULL);
  GOES(status);
}

static void raise_alarm(demo_line_source_t *source, uint64_t number) {
  demo_line_alarm_t alarm;
  memset(&alarm, 0, sizeof alarm);
  alarm.vil_tag = DEMO_LINE_ALARM_TAG_OVERHEATED;
  alarm.vil_arm.overheated.value = (double)number;
  vil_status_t status;
  do {
    status = demo_line_source_alarms_send(source, &alarm);
  } while (status == VIL_TIMEOUT || status == VIL_FULL);
  GOES(status);
}

int main(int argc, char **argv) {
  const uint64_t messages = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
  dice = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 1;
  demo_line_source_t source;
  vil_error_t error;
  const vil_status_t status = demo_line_source_open_or_create(&source, "loops", NULL, &error);
  if (status != VIL_OK) fprintf(stderr, "%s\n", error.message);
  GOES(status);
  uint64_t number = 0, alarms = 0, bursts = 0;
  while (number < messages) {
    if (below(4) != 0) until_all_is_received(&source, number);
    if (below(16) == 0) poll(NULL, 0, 1);
    if (bursts++ % 8 == 0) raise_alarm(&source, alarms++);
    for (uint64_t left = 1 + below(64); left > 0 && number < messages; left--) read_sensor(&source, number++);
  }
  GOES(demo_line_source_close(&source));
  printf("messages %llu\nalarms %llu\nbursts %llu\n", (unsigned long long)number, (unsigned long long)alarms,
         (unsigned long long)bursts);
  return 0;
}
