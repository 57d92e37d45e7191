//! The package for Unity: a tarball that the package manager adds to a project ("Add package from tarball").

mod assemblies;
mod manifest;
mod plugins;
mod shaders;

pub(crate) use shaders::{includes, join};

use crate::error::Error;
use crate::metas::{self, Platform};
use crate::rules::{self, Expected};
use crate::tree::Tree;

/// The name by which projects know the package.
pub const NAME: &str = "com.neuvol.neuvol";
/// The folder in the tarball, as npm has it.
pub const ROOT: &str = "package";
const LICENCE: &str = "LICENSE.md";
const NOTICES: &str = "Third Party Notices.md";
const CHANGELOG: &str = "CHANGELOG.md";

/// What goes into the package besides its sources.
#[derive(Debug, Clone, Default)]
pub struct Additions {
    /// The libraries.
    pub libraries: Vec<(Platform, Vec<u8>)>,
    /// The notices of what is in them.
    pub notices: String,
}

/// Puts the package together: `sources` and what is added. The `.meta` files of libraries that are left out are left out,
/// too, because Unity warns of every orphan in a package.
pub fn gather(sources: &Tree, additions: Additions) -> Tree {
    let mut tree = sources.clone();
    for platform in Platform::ALL {
        tree.remove(platform.unity_path());
        let meta = format!("{}.meta", platform.unity_path());
        if !additions.libraries.iter().any(|(there, _)| *there == platform) {
            tree.remove(&meta);
        }
    }
    for (platform, bytes) in additions.libraries {
        tree.insert(platform.unity_path(), bytes);
    }
    tree.insert(NOTICES, additions.notices);
    // Folders that hold nothing but the `.meta` files of what was left out.
    while let Some(orphan) = orphaned_folder(&tree) {
        tree.remove(&orphan);
    }
    tree
}

fn orphaned_folder(tree: &Tree) -> Option<String> {
    let metas = tree.paths().filter(|path| path.ends_with(".meta") && path.starts_with("Runtime/Plugins/"));
    let orphan = |path: &&str| {
        let asset = path.strip_suffix(".meta").unwrap_or(path);
        !tree.has(asset) && !tree.has_folder(asset)
    };
    metas
        .filter(|path| tree.text(path).is_some_and(|text| text.contains("folderAsset")))
        .find(orphan)
        .map(str::to_owned)
}

/// Refuses a package that breaks a rule. `sources` are those of the repository: GUIDs and settings must be theirs.
pub fn check(tree: &Tree, sources: &Tree, expected: &Expected) -> Result<(), Error> {
    let mut problems = rules::files(tree);
    problems.extend(required(tree));
    problems.extend(manifest::problems(tree, expected));
    problems.extend(rules::changelog(tree, CHANGELOG, expected));
    problems.extend(rules::licences(tree, &[LICENCE], NOTICES, expected));
    problems.extend(metas::problems(tree, &[]));
    problems.extend(unchanged_metas(tree, sources));
    problems.extend(plugins::problems(tree));
    problems.extend(rules::libraries(tree, expected, Platform::unity_path));
    problems.extend(rules::machine(tree, expected));
    problems.extend(assemblies::problems(tree));
    problems.extend(shaders::problems(tree));
    let what = format!("{NAME}-{}.tgz", expected.version);
    Error::refused(&what, problems)
}

/// What a developer looks for in every package.
fn required(tree: &Tree) -> Vec<String> {
    let files = ["package.json", "README.md", CHANGELOG, LICENCE, NOTICES];
    let folders = ["Runtime", "Editor", "Tests/Runtime", "Tests/Editor", "Documentation~", "Samples~"];
    let files = files.iter().filter(|path| !tree.has(path)).map(|path| format!("{path} is missing"));
    let folders =
        folders.iter().filter(|path| !tree.has_folder(path)).map(|path| format!("the folder {path} is missing"));
    files.chain(folders).collect()
}

/// The `.meta` files of the package are the committed ones, byte for byte.
fn unchanged_metas(tree: &Tree, sources: &Tree) -> Vec<String> {
    let differs = |path: &&str| path.ends_with(".meta") && tree.get(path) != sources.get(path);
    tree.paths().filter(differs).map(|path| format!("{path} is not the one of the sources")).collect()
}
