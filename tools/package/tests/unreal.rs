//! The checker of the plugin for Unreal: a sound plugin passes, and each broken rule is found in the archive.

#[allow(dead_code, reason = "shared with the tests of the other package")]
mod common;

use common::{CHANGELOG, Case, HEADER, LICENCES, NOTICES, each_is_refused, edit, expected, library, sound_library};
use neuvol_package::metas::Platform;
use neuvol_package::{Error, Tree, archive, unreal};

const DESCRIPTOR: &str = r#"{
  "FileVersion": 3, "Version": 1, "VersionName": "0.1.0", "FriendlyName": "Neuvol", "Description": "Volumes.",
  "Category": "Rendering", "CreatedBy": "Neuvol", "DocsURL": "https://x", "CanContainContent": false,
  "SupportedTargetPlatforms": ["Win64", "Linux"],
  "Modules": [
    { "Name": "Neuvol", "Type": "Runtime", "LoadingPhase": "PostConfigInit" },
    { "Name": "NeuvolEditor", "Type": "Editor", "LoadingPhase": "Default" }
  ]
}"#;
const LIBRARY_RULES: &str = "public class NeuvolLibrary : ModuleRules {
    public NeuvolLibrary(ReadOnlyTargetRules Target) : base(Target) {
        Type = ModuleType.External;
        PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, \"include\"));
        RuntimeDependencies.Add(Path.Combine(ModuleDirectory, \"lib\", \"Linux\", \"libneuvol.so\"), StagedFileType.NonUFS);
    }
}
";
const RULES: &str = "Source/ThirdParty/Neuvol/NeuvolLibrary.Build.cs";
const LINUX: &str = "Source/ThirdParty/Neuvol/lib/Linux/libneuvol.so";
const INCLUDED: &str = "Source/ThirdParty/Neuvol/include/neuvol.h";

fn rules(name: &str, modules: &str) -> String {
    format!(
        "public class {name} : ModuleRules {{\n    public {name}(ReadOnlyTargetRules Target) : base(Target) {{\n        \
         PublicDependencyModuleNames.AddRange(new string[] {{ {modules} }});\n    }}\n}}\n"
    )
}

fn plugin() -> Tree {
    let mut sources = Tree::default();
    sources.insert("Neuvol.uplugin", DESCRIPTOR);
    sources.insert("README.md", "# Neuvol\n");
    sources.insert("Source/Neuvol/Neuvol.Build.cs", rules("Neuvol", "\"Core\", \"NeuvolLibrary\""));
    sources.insert("Source/Neuvol/Private/Module.cpp", "// here\n");
    sources.insert("Source/NeuvolEditor/NeuvolEditor.Build.cs", rules("NeuvolEditor", "\"Core\", \"Neuvol\""));
    sources.insert("Source/NeuvolEditor/Private/Module.cpp", "// here\n");
    sources.insert(RULES, LIBRARY_RULES);
    let shader =
        "#include \"/Engine/Public/Platform.ush\"\n#include \"A.ush\"\n#include \"/Plugin/Neuvol/Private/A.ush\"\n";
    sources.insert("Shaders/Private/A.usf", shader);
    sources.insert("Shaders/Private/A.ush", "// here\n");
    sources.insert(
        "Config/FilterPlugin.ini",
        "[FilterPlugin]\n/Shaders/...\n/Source/ThirdParty/Neuvol/include/...\n/Source/ThirdParty/Neuvol/lib/...\n",
    );
    let mut documents = Tree::default();
    documents.insert("LICENSE-MIT", LICENCES);
    documents.insert("LICENSE-APACHE", LICENCES);
    documents.insert("CHANGELOG.md", CHANGELOG);
    let libraries = vec![(Platform::Linux, sound_library())];
    let headers = expected().headers;
    unreal::gather(&sources, unreal::Additions { libraries, notices: NOTICES.into(), headers, documents })
}

/// Packs a tree, reads the archive and checks what comes out of it.
fn check_archive(tree: &Tree) -> Result<(), Error> {
    let bytes = archive::write_zip(tree, unreal::NAME)?;
    unreal::check(&archive::read_zip(&bytes, unreal::NAME)?, &expected())
}

#[test]
fn broken_archives_are_refused() {
    let insert = |path: &'static str, text: &'static str| move |tree: &mut Tree| tree.insert(path, text);
    let remove = |path: &'static str| {
        move |tree: &mut Tree| {
            tree.remove(path).unwrap_or_else(|| panic!("{path} is not there"));
        }
    };
    let change =
        |path: &'static str, from: &'static str, to: &'static str| move |tree: &mut Tree| edit(tree, path, from, to);
    let described = |from: &'static str, to: &'static str| change("Neuvol.uplugin", from, to);
    let cases: &[Case<'_>] = &[
        // the descriptor
        ("no descriptor", &remove("Neuvol.uplugin"), "Neuvol.uplugin is missing"),
        ("a descriptor that is none", &insert("Neuvol.uplugin", "{"), "is no JSON"),
        ("another form", &described("\"FileVersion\": 3", "\"FileVersion\": 2"), "`FileVersion` is 2"),
        ("no number", &described("\"Version\": 1", "\"Version\": \"1\""), "`Version` is"),
        ("another version", &described("0.1.0", "0.1.1"), "`VersionName` is \"0.1.1\""),
        ("no description", &described("Volumes.", ""), "`Description` is missing"),
        (
            "content that is not there",
            &described("\"CanContainContent\": false", "\"CanContainContent\": true"),
            "`CanContainContent`",
        ),
        (
            "one engine only",
            &described("\"FileVersion\": 3", "\"FileVersion\": 3, \"EngineVersion\": \"5.4.0\""),
            "`EngineVersion`",
        ),
        ("a platform that is not named", &described("\"Linux\"", "\"Mac\""), "`SupportedTargetPlatforms` lacks Linux"),
        (
            "a module without a folder",
            &described("\"Name\": \"NeuvolEditor\"", "\"Name\": \"OtherEditor\""),
            "has no Source/OtherEditor",
        ),
        ("a module that is not named", &insert("Source/More/More.Build.cs", "x"), "`Modules` does not name More"),
        ("an unknown phase", &described("\"Default\"", "\"Late\""), "the phase \"Late\""),
        ("a module that comes too late", &described("PostConfigInit", "Default"), "must be loaded at PostConfigInit"),
        (
            "an editor module in games",
            &described("\"Editor\"", "\"RuntimeNoCommandlet\""),
            "editor modules, and no others",
        ),
        // the build rules
        (
            "a class of another name",
            &change("Source/Neuvol/Neuvol.Build.cs", "class Neuvol", "class Nuevol"),
            "lacks `public class Neuvol",
        ),
        ("an unknown module", &change("Source/Neuvol/Neuvol.Build.cs", "\"Core\"", "\"Cor\""), "depends on Cor"),
        ("no sources", &remove("Source/Neuvol/Private/Module.cpp"), "Source/Neuvol has no folder Private"),
        (
            "a library that is linked",
            &change(RULES, "ModuleType.External", "ModuleType.CPlusPlus"),
            "lacks `ModuleType.External`",
        ),
        (
            "a library that is not staged",
            &change(RULES, "RuntimeDependencies.Add", "// "),
            "lacks `RuntimeDependencies.Add(`",
        ),
        ("a library of another name", &change(RULES, "libneuvol.so", "libnuevol.so"), "names libnuevol.so"),
        ("a library of another folder", &change(RULES, "\"Linux\"", "\"LinuxArm64\""), "does not name \"Linux\""),
        ("no rules of the library", &remove(RULES), "one Build.cs must be in Source/ThirdParty/Neuvol"),
        (
            "libraries that a build of the plugin loses",
            &change("Config/FilterPlugin.ini", "/Source/ThirdParty/Neuvol/lib/...", ""),
            "FilterPlugin.ini lacks the line /Source/ThirdParty/Neuvol/lib/...",
        ),
        // headers and shaders
        ("an older header", &insert(INCLUDED, "#define NEUVOL_API"), "not the one of bindings/include"),
        ("a header of nobody", &insert("Source/ThirdParty/Neuvol/include/a.h", "x"), "not the one of bindings/include"),
        ("no header", &remove(INCLUDED), "neuvol.h is missing"),
        ("an include of nothing", &remove("Shaders/Private/A.ush"), "line 2: A.ush is nowhere"),
        ("a shader in the wrong place", &insert("Source/A.usf", "// x"), "outside of Shaders/"),
        // what all packages have
        ("no library", &remove(LINUX), "libneuvol.so is missing"),
        (
            "a function too many",
            &|tree: &mut Tree| tree.insert(LINUX, library("int neuvol_new(void) { return 1; }", &[])),
            "neuvol_new",
        ),
        ("an import library", &insert("Source/ThirdParty/Neuvol/lib/Win64/neuvol.lib", "x"), "is a leftover"),
        (
            "a library for Windows that nobody knows of",
            &insert(Platform::Windows.unreal_path(), "x"),
            "no such library belongs",
        ),
        ("a changelog of another version", &change("CHANGELOG.md", "0.1.0", "0.2.0"), "CHANGELOG.md begins with"),
        (
            "no licence",
            &|tree: &mut Tree| {
                tree.remove("LICENSE-MIT");
                tree.remove("LICENSE-APACHE");
            },
            "Apache License",
        ),
        ("a crate without its notice", &change("Third Party Notices.md", "## half", "## whole"), "no section on half"),
        ("no README", &remove("README.md"), "README.md is missing"),
        ("a path of the machine", &insert("Docs/a.md", "see /home/me/x"), "names a folder of the machine"),
    ];
    each_is_refused(&plugin(), check_archive, cases);
    assert_eq!(plugin().text(INCLUDED), Some(HEADER));
}
