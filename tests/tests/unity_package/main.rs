//! The Unity package, compiled and run by Mono against a stub of Unity's API and the fake Unity.

mod bench;

use bench::{Assembly, bench};

/// Scenarios of the runtime: voxels, playing, failures, unloading.
#[test]
fn scenarios_run() {
    let printed = bench().run(Assembly::Scenarios, &[]);
    assert!(printed.contains(" 0 failed, "), "{printed}");
    print!("{printed}");
}
