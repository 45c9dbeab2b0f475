//! The scenes in Rust.

use std::time::Duration;

use vil::{EventKind, IncomingBatch, LoanBatch, Options, Status, World};
use vil_tests::runtime_dir::RuntimeDir;

use super::modes::{
    CAMERA_CONTRACT, CREW_CONTRACT, Camera, Crew, Frame, Job, Price, Quote, SCREEN_CONTRACT, Screen, WORKER_CONTRACT,
    Worker, program,
};

/// Longer than anything here takes; only a call that hangs reaches it.
const LONG: Duration = Duration::from_secs(20);
const NOW: Duration = Duration::ZERO;

/// The three processes of the program, all played by this one.
struct Stage {
    camera: Camera,
    worker: Worker,
    screen: Screen,
    watcher: World,
    options: Options,
    _dir: RuntimeDir,
}

impl Stage {
    fn new() -> Stage {
        let dir = RuntimeDir::new("modes");
        let options = Options::new().runtime_dir(&*dir);
        let program = program().expect("the program is legal");
        let world = |contract| options.open_or_create("stage", &program, contract).expect("the world opens");
        Stage {
            camera: Camera::attach(world(Some(&CAMERA_CONTRACT))).expect("the camera's ports open"),
            worker: Worker::attach(world(Some(&WORKER_CONTRACT))).expect("the worker's ports open"),
            screen: Screen::attach(world(Some(&SCREEN_CONTRACT))).expect("the screen's ports open"),
            watcher: world(None),
            options,
            _dir: dir,
        }
    }

    /// Publishes a frame of this number to its two readers.
    fn film(&self, number: u64) {
        let mut loan = self.camera.frames.loan().expect("there is a slot");
        loan.number = number;
        loan.publish().expect("there is room");
    }

    /// The faults in the audit trail.
    fn faults(&self) -> Vec<EventKind> {
        let events = self.watcher.registry().trail().map(|event| event.expect("the trail can be read"));
        events.filter(|event| event.is_fault).map(|event| event.kind).collect()
    }

    /// Everybody leaves; nothing stays behind.
    fn end(self) {
        drop((self.camera, self.worker, self.screen));
        let audit = self.watcher.audit().expect("the world can be audited");
        assert_eq!((audit.free_slots, audit.leaked_slots), (audit.slots, 0), "{audit:?}");
    }
}

#[test]
fn one_message_is_shared_by_all_readers_of_a_port() {
    let stage = Stage::new();
    for number in 0..600 {
        stage.film(number);
        let (first, second) = (stage.worker.frames.receive(NOW), stage.screen.frames.receive(NOW));
        assert_eq!(first.expect("it was shared").number, number);
        assert_eq!(second.expect("with both").number, number);
    }
    stage.end();
}

