//! Diffs: whether one program still holds what another one promised.

use std::ptr;

use crate::text::borrowed;
use crate::{Error, Program, Result, Status};

/// What two programs are compared for; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Level {
    /// Bytes of messages.
    Layout = vil_sys::VIL_LEVEL_LAYOUT,
    /// And what generated code is called and typed.
    Source = vil_sys::VIL_LEVEL_SOURCE,
    /// And what it all means.
    Semantic = vil_sys::VIL_LEVEL_SEMANTIC,
}

/// How the new one stands to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing differs that anybody depends on.
    Equivalent,
    /// Who relies on the old one can rely on the new one.
    Newer,
    /// Who relies on the new one can rely on the old one.
    Older,
    /// Neither can stand in for the other.
    Incompatible,
}

impl Verdict {
    fn from_raw(raw: u32) -> Verdict {
        match raw {
            vil_sys::VIL_VERDICT_EQUIVALENT => Verdict::Equivalent,
            vil_sys::VIL_VERDICT_NEWER => Verdict::Newer,
            vil_sys::VIL_VERDICT_OLDER => Verdict::Older,
            _ => Verdict::Incompatible,
        }
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What this alone means.
    pub verdict: Verdict,
    /// Whose it is: `message Credit`, `enum Risk`, `program`.
    pub subject: String,
    /// Stable code of the rule.
    pub rule: String,
    /// Where: `/TYPE/FIELD` in a layout, a JSON pointer with names for positions in a program.
    pub path: String,
    /// What differs, one sentence.
    pub message: String,
}

/// What differs between two programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// Of all findings together.
    pub verdict: Verdict,
    /// All that differs.
    pub findings: Vec<Finding>,
}

impl Program {
    /// Compares this program, the old one, with a new one.
    ///
    /// ```
    /// # use vil::{Level, Program, Verdict};
    /// let program = |unit: &str| {
    ///     let field = format!(r#"{{"name":"n","type":"u64"{unit}}}"#);
    ///     Program::parse(&format!(r#"{{"vil":1,"program":"p","messages":{{"A":{{"fields":[{field}]}}}}}}"#))
    /// };
    /// let (old, new) = (program("")?, program(r#","unit":"ns""#)?);
    /// assert_eq!(old.diff(&new, Level::Layout)?.verdict, Verdict::Equivalent);
    /// let diff = old.diff(&new, Level::Semantic)?;
    /// assert_eq!((diff.verdict, diff.findings[0].rule.as_str()), (Verdict::Newer, "VIL-E033"));
    /// # Ok::<(), vil::Error>(())
    /// ```
    pub fn diff(&self, new: &Program, level: Level) -> Result<Diff> {
        let mut raw = ptr::null_mut();
        // SAFETY: both handles are open, the out-pointers are ours.
        Error::guard(|error| unsafe {
            vil_sys::vil_diff_create(self.as_raw(), new.as_raw(), level as u32, &mut raw, error)
        })?;
        let handle = Handle(raw);
        let (mut verdict, mut count) = (0, 0);
        // SAFETY: the handle is open until it is dropped, the out-pointers are ours.
        Status::check(unsafe { vil_sys::vil_diff_verdict(handle.0, &mut verdict, &mut count) })?;
        let findings = (0..count).map(|index| handle.finding(index)).collect::<Result<_>>()?;
        Ok(Diff { verdict: Verdict::from_raw(verdict), findings })
    }
}

/// Closed when it is dropped.
struct Handle(*mut vil_sys::vil_diff_t);

impl Handle {
    fn finding(&self, index: u32) -> Result<Finding> {
        let mut raw = vil_sys::vil_finding_t {
            struct_size: size_of::<vil_sys::vil_finding_t>() as u32,
            verdict: 0,
            subject: ptr::null(),
            rule: ptr::null(),
            path: ptr::null(),
            message: ptr::null(),
        };
        // SAFETY: the handle is open until it is dropped, and `raw` is of its `struct_size`.
        Status::check(unsafe { vil_sys::vil_diff_finding(self.0, index, &mut raw) })?;
        // SAFETY: libvil wrote NUL-terminated texts, which live as long as the handle.
        let [subject, rule, path, message] =
            [raw.subject, raw.rule, raw.path, raw.message].map(|text| unsafe { borrowed(text) });
        Ok(Finding { verdict: Verdict::from_raw(raw.verdict), subject, rule, path, message })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = vil_sys::vil_diff_close(self.0);
    }
}
