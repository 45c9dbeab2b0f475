//! The crate `vil` as a Rust program meets it: what comes back when a call does not do what it was asked, what ends by
//! itself, what may move to another thread, and what does not fit. Also its second way of linking, an installed libvil.

#[path = "generated/notebook.rs"]
mod notebook;
mod system;

use std::ffi::CStr;
use std::time::Duration;

use notebook::{Note, READER_CONTRACT, Reader, WRITER_CONTRACT, Writer};
use vil::{
    Contract, Ends, EventKind, Language, Message, Options, Receiver, Sender, Status, WaitSet, Woken, World, wait_any,
};
use vil_tests::artifact::root;
use vil_tests::generated;
use vil_tests::runtime_dir::RuntimeDir;

/// Longer than anything here takes; only a call that hangs reaches it.
const LONG: Duration = Duration::from_secs(20);

/// A world of its own for each test.
struct Desk {
    options: Options,
    _dir: RuntimeDir,
}

impl Desk {
    fn new() -> Self {
        let dir = RuntimeDir::new("wrapper");
        Self { options: Options::new().runtime_dir(&*dir), _dir: dir }
    }

    fn world(&self, contract: Option<&'static Contract>) -> World {
        let program = notebook::program().expect("the program is legal");
        self.options.open_or_create("desk", &program, contract).expect("the world opens")
    }

    fn writer(&self) -> Writer {
        Writer::attach(self.world(Some(&WRITER_CONTRACT))).expect("the writer's ports open")
    }

    fn reader(&self) -> Reader {
        Reader::attach(self.world(Some(&READER_CONTRACT))).expect("the reader's ports open")
    }
}

fn note(number: u64) -> Note {
    Note { number, ..Note::default() }
}

#[test]
fn the_committed_code_is_what_is_generated() {
    let yaml = root().join("tests/tests/conventions/notebook.yaml");
    generated::compare(&yaml, vil_codegen::Language::Rust, &root().join("tests/tests/wrapper/generated"));
}

#[test]
fn a_message_is_written_and_read_in_place() {
    let desk = Desk::new();
    let (writer, reader) = (desk.writer(), desk.reader());
    for number in 0..100 {
        let mut loan = writer.notes.loan().expect("there is a slot");
        *loan = note(number);
        loan.value = number * 2;
        loan.publish().expect("there is room");
        let message = reader.notes.receive(LONG).expect("it was published");
        assert_eq!((message.number, message.value), (number, number * 2));
        assert_eq!(message.number(), number);
        message.release();
    }
    assert_eq!(writer.notes.published(), Ok(100));
    assert_eq!(reader.notes.received(), Ok(100));
}

