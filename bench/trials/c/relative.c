/* Relative messages in one thread's own memory: a PointCloud2 of --size bytes of points that is read, built in place, or
   verified, by --step; and the same bytes by bare pointers. A sample is the mean of a batch. */
#define _GNU_SOURCE
#include "trial.h"

#include "../../../examples-c/robot/generated/robot.h"

/* Bytes of a point: x, y, z, intensity. */
#define POINT (4 * sizeof(float))

/* Where the message, or the bare bytes, lie: room for the head, header and fields too. */
typedef struct room {
  unsigned char *data;
  size_t capacity;
} room_t;

static room_t room_of(const trial_t *trial) {
  room_t room = {NULL, trial->size + 4096};
  void *data;
  if (posix_memalign(&data, 4096, room.capacity) != 0) TRIAL_ENDS("no memory");
  room.data = (unsigned char *)memset(data, 0, room.capacity);
  return room;
}

/* Fills with points that differ with number. Never inlined, so that all fill with the same instructions. */
__attribute__((noinline)) static void fill(uint8_t *data, size_t size, uint32_t number) {
  const float from = (float)(number & 1023u);
  for (size_t i = 0; i < size / POINT; i++) {
    const float x = (float)i + from, point[4] = {x, x * 0.5f, x * 0.25f, from};
    memcpy(data + i * POINT, point, sizeof point);
  }
}

static uint32_t build(room_t room, size_t size, uint32_t number, bool skips_zeroes) {
  static const char *const names[4] = {"x", "y", "z", "intensity"};
  vil_builder_t builder;
  uint32_t written = 0;
  const robot_time_t stamp = {(int32_t)number, number};
  const robot_point_cloud2_writer_t cloud = robot_point_cloud2_begin(&builder, room.data, room.capacity);
  if (skips_zeroes) vil_builder_skip_zeroes(&builder);
  /* Before any text: bytes lie right behind what is there, and behind a text wide stores would be misaligned. */
  uint8_t *const data = robot_point_cloud2_alloc_data(cloud, (uint32_t)size);
  if (data != NULL) fill(data, size, number);
  const robot_header_writer_t header = robot_point_cloud2_set_header(cloud);
  robot_header_set_stamp(header, &stamp);
  robot_header_set_frame_id(header, "lidar", 5);
  const robot_point_field_writers_t fields = robot_point_cloud2_alloc_fields(cloud, 4);
  for (uint32_t i = 0; i < 4; i++) {
    const robot_point_field_writer_t field = robot_point_field_writers_at(fields, i);
    robot_point_field_set_name(field, names[i], strlen(names[i]));
    robot_point_field_set_offset(field, i * (uint32_t)sizeof(float));
    robot_point_field_set_datatype(field, ROBOT_POINT_FIELD_TYPE_FLOAT32);
    robot_point_field_set_count(field, 1);
  }
  robot_point_cloud2_set_height(cloud, 1);
  robot_point_cloud2_set_width(cloud, (uint32_t)(size / POINT));
  robot_point_cloud2_set_point_step(cloud, POINT);
  robot_point_cloud2_set_row_step(cloud, (uint32_t)size);
  TRIAL_GOES(robot_point_cloud2_finish(&builder, &written));
  return written;
}

static inline uint64_t sum(const uint8_t *data, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += data[i];
  return sum;
}

/* What a compiler knows of this it forgets. */
#define FORGET(value) __asm__ volatile("" : "+m"(value))

static void read_slices(const trial_t *trial, trial_times_t *times, room_t room, bool is_raw) {
  const uint32_t size = build(room, trial->size, 1, false);
  TRIAL_GOES(vil_msg_verify(robot_point_cloud2_descriptor, room.data, size, NULL));
  robot_point_cloud2_view_t cloud = robot_point_cloud2_view(room.data, size);
  vil_u8_slice_t bare = robot_point_cloud2_data(cloud);
  const uint64_t expected = sum(bare.data, bare.count);
  const size_t count = times->left + trial->messages;
  for (size_t i = 0; i < count; i++) {
    vil_u8_slice_t data;
    if (is_raw) {
      FORGET(bare);
      data = bare;
    } else {
      FORGET(cloud);
      data = robot_point_cloud2_data(cloud);
    }
    if (sum(data.data, data.count) != expected) TRIAL_ENDS("other points");
    trial_received(times);
  }
}

static void build_clouds(const trial_t *trial, trial_times_t *times, room_t room, bool is_raw) {
  const bool skips_zeroes = strcmp(trial->subject, "vil-c-skip") == 0;
  const size_t count = times->left + trial->messages;
  for (size_t i = 0; i < count; i++) {
    if (is_raw) {
      fill(room.data, trial->size, (uint32_t)i);
    } else if (build(room, trial->size, (uint32_t)i, skips_zeroes) <= trial->size) {
      TRIAL_ENDS("the cloud is too short");
    }
    __asm__ volatile("" : : "r"(room.data) : "memory");
    trial_received(times);
  }
}

static void verify(const trial_t *trial, trial_times_t *times, room_t room) {
  const uint32_t size = build(room, trial->size, 1, false);
  const size_t count = times->left + trial->messages;
  for (size_t i = 0; i < count; i++) {
    TRIAL_GOES(vil_msg_verify(robot_point_cloud2_descriptor, room.data, size, NULL));
    trial_received(times);
  }
}

int main(int argc, char **argv) {
  const trial_t trial = trial_of(argc, argv);
  const char *step = trial.step != NULL ? trial.step : "read";
  const bool is_raw = strncmp(trial.subject, "raw", 3) == 0;
  trial_pin(trial.core_a);
  const room_t room = room_of(&trial);
  trial_times_t times = trial_times(&trial, trial.batch, trial.batch);
  if (strcmp(step, "read") == 0) {
    read_slices(&trial, &times, room, is_raw);
  } else if (strcmp(step, "build") == 0) {
    build_clouds(&trial, &times, room, is_raw);
  } else if (strcmp(step, "verify") == 0) {
    verify(&trial, &times, room);
  } else {
    TRIAL_ENDS("there is no step %s", step);
  }
  trial_say(&trial, &times);
  free(room.data);
  return 0;
}
