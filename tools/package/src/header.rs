//! What the C header says: the functions that a library must give away, and no others.

use std::collections::BTreeSet;

/// What Unity looks for in a native plugin. These are no functions of the header: only Unity calls them.
const UNITY: [&str; 2] = ["UnityPluginLoad", "UnityPluginUnload"];

/// The names that a library exports.
pub fn exports(header: &str) -> BTreeSet<String> {
    let declarations = header.split("NEUVOL_API").skip(1).filter_map(|text| text.split_once('('));
    let names = declarations.filter_map(|(before, _)| before.split_whitespace().last());
    let names = names.map(|name| name.trim_start_matches('*')).filter(|name| name.starts_with("neuvol_"));
    names.chain(UNITY).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_in_a_header() {
        let header = "#define NEUVOL_API\nNEUVOL_API const char *neuvol_a(int x);\n/** neuvol_c(x) */\nNEUVOL_API\nint neuvol_b(\n";
        let wanted = ["neuvol_a", "neuvol_b", "UnityPluginLoad", "UnityPluginUnload"];
        assert_eq!(exports(header), wanted.map(str::to_owned).into());
    }
}
