//! Messages that are not flat, as the runtime carries them: as many bytes as their max_bytes, whole and unread.

use crate::house::{House, fill, plan_of, send, take};

/// A world of one such letter from `writer` to `reader`.
fn post(message: &str, route: &str) -> House {
    let text = format!(
        "vil: 1\nprogram: post\nmessages:\n  Letter: {{ {message} }}\n\
         interfaces:\n  Writer:\n    ports:\n      letters: {{ direction: out, message: Letter, loans: 2, queue: {{ capacity: 4 }} }}\n\
         \x20 Reader: {{ ports: {{ letters: {{ direction: in, message: Letter, loans: 2 }} }} }}\n\
         processes: {{ reader: {{ interface: Reader }}, writer: {{ interface: Writer }} }}\n\
         routes:\n  - {{ from: writer.letters, to: reader.letters{route} }}\n"
    );
    let (program, source) = vil_ir::load::from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
    let found = vil_ir::passes::check(&program, source);
    assert!(found.items.is_empty(), "{found}");
    House::of("profiles", &plan_of(&text))
}

#[test]
fn relative_and_external_letters_travel_whole_in_all_their_max_bytes() {
    let relative = |max_bytes: u32| {
        (max_bytes, format!("max_bytes: {max_bytes}, fields: [ {{ name: list, type: 'VSlice<u8>' }} ]"))
    };
    let external = |max_bytes: u32| {
        (max_bytes, format!("layout: external, media_type: text/plain, adapter: text, max_bytes: {max_bytes}"))
    };
    let cases = [
        (relative(100_000), ""),
        (relative(4096), ", transfer: copy"),
        (relative(32), ", transfer: copy"),
        (external(40), ""),
        (external(4096), ""),
    ];
    for ((max_bytes, message), route) in cases {
        let house = post(&message, route);
        let mut writer = house.writer();
        assert_eq!(writer.message_size(), max_bytes, "{message}");
        let loan = writer.loan().expect("there is room");
        assert_eq!(loan.size, max_bytes);
        assert!(loan.data.as_ptr().addr().is_multiple_of(8), "a head and its words are aligned");
        fill(&loan, 0);
        writer.publish(loan.ticket).expect("there is room");
        send(&mut writer, 1).expect("there is room");
        let mut reader = house.reader();
        for letter in 0..2 {
            assert_eq!(take(&mut reader), Ok(letter), "{message}{route}");
        }
        drop((writer, reader));
        house.is_swept();
    }
}
