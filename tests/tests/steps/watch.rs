//! The tracer's eye on a world: did a control word change since the last look? It maps the world's file beside the victim
//! and compares; the bytes of messages are not looked at, they are their owner's until a word says otherwise.

use std::fs::File;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use vil_core::mem::{Geometry, static_size};
use vil_ir::plan::Plan;

/// The eye.
pub(crate) struct Watch {
    path: PathBuf,
    control: Range<usize>,
    view: Option<View>,
    seen: Vec<u8>,
}

/// A world's file, mapped to be read.
struct View {
    base: *mut libc::c_void,
    size: usize,
    file: File,
}

impl View {
    fn open(path: &Path) -> Option<View> {
        let file = File::open(path).ok()?;
        let size = usize::try_from(file.metadata().ok()?.len()).expect("a world fits into memory");
        // SAFETY: a new mapping of a whole file; the victim only ever grows what it has linked.
        let base = unsafe { libc::mmap(null_mut(), size, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        assert!(base != libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        Some(View { base, size, file })
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        assert!(range.end <= self.size, "the world is smaller than its plan");
        // SAFETY: inside of the mapping; the only one who writes there is the victim, which stands still.
        unsafe { std::slice::from_raw_parts(self.base.cast::<u8>().add(range.start), range.len()) }
    }

    /// Is this still what the name leads to?
    fn is_named(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let [named, open] = [std::fs::metadata(path), self.file.metadata()];
        matches!((named, open), (Ok(named), Ok(open)) if named.ino() == open.ino())
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing borrows from it any more.
        unsafe { libc::munmap(self.base, self.size) };
    }
}

impl Watch {
    /// On the world `steps` of a directory, whether or not it is there yet.
    pub(crate) fn new(dir: &Path, plan: &Plan) -> Watch {
        let geometry = geometry(plan);
        let end = geometry.classes.first().map_or(geometry.total_size, |class| class.offset);
        let control = geometry.processes_offset as usize..end as usize;
        let mut watch = Watch { path: dir.join("steps.vil"), control, view: None, seen: Vec::new() };
        watch.look_at_names();
        watch
    }

    /// After a system call: the world may have appeared, vanished or been replaced. True when it was.
    pub(crate) fn look_at_names(&mut self) -> bool {
        if self.view.as_ref().is_some_and(|view| view.is_named(&self.path)) {
            return false;
        }
        let was_there = self.view.is_some();
        self.view = View::open(&self.path);
        self.seen = self.view.as_ref().map(|view| view.bytes(&self.control).to_vec()).unwrap_or_default();
        was_there || self.view.is_some()
    }

    /// Has a control word changed since the last look?
    pub(crate) fn look(&mut self) -> bool {
        let Some(view) = &self.view else { return false };
        let now = view.bytes(&self.control);
        if now == self.seen {
            return false;
        }
        self.seen.copy_from_slice(now);
        true
    }
}

/// Where things lie in a world of a plan.
pub(crate) fn geometry(plan: &Plan) -> Geometry {
    Geometry::compute(plan, static_size(plan)).unwrap_or_else(|reason| panic!("{reason}"))
}
