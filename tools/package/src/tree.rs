//! The files of a package in memory: what is gathered, what is written into an archive, what is read back from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::error::Error;

/// Files by their paths, relative and with `/` between the parts. Folders are what the paths say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Vec<u8>>);

impl Tree {
    /// Reads all files of a folder but hidden ones, whose names begin with a dot. Links are refused: an archive must hold
    /// what it is made of.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut tree = Tree::default();
        tree.read_folder(folder, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Error> {
        for entry in fs::read_dir(folder).map_err(|error| Error::file("read", folder, &error))? {
            let entry = entry.map_err(|error| Error::file("read", folder, &error))?;
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                return Err(Error::Input(format!("{}: names must be UTF-8", path.display())));
            };
            if name.starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(|error| Error::file("read", &path, &error))?;
            let inside = format!("{prefix}{name}");
            if kind.is_dir() {
                self.read_folder(&path, &format!("{inside}/"))?;
            } else if kind.is_file() {
                self.0.insert(inside, fs::read(&path).map_err(|error| Error::file("read", &path, &error))?);
            } else {
                let path = path.display();
                return Err(Error::Input(format!("{path} is neither file nor folder: packages hold no links")));
            }
        }
        Ok(())
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), bytes.into());
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) -> Option<Vec<u8>> {
        self.0.remove(path)
    }

    /// Keeps the files whose paths `wanted` accepts.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|path, _| wanted(path));
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// A file as text; nothing if it is not there or not UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.get(path)?).ok()
    }

    /// Whether this file is there.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Whether any file is below this folder.
    pub fn has_folder(&self, path: &str) -> bool {
        let start = format!("{path}/");
        self.0.range(start.clone()..).next().is_some_and(|(first, _)| first.starts_with(&start))
    }

    /// All files, in the order of their paths' bytes.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The paths of all files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All folders that hold a file, at any depth.
    pub fn folders(&self) -> BTreeSet<&str> {
        self.paths().flat_map(folders_of).collect()
    }

    /// Sum of the files' bytes.
    pub fn bytes(&self) -> u64 {
        self.0.values().map(|bytes| bytes.len() as u64).sum()
    }
}

/// The folders that a path goes through, the outermost first.
pub(crate) fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// The folder that a file is in; empty at the top.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What follows the last dot of the name, in lower case.
pub(crate) fn extension_of(path: &str) -> String {
    name_of(path).rsplit_once('.').map_or(String::new(), |(_, extension)| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_what_the_paths_say() {
        let mut tree = Tree::default();
        tree.insert("a/b/c.txt", "x");
        tree.insert("a.txt", "yy");
        assert_eq!(tree.folders().into_iter().collect::<Vec<_>>(), ["a", "a/b"]);
        assert!(tree.has_folder("a/b") && !tree.has_folder("a/b/c.txt") && !tree.has_folder("a.t"));
        assert_eq!((tree.bytes(), folder_of("a/b/c.txt"), folder_of("a.txt")), (3, "a/b", ""));
        assert_eq!((extension_of("A.x/b"), extension_of("c.HLSL")), (String::new(), "hlsl".into()));
    }

    #[test]
    #[cfg(unix)]
    fn hidden_files_stay_outside_and_links_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("x/.git")).unwrap();
        for name in ["x/a.txt", "x/.hidden", "x/.git/config"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(Tree::read(folder.path()).unwrap().paths().collect::<Vec<_>>(), ["x/a.txt"]);
        std::os::unix::fs::symlink("a.txt", folder.path().join("x/link")).unwrap();
        assert!(Tree::read(folder.path()).unwrap_err().to_string().contains("link"));
    }
}
