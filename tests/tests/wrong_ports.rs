//! The wrong message on a port, and sending where one receives, are compile errors in all three languages: each line
//! that must be refused stands beside a twin that must compile, in the same function, with the same flags.

use std::path::{Path, PathBuf};

use vil_tests::artifact::root;
use vil_tests::cc::{Compile, Compiler, c_compilers, cpp_compilers};
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;

/// A statement that compiles, and statements like it that must not.
struct Twins {
    good: &'static str,
    bad: &'static [&'static str],
}

const C: &[Twins] = &[
    Twins {
        good: "demo_line_source_readings_send(source, reading)",
        bad: &[
            "demo_line_source_readings_send(source, alarm)",
            "demo_line_source_readings_send(sink, reading)",
            "demo_line_sink_readings_send(sink, reading)",
        ],
    },
    Twins {
        good: "demo_line_source_readings_loan(source, reading_loan)",
        bad: &[
            "demo_line_source_readings_loan(source, alarm_loan)",
            "demo_line_source_alarms_publish(source, reading_loan)",
            "demo_line_sink_readings_loan(sink, reading_loan)",
        ],
    },
    Twins {
        good: "demo_line_sink_readings_receive(sink, 0, reading_msg)",
        bad: &[
            "demo_line_sink_readings_receive(sink, 0, alarm_msg)",
            "demo_line_sink_alarms_release(sink, reading_msg)",
            "demo_line_source_readings_receive(source, 0, reading_msg)",
        ],
    },
];

const CPP: &[Twins] = &[
    Twins {
        good: "(void)source.readings.send(reading)",
        bad: &[
            "(void)source.readings.send(alarm)",
            "(void)source.alarms.send(reading)",
            "(void)sink.readings.send(reading)",
            "(void)source.readings.receive(vil::forever)",
        ],
    },
    Twins {
        good: "vil::Loan<Reading> loan = std::move(*source.readings.loan())",
        bad: &["vil::Loan<Alarm> loan = std::move(*source.readings.loan())"],
    },
    Twins {
        good: "const Reading &got = **sink.readings.receive(vil::forever); (void)got",
        bad: &["const Alarm &got = **sink.readings.receive(vil::forever); (void)got"],
    },
];

const RUST: &[Twins] = &[
    Twins {
        good: "source.readings.send(&reading)",
        bad: &[
            "source.readings.send(&alarm)",
            "source.alarms.send(&reading)",
            "sink.readings.send(&reading)",
            "source.readings.receive(std::time::Duration::MAX)",
        ],
    },
    Twins {
        good: "source.readings.loan().map(|mut loan| *loan = reading)",
        bad: &["source.readings.loan().map(|mut loan| *loan = alarm)"],
    },
    Twins {
        good: "sink.readings.receive(std::time::Duration::MAX).map(|got| assert!(got.value > 0.0))",
        bad: &["sink.readings.receive(std::time::Duration::MAX).map(|got| assert!(got.tag() > 0))"],
    },
];

/// The same for what a port's routes allow; `golden/modes.yaml` says what that is.
const C_MODES: &[Twins] = &[
    Twins {
        good: "modes_camera_still_keep(camera, frame_loan, kept)",
        bad: &[
            "modes_camera_frames_keep(camera, frame_loan, kept)",
            "modes_camera_still_keep(worker, frame_loan, kept)",
        ],
    },
    Twins {
        good: "modes_worker_jobs_consume(worker, job)",
        bad: &[
            "modes_worker_jobs_release(worker, job)",
            "modes_worker_frames_consume(worker, frame)",
            "modes_screen_still_consume(screen, frame)",
        ],
    },
    Twins {
        good: "(modes_screen_failed_edit(screen, job)->state = 1, VIL_OK)",
        bad: &["(modes_screen_done_keep(screen, job)->state = 1, VIL_OK)", "(job->msg->state = 1, VIL_OK)"],
    },
    Twins {
        good: "modes_worker_jobs_forward_done(worker, job)",
        bad: &[
            "modes_worker_jobs_forward_done(worker, frame)",
            "modes_worker_jobs_forward_seen(worker, job)",
            "modes_screen_done_forward_failed(screen, job)",
        ],
    },
    Twins {
        good: "modes_camera_quote_ask(camera, price_loan, number)",
        bad: &[
            "modes_camera_quote_publish(camera, price_loan)",
            "modes_camera_quote_ask(camera, quote_loan, number)",
            "modes_camera_quote_receive(camera, 0, price)",
        ],
    },
    Twins {
        good: "modes_worker_quote_answer(worker, quote_loan, price)",
        bad: &[
            "modes_worker_quote_answer(worker, price_loan, price)",
            "modes_worker_quote_answer(worker, quote_loan, job)",
            "modes_worker_quote_publish(worker, quote_loan)",
        ],
    },
];

