//! The rules that packages for all engines have in common.

use std::collections::BTreeSet;

use crate::binary::{self, Binary};
use crate::metas::Platform;
use crate::tree::{Tree, extension_of, name_of};

/// What a package has to agree with.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The version of the crates.
    pub version: String,
    /// The names that the libraries give away ([`crate::header::exports`]).
    pub exports: BTreeSet<String>,
    /// What there must be a library for.
    pub platforms: Vec<Platform>,
    /// Folders of the machine that builds, which no file may name.
    pub machine: Vec<String>,
    /// Name and version of each crate that is linked into the libraries.
    pub crates: Vec<(String, String)>,
    /// The files below `bindings/include`.
    pub headers: Tree,
}

/// The longest path in a package: Unity and Unreal put much before it, and Windows ends at 260.
const LONGEST_PATH: usize = 110;
/// Whole packages, unpacked.
const CEILING: u64 = 32 << 20;
/// Files that editors, systems and compilers leave behind.
const STRAY: [&str; 13] =
    ["orig", "rej", "swp", "tmp", "log", "csproj", "sln", "pdb", "o", "obj", "a", "lib", "partial"];
/// What can be run or loaded.
const EXECUTABLE: [&str; 5] = ["so", "dll", "exe", "dylib", "bundle"];

/// Names, lengths, sizes and leftovers.
pub(crate) fn files(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, bytes) in tree.files() {
        if path.split('/').any(|part| part.starts_with('.')) {
            problems.push(format!("{path} is hidden"));
        }
        if STRAY.contains(&extension_of(path).as_str()) || name_of(path).ends_with('~') {
            problems.push(format!("{path} is a leftover"));
        }
        if path.len() > LONGEST_PATH {
            let length = path.len();
            problems.push(format!("{path} has {length} bytes, more than {LONGEST_PATH}: Windows ends at 260"));
        }
        if !path.chars().all(|c| c.is_ascii_graphic() && !"<>:\"|?*\\".contains(c) || c == ' ') {
            problems.push(format!("{path} has a name that some systems do not take"));
        }
        let is_empty = bytes.is_empty();
        if is_empty {
            problems.push(format!("{path} is empty"));
        }
    }
    if tree.bytes() > CEILING {
        problems.push(format!("the package unpacks to {} bytes, more than {CEILING}", tree.bytes()));
    }
    problems
}

/// The libraries: one for each platform, nothing else that can be run, each as [`Binary::problems`] wants it.
pub(crate) fn libraries(tree: &Tree, expected: &Expected, path_of: fn(Platform) -> &'static str) -> Vec<String> {
    let mut problems = Vec::new();
    let wanted: Vec<&str> = expected.platforms.iter().map(|&platform| path_of(platform)).collect();
    for path in tree.paths() {
        if EXECUTABLE.contains(&extension_of(path).as_str()) && !wanted.contains(&path) {
            problems.push(format!("{path} can be run, and no such library belongs in the package"));
        }
    }
    for &platform in &expected.platforms {
        let path = path_of(platform);
        match tree.get(path).map(Binary::read) {
            None => problems.push(format!("{path} is missing")),
            Some(Err(why)) => problems.push(format!("{path} is no library: {why}")),
            Some(Ok(binary)) => {
                let broken = binary.problems(platform, &expected.exports);
                problems.extend(broken.into_iter().map(|problem| format!("{path} {problem}")));
            }
        }
    }
    problems
}

/// No file names a folder of the machine that built it.
pub(crate) fn machine(tree: &Tree, expected: &Expected) -> Vec<String> {
    let found = tree.files().filter_map(|(path, bytes)| Some((path, binary::machine_path(bytes, &expected.machine)?)));
    found.map(|(path, place)| format!("{path} names a folder of the machine that built it: {place}")).collect()
}

