//! Small packages that keep every rule, with real libraries of their own, for tests that break one rule each.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use neuvol_package::metas::Platform;
use neuvol_package::{Error, Expected, Tree, header};

/// A header with two functions.
pub(crate) const HEADER: &str =
    "#define NEUVOL_API\nNEUVOL_API int neuvol_open(int x);\nNEUVOL_API\nconst char *neuvol_version(void);\n";
/// What the library exports, as C.
const SOURCE: &str = "#ifndef HIDDEN\n#define HIDDEN\n#endif\nHIDDEN int neuvol_open(int x) { return x; }\nconst char *neuvol_version(void) { return \"0.1.0\"; }\n\
    void UnityPluginLoad(void *x) { (void)x; }\nvoid UnityPluginUnload(void) {}\n";
/// Both licences, as far as the checker looks.
pub(crate) const LICENCES: &str = "Permission is hereby granted, free of charge, ...\n\nApache License\n";
/// Notices of the one crate that is linked.
pub(crate) const NOTICES: &str = "# Third Party Notices\n\n## half 2.7.1\n\nMIT.\n";
pub(crate) const CHANGELOG: &str = "# Changelog\n\n## [0.1.0]\n\n- All is new.\n";

/// Hides one function of the header.
pub(crate) const HIDE: &str = "-DHIDDEN=__attribute__((visibility(\"hidden\")))";

/// A shared library that is made of `more` after the functions of the header, with flags for the compiler; stripped, unless
/// they ask for debugging information.
pub(crate) fn library(more: &str, flags: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    compile(folder.path(), &format!("{SOURCE}{more}"), flags)
}

fn compile(folder: &Path, source: &str, flags: &[&str]) -> Vec<u8> {
    let (file, library) = (folder.join("library.c"), folder.join("libneuvol.so"));
    fs::write(&file, source).expect("a file");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut command = Command::new(compiler);
    command
        .args(["-shared", "-fPIC", "-O1"])
        .args((!flags.contains(&"-g")).then_some("-s"))
        .arg(&file)
        .args(flags)
        .arg("-o")
        .arg(&library);
    let output = command.output().expect("a C compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(library).expect("a library")
}

/// The library that keeps every rule.
pub(crate) fn sound_library() -> Vec<u8> {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    BUILT.get_or_init(|| library("", &[])).clone()
}

/// What the packages of the tests must agree with.
pub(crate) fn expected() -> Expected {
    let mut headers = Tree::default();
    headers.insert("neuvol.h", HEADER);
    Expected {
        version: "0.1.0".into(),
        exports: header::exports(HEADER),
        platforms: vec![Platform::Linux],
        machine: vec!["/build/machine".into()],
        crates: vec![("half".into(), "2.7.1".into())],
        headers,
    }
}

/// One broken rule: what is done to the package, and words of the problem that must be found.
pub(crate) type Case<'a> = (&'a str, &'a dyn Fn(&mut Tree), &'a str);

/// Breaks a package in one way after another: each must be refused for that, and for little else, as one change may break two
/// rules.
pub(crate) fn each_is_refused(sound: &Tree, check: impl Fn(&Tree) -> Result<(), Error>, cases: &[Case<'_>]) {
    assert_eq!(check(sound), Ok(()));
    let mut names = BTreeSet::new();
    for (name, change, words) in cases {
        assert!(names.insert(name), "{name} is there twice");
        let mut tree = sound.clone();
        change(&mut tree);
        let problems = match check(&tree) {
            Err(Error::Refused { problems, .. }) => problems,
            other => panic!("{name}: {other:?}"),
        };
        let is_found = problems.iter().any(|problem| problem.contains(words));
        assert!(is_found && problems.len() <= 4, "{name}: {problems:#?}");
    }
}

/// Replaces words in a file that has them.
pub(crate) fn edit(tree: &mut Tree, path: &str, from: &str, to: &str) {
    let text = tree.text(path).unwrap_or_else(|| panic!("{path} is no text")).to_owned();
    assert!(text.contains(from), "{path} has no {from}");
    tree.insert(path, text.replace(from, to));
}