/// The same for relative messages, whose loans begin them and whose writers and views are of one kind each.
const C_RELATIVE: &[Twins] = &[
    Twins {
        good: "relative_lidar_scans_publish(lidar, scan_loan)",
        bad: &[
            "relative_lidar_notes_publish(lidar, scan_loan)",
            "relative_lidar_scans_publish(map, scan_loan)",
            "relative_map_scans_publish(map, scan_loan)",
        ],
    },
    Twins {
        good: "relative_map_notes_consume(map, note)",
        bad: &["relative_map_notes_release(map, note)", "relative_map_scans_release(map, note)"],
    },
    Twins {
        good: "(relative_scan_set_stamp(scan_loan->msg, 1), VIL_OK)",
        bad: &[
            "(relative_answer_alloc_lines(scan_loan->msg, 1), VIL_OK)",
            "(relative_scan_set_stamp(scan->msg, 1), VIL_OK)",
        ],
    },
    Twins {
        good: "relative_scan_valid(scan->msg) ? VIL_OK : VIL_EMPTY",
        bad: &[
            "relative_scan_valid(note->msg) ? VIL_OK : VIL_EMPTY",
            "relative_scan_valid(scan_loan->msg) ? VIL_OK : VIL_EMPTY",
        ],
    },
];

const CPP_MODES: &[Twins] = &[
    Twins {
        good: "auto kept = camera.still.loan()->keep(); (void)kept",
        bad: &[
            "auto kept = camera.frames.loan()->keep(); (void)kept",
            "(**camera.still.loan()->keep()).number = 1",
            "(void)camera.still.loan()->ask()",
        ],
    },
    Twins {
        good: "(void)worker.jobs.receive(vil::forever)->consume()",
        bad: &[
            "(void)worker.jobs.receive(vil::forever)->release()",
            "(void)worker.frames.receive(vil::forever)->consume()",
        ],
    },
    Twins {
        good: "screen.failed.receive(vil::forever)->edit()->state = 1",
        bad: &[
            "screen.still.receive(vil::forever)->edit()->number = 1",
            "(**screen.failed.receive(vil::forever)).state = 1",
        ],
    },
    Twins {
        good: "auto job = worker.jobs.receive(vil::forever); (void)worker.jobs_forward_done(*job)",
        bad: &[
            "auto job = worker.frames.receive(vil::forever); (void)worker.jobs_forward_done(*job)",
            "auto job = worker.jobs.receive(vil::forever); (void)worker.jobs_forward_seen(*job)",
            "(void)worker.jobs.receive(vil::forever)->forward(worker.seen)",
        ],
    },
    Twins {
        good: "(void)camera.quote.ask(Price{})",
        bad: &[
            "(void)camera.quote.ask(Quote{})",
            "(void)camera.quote.questions.send(Price{})",
            "(void)camera.quote.loan()->publish()",
        ],
    },
    Twins {
        good: "(void)worker.quote.answer(*worker.quote.receive(vil::forever), Quote{})",
        bad: &[
            "(void)worker.quote.answer(*worker.quote.receive(vil::forever), Price{})",
            "(void)worker.quote.answers.send(Quote{})",
            "(void)worker.done.answer(*worker.quote.receive(vil::forever), Job{})",
        ],
    },
];

