//! The notices of third parties: whose code is in the libraries, under which licence, with the text that comes with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;

/// A crate that is linked into the libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence as an SPDX expression.
    pub licence: String,
    /// Where its sources are.
    pub repository: String,
    /// The folder of its sources on this machine.
    pub folder: PathBuf,
}

/// Files whose names begin like this hold licences or ask to be passed on.
const TEXTS: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];

/// The crates of other people that `cargo tree --prefix none --format '{p}'` lists, with what `cargo metadata` says of them.
pub fn crates(tree: &str, metadata: &str) -> Result<Vec<Crate>, Error> {
    let metadata: Value = serde_json::from_str(metadata)
        .map_err(|error| Error::Input(format!("cargo metadata gives no JSON: {error}")))?;
    let mut known: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        // What has no source is of this repository.
        if !package["source"].is_null() {
            known.insert((text("name"), text("version")), package);
        }
    }
    let mut found = BTreeMap::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next().and_then(|word| word.strip_prefix('v'))) else {
            return Err(Error::Input(format!("cargo tree gives a line that is no crate: {line}")));
        };
        if let Some(package) = known.get(&(name, version)) {
            found.insert((name.to_owned(), version.to_owned()), crate_of(package)?);
        } else if !name.starts_with("neuvol-") {
            return Err(Error::Input(format!("cargo metadata does not know {name} {version}")));
        }
    }
    Ok(found.into_values().collect())
}

fn crate_of(package: &Value) -> Result<Crate, Error> {
    let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
    let licence = text("license");
    if licence.is_empty() {
        return Err(Error::Input(format!("the crate {} names no licence", text("name"))));
    }
    let folder = Path::new(&text("manifest_path")).parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(Crate { name: text("name"), version: text("version"), licence, repository: text("repository"), folder })
}

/// The version of a crate of this repository.
pub fn version_of(metadata: &str, name: &str) -> Result<String, Error> {
    let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let version = packages
        .filter(|package| package["name"] == name && package["source"].is_null())
        .find_map(|package| package["version"].as_str().map(str::to_owned));
    version.ok_or_else(|| Error::Input(format!("cargo metadata does not know {name}")))
}

/// The document; `mingw` holds the licences of what MinGW links into libraries for Windows. Texts that several crates have word for word stand once, behind all crates, whatever their indentation.
pub fn write(crates: &[Crate], apache: &str, mingw: Option<&str>) -> Result<String, Error> {
    let mut text = String::from(INTRODUCTION);
    let mut texts: Vec<String> = Vec::new();
    let mut number_of = |content: String| {
        let at = texts.iter().position(|known| known.split_whitespace().eq(content.split_whitespace())).unwrap_or_else(
            || {
                texts.push(content);
                texts.len() - 1
            },
        );
        at + 1
    };
    let _ = write!(text, "\n## Rust's standard library\n\nMIT OR Apache-2.0, <https://github.com/rust-lang/rust>.\n");
    let _ = writeln!(text, "Text {}.", number_of(normal(apache)));
    if let Some(mingw) = mingw {
        text += "\n## MinGW-w64 runtime and GCC's libgcc (Windows only)\n\nZPL-2.1 and others, <https://www.mingw-w64.org>; \
                 libgcc: GPL-3.0 with the GCC Runtime Library Exception 3.1, which permits this use.\n";
        let _ = writeln!(text, "Text {}.", number_of(normal(mingw)));
    }
    for found in crates {
        let _ = write!(text, "\n## {} {}\n\n{}", found.name, found.version, found.licence);
        if !found.repository.is_empty() {
            let _ = write!(text, ", <{}>", found.repository);
        }
        text += ".\n";
        let own = licence_texts(&found.folder)?;
        let numbers: Vec<String> = if !own.is_empty() {
            own.into_iter().map(|content| number_of(normal(&content)).to_string()).collect()
        } else if found.licence.contains("Apache-2.0") {
            vec![number_of(normal(apache)).to_string()]
        } else {
            let name = &found.name;
            return Err(Error::Input(format!(
                "the crate {name} comes without the text of its licence ({}): put it into tools/package/licences/{name}.txt \
                 and read it in tools/package/src/notices.rs",
                found.licence
            )));
        };
        let _ = writeln!(text, "Text{} {}.", if numbers.len() == 1 { "" } else { "s" }, numbers.join(", "));
    }
    for (index, content) in texts.iter().enumerate() {
        let _ = write!(text, "\n# Text {}\n\n```text\n{content}```\n", index + 1);
    }
    Ok(text)
}