#[test]
fn a_producer_reads_on_what_it_has_published() {
    let stage = Stage::new();
    for number in 0..600 {
        let mut loan = stage.camera.still.loan().expect("there is a slot");
        loan.number = number;
        let kept = loan.keep().expect("there is room");
        let frame = stage.screen.still.receive(NOW).expect("it was published");
        assert_eq!((kept.number, frame.number), (number, number));
        assert_eq!(stage.camera.still.loan().expect_err("it counts as a loan").raw(), Status::E_LIMIT.raw());
        frame.release();
        assert_eq!(kept.number, number);
        kept.release();
    }
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn what_is_taken_is_changed_and_consumed_or_passed_on() {
    let stage = Stage::new();
    for number in 0..600 {
        stage.camera.jobs.send(&Job { number, state: 0 }).expect("there is room");
        let mut job = stage.worker.jobs.receive(NOW).expect("it was published");
        job.state = 7;
        if number % 3 == 0 {
            job.consume().expect("it is the worker's");
        } else if number % 3 == 1 {
            stage.worker.jobs_forward_done(job).expect("there is room");
            let done = stage.screen.done.receive(NOW).expect("it was passed on");
            assert_eq!((done.number, done.state), (number, 7));
            done.consume().expect("it is the screen's");
        } else {
            stage.worker.jobs_forward_failed(job).expect("there is room");
            let mut failed = stage.screen.failed.receive(NOW).expect("it was passed on");
            failed.state += 1;
            assert_eq!((failed.number, failed.state), (number, 8));
            failed.release();
        }
    }
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn what_was_taken_and_dropped_is_told_to_the_trail() {
    let stage = Stage::new();
    stage.camera.jobs.send(&Job { number: 1, state: 0 }).expect("there is room");
    drop(stage.worker.jobs.receive(NOW).expect("it was published"));
    assert_eq!(stage.faults(), [EventKind::UNCONSUMED]);
    stage.end();
}

#[test]
fn what_is_on_loan_is_passed_on_borrowed_and_comes_back() {
    let stage = Stage::new();
    for number in 0..600 {
        stage.film(number);
        stage.screen.frames.receive(NOW).expect("it was shared").release();
        let frame = stage.worker.frames.receive(NOW).expect("it was shared");
        stage.worker.frames_forward_seen(frame).expect("there is room");
        let seen = stage.screen.seen.receive(NOW).expect("it was passed on");
        assert_eq!(seen.number, number);
    }
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn what_finds_no_room_is_still_held() {
    let stage = Stage::new();
    let pass = |number| {
        stage.film(number);
        stage.screen.frames.receive(NOW).expect("it was shared").release();
        stage.worker.frames_forward_seen(stage.worker.frames.receive(NOW).expect("it was shared"))
    };
    {
        let full = (0..300).find_map(|number| pass(number).err()).expect("a ring of 8 is full some time");
        assert_eq!(full.status, Status::FULL);
        assert_eq!(full.message.expect("it is still held").number, 8);
    }
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn answers_find_their_questions_in_any_order() {
    let stage = Stage::new();
    for round in 0..300 {
        let first = stage.camera.quote.ask(&Price { item: 1 }).expect("there is room");
        let second = stage.camera.quote.loan().and_then(|mut loan| {
            loan.item = 2;
            Ok(loan.ask()?)
        });
        assert_eq!((first, second), (2 * round, Ok(2 * round + 1)));
        let questions = [(); 2].map(|()| stage.worker.quote.receive(NOW).expect("it was asked"));
        for question in questions.iter().rev() {
            let quote = Quote { item: question.item, cents: question.item * 100 };
            stage.worker.quote.answer(question, &quote).expect("there is room");
        }
        for (number, item) in [(2 * round + 1, 2), (2 * round, 1)] {
            let answer = stage.camera.quote.receive(NOW).expect("it was answered");
            assert_eq!((answer.answers(), answer.item, answer.cents), (number, item, item * 100));
        }
    }
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn whoever_is_free_takes_the_work() {
    let stage = Stage::new();
    let crew = [(); 2].map(|()| {
        let world = stage.options.open("stage", Some(&CREW_CONTRACT)).expect("the world is there");
        Crew::attach(world).expect("a port for several is open to several")
    });
    for round in 0..100 {
        (0..16)
            .for_each(|at| stage.camera.work.send(&Job { number: round * 16 + at, state: 0 }).expect("there is room"));
        assert_eq!(stage.camera.work.send(&Job::default()), Err(Status::FULL));
        let mut seen: Vec<u64> = (0..16)
            .map(|at| {
                let job = crew[(at + round as usize) % 2].work.receive(NOW).expect("it was published");
                let number = job.number;
                job.consume().expect("it is ours");
                number
            })
            .collect();
        seen.sort_unstable();
        assert!(seen.iter().copied().eq(round * 16..(round + 1) * 16), "{seen:?}");
        assert_eq!(crew[0].work.receive(NOW).expect_err("all is taken"), Status::EMPTY);
    }
    assert_eq!(stage.faults(), []);
    drop(crew);
    stage.end();
}

#[test]
fn the_latest_are_there_when_the_oldest_are_dropped() {
    let stage = Stage::new();
    for round in 0..100 {
        for number in round * 10..(round + 1) * 10 {
            stage.camera.latest.send(&Frame { number, ..Frame::default() }).expect("there is always room");
            stage.camera.level.send(&Price { item: number as u32 }).expect("there is always room");
        }
        for number in round * 10 + 6..(round + 1) * 10 {
            let frame = stage.screen.latest.receive(NOW).expect("it is one of the latest");
            let level = stage.screen.level.receive(NOW).expect("it is one of the latest");
            assert_eq!((frame.number, level.item), (number, number as u32));
            frame.consume().expect("it is ours");
            level.release();
        }
        assert_eq!(stage.screen.latest.receive(NOW).expect_err("that was all"), Status::EMPTY);
    }
    let dropped = |kind: EventKind| {
        let events = stage.watcher.registry().trail().map(|event| event.expect("the trail can be read"));
        events.filter(|event| event.kind == kind).count()
    };
    assert!(dropped(EventKind::DROPPED_OLDEST) > 0);
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn batches_are_used_again_and_again_and_give_back_what_is_left() {
    let stage = Stage::new();
    {
        let mut frames = LoanBatch::<Frame, 4>::new(&stage.camera.frames);
        let mut here = IncomingBatch::<Frame, 4>::new(&stage.screen.frames);
        let mut there = IncomingBatch::<Frame, 4>::new(&stage.worker.frames);
        let mut number = 0;
        while number < 600 {
            let count = frames.take(4).expect("there are slots");
            assert_eq!((frames.len(), frames.is_empty()), (count, false));
            frames.iter_mut().zip(number..).for_each(|(frame, number)| frame.number = number);
            frames[0].pixels[0] = 7;
            assert_eq!((frames.publish(), frames.len(), frames.publish()), (Ok(()), 0, Ok(())));
            for batch in [&mut here, &mut there] {
                assert_eq!((batch.receive(NOW, 4), batch.len()), (Ok(count), count));
                assert_eq!(batch.receive(NOW, 0), Err(Status::E_ARGUMENT));
                assert!(batch.iter().zip(number..).all(|(frame, number)| frame.number == number));
                assert_eq!((batch.number(0), batch[0].pixels[0], batch.answers(0)), (number, 7, 0));
                assert_eq!((batch.release(), batch.is_empty(), batch.release()), (Ok(()), true, Ok(())));
                assert_eq!(batch.receive(NOW, 4), Err(Status::EMPTY));
            }
            number += count as u64;
        }
        let mut one = LoanBatch::<Frame, 1>::new(&stage.camera.frames);
        assert_eq!((one.take(9), one.take(9)), (Ok(1), Err(Status::E_ARGUMENT)), "it is full");
        drop(one);
        assert_eq!(frames.take(1), Ok(1));
        frames.publish().expect("there is room");
        assert_eq!((here.receive(NOW, 1), there.receive(NOW, 1)), (Ok(1), Ok(1)));
    }
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn copies_are_sent_and_read_by_one_call_each_and_several_by_one() {
    let stage = Stage::new();
    let frames: Vec<Frame> = (0..4).map(|number| Frame { number, pixels: [number as u8; _] }).collect();
    for _ in 0..100 {
        stage.camera.frames.send(&frames[0]).expect("there is room");
        stage.camera.frames.send_batch(&frames[1..3]).expect("there is room");
        for receiver in [&stage.screen.frames, &stage.worker.frames] {
            assert_eq!(receiver.read(NOW).as_ref(), Ok(&frames[0]));
            let mut copies = vec![frames[3]; 4];
            assert_eq!(receiver.read_batch(LONG, &mut copies), Ok(2));
            assert_eq!(copies, [&frames[1..], &frames[3..]].concat());
            assert_eq!(receiver.read(NOW), Err(Status::EMPTY));
            assert_eq!(receiver.read_batch(NOW, &mut copies), Err(Status::EMPTY));
            assert_eq!(receiver.read_batch(NOW, &mut []), Err(Status::E_ARGUMENT));
        }
        stage.camera.jobs.send(&Job::default()).expect("there is room");
        stage.worker.jobs.read(NOW).expect("it is taken, and used");
    }
    assert_eq!(stage.camera.frames.send_batch(&[]).map_err(|unsent| unsent.status), Err(Status::E_ARGUMENT));
    let unsent = (0..100).find_map(|_| stage.camera.frames.send_batch(&[frames[0]; 200]).err());
    let unsent = unsent.expect("no ring has room for as many");
    assert!([Status::FULL, Status::TIMEOUT].contains(&unsent.status) && unsent.sent < 200, "{unsent}");
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn what_a_full_ring_refuses_stays_in_the_batch_in_its_order() {
    let stage = Stage::new();
    {
        let mut jobs = LoanBatch::<Job, 16, _>::new(&stage.camera.jobs);
        let mut number = 0;
        let refused = loop {
            let taken = jobs.take(16).expect("there are slots");
            let first = jobs.len() - taken;
            jobs.iter_mut().skip(first).for_each(|job| {
                *job = Job { number, state: 0 };
                number += 1;
            });
            if let Err(status) = jobs.publish() {
                break status;
            }
        };
        assert!([Status::FULL, Status::TIMEOUT].contains(&refused), "{refused:?}");
        let left = jobs.len() as u64;
        assert!(left > 0 && (0..left).all(|at| jobs[at as usize].number == number - left + at));
        for next in 0..number {
            if next == number - left {
                assert_eq!((jobs.publish(), jobs.len()), (Ok(()), 0));
            }
            let job = stage.worker.jobs.receive(NOW).expect("it was published");
            assert_eq!(job.number, next);
            job.consume().expect("it is in hand");
        }
    }
    assert_eq!(stage.faults(), []);
    stage.end();
}

#[test]
fn an_end_is_opened_when_it_comes_free() {
    let stage = Stage::new();
    let Stage { camera, worker, screen, watcher, options, _dir } = stage;
    let again = |timeout| {
        let world = options.open("stage", Some(&WORKER_CONTRACT)).expect("the world is there");
        Worker::attach_within(world, timeout)
    };
    let short = Duration::from_millis(5);
    assert_eq!(again(short).expect_err("a living worker has them").status, Status::E_BUSY);

    camera.frames.send(&Frame { number: 1, ..Frame::default() }).expect("there is room");
    worker.frames_forward_seen(worker.frames.receive(LONG).expect("it was shared")).expect("there is room");
    let seen = screen.seen.receive(LONG).expect("it was passed on");
    drop(worker);
    // The worker is gone, and what it borrowed is still read.
    assert_eq!(again(short).expect_err("the frame is still read").status, Status::E_PENDING);
    assert_eq!(seen.number, 1);
    seen.release();
    screen.frames.receive(LONG).expect("it was shared").release();
    let worker = again(LONG).expect("now it comes free");
    drop((camera, worker, screen));
    let audit = watcher.audit().expect("the world can be audited");
    assert_eq!((audit.free_slots, audit.leaked_slots), (audit.slots, 0), "{audit:?}");
}