/// The same for relative messages; `golden/relative.yaml` says what the ports are. Only what is finished is published.
const CPP_RELATIVE: &[Twins] = &[
    Twins {
        good: "auto scan = lidar.scans.loan(); (void)std::move(*scan).finish()->publish()",
        bad: &[
            "auto scan = lidar.scans.loan(); (void)scan->publish()",
            "auto scan = lidar.scans.loan(); (void)scan->finish()",
            "auto scan = lidar.scans.loan(); (void)std::move(*scan).finish()->keep()",
            "auto scan = lidar.scans.loan(); (void)std::move(*scan).finish()->root()",
            "auto scan = map.scans.loan(); (void)std::move(*scan).finish()->publish()",
        ],
    },
    Twins {
        good: "vil::Draft<Scan> scan = std::move(*lidar.scans.loan())",
        bad: &[
            "vil::Draft<Scan> scan = std::move(*lidar.grown.loan())",
            "vil::Loan<Scan> scan = std::move(*lidar.scans.loan())",
            "vil::Finished<Scan> scan = std::move(*lidar.scans.loan())",
        ],
    },
    Twins {
        good: "(*lidar.scans.loan())->set_stamp(1)",
        bad: &[
            "(*lidar.grown.loan())->set_stamp(1)",
            "(*lidar.scans.loan())->set_label(1)",
            "(void)lidar.scans.send(Scan{})",
        ],
    },
    Twins {
        good: "const ScanView &got = **map.scans.receive(vil::forever); (void)got",
        bad: &[
            "const GrownView &got = **map.scans.receive(vil::forever); (void)got",
            "const Scan &got = **map.scans.receive(vil::forever); (void)got",
            "map.scans.receive(vil::forever)->edit()->stamp = 1",
            "(*map.scans.receive(vil::forever))->set_stamp(1)",
        ],
    },
    Twins {
        good: "auto scan = lidar.still.loan(); (void)std::move(*scan).finish()->keep()",
        bad: &["auto scan = lidar.still.loan(); (void)std::move(*scan).finish()->ask()"],
    },
    Twins {
        good: "auto asked = lidar.find.receive(vil::forever); (void)std::move(*lidar.find.loan()).finish()->answer(*asked)",
        bad: &[
            "auto asked = lidar.find.receive(vil::forever); (void)std::move(*lidar.scans.loan()).finish()->answer(*asked)",
            "(void)std::move(*map.find.loan()).finish()->publish()",
            "(void)map.find.ask(Ask{})",
        ],
    },
];

const RUST_MODES: &[Twins] = &[
    Twins {
        good: "camera.still.loan().unwrap().keep().map(|kept| kept.number)",
        bad: &[
            "camera.frames.loan().unwrap().keep().map(|kept| kept.number)",
            "camera.still.loan().unwrap().keep().map(|mut kept| kept.number = 1)",
        ],
    },
    Twins {
        good: "worker.jobs.receive(LONG).unwrap().consume()",
        bad: &["worker.jobs.receive(LONG).unwrap().release()", "worker.frames.receive(LONG).unwrap().consume()"],
    },
    Twins {
        good: "screen.failed.receive(LONG).map(|mut job| job.state = 1)",
        bad: &["screen.still.receive(LONG).map(|mut frame| frame.number = 1)"],
    },
    Twins {
        good: "worker.jobs_forward_done(worker.jobs.receive(LONG).unwrap()).is_ok()",
        bad: &[
            "worker.jobs_forward_done(worker.frames.receive(LONG).unwrap()).is_ok()",
            "worker.jobs_forward_seen(worker.jobs.receive(LONG).unwrap()).is_ok()",
            "worker.jobs.receive(LONG).unwrap().forward(&worker.seen).is_ok()",
        ],
    },
    Twins {
        good: "camera.quote.ask(&Price::default())",
        bad: &[
            "camera.quote.ask(&Quote::default())",
            "camera.quote.questions.send(&Price::default())",
            "camera.quote.loan().unwrap().publish().is_ok()",
        ],
    },
    Twins {
        good: "worker.quote.answer(&worker.quote.receive(LONG).unwrap(), &Quote::default())",
        bad: &[
            "worker.quote.answer(&worker.quote.receive(LONG).unwrap(), &Price::default())",
            "worker.quote.answers.send(&Quote::default())",
        ],
    },
];

