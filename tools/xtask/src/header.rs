//! `cargo xtask header`: writes the C header from the Rust source of the C ABI with cbindgen, and from the header the
//! declarations in C#.

use std::fs;

use crate::cargo_tools::CBINDGEN;
use crate::csharp;
use crate::failure::Failure;
use crate::workspace::{self, Workspace};

const HEADER: &str = "bindings/include/neuvol.h";
const CSHARP: &str = "bindings/csharp/NeuvolNative.cs";
/// The same file again: a Unity package has all of its sources in itself.
const UNITY: &str = "unity-package/Runtime/Interop/NeuvolNative.cs";
const CONFIG: &str = "bindings/cbindgen.toml";

/// Writes the files, or with `check` compares them with what would be written and shows the difference.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<(), Failure> {
    let program = CBINDGEN.ensure(workspace)?;
    let mut cbindgen = workspace.command(program);
    cbindgen.args(["--quiet", "--config", CONFIG, "--crate", "neuvol-capi"]).arg("native/capi");
    let header = workspace::capture(&mut cbindgen)?;
    let csharp = csharp::write(&header).map_err(|error| Failure::Failed(format!("{HEADER}: {error}")))?;
    let files = [(HEADER, &header), (CSHARP, &csharp), (UNITY, &csharp)];
    let results = files.map(|(name, text)| update(workspace, name, text, check));
    results.into_iter().collect()
}

fn update(workspace: &Workspace, name: &str, wanted: &str, check: bool) -> Result<(), Failure> {
    let path = workspace.root.join(name);
    let present = fs::read_to_string(&path).unwrap_or_default();
    if present == wanted {
        println!("{name} is up to date");
        return Ok(());
    }
    if check {
        let differences = differences(&present, wanted);
        return Err(Failure::Failed(format!("{name} is not what `cargo xtask header` writes:\n{differences}")));
    }
    let folder = path.parent().unwrap_or(&workspace.root);
    fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))?;
    fs::write(&path, wanted).map_err(|error| Failure::io("write", &path, &error))?;
    println!("wrote {name}");
    Ok(())
}

/// The lines between the equal beginning and the equal end of both texts, as in a diff.
fn differences(present: &str, wanted: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (present.lines().collect(), wanted.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let longest_end = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(longest_end).take_while(|(a, b)| a == b).count();
    let mut text = format!("from line {}:\n", start + 1);
    for (sign, lines) in [('-', &old[start..old.len() - end]), ('+', &new[start..new.len() - end])] {
        for line in lines.iter().take(20) {
            text += &format!("{sign}{line}\n");
        }
        if lines.len() > 20 {
            text += &format!("{sign}... {} more lines\n", lines.len() - 20);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(differences("a\nb\nc\n", "a\nx\ny\nc\n"), "from line 2:\n-b\n+x\n+y\n");
        assert_eq!(differences("", "a\n"), "from line 1:\n+a\n");
        assert_eq!(differences("a\na\n", "a\n"), "from line 2:\n-a\n");
    }

    #[test]
    fn a_long_difference_is_cut() {
        let long: String = (0..50).map(|line| format!("{line}\n")).collect();
        let text = differences("", &long);
        assert!(text.ends_with("+... 30 more lines\n"), "{text}");
    }
}
