//! Types that hold one another more often than a stack has room for.

use vil_codegen::{Language, Source, generate};
use vil_ir::builder::Builder;
use vil_ir::model::{Field, Type};
use vil_ir::vocabulary::{Kind, Scalar};

#[test]
fn five_thousand_structs_one_in_the_other_come_innermost_first() {
    let name = |index: u32| format!("S{index:04}");
    let mut builder = Builder::new("deep");
    for index in 0..5000u32 {
        let ty = if index == 4999 { Type::Scalar(Scalar::U8) } else { Type::Named(name(index + 1)) };
        builder = builder.structure(&name(index), vec![Field::new("held", ty)]);
    }
    let program = builder.message("M", Kind::Message, vec![Field::new("held", Type::Named(name(0)))]).build();
    let source = Source { program: &program, contract: "{}", origin: "deep.yaml", process: None };
    for language in Language::ALL {
        let files = generate(&source, *language).unwrap_or_else(|faults| panic!("{faults}"));
        let place = |file: &str, index: u32| {
            let text = &files.iter().find(|found| found.name.starts_with(file)).expect("the file is made").text;
            let keyword = if *language == Language::C {
                format!("struct deep_s{index:04}_t {{")
            } else {
                format!("struct S{index:04} {{")
            };
            text.find(&keyword).unwrap_or_else(|| panic!("{keyword} is missing in {}", language.word()))
        };
        assert!(place("deep.", 4999) < place("deep.", 4998) && place("deep.", 1) < place("deep.", 0));
    }
}