/// The same for relative messages: what is finished is published, and nothing else; `golden/relative.yaml` says what may be.
const RUST_RELATIVE: &[Twins] = &[
    Twins {
        good: "lidar.scans.draft().unwrap().finish().unwrap().publish().is_ok()",
        bad: &[
            "lidar.scans.draft().unwrap().publish().is_ok()",
            "lidar.scans.draft().unwrap().finish().unwrap().keep().is_ok()",
            "lidar.scans.loan().is_ok()",
            "lidar.scans.receive(LONG).is_ok()",
            "map.scans.draft().is_ok()",
        ],
    },
    Twins {
        good: "lidar.scans.draft().unwrap().root().set_stamp(1)",
        bad: &[
            "lidar.grown.draft().unwrap().root().set_stamp(1)",
            "map.scans.receive(LONG).unwrap().root().set_stamp(1)",
            "map.scans.receive(LONG).unwrap().view().set_stamp(1)",
        ],
    },
    Twins {
        good: "map.scans.receive(LONG).map(|scan| scan.view().stamp())",
        bad: &[
            "map.grown.receive(LONG).map(|grown| grown.view().stamp())",
            "map.scans.receive(LONG).map(|scan| scan.stamp)",
        ],
    },
    Twins {
        good: "map.notes.receive(LONG).unwrap().consume()",
        bad: &["map.notes.receive(LONG).unwrap().release()", "map.scans.receive(LONG).unwrap().consume()"],
    },
    Twins {
        good: "map.find.draft().unwrap().finish().unwrap().ask().is_ok()",
        bad: &[
            "map.find.draft().unwrap().finish().unwrap().publish().is_ok()",
            "map.find.draft().unwrap().root().alloc_lines(1)",
            "lidar.find.draft().unwrap().root().set_pattern(\"\")",
        ],
    },
];

/// A view sees no message that was given back, and a message is published once.
const RUST_VIEWS: &[Twins] = &[
    Twins {
        good: "map.scans.receive(LONG).map(|scan| { let stamp = scan.view().stamp(); scan.release(); stamp })",
        bad: &["map.scans.receive(LONG).map(|scan| { let view = scan.view(); scan.release(); view.stamp() })"],
    },
    Twins {
        good: "lidar.scans.draft().map(|mut draft| { draft.root().set_stamp(1); draft.finish().is_ok() })",
        bad: &[
            "lidar.scans.draft().map(|mut draft| { let mut root = draft.root(); let done = draft.finish().is_ok(); root.set_stamp(1); done })",
            "lidar.scans.draft().map(|mut draft| (draft.finish().is_ok(), draft.root().set_stamp(1)))",
        ],
    },
    Twins {
        good: "lidar.scans.draft().map(|draft| draft.finish().map(|done| done.publish().is_ok()).is_ok())",
        bad: &[
            "lidar.scans.draft().map(|draft| draft.finish().map(|done| (done.publish().is_ok(), done.publish().is_ok())).is_ok())",
        ],
    },
];

/// What was ended is used no more.
const RUST_MOVES: &[Twins] = &[
    Twins {
        good: "camera.still.loan().map(|loan| loan.keep().map(|kept| kept.number).ok())",
        bad: &["camera.still.loan().map(|loan| (loan.keep().is_ok(), loan.publish().is_ok()))"],
    },
    Twins {
        good: "worker.jobs.receive(LONG).map(|job| (job.number, job.consume()))",
        bad: &[
            "worker.jobs.receive(LONG).map(|job| (job.consume(), job.consume()))",
            "worker.jobs.receive(LONG).map(|job| (job.consume(), job.number))",
        ],
    },
    Twins {
        good: "worker.frames.receive(LONG).map(|frame| worker.frames_forward_seen(frame).is_ok())",
        bad: &["worker.frames.receive(LONG).map(|frame| (worker.frames_forward_seen(frame).is_ok(), frame.number))"],
    },
];

/// The same for external messages; `golden/external.yaml` has two of them.
const C_EXTERNAL: &[Twins] = &[
    Twins {
        good: "external_shop_orders_loan(shop, order_loan)",
        bad: &["external_shop_wires_loan(shop, order_loan)", "external_stock_orders_loan(stock, order_loan)"],
    },
    Twins {
        good: "external_shop_orders_publish(shop, order_loan, 1)",
        bad: &["external_shop_wires_publish(shop, order_loan, 1)", "external_shop_orders_publish(shop, order_loan)"],
    },
    Twins {
        good: "external_stock_orders_receive(stock, 0, order)",
        bad: &["external_stock_orders_receive(stock, 0, wire)", "external_stock_wires_release(stock, order)"],
    },
];

const CPP_EXTERNAL: &[Twins] = &[
    Twins {
        good: "vil::Envelope<Order> envelope = std::move(*shop.orders.loan())",
        bad: &["vil::Envelope<Order> envelope = std::move(*shop.wires.loan())", "Order order"],
    },
    Twins {
        good: "const vil::Incoming<Wire> got = std::move(*stock.wires.receive(vil::forever))",
        bad: &["const vil::Incoming<Wire> got = std::move(*stock.orders.receive(vil::forever))"],
    },
    Twins {
        good: "(void)shop.orders.send_from(vil::Adapter::json(), item)",
        bad: &["(void)shop.orders.send(item)", "(void)stock.orders.send_from(vil::Adapter::json(), item)"],
    },
];

