// A ground station in C++: reads what the robot says where it was written, and tells it, a line a message.
// c++ -std=c++17 examples-c/robot/listener.cpp -Iinclude -Ibindings/cpp/include -Iexamples-c/robot/generated
//     -Ltarget/artifact/release -lvil -Wl,-rpath,target/artifact/release -o target/listener
#include <cstdio>
#include <cstring>

#include "robot_listener.hpp"

static void head(const char *what, robot::HeaderView header) {
  const robot::Time &stamp = header.stamp();
  std::printf("%s of %s at %d.%09u: ", what, header.frame_id().data(), stamp.sec, stamp.nanosec);
}

// The mean of a field of all points; 0 where there is none of this name, or it leads out of the data.
static double mean(const robot::PointCloud2View &cloud, std::string_view name) {
  const auto data = cloud.data();
  double sum = 0;
  for (const robot::PointFieldView field : cloud.fields()) {
    if (field.name() != name || field.datatype() != robot::PointFieldType::float32) continue;
    for (std::size_t i = 0; i < cloud.width(); ++i) {
      const std::size_t at = i * cloud.point_step() + field.offset();
      float value = 0;
      if (at + sizeof value <= data.size()) std::memcpy(&value, data.data() + at, sizeof value);
      sum += static_cast<double>(value);
    }
  }
  return sum / cloud.width();
}

static void tell(const robot::PointCloud2View &cloud) {
  head("cloud", cloud.header());
  std::printf("%u points of", cloud.width());
  for (const robot::PointFieldView field : cloud.fields()) std::printf(" %s", field.name().data());
  std::printf(", centre %.2f %.2f %.2f\n", mean(cloud, "x"), mean(cloud, "y"), mean(cloud, "z"));
}

static void tell(const robot::ImageView &image) {
  unsigned sum = 0;
  for (const std::uint8_t byte : image.data()) sum += byte;
  head("image", image.header());
  std::printf("%u x %u %s, sum %u\n", image.width(), image.height(), image.encoding().data(), sum);
}

static void tell(const robot::ImuView &imu) {
  const robot::Quaternion &q = imu.orientation();
  double trace = 0;
  for (std::size_t i = 0; i < 3; ++i) trace += imu.orientation_covariance().at(i * 4);
  head("imu", imu.header());
  std::printf("looks %.2f %.2f %.2f %.2f (%.2f), turns %.2f, falls %.2f\n", q.x, q.y, q.z, q.w, trace,
              imu.angular_velocity().z, imu.linear_acceleration().z);
}

// Of a value without a name too: robots are newer than their ground stations.
template <typename Enum>
static const char *said(Enum value) {
  return known(value) ? name(value) : "unknown";
}

static void tell(const robot::Heartbeat &heartbeat) {
  const bool armed = (heartbeat.base_mode & robot::MavModeFlag::safety_armed) == robot::MavModeFlag::safety_armed;
  std::printf("heartbeat: %s %s is %s, %s, mode %u\n", said(heartbeat.type_), said(heartbeat.autopilot),
              said(heartbeat.system_status), armed ? "armed" : "disarmed", heartbeat.custom_mode);
}

static void tell(const robot::GpsRawInt &gps) {
  std::printf("position: %s with %u satellites, %.7f %.7f, %.3f m\n", said(gps.fix_type), gps.satellites_visible,
              gps.lat / 1e7, gps.lon / 1e7, gps.alt / 1e3);
}

static void tell(const robot::Attitude &attitude) {
  std::printf("attitude: %.2f %.2f %.2f\n", static_cast<double>(attitude.roll), static_cast<double>(attitude.pitch),
              static_cast<double>(attitude.yaw));
}

// Says on stderr what did not work and why.
static int failed(const char *what, const char *why) { return std::fprintf(stderr, "%s: %s\n", what, why), 1; }

// Whether a message came from the port and was told.
template <typename Port>
static bool listen(Port &port) {
  auto message = port.receive(vil::forever);
  if (!message) return !failed("receive", vil::name(message.error()));
  tell(**message);
  return true;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "robot";
  auto self = robot::Listener::open_or_create(name);
  if (!self) return failed("open", self.error().message());
  for (int turn = 0; turn < 3; ++turn) {
    if (!listen(self->clouds) || !listen(self->images) || !listen(self->imus)) return 1;
    if (!listen(self->heartbeats) || !listen(self->positions) || !listen(self->attitudes)) return 1;
  }
  const auto gone = vil::World::unlink(name);
  return gone ? 0 : failed("unlink", gone.error().message());
}
