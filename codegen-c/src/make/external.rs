//! External messages: what their bytes are and how many there may be. They have no layout, so no type is made of them.

use vil_ir::descriptor;
use vil_ir::fingerprint::{layout_id, layout_text};
use vil_ir::layout::{FRAME_OFFSET, RELATIVE_ALIGN};
use vil_ir::vocabulary::Profile;

use super::{Maker, note};
use crate::plan::{External, Message};

impl Maker<'_> {
    /// All of them, by name.
    pub(super) fn externals(&mut self) -> Vec<External> {
        let program = self.program;
        let external = program.messages.iter().filter(|(_, found)| found.layout == Some(Profile::External));
        let mut made = Vec::new();
        for (declared, found) in external {
            let (Some(media_type), Some(adapter)) = (found.media_type.clone(), found.adapter.clone()) else {
                self.names.faults.push(format!("message `{declared}`: it is external and lacks media_type or adapter"));
                continue;
            };
            let name = self.known[declared.as_str()].clone();
            let text = layout_text(program, &self.layouts, declared);
            let message = Message {
                profile: Profile::External,
                align: RELATIVE_ALIGN,
                max_bytes: self.stated_bytes(declared),
                root_size: 0,
                descriptor: descriptor::encode(program, &self.layouts, declared),
                layout_id: layout_id(&text),
                layout_text: text,
            };
            made.push(External {
                max_payload: message.max_bytes.saturating_sub(FRAME_OFFSET),
                message,
                media_type,
                adapter,
                constants: self.constants(&found.constants, Some(&name)),
                note: note(&found.notes, Vec::new()),
                name,
            });
        }
        made
    }
}
