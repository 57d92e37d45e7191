//! The checker of the package for Unity: a sound package passes, and each broken rule is found in the archive.

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{CHANGELOG, Case, HIDE, LICENCES, NOTICES, each_is_refused, edit, expected, library, sound_library};
use neuvol_package::metas::{self, Platform};
use neuvol_package::{Error, Tree, archive, unity};

const MANIFEST: &str = r#"{
  "name": "com.neuvol.neuvol", "version": "0.1.0", "displayName": "Neuvol", "description": "Volumes.", "unity": "2022.3",
  "license": "MIT OR Apache-2.0", "author": { "name": "Neuvol" }, "documentationUrl": "https://x", "changelogUrl": "https://x",
  "licensesUrl": "https://x",
  "samples": [{ "displayName": "One", "description": "A scene.", "path": "Samples~/One" }]
}"#;
const SHADER: &str = "Shader \"Neuvol\" {\n#include \"UnityCG.cginc\"\n#include \"Core.hlsl\"\n\
    #include \"Packages/com.neuvol.neuvol/Runtime/Shaders/Core.hlsl\"\n\
    #include \"Packages/com.unity.render-pipelines.universal/ShaderLibrary/Core.hlsl\"\n}\n";

/// The files of a small package as they are committed, but for their `.meta` files.
fn files() -> BTreeMap<&'static str, String> {
    let asmdef = |text: &str| format!("{{ {text} }}");
    let mut files = BTreeMap::new();
    let mut add = |path, text: &str| drop(files.insert(path, text.to_owned()));
    add("package.json", MANIFEST);
    add("README.md", "# Neuvol\n");
    add("CHANGELOG.md", CHANGELOG);
    add("LICENSE.md", LICENCES);
    add("Runtime/Neuvol.asmdef", &asmdef(r#""name": "Neuvol", "references": [], "autoReferenced": true"#));
    add("Runtime/Volume.cs", "class Volume {}\n");
    add("Runtime/Shaders/Neuvol.shader", SHADER);
    add("Runtime/Shaders/Core.hlsl", "float4 f();\n");
    add(
        "Editor/Neuvol.Editor.asmdef",
        &asmdef(r#""name": "Neuvol.Editor", "references": ["Neuvol"], "includePlatforms": ["Editor"]"#),
    );
    add("Editor/Window.cs", "class Window {}\n");
    let tests = r#""references": ["Neuvol", "UnityEngine.TestRunner"], "defineConstraints": ["UNITY_INCLUDE_TESTS"],
        "autoReferenced": false"#;
    add("Tests/Runtime/Neuvol.Tests.asmdef", &asmdef(&format!(r#""name": "Neuvol.Tests", {tests}"#)));
    add("Tests/Runtime/Test.cs", "class Test {}\n");
    add(
        "Tests/Editor/Neuvol.Editor.Tests.asmdef",
        &asmdef(&format!(r#""name": "Neuvol.Editor.Tests", "includePlatforms": ["Editor"], {tests}"#)),
    );
    add("Tests/Editor/Test.cs", "class Test {}\n");
    add("Documentation~/index.md", "# Neuvol\n");
    add("Samples~/One/Scene.cs", "class Scene {}\n");
    files
}

/// The sources, with all `.meta` files.
fn sources() -> Tree {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files() {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    metas::write_missing(folder.path()).expect("metas");
    Tree::read(folder.path()).expect("the sources")
}

fn package(sources: &Tree) -> Tree {
    let libraries = vec![(Platform::Linux, sound_library())];
    unity::gather(sources, unity::Additions { libraries, notices: NOTICES.into() })
}

/// Packs a tree, reads the archive and checks what comes out of it.
fn check_archive(tree: &Tree, sources: &Tree) -> Result<(), Error> {
    let bytes = archive::write_tgz(tree, unity::ROOT)?;
    unity::check(&archive::read_tgz(&bytes, unity::ROOT)?, sources, &expected())
}

const LINUX: &str = "Runtime/Plugins/Linux/x86_64/libneuvol.so";
const LINUX_META: &str = "Runtime/Plugins/Linux/x86_64/libneuvol.so.meta";
const TESTS: &str = "Tests/Runtime/Neuvol.Tests.asmdef";
const RUNTIME: &str = "Runtime/Neuvol.asmdef";
/// A path of the machine that builds, in a library.
const PATH: &str = "__attribute__((used)) static const char path[] = \"/build/machine/x.c\";";

#[test]
fn a_package_for_linux_has_no_orphans_of_windows() {
    let sources = sources();
    let tree = package(&sources);
    assert_eq!(check_archive(&tree, &sources), Ok(()));
    assert!(tree.has(LINUX_META) && sources.has("Runtime/Plugins/Windows/x86_64/neuvol.dll.meta"));
    assert!(!tree.paths().any(|path| path.contains("Windows")));
}

#[test]
fn broken_archives_are_refused() {
    let sources = sources();
    let insert = |path: &'static str, text: &'static str| move |tree: &mut Tree| tree.insert(path, text);
    let remove = |path: &'static str| {
        move |tree: &mut Tree| {
            tree.remove(path).unwrap_or_else(|| panic!("{path} is not there"));
        }
    };
    let change = |path: &'static str, from: &str, to: &'static str| {
        let from = from.to_owned();
        move |tree: &mut Tree| edit(tree, path, &from, to)
    };
    let binary = |more: &'static str, flags: &'static [&'static str]| {
        move |tree: &mut Tree| tree.insert(LINUX, library(more, flags))
    };
    let cases: &[Case<'_>] = &[
        // .meta files
        ("no meta of a file", &remove("Runtime/Volume.cs.meta"), "Runtime/Volume.cs has no .meta"),
        ("no meta of a folder", &remove("Editor.meta"), "Editor has no .meta"),
        ("no meta of the library", &remove(LINUX_META), "libneuvol.so has no .meta"),
        ("an orphan", &remove("Editor/Window.cs"), "Window.cs.meta belongs to nothing"),
        (
            "a meta where Unity does not look",
            &insert("Documentation~/index.md.meta", "x"),
            "index.md.meta belongs to nothing",
        ),
        (
            "two assets of one GUID",
            &|tree: &mut Tree| {
                let meta = tree.text("Runtime/Volume.cs.meta").expect("a meta").to_owned();
                tree.insert("Editor/Window.cs.meta", meta);
            },
            "have the same GUID",
        ),
        ("a changed GUID", &change("Runtime/Volume.cs.meta", "guid: ", "guid: 0000"), "has no `guid:`"),
        (
            "another GUID",
            &change("Runtime/Volume.cs.meta", &metas::guid("Runtime/Volume.cs"), "0123456789abcdef0123456789abcdef"),
            "GUIDs never change",
        ),
        (
            "other settings than committed",
            &change("Editor/Window.cs.meta", "executionOrder: 0", "executionOrder: 9"),
            "not the one of the sources",
        ),
        // package.json, changelog, licences
        ("another version", &change("package.json", "0.1.0", "0.2.0"), "`version` is \"0.2.0\", not \"0.1.0\""),
        ("another name", &change("package.json", "com.neuvol.neuvol", "com.neuvol.Neuvol"), "`name` is"),
        ("another Unity", &change("package.json", "2022.3", "6000.0"), "`unity` is"),
        ("no author", &change("package.json", "author", "autor"), "`author.name` is missing"),
        ("no licence in package.json", &change("package.json", "\"license\"", "\"lizenz\""), "`license` is missing"),
        ("package.json that is none", &insert("package.json", "{"), "package.json is no JSON"),
        (
            "a sample that is not there",
            &change("package.json", "Samples~/One", "Samples~/Two"),
            "no sample is in \"Samples~/Two\"",
        ),
        ("a sample that is not named", &insert("Samples~/Two/a.md", "x"), "`samples` does not name Samples~/Two"),
        ("a sample without a text", &change("package.json", "A scene.", ""), "has no `description`"),
        ("a changelog of another version", &change("CHANGELOG.md", "[0.1.0]", "[0.0.9]"), "CHANGELOG.md begins with"),
        ("half a licence", &change("LICENSE.md", "Apache", "Other"), "Apache License"),
        ("a crate without its notice", &change("Third Party Notices.md", "## half", "## whole"), "no section on half"),
        // assemblies
        ("a reference to nothing", &change(TESTS, "\"Neuvol\",", "\"Nuevol\","), "refers to Nuevol"),
        ("a GUID of nothing", &change(TESTS, "\"Neuvol\",", "\"GUID:00\","), "refers to GUID:00"),
        (
            "a package that nobody asks for",
            &change(RUNTIME, "\"references\": []", "\"references\": [\"Unity.RenderPipelines.Universal.Runtime\"]"),
            "neither `versionDefines` nor the dependencies",
        ),
        ("an assembly that is none", &insert(TESTS, "name: x"), "Neuvol.Tests.asmdef is no JSON"),
        ("two assemblies of one name", &change(TESTS, "Neuvol.Tests", "Neuvol.Editor.Tests"), "have the same name"),
        (
            "an editor's assembly in players",
            &change("Editor/Neuvol.Editor.asmdef", "[\"Editor\"]", "[]"),
            "`includePlatforms`",
        ),
        ("tests in players", &change(TESTS, "UNITY_INCLUDE_TESTS", "X"), "lacks UNITY_INCLUDE_TESTS"),
        (
            "tests that everyone sees",
            &change(TESTS, "\"autoReferenced\": false", "\"x\": 1"),
            "`autoReferenced` must be false",
        ),
        (
            "a script without an assembly",
            &insert("Loose.cs", "class Loose {}"),
            "Loose.cs belongs to no assembly definition",
        ),
        (
            "an assembly that samples cannot see",
            &change(RUNTIME, "true", "false"),
            "Scene.cs belongs to no assembly definition",
        ),
        // shaders
        (
            "an include of nothing",
            &change("Runtime/Shaders/Neuvol.shader", "\"Core.hlsl\"", "\"Cor.hlsl\""),
            "line 3: Cor.hlsl is nowhere",
        ),
        (
            "an include of another package",
            &change("Runtime/Shaders/Neuvol.shader", "com.unity.render-pipelines.universal", "com.x"),
            "line 5: Packages/com.x",
        ),
        (
            "an include outside",
            &change("Runtime/Shaders/Neuvol.shader", "com.neuvol.neuvol/Runtime", "com.neuvol.neuvol/Run"),
            "line 4",
        ),
        // settings of the library
        (
            "a library that is not loaded at the start",
            &change(LINUX_META, "isPreloaded: 1", "isPreloaded: 0"),
            "`isPreloaded` must be 1",
        ),
        (
            "a library for two systems",
            &change(
                LINUX_META,
                "Standalone: Win64\n    second:\n      enabled: 0",
                "Standalone: Win64\n    second:\n      enabled: 1",
            ),
            "must be the editor and Linux64 only",
        ),
        ("a library for another editor", &change(LINUX_META, "OS: Linux", "OS: Windows"), "`OS` must be Linux"),
        ("a library for any processor", &change(LINUX_META, "CPU: x86_64", "CPU: AnyCPU"), "needs `CPU: x86_64`"),
        // the library
        ("no library", &remove(LINUX), "libneuvol.so is missing"),
        ("a library that is none", &insert(LINUX, "text"), "libneuvol.so is no library"),
        ("a function too many", &binary("int neuvol_new(void) { return 1; }", &[]), "does not declare: neuvol_new"),
        ("a function too few", &binary("", &[HIDE]), "does not export what neuvol.h declares: neuvol_open"),
        ("a library that is not everywhere", &binary("", &["-Wl,--no-as-needed", "-lresolv"]), "needs libresolv"),
        ("a library with symbols", &binary("", &["-g"]), "strip it"),
        ("a library that looks elsewhere", &binary("", &["-Wl,-rpath,/opt/x"]), "looks for libraries in /opt/x"),
        ("a stack that can be run", &binary("", &["-z", "execstack"]), "data that can be run"),
        (
            "a path of the machine",
            &binary(PATH, &[]),
            "libneuvol.so names a folder of the machine that built it: /build/machine/x.c",
        ),
        // files
        (
            "a path of the machine in a text",
            &insert("Documentation~/a.md", "see /home/me/x"),
            "names a folder of the machine",
        ),
        ("another library", &insert("Documentation~/a.dll", "x"), "no such library belongs"),
        ("a leftover", &insert("Documentation~/a.md.orig", "x"), "is a leftover"),
        ("a hidden file", &insert("Documentation~/.a", "x"), "is hidden"),
        ("an empty file", &insert("Documentation~/a.md", ""), "is empty"),
        ("no documentation", &remove("Documentation~/index.md"), "Documentation~ is missing"),
    ];
    each_is_refused(&package(&sources), |tree| check_archive(tree, &sources), cases);
}

#[test]
fn files_outside_of_the_package_are_refused() {
    let sources = sources();
    let bytes = archive::write_tgz(&package(&sources), "other").expect("an archive");
    assert!(archive::read_tgz(&bytes, unity::ROOT).unwrap_err().to_string().contains("outside"));
}
