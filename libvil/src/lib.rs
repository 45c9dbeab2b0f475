//! The artifact: `libvil.so` and `libvil.a`. All of it is vil-capi; this crate only gives it a file name, so it never holds code.
pub use vil_capi as c;