#[test]
fn a_publish_that_did_not_happen_gives_the_loan_back() {
    let desk = Desk::new();
    let (writer, reader) = (desk.writer(), desk.reader());
    (0..4).for_each(|number| writer.notes.send(&note(number)).expect("four cells"));
    let mut loan = writer.notes.loan().expect("there is a slot");
    *loan = note(4);
    let refused = loan.publish().expect_err("the ring is full");
    assert_eq!(refused.status, Status::TIMEOUT);
    let loan = refused.loan.expect("the loan comes back");
    assert_eq!(loan.number, 4);
    drop(reader.notes.receive(LONG).expect("there are four"));
    loan.publish().expect("there is room now");
    let numbers: Vec<_> = (0..4).map(|_| reader.notes.receive(LONG).expect("there are four").number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn a_message_that_the_route_dropped_does_not_come_back() {
    let desk = Desk::new();
    let (writer, _reader) = (desk.writer(), desk.reader());
    (0..2).for_each(|number| writer.drops.send(&note(number)).expect("two cells"));
    let refused = writer.drops.loan().expect("there is a slot").publish().expect_err("the ring is full");
    assert_eq!(refused.status, Status::DROPPED);
    assert!(refused.loan.is_none());
    assert_eq!(writer.drops.send(&note(3)), Err(Status::DROPPED));
    let drops = writer.world.routes().expect("routes are seen").remove(2);
    assert_eq!((drops.published, drops.dropped, drops.depth, drops.capacity), (2, 2, 2, 2));
}

#[test]
fn what_is_dropped_is_given_back() {
    let desk = Desk::new();
    let watcher = desk.world(None);
    {
        let (writer, reader) = (desk.writer(), desk.reader());
        for number in 0..10 {
            drop(writer.notes.loan().expect("there is a slot"));
            writer.notes.send(&note(number)).expect("there is room");
            drop(reader.notes.receive(LONG).expect("it was published"));
        }
        let held = [writer.notes.loan().expect("one"), writer.notes.loan().expect("two")];
        assert_eq!(writer.notes.loan().err(), Some(Status::E_LIMIT));
        assert!(watcher.audit().expect("it counts").held_slots > 0);
        drop(held);
    }
    let audit = watcher.audit().expect("it counts");
    assert_eq!((audit.processes, audit.leaked_slots), (1, 0));
    assert_eq!(audit.free_slots, audit.slots);
}

#[test]
fn ends_move_to_another_thread_by_being_used_there() {
    let desk = Desk::new();
    let (Writer { notes, .. }, Reader { notes: read, .. }) = (desk.writer(), desk.reader());
    notes.send(&note(0)).expect("here first");
    let there = std::thread::spawn(move || {
        notes.send(&note(1)).expect("then there");
        let first = read.receive(LONG).expect("the one from before").number;
        (notes, read, first)
    });
    let (notes, read, first) = there.join().expect("the thread is well");
    assert_eq!(first, 0);
    notes.send(&note(2)).expect("and here again");
    let numbers: Vec<_> = (0..2).map(|_| read.receive(LONG).expect("two are left").number).collect();
    assert_eq!(numbers, [1, 2]);
    std::thread::spawn(move || drop((notes, read))).join().expect("they close anywhere");
    assert_eq!(desk.world(None).audit().expect("it counts").processes, 1, "both have left");
}

#[test]
fn a_canceller_ends_a_wait_and_outlives_its_world() {
    let desk = Desk::new();
    let reader = desk.reader();
    let canceller = reader.world.canceller();
    std::thread::scope(|scope| {
        scope.spawn(|| canceller.cancel().expect("the world is open"));
        assert_eq!(reader.notes.receive(Duration::MAX).err(), Some(Status::CANCELLED));
    });
    assert_eq!(reader.notes.receive(Duration::ZERO).err(), Some(Status::EMPTY));
    drop(reader);
    assert_eq!(canceller.cancel(), Err(Status::E_HANDLE));
}

#[test]
fn one_of_several_receivers_is_answered() {
    let desk = Desk::new();
    let (writer, reader) = (desk.writer(), desk.reader());
    let short = Duration::from_millis(5);
    assert_eq!(wait_any(&[&reader.notes, &reader.spill], short), Err(Status::TIMEOUT));
    writer.spill.send(&note(1)).expect("there is room");
    assert_eq!(wait_any(&[&reader.notes, &reader.spill], LONG), Ok(1));
    writer.notes.send(&note(2)).expect("there is room");
    assert_eq!(wait_any(&[&reader.notes, &reader.spill], LONG), Ok(0));
    assert_eq!(wait_any(&[], LONG), Err(Status::E_ARGUMENT));
    let elsewhere = std::thread::spawn(move || wait_any(&[&reader.notes, &reader.spill], LONG));
    assert_eq!(elsewhere.join().expect("the thread is well"), Ok(0));
}

/// Another message of the same size.
#[derive(Clone, Copy)]
#[repr(C)]
struct Stranger([u64; 2]);

// SAFETY: two integers; the layout id is nobody else's.
unsafe impl Message for Stranger {
    const NAME: &'static CStr = c"Stranger";
    const LAYOUT_ID: u64 = 0x7374_7261_6e67_6572;
    const LAYOUT_TEXT: &'static CStr = c"";
}

#[test]
fn another_message_direction_or_port_is_refused_with_a_sentence() {
    let desk = Desk::new();
    let world = desk.world(Some(&WRITER_CONTRACT));
    let stranger = Sender::<Stranger>::open(&world, c"notes").expect_err("it carries notes");
    assert_eq!(stranger.status, Status::E_CONTRACT);
    assert_eq!(stranger.to_string(), "VIL_E_CONTRACT: port `notes` carries `Note`, not `Stranger`");
    assert_eq!(Receiver::<Note>::open(&world, c"notes").expect_err("it sends").status, Status::E_ARGUMENT);
    assert_eq!(Sender::<Note>::open(&world, c"no-port").expect_err("no such").status, Status::E_NOT_FOUND);
    let roleless = desk.world(None);
    assert_eq!(Sender::<Note>::open(&roleless, c"notes").expect_err("no role").status, Status::E_ARGUMENT);
    let first = Sender::<Note>::open(&world, c"notes").expect("nobody holds it");
    let second = Sender::<Note>::open(&world, c"notes").expect_err("somebody holds it");
    assert_eq!(second.status, Status::E_BUSY);
    assert!(second.message.contains("writer.notes"), "{second}");
    drop(first);
}

#[test]
fn a_world_says_why_it_does_not_open() {
    let desk = Desk::new();
    let program = notebook::program().expect("the program is legal");
    let status = |name: &str| desk.options.open(name, None).expect_err("there is no such world").status;
    assert_eq!([status("nowhere"), status(""), status("a/b"), status("a\0b")], {
        [Status::E_NOT_FOUND, Status::E_NAME, Status::E_NAME, Status::E_NAME]
    });
    let made = desk.options.create("made", &program, None).expect("it is new");
    let again = desk.options.create("made", &program, None).expect_err("it is there");
    assert_eq!(again.status, Status::E_EXISTS);
    assert!(again.message.contains("`made`"), "{again}");
    desk.options.unlink("made").expect("it is there");
    assert_eq!(desk.options.unlink("made").expect_err("it is gone").status, Status::E_NOT_FOUND);
    drop(made);
    let nonsense = vil::Program::parse("nonsense").expect_err("it does not parse");
    assert_eq!(nonsense.status, Status::E_PROGRAM);
    assert!(!nonsense.message.is_empty());
}

#[test]
fn a_world_can_be_looked_at() {
    let desk = Desk::new();
    let (writer, reader) = (desk.writer(), desk.reader());
    let watcher = desk.world(None);
    writer.notes.send(&note(1)).expect("there is room");
    let routes = watcher.routes().expect("routes are seen");
    let names: Vec<_> = routes.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["writer.notes -> reader.notes", "writer.spill -> reader.spill", "writer.drops -> reader.drops"]);
    assert_eq!((routes[0].published, routes[0].received, routes[0].depth), (1, 0, 1));
    assert_eq!(routes[0].lane, Some(vil::Lane::Data));
    let mut processes: Vec<_> = watcher.processes().expect("they are seen").into_iter().map(|one| one.name).collect();
    processes.sort();
    assert_eq!(processes, ["", "reader", "writer"]);
    drop(reader.notes.receive(LONG).expect("it was published"));
    assert_eq!(watcher.routes().expect("routes are seen")[0].received, 1);
    assert_eq!(watcher.recover(), Ok(0));
    assert_eq!(notebook::program().expect("legal").fingerprint(), Ok(notebook::PROGRAM_FINGERPRINT));
    assert_eq!(vil::version(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_registry_tells_who_is_there_what_they_hold_and_what_happened() {
    let desk = Desk::new();
    let (writer, reader) = (desk.writer(), desk.reader());
    let watcher = desk.world(None);
    let registry = watcher.registry();
    let entries = registry.entries().expect("they are seen");
    let names: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.is_alive, entry.language)).collect();
    assert_eq!(names, [("writer", true, Language::Rust), ("reader", true, Language::Rust), ("", true, Language::Rust)]);
    assert!(entries.iter().all(|entry| entry.pid == std::process::id() as i32 && entry.since > Duration::ZERO));
    let (writes, reads) = (entries[0].index, entries[1].index);
    assert_eq!(registry.ends(writes, 0), Ok(Ends { producer: true, consumer: false }));
    assert_eq!(registry.ends(reads, 0), Ok(Ends { producer: false, consumer: true }));
    assert_eq!(registry.ends(reads, 99).err(), Some(Status::E_ARGUMENT));
    writer.notes.send(&note(1)).expect("there is room");
    assert!(registry.slots(writes).expect("it counts") > 0);
    assert_eq!(registry.recover(writes), Err(Status::E_BUSY), "it lives");
    let before: Vec<_> = registry.trail().map(|event| event.expect("it is read").kind).collect();
    assert_eq!(before, [EventKind::ATTACHED; 3]);
    let mut news = registry.trail_from_now().expect("it has an end");
    assert!(news.next().is_none());
    drop(reader);
    let event = news.next().expect("the reader left").expect("it is read");
    assert_eq!((event.kind, event.process, event.name.as_str()), (EventKind::DETACHED, Some(reads), "detached"));
    assert!(news.next().is_none() && !event.is_fault && event.missed == 0);
    assert_eq!(registry.entry(reads), Ok(None));
    assert_eq!(registry.watch(Duration::ZERO), Err(Status::E_ARGUMENT));
    assert_eq!(registry.watch(Duration::from_millis(5)), Ok(()));
    assert_eq!(registry.unwatch(), Ok(()));
    assert_eq!(registry.unwatch(), Err(Status::E_STATE));
}

#[test]
fn a_sender_that_is_taken_out_of_a_set_is_not_waited_for_any_more() {
    let desk = Desk::new();
    let (writer, _reader) = (desk.writer(), desk.reader());
    let set = WaitSet::new(&writer.world).expect("the world is open");
    set.add_sender(&writer.notes, 7).expect("there is room");
    assert_eq!(set.wait(Duration::ZERO), Ok(Woken::Ready(7)));
    assert_eq!(set.remove_sender(&writer.notes), Ok(()));
    assert_eq!(set.remove_sender(&writer.notes), Err(Status::E_NOT_FOUND));
    assert_eq!(set.wait(Duration::ZERO), Err(Status::E_ARGUMENT), "it has no end");
}

/// Compiles only where a type is not `Trait`: else there are two ways to read the call.
macro_rules! is_not {
    ($type:ty: $trait:ident) => {{
        trait Otherwise<Way> {
            fn is() {}
        }
        impl<T: ?Sized> Otherwise<()> for T {}
        impl<T: ?Sized + $trait> Otherwise<u8> for T {}
        <$type as Otherwise<_>>::is();
    }};
}

fn is<T: Send>() {}

#[test]
fn only_what_may_move_between_threads_does() {
    is::<Sender<Note>>();
    is::<Receiver<Note>>();
    is::<World>();
    is::<Writer>();
    is_not!(Sender<Note>: Sync);
    is_not!(Receiver<Note>: Sync);
    is_not!(vil::Loan<'static, Note>: Send);
    is_not!(vil::Incoming<'static, Note>: Send);
}