/// The licences of what is in the package: ours, and the notices of everything linked into the libraries.
pub(crate) fn licences(tree: &Tree, ours: &[&str], notices: &str, expected: &Expected) -> Vec<String> {
    let mut problems = Vec::new();
    let text: String = ours.iter().filter_map(|path| tree.text(path)).collect();
    for words in ["Permission is hereby granted, free of charge", "Apache License"] {
        if !text.contains(words) {
            problems.push(format!("{} do not hold the licence that says \"{words}\"", ours.join(", ")));
        }
    }
    let Some(text) = tree.text(notices) else {
        problems.push(format!("{notices} is missing"));
        return problems;
    };
    for (name, version) in &expected.crates {
        if !text.contains(&format!("\n## {name} {version}\n")) {
            problems.push(format!("{notices} has no section on {name} {version}, which is in the libraries"));
        }
    }
    problems
}

/// The first release of a changelog is this version.
pub(crate) fn changelog(tree: &Tree, path: &str, expected: &Expected) -> Vec<String> {
    let Some(text) = tree.text(path) else { return vec![format!("{path} is missing")] };
    let heading = text.lines().find_map(|line| line.strip_prefix("## "));
    let version = heading.map(|line| line.trim_start_matches('[').split([']', ' ']).next().unwrap_or_default());
    if version == Some(expected.version.as_str()) {
        return Vec::new();
    }
    vec![format!("{path} begins with {heading:?}, and the version is {}", expected.version)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        files.iter().for_each(|(path, text)| tree.insert(*path, *text));
        tree
    }

    #[test]
    fn leftovers_and_odd_names_are_found() {
        assert_eq!(files(&tree(&[("Third Party Notices.md", "x"), ("Samples~/A/b.cs", "x")])), [""; 0]);
        let long = format!("{}/a.cs", "long".repeat(30));
        let cases = [
            (".git/config", "hidden"),
            ("a.cs.orig", "leftover"),
            ("b.pdb", "leftover"),
            ("Größe.cs", "some systems"),
            ("a:b.cs", "some systems"),
            (long.as_str(), "more than 110"),
        ];
        for (path, words) in cases {
            let found = files(&tree(&[(path, "x")]));
            assert!(found.len() == 1 && found[0].contains(words), "{path}: {found:?}");
        }
        assert!(files(&tree(&[("a.cs", "")]))[0].contains("empty"));
        let mut large = Tree::default();
        large.insert("a.bin", vec![0; 33 << 20]);
        assert!(files(&large)[0].contains("unpacks to"));
    }

    #[test]
    fn changelogs_begin_with_the_version() {
        let expected = Expected { version: "0.1.0".into(), ..Expected::default() };
        for heading in ["## [0.1.0]", "## [0.1.0] - 2026-11-26", "## 0.1.0 (unreleased)"] {
            assert_eq!(changelog(&tree(&[("c", &format!("# C\n\n{heading}\n## 0.0.1"))]), "c", &expected), [""; 0]);
        }
        for text in ["# C", "## [0.1.00]", "## 0.2.0\n## 0.1.0"] {
            assert_eq!(changelog(&tree(&[("c", text)]), "c", &expected).len(), 1, "{text}");
        }
    }

    #[test]
    fn notices_name_each_crate_with_its_version() {
        let crates = vec![("half".to_owned(), "2.7.1".to_owned())];
        let expected = Expected { crates, ..Expected::default() };
        let ours = "Permission is hereby granted, free of charge ... Apache License";
        let notices = |text: &str| {
            let tree = tree(&[("L", ours), ("N", text)]);
            licences(&tree, &["L"], "N", &expected)
        };
        assert_eq!(notices("# N\n\n## half 2.7.1\n"), [""; 0]);
        assert!(notices("# N\n\n## half 2.7.0\n")[0].contains("half 2.7.1"));
        assert!(licences(&tree(&[("L", ours)]), &["L"], "N", &expected)[0].contains("N is missing"));
        assert_eq!(licences(&tree(&[("N", "\n## half 2.7.1\n")]), &["L"], "N", &expected).len(), 2);
    }
}
