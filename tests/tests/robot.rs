//! Messages that robots know, ROS 2's as relative ones and MAVLink's as flat ones: what a talker says is what a listener hears,
//! whatever their languages, and every message survives JSON and back.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use vil::{Carried, Descriptor, Draft, Json, Relative, Struct};
use vil_codegen::Language;
use vil_tests::artifact::{example, root};
use vil_tests::cc::{Compile, c_compiler, cpp_compiler};
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;

#[path = "../../examples-rust/robot/generated/robot.rs"]
mod robot;

use robot::{GpsFixType, GpsRawInt, Image, Imu, MavState, PointCloud2, PointFieldType, Quaternion, Time};

/// What a listener tells of three turns.
fn heard() -> String {
    let turn = |turn: u32| {
        let (z, image) = (f64::from(turn) / 2.0, 276 * turn);
        format!(
            "cloud of lidar at {turn}.000000500: 8 points of x y z, centre 3.50 7.00 {z:.2}\n\
             image of camera at {turn}.000000500: 4 x 2 rgb8, sum {image}\n\
             imu of base at {turn}.000000500: looks 0.00 0.00 0.60 0.80 (1.00), turns {:.2}, falls 9.81\n\
             heartbeat: quadrotor px4 is active, armed, mode {turn}\n\
             position: rtk_fixed with 14 satellites, 47.3977418 8.5455939, 488.00{turn} m\n\
             attitude: 0.25 -0.50 {turn}.00\n",
            z / 2.0
        )
    };
    (1..=3).map(turn).collect()
}

fn yaml() -> PathBuf {
    root().join("examples-c/robot/robot.yaml")
}

fn native(name: &str, dir: &Scratch) -> PathBuf {
    let (compiler, standard) = if name.ends_with(".cpp") { (cpp_compiler(), "c++17") } else { (c_compiler(), "c99") };
    let compile = Compile::new(&compiler, standard, dir.join(name.replace('.', "-")));
    let compile = compile.include(root().join("examples-c/robot/generated"));
    compile.source(root().join("examples-c/robot").join(name)).link_shared().expect()
}

/// Runs both sides in a world of their own; what the listener told.
fn meet(talker: &PathBuf, listener: &PathBuf) -> String {
    let dir = RuntimeDir::new("robot");
    let start = |program: &PathBuf| {
        let mut command = Command::new(program);
        command.arg("meeting").env("VIL_RUNTIME_DIR", &*dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    };
    let outputs = [listener, talker].map(start).map(|side| side.wait_with_output().expect("it can be waited for"));
    for output in &outputs {
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8_lossy(&outputs[0].stdout).into_owned()
}

#[test]
fn a_listener_hears_what_a_talker_says_whatever_the_languages() {
    let dir = Scratch::new("robot");
    let talkers = [native("talker.c", &dir), example("vil-examples", "robot-talker")];
    let listeners = [native("listener.cpp", &dir), example("vil-examples", "robot-listener")];
    let heard = heard();
    for talker in &talkers {
        for listener in &listeners {
            assert_eq!(meet(talker, listener), heard, "{} to {}", talker.display(), listener.display());
        }
    }
}

/// Memory that a message may lie in.
fn room(size: usize) -> Vec<u64> {
    vec![0; size.div_ceil(8)]
}

fn bytes(room: &mut [u64]) -> &mut [u8] {
    let size = size_of_val(room);
    // SAFETY: numbers without holes, of which every byte is a value.
    unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), size) }
}

/// Writes a message, shows it as JSON, makes a message of that, and shows it again; the JSON.
fn there_and_back<T: Carried>(message: &[u8]) -> String {
    let descriptor = Descriptor::new(T::DESCRIPTOR).expect("generated code carries a whole one");
    let name = T::NAME.to_string_lossy();
    descriptor.verify(message).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let said = descriptor.to_json(message, Json::Compact).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let mut copy = room(T::SIZE as usize);
    let size = descriptor.from_json(&said, bytes(&mut copy)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let again = descriptor.to_json(&bytes(&mut copy)[..size], Json::Compact);
    assert_eq!(again.as_ref(), Ok(&said), "{name}");
    said
}

fn relative<T: Relative>(fill: impl for<'w> FnOnce(<T as Struct>::Writer<'w>)) -> String {
    let mut memory = room(T::SIZE as usize);
    let mut draft = Draft::<T, _>::within(bytes(&mut memory));
    fill(draft.root());
    let finished = draft.finish().unwrap_or_else(|unfinished| panic!("{unfinished}"));
    there_and_back::<T>(finished.bytes())
}

