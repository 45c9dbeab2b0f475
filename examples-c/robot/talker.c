/* A flying robot in C: what its sensors see as messages of ROS 2, what its autopilot says as messages of MAVLink.
   cc examples-c/robot/talker.c -Iinclude -Iexamples-c/robot/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/talker */
#include <stdio.h>

#include "robot_talker.h"

#define POINTS 8u
#define STEP ((uint32_t)sizeof(float[3]))

static void head(robot_header_writer_t header, uint32_t turn, const char *frame) {
  const robot_time_t stamp = {(int32_t)turn, 500};
  robot_header_set_stamp(header, &stamp);
  robot_header_set_frame_id(header, frame, strlen(frame));
}

static void cloud(robot_point_cloud2_writer_t msg, uint32_t turn) {
  head(robot_point_cloud2_set_header(msg), turn, "lidar");
  const robot_point_field_writers_t fields = robot_point_cloud2_alloc_fields(msg, 3);
  for (uint32_t i = 0; i < 3; i++) {
    const robot_point_field_writer_t field = robot_point_field_writers_at(fields, i);
    robot_point_field_set_name(field, &"xyz"[i], 1);
    robot_point_field_set_offset(field, i * (uint32_t)sizeof(float));
    robot_point_field_set_datatype(field, ROBOT_POINT_FIELD_TYPE_FLOAT32);
    robot_point_field_set_count(field, 1);
  }
  robot_point_cloud2_set_height(msg, 1);
  robot_point_cloud2_set_width(msg, POINTS);
  robot_point_cloud2_set_point_step(msg, STEP);
  robot_point_cloud2_set_row_step(msg, POINTS * STEP);
  robot_point_cloud2_set_is_dense(msg, true);
  uint8_t *const data = robot_point_cloud2_alloc_data(msg, POINTS * STEP);
  for (uint32_t i = 0; data != NULL && i < POINTS; i++) {
    const float point[3] = {(float)i, 2 * (float)i, (float)turn / 2};
    memcpy(data + i * STEP, point, sizeof point);
  }
}

static void image(robot_image_writer_t msg, uint32_t turn) {
  head(robot_image_set_header(msg), turn, "camera");
  robot_image_set_height(msg, 2);
  robot_image_set_width(msg, 4);
  robot_image_set_encoding(msg, "rgb8", 4);
  robot_image_set_step(msg, 12);
  uint8_t *const data = robot_image_alloc_data(msg, 24);
  for (uint32_t i = 0; data != NULL && i < 24; i++) data[i] = (uint8_t)(i * turn);
}

static void imu(robot_imu_writer_t msg, uint32_t turn) {
  const robot_quaternion_t orientation = {0, 0, 0.6, 0.8};
  const robot_vector3_t velocity = {0, 0, turn / 4.0}, acceleration = {0.5, 0, 9.81};
  const double covariance[9] = {0.25, 0, 0, 0, 0.25, 0, 0, 0, 0.5};
  head(robot_imu_set_header(msg), turn, "base");
  robot_imu_set_orientation(msg, &orientation);
  robot_imu_set_angular_velocity(msg, &velocity);
  robot_imu_set_linear_acceleration(msg, &acceleration);
  robot_imu_set_orientation_covariance(msg, covariance, 9);
}

/* What the autopilot says in one turn. */
static vil_status_t autopilot(robot_talker_t *self, uint32_t turn) {
  robot_heartbeat_t heartbeat;
  robot_gps_raw_int_t position;
  robot_attitude_t attitude;
  robot_heartbeat_init(&heartbeat), robot_gps_raw_int_init(&position), robot_attitude_init(&attitude);
  heartbeat.type_ = ROBOT_MAV_TYPE_QUADROTOR;
  heartbeat.autopilot = ROBOT_MAV_AUTOPILOT_PX4;
  heartbeat.base_mode = ROBOT_MAV_MODE_FLAG_SAFETY_ARMED | ROBOT_MAV_MODE_FLAG_GUIDED_ENABLED;
  heartbeat.custom_mode = turn;
  heartbeat.system_status = ROBOT_MAV_STATE_ACTIVE;
  heartbeat.mavlink_version = 3;
  position.time_usec = turn * UINT64_C(1000000);
  position.fix_type = ROBOT_GPS_FIX_TYPE_RTK_FIXED;
  position.lat = 473977418, position.lon = 85455939, position.alt = 488000 + (int32_t)turn;
  position.eph = 70, position.satellites_visible = 14;
  attitude.time_boot_ms = turn * 1000;
  attitude.roll = 0.25f, attitude.pitch = -0.5f, attitude.yaw = (float)turn;
  const vil_status_t status = robot_talker_heartbeats_send(self, &heartbeat);
  if (status != VIL_OK) return status;
  const vil_status_t sent = robot_talker_positions_send(self, &position);
  return sent != VIL_OK ? sent : robot_talker_attitudes_send(self, &attitude);
}

/* Says on stderr what did not work and why. */
static int failed(const char *what, const char *why) { return fprintf(stderr, "%s: %s\n", what, why), 1; }

/* Says what a message could not hold. */
static int unfinished(const vil_builder_t *builder) {
  vil_error_t error = {0};
  vil_builder_explain(builder, &error);
  return failed("finish", error.message);
}

int main(int argc, char **argv) {
  robot_talker_t self;
  vil_error_t error = {0};
  vil_status_t status;
  if (robot_talker_open_or_create(&self, argc > 1 ? argv[1] : "robot", NULL, &error) != VIL_OK) {
    return failed("open", error.message);
  }
  for (uint32_t turn = 1; turn <= 3; turn++) {
    robot_point_cloud2_loan_t points;
    status = robot_talker_clouds_loan(&self, &points);
    if (status != VIL_OK) return failed("loan", vil_status_name(status));
    cloud(points.msg, turn);
    if (robot_point_cloud2_finish(&points.builder, NULL) != VIL_OK) return unfinished(&points.builder);
    status = robot_talker_clouds_publish(&self, &points);
    if (status != VIL_OK) return failed("publish", vil_status_name(status));

    robot_image_loan_t picture;
    status = robot_talker_images_loan(&self, &picture);
    if (status != VIL_OK) return failed("loan", vil_status_name(status));
    image(picture.msg, turn);
    if (robot_image_finish(&picture.builder, NULL) != VIL_OK) return unfinished(&picture.builder);
    status = robot_talker_images_publish(&self, &picture);
    if (status != VIL_OK) return failed("publish", vil_status_name(status));

    robot_imu_loan_t motion;
    status = robot_talker_imus_loan(&self, &motion);
    if (status != VIL_OK) return failed("loan", vil_status_name(status));
    imu(motion.msg, turn);
    if (robot_imu_finish(&motion.builder, NULL) != VIL_OK) return unfinished(&motion.builder);
    status = robot_talker_imus_publish(&self, &motion);
    if (status != VIL_OK) return failed("publish", vil_status_name(status));

    status = autopilot(&self, turn);
    if (status != VIL_OK) return failed("send", vil_status_name(status));
  }
  return robot_talker_close(&self) != VIL_OK;
}