const RUST_EXTERNAL: &[Twins] = &[
    Twins {
        good: "{ let envelope: Result<vil::Envelope<'_, Order>, _> = shop.orders.envelope(); envelope.is_ok() }",
        bad: &[
            "{ let envelope: Result<vil::Envelope<'_, Order>, _> = shop.wires.envelope(); envelope.is_ok() }",
            "stock.orders.envelope().is_ok()",
        ],
    },
    Twins {
        good: "{ let got: Result<vil::Incoming<'_, Wire>, _> = stock.wires.receive(LONG); got.is_ok() }",
        bad: &["{ let got: Result<vil::Incoming<'_, Wire>, _> = stock.orders.receive(LONG); got.is_ok() }"],
    },
    Twins {
        good: "shop.orders.send_from(&vil::JsonAdapter, &Item::default())",
        bad: &["shop.orders.send(&Item::default())", "shop.orders.send_from(&vil::JsonAdapter, &1)"],
    },
];

fn generated(program: &str, language: &str) -> PathBuf {
    root().join("tests/tests/golden").join(program).join(language)
}

/// Every line in a function of its own, all in one file, compiled once: `error_at` finds whether the compiler refuses
/// the line of that number. Lines are numbered from 1 and the first function stands on line 2.
fn judge(
    name: &str,
    twins: &[Twins],
    head: &str,
    wrap: impl Fn(usize, &str) -> String,
    compile: impl Fn(&Path) -> String,
) {
    let dir = Scratch::new("twins");
    let lines = |twins: &Twins| -> Vec<(bool, &'static str)> {
        [(true, twins.good)].into_iter().chain(twins.bad.iter().map(|bad| (false, *bad))).collect()
    };
    let all: Vec<(bool, &str)> = twins.iter().flat_map(lines).collect();
    let functions: Vec<String> = all.iter().enumerate().map(|(index, (_, line))| wrap(index, line)).collect();
    let source = dir.join(name);
    std::fs::write(&source, format!("{head}\n{}\n", functions.join("\n"))).expect("a source can be written");
    let said = compile(&source);
    for (index, (good, line)) in all.iter().enumerate() {
        let place = format!("{name}:{}:", index + 2);
        // A refusal of a template stands where the template is, and says for whom it was needed.
        let blames =
            |text: &str| ["error", "required from here", "requested here"].iter().any(|word| text.contains(word));
        let refused = said.lines().any(|text| text.contains(&place) && blames(text));
        assert_eq!(refused, !good, "`{line}` at {place}\n{said}");
    }
}

/// What the first compiler says of a source that includes these headers of a program.
fn with_cc(compilers: &[Compiler], standard: &str, generated: PathBuf, headers: &[&str], source: &Path) -> String {
    let all: String = headers.iter().map(|header| format!("#include \"{header}\"\n")).collect();
    std::fs::write(source.with_file_name("all.h"), all).expect("a header can be written");
    let compile = Compile::new(&compilers[0], standard, source.with_extension("o")).include(generated);
    compile.arg("-fsyntax-only").source(source).run().err().unwrap_or_default()
}

/// A function of C or C++ whose parameters are all used, so that no line is refused for a name it does not need.
fn function(head: &str, parameters: &[(&str, &str)], body: &str) -> String {
    let list: Vec<String> = parameters.iter().map(|(ty, name)| format!("{ty}{name}")).collect();
    let uses: String = parameters.iter().map(|(_, name)| format!("(void){name}; ")).collect();
    format!("{head}({}) {{ {uses}{body}; }}", list.join(", "))
}

