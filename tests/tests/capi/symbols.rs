//! The shared library gives away the functions of the header, those that Unity looks for, and nothing else.

use crate::library;
use neuvol_tests::native::{include, succeed, tool};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn exports_are_the_functions_of_the_header() {
    let listing = succeed(tool("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library()));
    let exported: BTreeSet<&str> = listing.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let header = fs::read_to_string(include().join("neuvol.h")).expect("the header");
    let mut expected = functions(&header);
    expected.extend(["UnityPluginLoad", "UnityPluginUnload"]);
    assert_eq!(exported, expected);
}

/// Names that are followed by a parenthesis in declarations.
fn functions(header: &str) -> BTreeSet<&str> {
    let declarations = header.split("NEUVOL_API").skip(1).filter_map(|text| text.split_once('('));
    let names = declarations.filter_map(|(before, _)| before.split_whitespace().last());
    names.map(|name| name.trim_start_matches('*')).filter(|name| name.starts_with("neuvol_")).collect()
}

#[test]
fn functions_are_found_in_a_header() {
    let header =
        "#define NEUVOL_API\nNEUVOL_API const char *neuvol_a(int x);\n/** neuvol_c(x) */\nNEUVOL_API\nint neuvol_b(\n";
    assert_eq!(functions(header), BTreeSet::from(["neuvol_a", "neuvol_b"]));
}
