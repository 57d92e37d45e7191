//! Tests of the format as a whole: what is written is read, old files stay readable, hostile files do no harm.
//!
//! `NEUVOL_UPDATE_GOLDEN=1 cargo test -p neuvol-format` writes the committed files anew; look at the difference.

mod attack;
mod attacks;
mod cases;
#[path = "../../fuzz/src/decode.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzz crate, where it is reachable")]
mod decode;
mod dump;
mod golden;
mod mutations;
mod payloads;
mod random;
#[path = "../../fuzz/src/repair.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzz crate, where it is reachable")]
mod repair;
mod round_trip;
#[path = "../../fuzz/src/walk.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzz crate, where it is reachable")]
mod walk;

use std::path::PathBuf;

/// Whether committed files shall be written anew instead of compared.
fn update() -> bool {
    std::env::var_os("NEUVOL_UPDATE_GOLDEN").is_some_and(|value| value == "1")
}

/// A folder of committed files.
fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", name].iter().collect()
}
