//! The plugin for Unreal: a zip file that is unpacked into the `Plugins` folder of a project.

mod descriptor;
mod modules;

use crate::error::Error;
use crate::metas::Platform;
use crate::rules::{self, Expected};
use crate::tree::{Tree, extension_of, folder_of};
use crate::unity::{includes, join};

/// The plugin's name, and its folder in the zip file.
pub const NAME: &str = "Neuvol";
/// Where the headers of the library go.
const HEADERS: &str = "Source/ThirdParty/Neuvol/include";
const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];
const NOTICES: &str = "Third Party Notices.md";
const CHANGELOG: &str = "CHANGELOG.md";

/// What goes into the plugin besides its sources.
#[derive(Debug, Clone, Default)]
pub struct Additions {
    /// The libraries.
    pub libraries: Vec<(Platform, Vec<u8>)>,
    /// The notices of what is in them.
    pub notices: String,
    /// The files below `bindings/include`.
    pub headers: Tree,
    /// Licences and changelog of the repository, by name.
    pub documents: Tree,
}

/// Puts the plugin together.
pub fn gather(sources: &Tree, additions: Additions) -> Tree {
    let mut tree = sources.clone();
    for platform in Platform::ALL {
        tree.remove(platform.unreal_path());
    }
    for (platform, bytes) in additions.libraries {
        tree.insert(platform.unreal_path(), bytes);
    }
    for (path, bytes) in additions.headers.files() {
        tree.insert(format!("{HEADERS}/{path}"), bytes);
    }
    for (path, bytes) in additions.documents.files().filter(|(path, _)| !sources.has(path)) {
        tree.insert(path, bytes);
    }
    tree.insert(NOTICES, additions.notices);
    tree
}

/// Refuses a plugin that breaks a rule.
pub fn check(tree: &Tree, expected: &Expected) -> Result<(), Error> {
    let mut problems = rules::files(tree);
    problems.extend(descriptor::problems(tree, expected));
    problems.extend(modules::problems(tree, expected));
    problems.extend(headers(tree, expected));
    problems.extend(shaders(tree));
    problems.extend(filter(tree));
    problems.extend(rules::changelog(tree, CHANGELOG, expected));
    problems.extend(rules::licences(tree, &LICENCES, NOTICES, expected));
    problems.extend(rules::libraries(tree, expected, Platform::unreal_path));
    problems.extend(rules::machine(tree, expected));
    if !tree.has("README.md") {
        problems.push("README.md is missing".into());
    }
    Error::refused(&format!("{NAME}-{}.zip", expected.version), problems)
}

/// The headers are those of the bindings, all of them, byte for byte.
fn headers(tree: &Tree, expected: &Expected) -> Vec<String> {
    let wanted = |path: &str| expected.headers.get(path.strip_prefix(HEADERS)?.strip_prefix('/')?);
    let mut problems = Vec::new();
    for (path, bytes) in tree.files().filter(|(path, _)| path.starts_with(&format!("{HEADERS}/"))) {
        if wanted(path) != Some(bytes) {
            problems.push(format!("{path} is not the one of bindings/include"));
        }
    }
    let missing = expected.headers.paths().filter(|path| !tree.has(&format!("{HEADERS}/{path}")));
    problems.extend(missing.map(|path| format!("{HEADERS}/{path} is missing")));
    problems
}

/// Epic's `BuildPlugin` copies sources and binaries of its own, and else only what the plugin's filter names.
fn filter(tree: &Tree) -> Vec<String> {
    const PATH: &str = "Config/FilterPlugin.ini";
    let text = tree.text(PATH).unwrap_or_default();
    let wanted = [
        "[FilterPlugin]",
        "/Source/ThirdParty/Neuvol/include/...",
        "/Source/ThirdParty/Neuvol/lib/...",
        "/Shaders/...",
    ];
    let missing = wanted.iter().filter(|line| !text.lines().any(|other| other.trim() == **line));
    missing
        .map(|line| format!("{PATH} lacks the line {line}: `RunUAT BuildPlugin` would leave these files out"))
        .collect()
}

/// Shaders find what they include: beside them, in the plugin by its virtual path, or in the engine.
fn shaders(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for path in tree.paths().filter(|path| ["usf", "ush"].contains(&extension_of(path).as_str())) {
        if !path.starts_with("Shaders/") {
            problems.push(format!("{path} is outside of Shaders/, where the engine does not find it"));
        }
        for (line, name) in includes(tree.text(path).unwrap_or_default()) {
            let is_there = if let Some(inside) = name.strip_prefix("/Plugin/Neuvol/") {
                tree.has(&format!("Shaders/{inside}"))
            } else {
                name.starts_with("/Engine/") || join(folder_of(path), name).is_some_and(|file| tree.has(&file))
            };
            if !is_there {
                problems.push(format!("{path}, line {line}: {name} is nowhere"));
            }
        }
    }
    problems
}
