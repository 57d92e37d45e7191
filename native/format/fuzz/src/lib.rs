//! What the fuzz target does; the tests of `neuvol-format` do the same with a fixed set of files.

mod decode;
mod repair;
mod walk;

pub use decode::decode;
pub use repair::{repair, set_file_len};
pub use walk::{Walked, walk};
