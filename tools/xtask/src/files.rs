//! Small operations on files, with the path in every error.

use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// Removes all of `folder` but `names`, which must be there.
pub(crate) fn keep_only(folder: &Path, names: &[&str]) -> Result<(), Failure> {
    for name in names {
        if !folder.join(name).exists() {
            let place = folder.join(name);
            return Err(Failure::Failed(format!("what was unpacked lacks {}: wrong version?", place.display())));
        }
    }
    for entry in fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))? {
        let entry = entry.map_err(|error| Failure::io("read", folder, &error))?;
        if !names.iter().any(|name| entry.file_name() == *name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Bytes of all files in `folder`. Files that vanish meanwhile count as nothing.
pub(crate) fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))
}

pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::io("create", path, &error))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::io("write", path, &error))
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::rename(from, to).map_err(|error| Failure::io("rename", from, &error))
}

/// Removes a file, a link or a whole folder. Nothing there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    let result = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    result.map_err(|error| Failure::io("remove", path, &error))
}

#[cfg(unix)]
pub(crate) fn symlink(to: &str, link: &Path) -> Result<(), Failure> {
    std::os::unix::fs::symlink(to, link).map_err(|error| Failure::io("create", link, &error))
}

#[cfg(not(unix))]
pub(crate) fn symlink(to: &str, link: &Path) -> Result<(), Failure> {
    let original = link.with_file_name(to);
    fs::copy(&original, link).map(|_| ()).map_err(|error| Failure::io("copy", &original, &error))
}
