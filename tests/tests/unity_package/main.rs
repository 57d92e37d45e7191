//! The Unity package, compiled and run by Mono against a stub of Unity's API and the fake Unity.
//!
//! All of it is compiled as Unity does, by its assembly definitions: the runtime of a player, runtime and editor of the editor, the
//! package's own tests, the samples. Warnings are errors, and public names need comments. `tests/unity-stub/README.md` says what
//! the stub is.
#![allow(unreachable_pub, reason = "modules of one test")]
#![allow(clippy::print_stdout, reason = "figures of the scenarios")]

mod bench;

use bench::bench;
use neuvol_tests::native;
use std::collections::BTreeSet;
use std::fs;

/// The list of Unity's members that the package uses.
const MEMBERS: &str = "tests/unity-stub/members.txt";

/// Scenarios of runtime, editor and samples: voxels, playing, failures, unloading. The package's own tests are among them.
#[test]
fn scenarios_run() {
    let printed = bench().run(&[]);
    eprint!("{printed}");
    assert!(printed.contains(" 0 failed, "), "{printed}");
    assert!(printed.contains(" 0 rules of Unity broken"), "{printed}");
}

/// Scripts are loaded again a hundred times: handles, threads and memory stay as they are.
#[test]
fn reloads_leave_nothing() {
    let printed = bench().run(&["Reloads"]);
    eprint!("{printed}");
    assert!(printed.contains(" 0 failed, "), "{printed}");
}

/// The runtime as it is in players, of Unity 2022.3 and of Unity 6.
#[test]
fn players_show_volumes() {
    for folder in ["player", "player6"] {
        let scenarios = ["Changes.TheFile", "Fails.InWords", "Looks", "Plays.Dates", "Shows.Without", "TheSamples"];
        let printed = bench().run_player(folder, &scenarios);
        assert!(printed.contains(" 0 failed, "), "{folder}: {printed}");
    }
}

/// Without the native library, or with one that Unity has not loaded at its start, words say so.
#[test]
fn a_missing_library_is_said() {
    let bench = bench();
    for (scenario, has_library) in [("Alone.NotPreloaded", true), ("Alone.Missing", false)] {
        let mut mono = bench.mono(&bench.program(), &[scenario]);
        if !has_library {
            mono.env("LD_LIBRARY_PATH", bench.path("player"));
        }
        let printed = native::succeed(&mut mono);
        assert!(printed.contains("1 scenarios, 0 failed"), "{printed}");
    }
}

/// What the package needs of Unity is known member by member. With `NEUVOL_UPDATE_MEMBERS` the list is written.
#[test]
fn the_members_of_unity_are_listed() {
    let bench = bench();
    let printed = bench.run(&["TheList"]);
    eprint!("{printed}");
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

/// What scripts set, shaders have; and what shaders have, scripts set, but for what is only for materials made by hand.
#[test]
fn scripts_and_shaders_agree() {
    let read = |name: &str| fs::read_to_string(native::root().join("unity-package/Runtime").join(name)).expect(name);
    let scripts = read("Rendering/ShaderIds.cs");
    let shaders = ["Shaders/NeuvolVolume.shader", "Shaders/NeuvolSlice.shader"].map(read);
    let set = names(&scripts, "_Neuvol");
    // The numbered ones stand without their numbers.
    let numbered = ["_NeuvolCut", "_NeuvolSlice"];
    let mut properties = BTreeSet::new();
    for shader in &shaders {
        let block = shader.split("SubShader").next().expect("the properties");
        properties.extend(names(block, "_Neuvol"));
    }
    for name in &set {
        let is_there = |name: &str| properties.contains(name);
        assert!(
            is_there(name) || (numbered.contains(&name.as_str()) && is_there(&format!("{name}0"))),
            "no shader has {name}"
        );
    }
    let by_hand = ["_NeuvolLit", "_NeuvolJitter", "_NeuvolSkip", "_NeuvolDepth", "_NeuvolSpecular"];
    for name in &properties {
        let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
        assert!(set.contains(plain) || by_hand.contains(&name.as_str()), "no script sets {name}");
    }
    let compiled = names(&shaders[0].split("SubShader").skip(1).collect::<String>(), "NEUVOL_");
    for keyword in names(&scripts, "NEUVOL_") {
        assert!(compiled.contains(&keyword), "no variant of the shader is for {keyword}");
    }
    assert!(set.len() > 15, "{set:?}");
}

/// The words of a text that begin so.
fn names(text: &str, start: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(start)).map(str::to_owned).collect()
}
