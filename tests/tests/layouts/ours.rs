//! What `vil_ir::layout` says of a program, in the words of the emitter's tables.

use std::collections::BTreeMap;

use vil_ir::layout::{LayoutBody, Layouts, Member, What};

use crate::emitter::identifier;

/// Sizes, alignments and offsets by what they are of.
pub(crate) type Numbers = BTreeMap<String, u64>;

/// All numbers of a program's layouts.
pub(crate) fn numbers(prefix: &str, layouts: &Layouts) -> Numbers {
    let mut numbers = Numbers::new();
    for (name, layout) in &layouts.types {
        let own = identifier(prefix, name);
        numbers.insert(format!("{own} size"), layout.size.into());
        numbers.insert(format!("{own} align"), layout.align.into());
        match &layout.body {
            LayoutBody::Members(members) => offsets(&own, members, &mut numbers),
            LayoutBody::Union(union) => {
                numbers.insert(format!("{own} arms"), union.arm_offset.into());
                for (at, arm) in union.arms.iter().enumerate() {
                    offsets(&format!("{own}_arm{at}"), &arm.members, &mut numbers);
                }
            }
        }
        // Members lie one behind the other from 0 to the end, padding included.
        if let LayoutBody::Members(members) = &layout.body {
            let end = members.iter().fold(0, |end, member| {
                assert_eq!(member.offset, end, "{own}: a hole, or two members at one place");
                member.offset + member.size
            });
            assert_eq!(end, layout.size, "{own}: members end where the struct does");
        }
    }
    numbers
}

fn offsets(own: &str, members: &[Member], numbers: &mut Numbers) {
    let mut last = 0;
    for member in members {
        let name = match &member.what {
            What::Field { position, .. } => {
                last = *position;
                format!("m{position}")
            }
            What::Presence { .. } => format!("has{last}"),
            What::Padding => continue,
        };
        numbers.insert(format!("{own}.{name}"), member.offset.into());
    }
}
