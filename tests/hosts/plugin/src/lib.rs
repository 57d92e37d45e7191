//! What the hosts share: they load the shared library as an engine would, let it fill their own 3D textures, draw these, and
//! compare texels and pictures.
//!
//! - [`Library`], [`Volume`], [`Context`], [`Target`]: the C interface, found by name at run time.
//! - [`Player`]: its use every frame, for a host that stands on wgpu.
//! - [`scene`]: what is drawn, [`compare`]: what must come out of it, [`messages`]: what must not be logged.

mod abi;
pub mod compare;
mod failure;
mod library;
pub mod messages;
mod options;
mod picture;
mod player;
pub mod scene;

pub use failure::{Failure, Result, exit};
pub use library::{Context, Library, Variable, Volume};
pub use options::{Fill, Options};
pub use picture::Picture;
pub use player::{Barriers, Content, Player, name, read_texture, write_texture};
