//! The Unity package, compiled and run by Mono against a stub of Unity's API and the fake Unity.
//!
//! All of it is compiled as Unity does, by its assembly definitions: the runtime of a player, runtime and editor of the editor, the
//! package's own tests, the samples. Warnings are errors, and public names need comments. `tests/unity-stub/README.md` says what
//! the stub is.

mod bench;

use bench::{Assembly, bench};
use neuvol_tests::native;
use std::collections::BTreeSet;
use std::fs;

/// The list of Unity's members that the package uses.
const MEMBERS: &str = "tests/unity-stub/members.txt";

/// Scenarios of runtime, editor and samples: voxels, playing, failures, unloading. The package's own tests are among them.
#[test]
fn scenarios_run() {
    let printed = bench().run(Assembly::Scenarios, &[]);
    print!("{printed}");
    assert!(printed.contains(" 0 failed, "), "{printed}");
    assert!(printed.contains(" 0 rules of Unity broken"), "{printed}");
}

/// What the package needs of Unity is known member by member. With `NEUVOL_UPDATE_MEMBERS` the list is written.
#[test]
fn the_members_of_unity_are_listed() {
    let bench = bench();
    let printed = bench.run(Assembly::Scenarios, &["TheList"]);
    print!("{printed}");
    let used = fs::read_to_string(bench.path("members.txt")).expect("the scenario has written it");
    let path = native::root().join(MEMBERS);
    if std::env::var_os("NEUVOL_UPDATE_MEMBERS").is_some() {
        fs::write(&path, &used).expect("a writable list");
    }
    let listed = fs::read_to_string(&path).expect("the list");
    let [used, listed] = [&used, &listed].map(|text| text.lines().collect::<BTreeSet<_>>());
    let new: Vec<_> = used.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&used).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "{MEMBERS} is out of date: look the new ones up in Unity's reference, then run this test with NEUVOL_UPDATE_MEMBERS=1\n\
        new: {new:#?}\ngone: {gone:#?}"
    );
    assert!(used.len() > 300, "{} members", used.len());
}

/// The declarations are those of the bindings.
#[test]
fn the_package_has_the_same_declarations() {
    let [package, bindings] = ["unity-package/Runtime/Interop/NeuvolNative.cs", "bindings/csharp/NeuvolNative.cs"]
        .map(|name| fs::read_to_string(native::root().join(name)).expect(name));
    assert!(package == bindings, "run `cargo xtask header`");
}

/// Without the right voxels, or with something left open, scenarios fail: three deliberate faults.
#[test]
fn scenarios_can_fail() {
    let bench = bench();
    for (from, to, scenario, words) in [
        (
            "Graphics.CopyTexture(piece, first - from + i, 0,",
            "Graphics.CopyTexture(piece, 0, 0,",
            "Shows.EveryFormatByUpload",
            "voxel ",
        ),
        (
            "if (closing != null) closing.Dispose();",
            "",
            "Changes.DestroyedByUpload",
            "the number of open files is \"1\"",
        ),
        (
            "DecodeWorker.Stop();",
            "",
            "Changes.PlayModeWithoutReloadByUpload",
            "the number of threads that decode is \"1\"",
        ),
    ] {
        let printed = bench.run_broken(from, to, &[scenario]);
        assert!(printed.contains("FAILED ") && printed.contains(words), "{from}: {printed}");
    }
}
