//! Packages for engines: what they hold, and the rules that an archive must keep before it is given to anyone.

pub mod archive;
pub mod binary;
mod error;
pub mod header;
pub mod metas;
pub mod notices;
mod rules;
mod tree;
pub mod unity;
pub mod unreal;

pub use error::Error;
pub use rules::Expected;
pub use tree::Tree;
