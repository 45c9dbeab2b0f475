//! Comments of YAML as the docs of what they stand at, so that they survive being written as JSON.
//!
//! The parser drops them, so they are looked for in the text: a `#` at the start of a line or behind a blank, in no
//! scalar; where scalars stand the parser has said. A comment belongs to the definition that begins its line, and lines of
//! comments to the one that begins the line right below them, in their column. All others belong to nobody, and nothing is
//! kept of them: a text may be comments alone.

use std::collections::VecDeque;

use super::node::Place;

/// Line from 1 and column from 0, in characters, as the parser counts.
pub(crate) type Spot = (usize, usize);

/// The comments of one text that stand at the beginning of something, in the order of their lines.
#[derive(Debug, Default)]
pub(crate) struct Comments(Vec<Comment>);

/// The comments of what begins a line.
#[derive(Debug)]
struct Comment {
    line: u32,
    /// Of what begins it, behind the dashes of a list.
    column: u32,
    text: String,
}

/// What a line begins with, and its comment. Columns are from 1, 0 for what is not there.
#[derive(Debug, Default)]
struct Line<'t> {
    /// The first character that is no blank.
    indent: u32,
    /// The first one behind the dashes of a list.
    begin: u32,
    /// The comment's `#`.
    mark: u32,
    comment: &'t str,
}

/// Lines that are a comment and nothing else, one below the other in one column.
#[derive(Debug, Default)]
struct Block {
    column: u32,
    /// Each line with its end.
    text: String,
}

impl Block {
    /// With the next line, or without any where that one is something else.
    fn then(mut self, line: &Line<'_>) -> Block {
        if line.mark == 0 || line.mark != line.indent {
            return Block::default();
        }
        if self.column != line.mark {
            self = Block { column: line.mark, text: String::new() };
        }
        self.text.push_str(line.comment);
        self.text.push('\n');
        self
    }
}

impl Comments {
    /// Those of a text; `scalars` are the spans of its scalars in the order in which they stand, ends excluded.
    pub(crate) fn find(text: &str, scalars: &[(Spot, Spot)]) -> Comments {
        let mut found = Comments::default();
        if !text.contains('#') {
            return found;
        }
        let mut scalars: VecDeque<(Spot, Spot)> = scalars.iter().copied().filter(|(start, end)| start < end).collect();
        let mut inside = |spot: Spot| {
            while scalars.front().is_some_and(|(_, end)| *end <= spot) {
                scalars.pop_front();
            }
            scalars.front().is_some_and(|(start, _)| *start <= spot)
        };
        let mut above = Block::default();
        for (line, number) in lines(text).zip(1..) {
            let line = read(line, number, &mut inside);
            found.keep(number as u32, &line, &above);
            above = above.then(&line);
        }
        found
    }

    fn keep(&mut self, number: u32, line: &Line<'_>, above: &Block) {
        let above = if above.column == line.indent { &above.text } else { "" };
        if line.begin != 0 && !(above.is_empty() && line.comment.is_empty()) {
            let text = format!("{above}{}", line.comment).trim_matches('\n').to_owned();
            self.0.push(Comment { line: number, column: line.begin, text });
        }
    }

    /// Takes the comments of the definition that stands here; a second one at the same place, an alias, has none.
    pub(crate) fn take(&mut self, place: Place) -> Option<String> {
        let at = self.0.binary_search_by_key(&place.line, |comment| comment.line).ok()?;
        let found = self.0.get_mut(at).filter(|comment| comment.column == place.column)?;
        Some(std::mem::take(&mut found.text)).filter(|text| !text.is_empty())
    }
}

/// Lines as YAML breaks them: at a line feed, a carriage return, or both.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let halves = |line| -> std::str::Split<'_, char> { str::split(line, '\r') };
    text.split('\n').flat_map(move |line| halves(line.strip_suffix('\r').unwrap_or(line)))
}

