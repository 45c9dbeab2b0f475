//! Layout texts, which two programs compare: whole, as they stand in a world.

use vil_ir::evolve::{Sides, layouts};
use vil_ir::fingerprint::{layout_id, layout_text};
use vil_ir::layout::lay_out;
use vil_ir::load::from_yaml;

fn text(yaml: &str, message: &str) -> String {
    let (program, _) = from_yaml(yaml).unwrap_or_else(|faults| panic!("{faults}"));
    let layouts = lay_out(&program).unwrap_or_else(|errors| panic!("{errors:?}"));
    layout_text(&program, &layouts, message)
}

const SCAN: &str = "\
vil: 1
program: lidar
package: geo
enums:
  Axis: { repr: u32, open: false, values: { x: 0, y: 1 } }
structs:
  Meta: { fields: [ { name: source, type: VStr }, { name: axis, type: Axis } ] }
  Point: { fields: [ { name: x, type: f32 }, { name: y, type: f32 } ] }
messages:
  Scan:
    max_bytes: 65536
    fields:
      - { id: 1, name: stamp, type: u64 }
      - { id: 2, name: points, type: 'VSlice<Point>' }
      - { id: 3, name: label, type: 'VStr<16>', optional: true }
      - { id: 4, name: meta, type: 'VRef<Meta>', optional: true }
      - { id: 7, name: axes, type: 'VSlice<Axis, 3>', as: u8 }
      - { id: 9, name: names, type: 'VSlice<VStr>' }
      - { id: 8, name: before, type: 'VSlice<Scan>' }
  Hold: { layout: relative, max_bytes: 64, fields: [ { name: scan, type: 'VRef<Scan>' } ] }
  Pick:
    max_bytes: 64
    tag: u8
    open: true
    variants: { A: { tag: 1, fields: [ { name: text, type: VStr } ] }, B: { tag: 2 } }
  Order: { layout: external, media_type: application/json, adapter: json, max_bytes: 4096 }
";

#[test]
fn the_text_of_a_relative_message_names_its_references_and_what_they_lead_to() {
    let expected = "\
vil-layout 1
relative geo.Scan: size 56 align 8
  @0 #1 stamp: u64
  @8 #2 points: VSlice<geo.Point>
  @16 #3 label: VStr<16>
  @24 has label
  @28 #4 meta: VRef<geo.Meta>
  @32 #7 axes: VSlice<geo.Axis as u8, 3>
  @40 #9 names: VSlice<VStr>
  @48 #8 before: VSlice<geo.Scan>
struct geo.Point: size 8 align 4
  @0 #1 x: f32
  @4 #2 y: f32
struct geo.Meta: size 16 align 8
  @0 #1 source: VStr
  @8 #2 axis: geo.Axis as u32
enum geo.Axis: u32
";
    assert_eq!(text(SCAN, "Scan"), expected);
}

#[test]
fn a_relative_message_is_a_struct_where_another_one_leads_to_it() {
    let hold = text(SCAN, "Hold");
    assert!(hold.starts_with(
        "vil-layout 1\nrelative geo.Hold: size 4 align 4\n  @0 #1 scan: VRef<geo.Scan>\nstruct geo.Scan: "
    ));
    assert_eq!(hold.matches("geo.Scan: size").count(), 1);
}

#[test]
fn the_text_of_a_relative_union_says_both() {
    let expected = "\
vil-layout 1
relative union geo.Pick: size 16 align 8 tag u8 open arms @8
  arm A = 1: size 8 align 8
    @0 #1 text: VStr
  arm B = 2: size 1 align 1
";
    assert_eq!(text(SCAN, "Pick"), expected);
}

#[test]
fn the_text_of_an_external_message_is_what_its_bytes_are() {
    assert_eq!(text(SCAN, "Order"), "vil-layout 1\nexternal geo.Order: media application/json adapter json\n");
}

#[test]
fn the_largest_size_of_a_message_is_no_part_of_its_layout() {
    let larger = SCAN.replace("65536", "1048576").replace("4096", "40");
    for message in ["Scan", "Order"] {
        assert_eq!(layout_id(&text(SCAN, message)), layout_id(&text(&larger, message)));
    }
}

#[test]
fn a_type_that_is_reached_by_reference_only_is_compared_too() {
    let other = SCAN.replace("name: source, type: VStr", "name: source, type: u64");
    let (_, found) = layouts(&text(SCAN, "Scan"), &text(&other, "Scan"), Sides::ATTACH);
    assert_eq!(found[0].path, "/geo.Meta/source");
    assert_eq!(found[0].sentence, "field `source` has type VStr in the world and u64 here");
}
