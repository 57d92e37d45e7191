//! The `.meta` files that Unity wants beside each file and folder of a package, and their GUIDs.
//!
//! A GUID is how scenes and prefabs name an asset, so it never changes: it is made of the path that the asset had first, and
//! `MOVED` tells what has moved since. A package is immutable for Unity: what lacks its `.meta` is ignored there.

mod importer;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

pub use importer::Platform;
pub(crate) use importer::is_seen;

use crate::error::Error;
use crate::tree::{Tree, folders_of};

/// Assets that have another path than at first: now, then. Add a line with each `git mv` of an asset and its `.meta`.
const MOVED: &[(&str, &str)] = &[];

/// Files that a package has and the sources have not: their `.meta` files are committed without them.
pub const GENERATED: [&str; 5] = [
    "CHANGELOG.md",
    "LICENSE.md",
    "Third Party Notices.md",
    "Runtime/Plugins/Linux/x86_64/libneuvol.so",
    "Runtime/Plugins/Windows/x86_64/neuvol.dll",
];

/// The GUID of an asset by the path that it had first: 128 bits in hexadecimal digits.
pub fn guid(path: &str) -> String {
    let digest = Sha256::digest(format!("neuvol-unity/{path}"));
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The GUID that an asset at this path must have.
fn wanted_guid(path: &str) -> String {
    let first = MOVED.iter().find(|(now, _)| *now == path).map_or(path, |(_, then)| then);
    guid(first)
}

/// The paths that need a `.meta`, with whether they are folders: all that Unity sees, and what is inside of a sample, which
/// Unity copies into a project together with the `.meta` files.
fn assets(tree: &Tree, generated: &[&str]) -> BTreeMap<String, bool> {
    let mut assets = BTreeMap::new();
    for path in tree.paths().chain(generated.iter().copied()) {
        let path = path.strip_suffix(".meta").unwrap_or(path);
        // A `.meta` without its asset is no asset; the folder that it is in is one.
        for folder in folders_of(path).filter(|folder| needs_meta(folder)) {
            assets.insert(folder.to_owned(), true);
        }
    }
    let files = tree.paths().chain(generated.iter().copied()).filter(|path| !path.ends_with(".meta"));
    assets.extend(files.filter(|path| needs_meta(path)).map(|path| (path.to_owned(), false)));
    assets
}

fn needs_meta(path: &str) -> bool {
    match path.strip_prefix("Samples~/") {
        // The sample's own folder is made by Unity.
        Some(inside) => inside.split_once('/').is_some_and(|(_, inside)| is_seen(inside)),
        None => is_seen(path),
    }
}

/// Writes the `.meta` files that the sources of a package lack and returns their paths. Those that are there stay as they
/// are.
pub fn write_missing(folder: &Path) -> Result<Vec<String>, Error> {
    let tree = Tree::read(folder)?;
    let mut written = Vec::new();
    for (path, is_folder) in assets(&tree, &GENERATED) {
        let meta = format!("{path}.meta");
        if tree.has(&meta) {
            continue;
        }
        let Some(text) = text(&path, is_folder) else {
            return Err(Error::Input(format!(
                "{path}: no importer is known for such files: add one in tools/package/src/metas/importer.rs"
            )));
        };
        let file = folder.join(&meta);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(|error| Error::file("create", parent, &error))?;
        }
        fs::write(&file, text).map_err(|error| Error::file("write", &file, &error))?;
        written.push(meta);
    }
    Ok(written)
}

/// A new `.meta`.
fn text(path: &str, is_folder: bool) -> Option<String> {
    let importer = if is_folder { importer::of_folder() } else { importer::of_file(path)? };
    Some(format!("fileFormatVersion: 2\nguid: {}\n{importer}", wanted_guid(path)))
}

/// What is wrong with the `.meta` files of a package or, with [`GENERATED`], of its sources.
pub fn problems(tree: &Tree, generated: &[&str]) -> Vec<String> {
    let assets = assets(tree, generated);
    let mut problems = Vec::new();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for path in assets.keys().filter(|path| !tree.has(&format!("{path}.meta"))) {
        problems.push(format!(
            "{path} has no .meta, so Unity ignores it: run `cargo xtask unity-metas` and commit the file"
        ));
    }
    for meta in tree.paths().filter(|path| path.ends_with(".meta")) {
        let path = meta.strip_suffix(".meta").unwrap_or(meta);
        let Some(&is_folder) = assets.get(path) else {
            problems.push(format!("{meta} belongs to nothing: remove it, or bring {path} back"));
            continue;
        };
        let Some(text) = tree.text(meta) else {
            problems.push(format!("{meta} is not UTF-8"));
            continue;
        };
        problems.extend(problem_of(path, is_folder, text).map(|problem| format!("{meta} {problem}")));
        if let Some(guid) = guid_in(text)
            && let Some(other) = owners.insert(guid, path)
        {
            problems.push(format!("{path} and {other} have the same GUID {guid}: Unity would give one a new one"));
        }
    }
    problems
}