fn read<'t>(line: &'t str, number: usize, inside: &mut impl FnMut(Spot) -> bool) -> Line<'t> {
    let mut found = Line::default();
    let mut before = ' ';
    for (column, (byte, next)) in line.char_indices().enumerate() {
        let is_blank = matches!(next, ' ' | '\t');
        if !is_blank && found.indent == 0 {
            found.indent = column as u32 + 1;
        }
        if next == '#' && matches!(before, ' ' | '\t') && !inside((number, column)) {
            let text = line[byte + 1..].trim_end();
            found.mark = column as u32 + 1;
            found.comment = text.strip_prefix(' ').unwrap_or(text);
            break;
        }
        let is_dash = next == '-' && line[byte + 1..].starts_with([' ', '\t']);
        if !is_blank && !is_dash && found.begin == 0 {
            found.begin = column as u32 + 1;
        }
        before = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::dump::canonical_json;
    use crate::load::from_yaml;
    use crate::model::{Body, Field, Program};

    fn load(text: &str) -> Program {
        let text = format!("vil: 1\nprogram: p\n{text}");
        from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}\n{text}")).0
    }

    fn fields(text: &str) -> Vec<Option<String>> {
        match &load(text).messages["M"].body {
            Body::Fields(fields) => fields.iter().map(|field: &Field| field.notes.doc.clone()).collect(),
            Body::Variants(_) => Vec::new(),
        }
    }

    fn of_message(text: &str) -> Option<String> {
        load(text).messages["M"].notes.doc.clone()
    }

    #[test]
    fn comments_right_above_a_definition_and_behind_it_are_its_doc() {
        let doc = of_message("messages:\n  # one\n  #  two\n  M: # three\n    fields: []\n");
        assert_eq!(doc.as_deref(), Some("one\n two\nthree"));
        let docs = fields(
            "messages:\n  M:\n    fields:\n      # a\n      - { name: a, type: u8 } # b\n      - name: b # c\n        type: u8\n",
        );
        assert_eq!(docs, [Some("a\nb".to_owned()), Some("c".to_owned())]);
    }

    #[test]
    fn values_of_enums_ports_processes_and_routes_have_docs_too() {
        let program = load(
            "enums:\n  E: { repr: u8, values: {} }\n  F:\n    repr: u8\n    values:\n      # zero\n      a: 0\n      b: 1 # one\n\
             messages: { M: { fields: [] } }\ninterfaces:\n  O:\n    ports:\n      # leaves\n      o: { direction: out, message: M }\n  \
             I: { ports: { i: { direction: in, message: M } } } # arrives\nprocesses:\n  o: { interface: O } # first\n  \
             i: { interface: I }\nroutes:\n# only one\n- { from: o.o, to: i.i }\n",
        );
        let values: Vec<_> = program.enums["F"].values.iter().map(|value| value.notes.doc.as_deref()).collect();
        assert_eq!(values, [Some("zero"), Some("one")]);
        assert_eq!(program.interfaces["O"].ports["o"].notes.doc.as_deref(), Some("leaves"));
        assert_eq!(program.interfaces["I"].notes.doc.as_deref(), Some("arrives"));
        assert_eq!(program.processes["o"].notes.doc.as_deref(), Some("first"));
        assert_eq!(program.routes[0].notes.doc.as_deref(), Some("only one"));
    }

    #[test]
    fn what_belongs_to_nobody_is_left_out() {
        for text in [
            "# head\n\nmessages:\n  M: { fields: [] }\n",
            "# of the section\nmessages: # and here\n  M: { fields: [] }\n",
            "messages:\n  # far\n\n  M: { fields: [] }\n",
            "messages:\n    # deeper\n  M: { fields: [] }\n",
            "messages:\n  M:\n    fields: [] # of a key\n    # at the end\n",
            "messages:\n  M:\n    # of a key\n    kind: event\n    fields: []\n# at the end",
            "messages: { M: { fields: [] } } # of the section\n",
        ] {
            assert_eq!(of_message(text), None, "{text}");
        }
        assert_eq!(load("# of the program? of nobody\nstrict: true # no\n").notes.doc, None);
    }

    #[test]
    fn a_doc_that_is_written_stands() {
        assert_eq!(of_message("messages:\n  # not this\n  M: { doc: this, fields: [] }\n").as_deref(), Some("this"));
    }

    #[test]
    fn a_mark_inside_a_scalar_is_none() {
        for (text, doc) in [
            ("  M: { annotations: { a: \"x # y\" } }", None),
            ("  M: { annotations: { a: 'x # y', b: \"z # \\\" # w\" } } # z # w", Some("z # w")),
            ("  M: { annotations: { a: x#y } }", None),
            ("  M: { annotations: { \"a # b\": 1 } } #z", Some("z")),
            ("  M: { annotations: { a: \"x\n  # y\" } }", None),
            ("  A:\n    annotations:\n      a: |\n        text\n  # is text\n  M: {}", Some("is text")),
            ("  A:\n    annotations:\n      a: |\n        text\n        # is text\n\n  M: {}", None),
            ("  A:\n    annotations:\n      a: | # of the header\n        text\n  M: {}", None),
            ("  A:\n    annotations:\n      a: >-\n        # text\n  M: {}", None),
            (
                "  A:\n    annotations: { a: plain\n      # after plain\n      }\n  M: {} # ü \u{1f980}",
                Some("ü \u{1f980}"),
            ),
            ("  \"M\": {} # quoted", Some("quoted")),
            ("  M: &m {} # anchored\n  N: *m", Some("anchored")),
            ("  ü: {} # other\r\n  M: {} # windows\r\n", Some("windows")),
            ("  A: {}\r  # old\r  M: {}", Some("old")),
        ] {
            let text = format!("messages:\n{text}\n").replace("ü:", "U:");
            assert_eq!(of_message(&text).as_deref(), doc, "{text:?}");
        }
    }

    #[test]
    fn an_alias_does_not_repeat_the_doc_of_its_anchor() {
        let docs = fields(
            "messages:\n  A:\n    fields: &f\n      # once\n      - { name: a, type: u8 }\n  M: { fields: *f }\n",
        );
        assert_eq!(docs, [None]);
    }

    #[test]
    fn lines_between_and_lines_in_other_columns_part_blocks() {
        for (text, doc) in [
            ("  # far\n\n  # near\n  M: {}", Some("near")),
            ("    # deeper\n  # near\n  M: {}", Some("near")),
            ("  # near\n    # deeper\n  M: {}", None),
            ("  #\n  # near\n  #\n  M: {}", Some("near")),
            ("  # far\n  A: {}\n  # near\n  M: {} #", Some("near")),
            ("  #\n  M: {}", None),
        ] {
            assert_eq!(of_message(&format!("messages:\n{text}\n")).as_deref(), doc, "{text:?}");
        }
    }

    #[test]
    fn comments_are_no_part_of_a_layout_and_survive_json() {
        let text = |comment: &str| {
            format!("messages:\n  {comment}\n  M:\n    fields:\n      - {{ name: a, type: u8 }} {comment}\n")
        };
        let (with, without) = (load(&text("# said")), load(&text("")));
        let layout = |program: &Program| {
            let layouts = crate::layout::lay_out(program).expect("M can be laid out");
            crate::fingerprint::layout_text(program, &layouts, "M")
        };
        assert_eq!(layout(&with), layout(&without));
        let again = crate::load::from_json(&canonical_json(&with)).unwrap_or_else(|faults| panic!("{faults}")).0;
        assert_eq!(again, with);
        assert_eq!(from_yaml(&crate::dump::yaml(&with)).unwrap_or_else(|faults| panic!("{faults}")).0, with);
    }
}
