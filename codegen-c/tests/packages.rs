//! Names of other packages in generated code: the package path is a part of the name, joined by `_`.

use vil_codegen::{Language, Source, generate};
use vil_ir::load::from_json;

#[test]
fn a_constant_of_another_package_carries_the_package_in_its_name() {
    let text = r#"{"vil":1,"program":"meter","constants":{"geo.units.TICKS":{"type":"u32","value":5}}}"#;
    let (program, _) = from_json(text).unwrap_or_else(|faults| panic!("{faults}"));
    let source = Source { program: &program, contract: text, origin: "meter.json", process: None };
    let cases = [
        (Language::C, "#define METER_GEO_UNITS_TICKS UINT32_C(5)\n"),
        (Language::Cpp, "inline constexpr std::uint32_t kGeoUnitsTicks = UINT32_C(5);\n"),
        (Language::Rust, "pub const GEO_UNITS_TICKS: u32 = 5;\n"),
    ];
    for (language, expected) in cases {
        let files = generate(&source, language).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(files.iter().any(|file| file.text.contains(expected)), "{expected}{}", files[0].text);
    }
}
