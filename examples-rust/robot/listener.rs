//! A ground station in Rust: reads what the robot says where it was written, and tells it, a line a message.
//! `cargo run --package vil-examples --example robot-listener`

#[path = "generated/robot.rs"]
mod robot;

use std::time::Duration;

use robot::{
    Attitude, GpsRawInt, HeaderView, Heartbeat, ImageView, ImuView, Listener, MavModeFlag, PointCloud2View,
    PointFieldType,
};

fn head(what: &str, header: HeaderView<'_>) {
    let stamp = header.stamp();
    print!("{what} of {} at {}.{:09}: ", header.frame_id(), stamp.sec, stamp.nanosec);
}

/// The mean of a field of all points; 0 where there is none of this name, or it leads out of the data.
fn mean(cloud: PointCloud2View<'_>, name: &str) -> f64 {
    let (data, step, width) = (cloud.data(), cloud.point_step() as usize, cloud.width() as usize);
    let value = |at: usize| f32::from_ne_bytes(std::array::from_fn(|byte| data.get(at + byte).unwrap_or(0)));
    let fields = cloud.fields().iter().filter(|field| field.name() == *name);
    let fields =
        fields.filter(|field| field.datatype() == PointFieldType::FLOAT32).map(|field| field.offset() as usize);
    let places = fields.flat_map(|offset| (0..width).map(move |point| point * step + offset));
    let sum: f64 = places.map(|at| f64::from(value(at))).sum();
    sum / width as f64
}

fn cloud(cloud: PointCloud2View<'_>) {
    head("cloud", cloud.header());
    print!("{} points of", cloud.width());
    cloud.fields().iter().for_each(|field| print!(" {}", field.name()));
    let [x, y, z] = ["x", "y", "z"].map(|name| mean(cloud, name));
    println!(", centre {x:.2} {y:.2} {z:.2}");
}

fn image(image: ImageView<'_>) {
    let sum: u32 = image.data().iter().map(u32::from).sum();
    head("image", image.header());
    println!("{} x {} {}, sum {sum}", image.width(), image.height(), image.encoding());
}

fn imu(imu: ImuView<'_>) {
    let q = imu.orientation();
    let trace: f64 = imu.orientation_covariance().iter().step_by(4).sum();
    let (turns, falls) = (imu.angular_velocity().z, imu.linear_acceleration().z);
    head("imu", imu.header());
    println!("looks {:.2} {:.2} {:.2} {:.2} ({trace:.2}), turns {turns:.2}, falls {falls:.2}", q.x, q.y, q.z, q.w);
}

fn heartbeat(heartbeat: &Heartbeat) {
    let Heartbeat { type_, autopilot, system_status, base_mode, custom_mode, .. } = heartbeat;
    let [vehicle, autopilot, state] =
        [type_.name(), autopilot.name(), system_status.name()].map(|name| name.unwrap_or("unknown"));
    let armed = if base_mode.contains(MavModeFlag::SAFETY_ARMED) { "armed" } else { "disarmed" };
    println!("heartbeat: {vehicle} {autopilot} is {state}, {armed}, mode {custom_mode}");
}

fn position(gps: &GpsRawInt) {
    let (fix, satellites) = (gps.fix_type.name().unwrap_or("unknown"), gps.satellites_visible);
    let (lat, lon, alt) = (f64::from(gps.lat) / 1e7, f64::from(gps.lon) / 1e7, f64::from(gps.alt) / 1e3);
    println!("position: {fix} with {satellites} satellites, {lat:.7} {lon:.7}, {alt:.3} m");
}

fn attitude(attitude: &Attitude) {
    println!("attitude: {:.2} {:.2} {:.2}", attitude.roll, attitude.pitch, attitude.yaw);
}

fn main() -> vil::Result<()> {
    let world = std::env::args().nth(1).unwrap_or_else(|| "robot".into());
    let listener = Listener::open_or_create(&world)?;
    for _ in 0..3 {
        cloud(listener.clouds.receive(Duration::MAX)?.view());
        image(listener.images.receive(Duration::MAX)?.view());
        imu(listener.imus.receive(Duration::MAX)?.view());
        heartbeat(&*listener.heartbeats.receive(Duration::MAX)?);
        position(&*listener.positions.receive(Duration::MAX)?);
        attitude(&*listener.attitudes.receive(Duration::MAX)?);
    }
    vil::World::unlink(&world)
}
