//! The end of what a machine gives: file systems, memory, files. Always a status with a sentence, never a signal; each
//! limit is drawn in a process that is there for it, which must end by itself.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vil_core::base::error::{Error, Fault};
use vil_core::world::World;
use vil_tests::cc::skip;
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, Role, say};
use crate::house::{NOBODY, PLAIN, Shape, pass, place, refused, role};

pub(crate) const ROLES: &[Role] = &[
    ("fills a file system", fills_a_file_system),
    ("has small files", has_small_files),
    ("has few files", has_few_files),
    ("has little memory", has_little_memory),
    ("is interrupted", is_interrupted),
];

const MEGABYTE: u64 = 1 << 20;

/// A world of some 17 MB.
const LARGE: Shape = Shape { capacity: 256, bytes: 65_536, ..PLAIN };

fn limit(resource: libc::__rlimit_resource_t, soft: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place to read and to write.
    let is_set = unsafe {
        libc::getrlimit(resource, &mut limit) == 0 && {
            limit.rlim_cur = soft.min(limit.rlim_max);
            libc::setrlimit(resource, &limit) == 0
        }
    };
    assert!(is_set, "a soft limit can be lowered and raised again");
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("/proc is mounted").count()
}

/// Mounts 256 KB over the directory, in a mount namespace of its own.
fn mount_small(dir: &Path) -> bool {
    let text = |text: &str| std::ffi::CString::new(text).expect("no NUL");
    let (none, root, tmpfs, options) = (text("none"), text("/"), text("tmpfs"), text("size=256k,mode=0700"));
    let target = text(dir.to_str().expect("the path is text"));
    // SAFETY: texts end with NUL and live for the calls; this process is for this alone.
    unsafe {
        libc::unshare(libc::CLONE_NEWNS) == 0
            && libc::mount(
                none.as_ptr(),
                root.as_ptr(),
                std::ptr::null(),
                libc::MS_REC | libc::MS_PRIVATE,
                std::ptr::null(),
            ) == 0
            && libc::mount(tmpfs.as_ptr(), target.as_ptr(), tmpfs.as_ptr(), 0, options.as_ptr().cast()) == 0
    }
}