fn problem_of(path: &str, is_folder: bool, text: &str) -> Option<String> {
    let Some(guid) = guid_in(text) else {
        return Some("has no `guid:` of 32 hexadecimal digits in its second line".into());
    };
    let wanted = wanted_guid(path);
    if guid != wanted {
        return Some(format!(
            "has the GUID {guid}, not {wanted}: GUIDs never change; if the file has moved, say so in MOVED of \
             tools/package/src/metas/mod.rs"
        ));
    }
    let importer = if is_folder { importer::of_folder() } else { importer::of_file(path)? };
    // Settings are for people to choose; which importer reads the file, and whether it is a folder, is not.
    let head = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter(|line| !line.starts_with([' ', '-']));
        lines.filter(|line| line.ends_with("Importer:") || line.starts_with("folderAsset")).map(str::to_owned).collect()
    };
    let (found, wanted) = (head(text), head(&importer));
    (found != wanted).then(|| format!("has {found:?}, not {wanted:?}: remove it and run `cargo xtask unity-metas`"))
}

/// The GUID of a `.meta`, if it looks like one.
pub(crate) fn guid_in(meta: &str) -> Option<&str> {
    let guid = meta.lines().nth(1)?.strip_prefix("guid: ")?;
    let digits = guid.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (guid.len() == 32 && digits && meta.starts_with("fileFormatVersion: 2\n")).then_some(guid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sources of a small package, with all their `.meta` files.
    fn sources() -> (tempfile::TempDir, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for path in ["package.json", "Runtime/A.cs", "Samples~/One/B.cs", "Documentation~/index.md", ".hidden"] {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "x").unwrap();
        }
        let written = write_missing(folder.path()).unwrap();
        (folder, written)
    }

    fn problems_with(change: impl FnOnce(&mut Tree)) -> Vec<String> {
        let (folder, _) = sources();
        let mut tree = Tree::read(folder.path()).unwrap();
        change(&mut tree);
        problems(&tree, &GENERATED)
    }

    #[test]
    fn all_that_unity_sees_gets_a_meta_once() {
        let (folder, written) = sources();
        let mut wanted = vec!["package.json.meta", "Runtime.meta", "Runtime/A.cs.meta", "Samples~/One/B.cs.meta"];
        let generated: Vec<String> = GENERATED.iter().map(|path| format!("{path}.meta")).collect();
        wanted.extend(generated.iter().map(String::as_str));
        wanted.extend(["Runtime/Plugins.meta", "Runtime/Plugins/Linux.meta", "Runtime/Plugins/Linux/x86_64.meta"]);
        wanted.extend(["Runtime/Plugins/Windows.meta", "Runtime/Plugins/Windows/x86_64.meta"]);
        wanted.sort_unstable();
        let mut written = written;
        written.sort_unstable();
        assert_eq!(written, wanted);
        let file = folder.path().join("Runtime/A.cs.meta");
        fs::write(&file, "mine").unwrap();
        assert_eq!(write_missing(folder.path()).unwrap(), [""; 0], "all are there");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine", "what is there stays");
        fs::write(folder.path().join("Runtime/a.exe"), "").unwrap();
        assert!(write_missing(folder.path()).unwrap_err().to_string().contains("Runtime/a.exe: no importer"));
    }

    #[test]
    fn a_guid_is_the_beginning_of_the_hash_of_the_first_path() {
        // printf %s neuvol-unity/Runtime/A.cs | sha256sum
        assert_eq!(guid("Runtime/A.cs"), "34c697c74e7464ccdd640ae12fd118da");
        assert_eq!(problems_with(|_| ()), [""; 0]);
    }

    #[test]
    fn missing_ones_orphans_and_changed_guids_are_found() {
        let one = |change: &dyn Fn(&mut Tree), words: &str| {
            let found = problems_with(|tree| change(tree));
            assert!(found.len() == 1 && found[0].contains(words), "{words}: {found:?}");
        };
        one(&|tree| drop(tree.remove("Runtime/A.cs.meta")), "Runtime/A.cs has no .meta");
        one(&|tree| drop(tree.remove("Runtime.meta")), "Runtime has no .meta");
        one(&|tree| drop(tree.remove("Samples~/One/B.cs")), "B.cs.meta belongs to nothing");
        one(&|tree| tree.insert("Documentation~/index.md.meta", ""), "index.md.meta belongs to nothing");
        one(&|tree| tree.insert("Runtime/A.cs.meta", text("Runtime/B.cs", false).unwrap()), "GUIDs never change");
        one(&|tree| tree.insert("Runtime/A.cs.meta", "guid: 1"), "has no `guid:`");
        one(&|tree| tree.insert("Runtime/A.cs.meta", text("Runtime/A.cs", true).unwrap()), "folderAsset");
        let twice = problems_with(|tree| {
            tree.insert("Runtime/B.cs", "");
            tree.insert("Runtime/B.cs.meta", text("Runtime/A.cs", false).unwrap());
        });
        assert!(twice.iter().any(|problem| problem.contains("Runtime/A.cs have the same GUID")), "{twice:?}");
    }
}
