//! A flying robot in Rust: what its sensors see as messages of ROS 2, what its autopilot says as messages of MAVLink.
//! `cargo run --package vil-examples --example robot-talker`

#[path = "generated/robot.rs"]
mod robot;

use robot::{
    Attitude, GpsFixType, GpsRawInt, HeaderWriter, ImageWriter, ImuWriter, MavAutopilot, MavModeFlag, MavState,
    MavType, PointCloud2Writer, PointFieldType, Quaternion, Talker, Time, Vector3,
};

const POINTS: u32 = 8;
const STEP: u32 = 12;

fn head(mut header: HeaderWriter<'_>, turn: u32, frame: &str) {
    header.set_stamp(Time { sec: turn as i32, nanosec: 500 });
    header.set_frame_id(frame);
}

fn cloud(mut msg: PointCloud2Writer<'_>, turn: u32) {
    head(msg.set_header(), turn, "lidar");
    let mut fields = msg.alloc_fields(3);
    for (i, name) in ["x", "y", "z"].into_iter().enumerate() {
        let mut field = fields.at(i);
        field.set_name(name);
        field.set_offset(i as u32 * 4);
        field.set_datatype(PointFieldType::FLOAT32);
        field.set_count(1);
    }
    msg.set_height(1);
    msg.set_width(POINTS);
    msg.set_point_step(STEP);
    msg.set_row_step(POINTS * STEP);
    msg.set_is_dense(true);
    let mut data = msg.alloc_data((POINTS * STEP) as usize);
    for (i, point) in data.as_mut_slice().chunks_exact_mut(STEP as usize).enumerate() {
        let values = [i as f32, 2.0 * i as f32, turn as f32 / 2.0];
        point.copy_from_slice(&values.map(f32::to_ne_bytes).concat());
    }
}

fn image(mut msg: ImageWriter<'_>, turn: u32) {
    head(msg.set_header(), turn, "camera");
    msg.set_height(2);
    msg.set_width(4);
    msg.set_encoding("rgb8");
    msg.set_step(12);
    let mut data = msg.alloc_data(24);
    (0..24).for_each(|i| data.set(i, (i as u32 * turn) as u8));
}

fn imu(mut msg: ImuWriter<'_>, turn: u32) {
    head(msg.set_header(), turn, "base");
    msg.set_orientation(Quaternion { x: 0.0, y: 0.0, z: 0.6, w: 0.8 });
    msg.set_angular_velocity(Vector3 { x: 0.0, y: 0.0, z: f64::from(turn) / 4.0 });
    msg.set_linear_acceleration(Vector3 { x: 0.5, y: 0.0, z: 9.81 });
    msg.set_orientation_covariance(&[0.25, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0, 0.5]);
}

/// What the autopilot says in one turn.
fn autopilot(talker: &Talker, turn: u32) -> vil::Result<()> {
    let mut heartbeat = talker.heartbeats.loan()?;
    heartbeat.type_ = MavType::QUADROTOR;
    heartbeat.autopilot = MavAutopilot::PX4;
    heartbeat.base_mode = MavModeFlag::SAFETY_ARMED | MavModeFlag::GUIDED_ENABLED;
    heartbeat.custom_mode = turn;
    heartbeat.system_status = MavState::ACTIVE;
    heartbeat.mavlink_version = 3;
    heartbeat.publish()?;
    let mut position = talker.positions.loan()?;
    *position = GpsRawInt {
        time_usec: u64::from(turn) * 1_000_000,
        fix_type: GpsFixType::RTK_FIXED,
        lat: 473_977_418,
        lon: 85_455_939,
        alt: 488_000 + turn as i32,
        eph: 70,
        satellites_visible: 14,
        ..GpsRawInt::default()
    };
    position.publish()?;
    let mut attitude = talker.attitudes.loan()?;
    *attitude =
        Attitude { time_boot_ms: turn * 1000, roll: 0.25, pitch: -0.5, yaw: turn as f32, ..Attitude::default() };
    Ok(attitude.publish()?)
}

fn main() -> vil::Result<()> {
    let world = std::env::args().nth(1).unwrap_or_else(|| "robot".into());
    let talker = Talker::open_or_create(&world)?;
    for turn in 1..=3 {
        let mut draft = talker.clouds.draft()?;
        cloud(draft.root(), turn);
        draft.finish()?.publish()?;
        let mut draft = talker.images.draft()?;
        image(draft.root(), turn);
        draft.finish()?.publish()?;
        let mut draft = talker.imus.draft()?;
        imu(draft.root(), turn);
        draft.finish()?.publish()?;
        autopilot(&talker, turn)?;
    }
    Ok(())
}