fn fills_a_file_system(dir: &Path, _: &str) {
    if !mount_small(dir) {
        say("not permitted");
        return;
    }
    let (place, small) = (place(dir), PLAIN.plan());
    say(&refused(World::create(&place, "large", &LARGE.plan(), &NOBODY), Fault::Memory));
    refused(World::open_or_create(&place, "large", &LARGE.plan(), &NOBODY), Fault::Memory);
    assert!(place.worlds().expect("it is there").is_empty(), "nothing is left of it");
    let world = World::create(&place, "small", &small, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    // Worlds that fit, until none does.
    let mut worlds = vec![world];
    let full = loop {
        match World::create(&place, &format!("small{}", worlds.len()), &small, &NOBODY) {
            Ok(world) => worlds.push(world),
            Err(error) => break error,
        }
    };
    assert_eq!(full.fault, Fault::Memory, "{full}");
    assert_eq!(place.worlds().expect("it is there").len(), worlds.len());
    // A world with holes, which its file system has no room to fill.
    let holes = std::fs::read(dir.join("small.vil")).expect("it can be read");
    drop(worlds.pop());
    World::unlink(&place, &format!("small{}", worlds.len())).unwrap_or_else(|error| panic!("{error}"));
    let copy = File::create(dir.join("holes.vil")).expect("there is room for a little");
    copy.set_len(holes.len() as u64).expect("holes take no room");
    std::os::unix::fs::FileExt::write_all_at(&copy, &holes[..8192], 0).expect("there is room for a little");
    let filler = File::create(dir.join("filler")).expect("an empty file takes no room");
    while std::io::Write::write(&mut &filler, &[1; 4096]).is_ok_and(|size| size > 0) {}
    say(&refused(World::open(&place, "holes", &NOBODY), Fault::Memory));
    assert!(World::open(&place, "small", &NOBODY).is_ok());
}

#[test]
fn a_full_file_system_is_an_answer() {
    let dir = RuntimeDir::new("full");
    let said = Other::start("fills a file system", &dir, "").all();
    if said == ["not permitted"] {
        skip("a full file system", "a tmpfs of its own is not permitted");
        return;
    }
    assert_eq!(said.len(), 2);
    for line in &said {
        assert!(line.contains("No space left") && line.contains("VIL_RUNTIME_DIR"), "{line}");
    }
}

fn has_small_files(dir: &Path, _: &str) {
    let (place, plan) = (place(dir), LARGE.plan());
    for size in [0, 1, 4096, MEGABYTE, 16 * MEGABYTE] {
        limit(libc::RLIMIT_FSIZE, size);
        say(&refused(World::create(&place, "large", &plan, &NOBODY), Fault::Memory));
    }
    limit(libc::RLIMIT_FSIZE, libc::RLIM_INFINITY);
    assert!(place.worlds().expect("it is there").is_empty(), "nothing is left of it");
    let world = World::create(&place, "large", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
    // Opening writes no file, so the limit does not touch it.
    limit(libc::RLIMIT_FSIZE, 0);
    assert!(World::open(&place, "large", &role("writer")).is_ok());
    drop(world);
}

#[test]
fn a_limit_of_file_sizes_is_an_answer_and_no_signal() {
    let dir = RuntimeDir::new("small-files");
    let said = Other::start("has small files", &dir, "").all();
    assert_eq!(said.len(), 5);
    for line in &said {
        assert!(line.contains("ulimit -f"), "{line}");
    }
}

type Attempt<'a> = &'a dyn Fn() -> Result<(), Error>;

fn has_few_files(dir: &Path, _: &str) {
    let (place, plan) = (place(dir), PLAIN.plan());
    drop(World::create(&place, "post", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}")));
    // Named now: listing descriptors takes one.
    limit(libc::RLIMIT_NOFILE, 64);
    let mut taken: Vec<File> = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    let attempts: [(&str, Attempt<'_>); 3] = [
        ("open", &|| World::open(&place, "post", &NOBODY).map(drop)),
        ("create", &|| World::create(&place, "new", &plan, &NOBODY).map(drop)),
        ("open_or_create", &|| World::open_or_create(&place, "newer", &plan, &NOBODY).map(drop)),
    ];
    for (name, attempt) in attempts {
        let mut refusals = 0;
        while let Err(error) = attempt() {
            assert_eq!(error.fault, Fault::System, "{name}: {error}");
            say(&error.message);
            refusals += 1;
            taken.pop().expect("with files enough it works");
        }
        assert!(refusals >= 1, "{name} needs no file");
        // Nothing was kept open: as many can be taken again as were given back.
        for _ in 0..refusals {
            taken.push(File::open("/dev/null").unwrap_or_else(|error| panic!("{name} kept a file open: {error}")));
        }
        assert!(File::open("/dev/null").is_err());
    }
}

#[test]
fn too_many_open_files_is_an_answer_and_nothing_stays_open() {
    let dir = RuntimeDir::new("few-files");
    let said = Other::start("has few files", &dir, "").all();
    assert!(said.len() >= 4, "{said:?}");
    for line in &said {
        assert!(line.contains("ulimit -n"), "{line}");
    }
}

/// Bytes of address space in use.
fn mapped() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc is mounted");
    let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4096
}

fn has_little_memory(dir: &Path, _: &str) {
    let (place, plan) = (place(dir), LARGE.plan());
    drop(World::create(&place, "large", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}")));
    for spare in [2 * MEGABYTE, 4 * MEGABYTE, 8 * MEGABYTE, 16 * MEGABYTE] {
        limit(libc::RLIMIT_AS, mapped() + spare);
        say(&refused(World::open(&place, "large", &role("writer")), Fault::Memory));
        say(&refused(World::create(&place, "other", &plan, &NOBODY), Fault::Memory));
        limit(libc::RLIMIT_AS, libc::RLIM_INFINITY);
    }
    assert_eq!(place.worlds().expect("it is there"), ["large"], "what could not be opened is not left");
    let before = open_files();
    let world = World::open(&place, "large", &role("writer")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(world.audit().processes, 1, "a refused process is not attached");
    drop(world);
    assert_eq!(open_files(), before, "nothing stays open");
}

#[test]
fn too_little_address_space_is_an_answer() {
    let dir = RuntimeDir::new("little-memory");
    let said = Other::start("has little memory", &dir, "").all();
    assert_eq!(said.len(), 8);
    for line in &said {
        assert!(line.contains("ulimit -v"), "{line}");
    }
}

extern "C" fn nothing(_: libc::c_int) {}

/// Makes worlds while signals arrive in the thread that makes them.
fn is_interrupted(dir: &Path, _: &str) {
    let (place, plan) = (place(dir), LARGE.plan());
    let is_over = AtomicBool::new(false);
    // SAFETY: the handler does nothing, and pthread_self can not fail.
    let maker = unsafe {
        let handler: extern "C" fn(libc::c_int) = nothing;
        libc::signal(libc::SIGALRM, handler as libc::sighandler_t);
        libc::pthread_self()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                // SAFETY: the scope ends in the thread that is signalled, so it is there.
                unsafe { libc::pthread_kill(maker, libc::SIGALRM) };
                pass(Duration::from_millis(2));
            }
        });
        for _ in 0..15 {
            let world = World::create(&place, "large", &plan, &NOBODY).unwrap_or_else(|error| panic!("{error}"));
            assert!(World::open(&place, "large", &role("writer")).is_ok());
            drop(world);
        }
        is_over.store(true, Ordering::Release);
    });
    say("done");
}

#[test]
fn signals_do_not_disturb_the_making_of_a_world() {
    let dir = RuntimeDir::new("interrupted");
    assert_eq!(Other::start("is interrupted", &dir, "").all(), ["done"]);
}
