//! What a message has beyond a struct: its layout as text and as words, its id and size, and what a port hands out of it.

use super::{chars, inline};
use crate::literal::c_string;
use crate::plan::{External, Message, Name, Struct};
use crate::writer::{WIDTH, Writer, c_comment, comment};

/// Of a flat message.
pub(super) fn flat(out: &mut Writer, found: &Struct, message: &Message) {
    let (name, upper) = (&found.name.c, &found.name.upper);
    out.gap();
    out.line(format!("#define {upper}_SIZE {}u", found.size));
    layout(out, &found.name, message);
    out.gap();
    out.line("/* On loan from an out port: written in place, then published or discarded. */");
    out.block(format!("typedef struct {name}_loan_t {{"), &format!("}} {name}_loan_t;"), |out| {
        out.line(format!("{name}_t *msg; /* NULL when nothing is on loan */"));
        out.line("vil_loan_t loan;");
    });
    out.gap();
    out.line("/* Received at an in port: read in place, then released. */");
    out.block(format!("typedef struct {name}_msg_t {{"), &format!("}} {name}_msg_t;"), |out| {
        out.line(format!("const {name}_t *msg; /* NULL when nothing is held */"));
        out.line("vil_message_t message;");
    });
}

/// Of a relative message.
pub(super) fn relative(out: &mut Writer, found: &Struct, message: &Message) {
    let (name, upper) = (&found.name.c, &found.name.upper);
    out.gap();
    out.line(format!("#define {upper}_MAX_BYTES UINT32_C({})", message.max_bytes));
    out.line(format!("#define {upper}_ROOT_SIZE {}u", message.root_size));
    layout(out, &found.name, message);
    out.gap();
    out.line("/* The message in these bytes, aligned to 8; of fewer than a head everything is absent. */");
    let body = [format!("const {name}_view_t root = {{vil_view_root(data, size)}};"), "return root;".to_owned()];
    let takes = ["const void *data".to_owned(), "size_t size".to_owned()];
    inline(out, &format!("{name}_view_t"), &format!("{name}_view"), &takes, &body);
    out.gap();
    out.line("/* Begins one in memory that is aligned to 8; without memory its bytes are counted. */");
    let body = [
        format!("const {name}_writer_t root = {{"),
        format!("  vil_builder_begin(builder, data, capacity, {upper}_LAYOUT_ID, (uint32_t)sizeof({name}_t),"),
        format!("                    {upper}_ROOT_SIZE)}};"),
        "return root;".to_owned(),
    ];
    let takes = ["vil_builder_t *builder".to_owned(), "void *data".to_owned(), "size_t capacity".to_owned()];
    inline(out, &format!("{name}_writer_t"), &format!("{name}_begin"), &takes, &body);
    out.gap();
    out.line("/* Ends it and tells its bytes, unless size is NULL; or what was the first thing wrong with it. */");
    let body = [format!("return vil_builder_finish(builder, {upper}_LAYOUT_ID, size);")];
    let takes = ["vil_builder_t *builder".to_owned(), "uint32_t *size".to_owned()];
    inline(out, "vil_status_t", &format!("{name}_finish"), &takes, &body);
    out.gap();
    out.line(
        "/* On loan from an out port: written by msg, finished, then published or discarded. It stays where it is. */",
    );
    out.block(format!("typedef struct {name}_loan_t {{"), &format!("}} {name}_loan_t;"), |out| {
        out.line(format!("{name}_writer_t msg; /* the root's; all it does is nothing when nothing is on loan */"));
        out.line("vil_builder_t builder;");
        out.line("vil_loan_t loan; /* loan.data is NULL when nothing is on loan */");
    });
    out.gap();
    out.line("/* Received at an in port: read in place, then released. */");
    out.block(format!("typedef struct {name}_msg_t {{"), &format!("}} {name}_msg_t;"), |out| {
        out.line(format!("{name}_view_t msg; /* of nothing when nothing is held */"));
        out.line("vil_message_t message; /* message.data is NULL when nothing is held */");
    });
}

/// Of an external message; its constants are printed by `constants`.
pub(super) fn external(out: &mut Writer, found: &External, constants: impl FnOnce(&mut Writer)) {
    let (name, upper) = (&found.name.c, &found.name.upper);
    out.gap();
    let lead = format!("{}, external: {} by the adapter {}", found.name.declared, found.media_type, found.adapter);
    out.lines(c_comment(&comment(&lead, &found.note)));
    constants(out);
    out.line(format!("#define {upper}_MEDIA_TYPE {}", c_string(&found.media_type)));
    out.line(format!("#define {upper}_ADAPTER {}", c_string(&found.adapter)));
    out.line(format!("#define {upper}_MAX_BYTES UINT32_C({})", found.message.max_bytes));
    out.line(format!("#define {upper}_MAX_PAYLOAD UINT32_C({})", found.max_payload));
    layout(out, &found.name, &found.message);
    out.gap();
    out.line("/* On loan from an out port: up to capacity bytes are written to data, then published or discarded. */");
    out.block(format!("typedef struct {name}_loan_t {{"), &format!("}} {name}_loan_t;"), |out| {
        out.line("unsigned char *data; /* NULL when nothing is on loan */");
        out.line("uint32_t capacity;");
        out.line("vil_loan_t loan;");
    });
    out.gap();
    out.line("/* Received at an in port: read, then released. */");
    out.block(format!("typedef struct {name}_msg_t {{"), &format!("}} {name}_msg_t;"), |out| {
        out.line("const unsigned char *data; /* NULL when nothing is held */");
        out.line("uint32_t size;");
        out.line("vil_message_t message;");
    });
}

/// Id, text and words of a layout.
fn layout(out: &mut Writer, name: &Name, message: &Message) {
    let (name, upper) = (&name.c, &name.upper);
    out.line(format!("#define {upper}_LAYOUT_ID UINT64_C({:#018x})", message.layout_id));
    chars(out, &format!("{name}_layout_text"), &message.layout_text);
    let mut rows = vec![String::new()];
    for word in &message.descriptor {
        let word = if *word < 1 << 20 { format!("{word}u,") } else { format!("{word:#010x}u,") };
        match rows.last_mut() {
            Some(row) if row.is_empty() => *row = word,
            Some(row) if row.len() + word.len() + 2 < WIDTH => *row += &format!(" {word}"),
            _ => rows.push(word),
        }
    }
    out.block(format!("static const uint32_t {name}_descriptor[] = {{"), "};", |out| out.lines(rows));
}
