//! Packages for engines: what they hold, and the rules that an archive must keep before it is given to anyone.

mod error;
pub mod metas;
mod tree;

pub use error::Error;
pub use tree::Tree;