const INTRODUCTION: &str = "\
# Third Party Notices

The libraries of this package contain code of the open-source projects below. Where a project lets its users choose between
licences, any of them may be chosen. The texts stand behind the list.
";

/// The texts at the top of a crate's folder, and of the C sources that a crate carries, which have a licence of their own.
fn licence_texts(folder: &Path) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    for place in [folder.to_path_buf(), folder.join("zstd"), folder.join("LICENSES")] {
        if !place.is_dir() {
            continue;
        }
        let entries = fs::read_dir(&place).map_err(|error| Error::file("read", &place, &error))?;
        let is_text = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
            let in_folder = place.ends_with("LICENSES");
            path.is_file()
                && !name.ends_with(".html")
                && (in_folder || TEXTS.iter().any(|start| name.starts_with(start)))
        };
        paths.extend(entries.flatten().map(|entry| entry.path()).filter(is_text));
    }
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).map_err(|error| Error::file("read", path, &error))).collect()
}

/// The same words are the same text, however lines end and whatever blanks stand around them. A fence of the document must not
/// be in it.
fn normal(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_matches('\n').replace("```", "'''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(folder: &Path, licence: &str) -> String {
        let package = |name: &str, source: Value| {
            serde_json::json!({
                "name": name, "version": "1.2.3", "license": licence, "repository": "https://x.y/z", "source": source,
                "manifest_path": folder.join("Cargo.toml"),
            })
        };
        serde_json::json!({ "packages": [package("half", "registry".into()), package("neuvol-format", Value::Null)] })
            .to_string()
    }

    #[test]
    fn each_crate_has_a_section_and_each_text_stands_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("LICENSE-MIT"), "Permission  \r\n\r\n").unwrap();
        fs::write(folder.path().join("lib.rs"), "code").unwrap();
        let tree = "neuvol-format v0.1.0 (/x)\nhalf v1.2.3\nhalf v1.2.3 (*)\n";
        let found = crates(tree, &metadata(folder.path(), "MIT OR Apache-2.0")).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let known = metadata(folder.path(), "MIT");
        assert_eq!(version_of(&known, "neuvol-format").as_deref(), Ok("1.2.3"));
        assert!(version_of(&known, "half").is_err(), "no crate of this repository");
        let twice = [found[0].clone(), Crate { name: "other".into(), ..found[0].clone() }];
        let text = write(&twice, "Apache\n", None).unwrap();
        assert!(text.contains("\n## half 1.2.3\n\nMIT OR Apache-2.0, <https://x.y/z>.\nText 2.\n"), "{text}");
        assert!(text.contains("\n## other 1.2.3\n"), "{text}");
        assert_eq!(text.matches("Permission\n").count(), 1, "{text}");
    }

    #[test]
    fn what_is_unknown_or_without_a_licence_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let known = metadata(folder.path(), "MIT");
        assert!(crates("serde v1.0.0\n", &known).unwrap_err().to_string().contains("serde 1.0.0"));
        assert!(crates("no version\n", &known).is_err());
        assert!(crates("half v1.2.3\n", &metadata(folder.path(), "")).unwrap_err().to_string().contains("no licence"));
        let without_text = crates("half v1.2.3\n", &known).unwrap();
        assert!(write(&without_text, "Apache", None).unwrap_err().to_string().contains("half comes without the text"));
        let apache = crates("half v1.2.3\n", &metadata(folder.path(), "MIT OR Apache-2.0")).unwrap();
        assert!(write(&apache, "Apache", None).unwrap().contains("## half 1.2.3"));
        assert!(write(&[], "Apache", Some("Zope")).unwrap().contains("\nZope\n"));
    }
}