fn flat<T: Carried>(message: &T) -> String {
    let mut memory = room(size_of::<T>());
    // SAFETY: a message is plain data, and the memory has room for it.
    unsafe { std::ptr::copy_nonoverlapping(message, memory.as_mut_ptr().cast(), 1) };
    there_and_back::<T>(&bytes(&mut memory)[..size_of::<T>()])
}

#[test]
fn every_message_survives_json_and_back() {
    let cloud = relative::<PointCloud2>(|mut cloud| {
        let mut header = cloud.set_header();
        header.set_stamp(Time { sec: -1, nanosec: 999_999_999 });
        header.set_frame_id("lidar, left");
        let mut fields = cloud.alloc_fields(1);
        let mut field = fields.at(0);
        field.set_name("intensity");
        field.set_datatype(PointFieldType::UINT16);
        field.set_count(1);
        cloud.set_width(2);
        cloud.alloc_data(4).copy_from_slice(&[1, 2, 254, 255]);
    });
    for part in ["\"lidar, left\"", "\"uint16\"", "[1,2,254,255]", "999999999"] {
        assert!(cloud.contains(part), "{cloud} has no {part}");
    }
    let image = relative::<Image>(|mut image| {
        image.set_encoding("bayer_rggb8");
        image.alloc_data(3).copy_from_slice(&[7, 8, 9]);
    });
    assert!(image.contains("\"bayer_rggb8\"") && image.contains("[7,8,9]"), "{image}");
    let imu = relative::<Imu>(|mut imu| {
        imu.set_orientation(Quaternion { x: f64::NAN, y: -0.5, z: 1e-300, w: 1.0 });
        imu.set_orientation_covariance(&[-1.0; 9]);
    });
    assert!(imu.contains("\"NaN\"") && imu.contains("-0.5"), "{imu}");
    let position = GpsRawInt { fix_type: GpsFixType::PPP, lat: i32::MIN, ..GpsRawInt::default() };
    let position = flat(&position);
    assert!(position.contains("\"ppp\"") && position.contains("-2147483648"), "{position}");
    let attitude = flat(&robot::Attitude { roll: f32::MAX, ..robot::Attitude::default() });
    assert!(attitude.contains("\"roll\":3.4028235"), "{attitude}");
    // A state that this contract does not know: open enums let it through, as MAVLink wants it.
    let heartbeat = flat(&robot::Heartbeat { system_status: MavState(200), ..robot::Heartbeat::default() });
    assert!(heartbeat.contains("\"system_status\":200"), "{heartbeat}");
}

#[test]
fn a_point_without_a_type_is_no_message() {
    let mut memory = room(PointCloud2::SIZE as usize);
    let mut draft = Draft::<PointCloud2, _>::within(bytes(&mut memory));
    draft.root().alloc_fields(1);
    let finished = draft.finish().unwrap_or_else(|unfinished| panic!("{unfinished}"));
    let descriptor = Descriptor::new(PointCloud2::DESCRIPTOR).expect("generated code carries a whole one");
    let fault = descriptor.verify(finished.bytes()).expect_err("0 is none of PointField's types");
    assert_eq!((fault.path.as_str(), fault.found), ("fields[0].datatype", 0));
}

#[test]
fn a_cloud_of_a_mebibyte_fits() {
    let size = vil::measure::<PointCloud2>(|mut cloud| {
        cloud.set_header().set_frame_id("lidar");
        cloud.alloc_fields(4);
        cloud.alloc_data(1 << 20);
    });
    assert!(size.is_ok_and(|size| size > 1 << 20 && size <= PointCloud2::SIZE as usize), "{size:?}");
}

#[test]
fn the_committed_code_is_what_is_generated() {
    generated::compare(&yaml(), Language::C, &root().join("examples-c/robot/generated"));
    generated::compare(&yaml(), Language::Cpp, &root().join("examples-c/robot/generated"));
    generated::compare(&yaml(), Language::Rust, &root().join("examples-rust/robot/generated"));
}