#[test]
fn c_refuses_the_wrong_message_and_the_wrong_direction() {
    let parameters = [
        ("demo_line_source_t *", "source"),
        ("demo_line_sink_t *", "sink"),
        ("const demo_line_reading_t *", "reading"),
        ("const demo_line_alarm_t *", "alarm"),
        ("demo_line_reading_loan_t *", "reading_loan"),
        ("demo_line_alarm_loan_t *", "alarm_loan"),
        ("demo_line_reading_msg_t *", "reading_msg"),
        ("demo_line_alarm_msg_t *", "alarm_msg"),
    ];
    let wrap = |index: usize, line: &str| {
        function(&format!("static inline vil_status_t twin{index}"), &parameters, &format!("return {line}"))
    };
    judge("twin.c", C, "#include \"all.h\"", wrap, |source| {
        let headers = ["demo_line_source.h", "demo_line_sink.h"];
        with_cc(&c_compilers(), "c99", generated("pipeline", "c"), &headers, source)
    });
}

#[test]
fn c_refuses_what_the_routes_of_a_port_do_not_allow() {
    let parameters = [
        ("modes_camera_t *", "camera"),
        ("modes_worker_t *", "worker"),
        ("modes_screen_t *", "screen"),
        ("modes_frame_loan_t *", "frame_loan"),
        ("modes_price_loan_t *", "price_loan"),
        ("modes_quote_loan_t *", "quote_loan"),
        ("modes_frame_msg_t *", "frame"),
        ("modes_job_msg_t *", "job"),
        ("modes_price_msg_t *", "price"),
        ("const modes_frame_t **", "kept"),
        ("uint64_t *", "number"),
    ];
    let wrap = |index: usize, line: &str| {
        function(&format!("static inline vil_status_t twin{index}"), &parameters, &format!("return {line}"))
    };
    judge("twin.c", C_MODES, "#include \"all.h\"", wrap, |source| {
        let headers = ["modes_camera.h", "modes_worker.h", "modes_screen.h"];
        with_cc(&c_compilers(), "c99", generated("modes", "c"), &headers, source)
    });
}

#[test]
fn c_refuses_the_wrong_relative_message_to_write_and_to_read() {
    let parameters = [
        ("relative_lidar_t *", "lidar"),
        ("relative_map_t *", "map"),
        ("relative_scan_loan_t *", "scan_loan"),
        ("relative_scan_msg_t *", "scan"),
        ("relative_note_msg_t *", "note"),
    ];
    let wrap = |index: usize, line: &str| {
        function(&format!("static inline vil_status_t twin{index}"), &parameters, &format!("return {line}"))
    };
    judge("twin.c", C_RELATIVE, "#include \"all.h\"", wrap, |source| {
        let headers = ["relative_lidar.h", "relative_map.h"];
        with_cc(&c_compilers(), "c99", generated("relative", "c"), &headers, source)
    });
}

#[test]
fn c_refuses_the_wrong_external_message() {
    let parameters = [
        ("external_shop_t *", "shop"),
        ("external_stock_t *", "stock"),
        ("external_order_loan_t *", "order_loan"),
        ("external_order_msg_t *", "order"),
        ("external_wire_msg_t *", "wire"),
    ];
    let wrap = |index: usize, line: &str| {
        function(&format!("static inline vil_status_t twin{index}"), &parameters, &format!("return {line}"))
    };
    judge("twin.c", C_EXTERNAL, "#include \"all.h\"", wrap, |source| {
        let headers = ["external_shop.h", "external_stock.h"];
        with_cc(&c_compilers(), "c99", generated("external", "c"), &headers, source)
    });
}

#[test]
fn cpp_refuses_the_wrong_message_and_the_wrong_direction() {
    let parameters =
        [("Source &", "source"), ("Sink &", "sink"), ("const Reading &", "reading"), ("const Alarm &", "alarm")];
    let wrap = |index: usize, line: &str| {
        function(&format!("using namespace demo::line; inline void twin{index}"), &parameters, line)
    };
    judge("twin.cpp", CPP, "#include \"all.h\"", wrap, |source| {
        let headers = ["demo_line_source.hpp", "demo_line_sink.hpp"];
        with_cc(&cpp_compilers(), "c++17", generated("pipeline", "cpp"), &headers, source)
    });
}

#[test]
fn cpp_refuses_what_the_routes_of_a_port_do_not_allow() {
    let parameters = [("Camera &", "camera"), ("Worker &", "worker"), ("Screen &", "screen")];
    let wrap = |index: usize, line: &str| {
        function(&format!("using namespace modes; inline void twin{index}"), &parameters, line)
    };
    judge("twin.cpp", CPP_MODES, "#include \"all.h\"", wrap, |source| {
        let headers = ["modes_camera.hpp", "modes_worker.hpp", "modes_screen.hpp"];
        with_cc(&cpp_compilers(), "c++17", generated("modes", "cpp"), &headers, source)
    });
}

