//! `tests/unreal/engine/API.md`: the list of all that the plugin uses of Unreal.

use crate::build::files_below;
use crate::{engine, plugin};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Members by header.
fn listed() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(engine().join("engine/API.md")).expect("the list");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let mut names = row.split('`').step_by(2).map(str::to_owned);
        let header = names.next().expect("a header");
        let members = row.split('`').skip(2).step_by(2).map(str::to_owned);
        (header, members.collect())
    })
    .collect()
}

#[test]
fn each_listed_member_is_declared_in_its_header() {
    for (header, members) in listed() {
        let path = engine().join("engine").join(&header);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let words: BTreeSet<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        for member in members {
            assert!(words.contains(member.as_str()), "{header} does not declare {member}");
        }
    }
}

#[test]
fn each_header_of_the_engine_is_listed() {
    let listed = listed();
    let mut paths = Vec::new();
    files_below(&engine().join("engine"), "h", &mut paths);
    for path in &paths {
        let name = path.strip_prefix(engine().join("engine")).expect("below it").to_str().expect("a name");
        // The fake's own.
        assert!(listed.contains_key(name) || name == "Host.h", "{name} is not in API.md");
    }
    let mut sources = Vec::new();
    for extension in ["h", "cpp"] {
        files_below(&plugin().join("Source"), extension, &mut sources);
    }
    for path in sources {
        let text = fs::read_to_string(&path).expect("a source");
        for name in text.lines().filter_map(|line| line.strip_prefix("#include \"")?.strip_suffix('"')) {
            let is_own = name.starts_with("Neuvol") || name.starts_with("neuvol");
            assert!(is_own || listed.contains_key(name), "{}: {name} is not in API.md", path.display());
        }
    }
}