#[test]
fn cpp_refuses_to_publish_what_is_not_finished_and_the_wrong_relative_message() {
    let parameters = [("Lidar &", "lidar"), ("Map &", "map")];
    let wrap = |index: usize, line: &str| {
        function(&format!("using namespace relative; inline void twin{index}"), &parameters, line)
    };
    judge("twin.cpp", CPP_RELATIVE, "#include \"all.h\"", wrap, |source| {
        let headers = ["relative_lidar.hpp", "relative_map.hpp"];
        with_cc(&cpp_compilers(), "c++17", generated("relative", "cpp"), &headers, source)
    });
}

#[test]
fn cpp_refuses_the_wrong_external_message() {
    let parameters = [("Shop &", "shop"), ("Stock &", "stock"), ("const Item &", "item")];
    let wrap = |index: usize, line: &str| {
        function(&format!("using namespace external; inline void twin{index}"), &parameters, line)
    };
    judge("twin.cpp", CPP_EXTERNAL, "#include \"all.h\"", wrap, |source| {
        let headers = ["external_shop.hpp", "external_stock.hpp"];
        with_cc(&cpp_compilers(), "c++17", generated("external", "cpp"), &headers, source)
    });
}

#[test]
fn rust_refuses_the_wrong_message_and_the_wrong_direction() {
    let generated = generated("pipeline", "rust").join("demo_line.rs");
    let head = format!("#[path = {generated:?}] mod demo_line; use demo_line::*;");
    let wrap = |index: usize, line: &str| {
        format!(
            "pub fn twin{index}(source: Source, sink: Sink, reading: Reading, alarm: Alarm) {{ \
             let _ = (&source, &sink, &reading, &alarm); let _ = {line}; }}"
        )
    };
    judge("twin.rs", RUST, &head, wrap, with_rustc);
}

/// Two files: rustc looks at who owns what only where all types are right.
#[test]
fn rust_refuses_what_the_routes_of_a_port_do_not_allow() {
    let generated = generated("modes", "rust").join("modes.rs");
    let long = "const LONG: std::time::Duration = std::time::Duration::MAX;";
    let head = format!("#[path = {generated:?}] mod modes; use modes::*; {long}");
    let wrap = |index: usize, line: &str| {
        format!(
            "pub fn twin{index}(camera: Camera, worker: Worker, screen: Screen) {{ \
             let _ = (&camera, &worker, &screen); let _ = {line}; }}"
        )
    };
    judge("twin.rs", RUST_MODES, &head, wrap, with_rustc);
    judge("twin.rs", RUST_MOVES, &head, wrap, with_rustc);
}

#[test]
fn rust_refuses_to_publish_what_is_not_finished_and_to_read_what_was_given_back() {
    let generated = generated("relative", "rust").join("relative.rs");
    let long = "const LONG: std::time::Duration = std::time::Duration::MAX;";
    let head = format!("#[path = {generated:?}] mod relative; use relative::*; {long}");
    let wrap = |index: usize, line: &str| {
        format!("pub fn twin{index}(lidar: Lidar, map: Map) {{ let _ = (&lidar, &map); let _ = {line}; }}")
    };
    judge("twin.rs", RUST_RELATIVE, &head, wrap, with_rustc);
    judge("twin.rs", RUST_VIEWS, &head, wrap, with_rustc);
}

#[test]
fn rust_refuses_the_wrong_external_message() {
    let generated = generated("external", "rust").join("external.rs");
    let long = "const LONG: std::time::Duration = std::time::Duration::MAX;";
    let head = format!("#[path = {generated:?}] mod external; use external::*; {long}");
    let wrap = |index: usize, line: &str| {
        format!("pub fn twin{index}(shop: Shop, stock: Stock) {{ let _ = (&shop, &stock); let _ = {line}; }}")
    };
    judge("twin.rs", RUST_EXTERNAL, &head, wrap, with_rustc);
}

/// Type-checks a library against the crate `vil` that this test itself was built with; what rustc says.
fn with_rustc(source: &Path) -> String {
    let output = rustc()
        .args(["--crate-type", "lib", "--emit", "metadata", "--error-format", "short", "--out-dir"])
        .arg(source.parent().expect("the source lies in a directory"))
        .arg(source)
        .output()
        .expect("rustc runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
