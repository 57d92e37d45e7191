//! The two kinds of archive: the tarball that Unity's package manager takes, and the zip file that people unpack into an
//! Unreal project. The same files give the same bytes, whenever and wherever they are packed.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::Error;
use crate::tree::Tree;

/// The time of every file: 26 October 1985, 8:15 UTC, as npm writes it, because some tools mistrust the year 1970.
const TIME: u64 = 499_162_500;

/// A gzip-compressed tar file in npm's layout: all below one folder `package`.
pub fn write_tgz(tree: &Tree, root: &str) -> Result<Vec<u8>, Error> {
    let broken = |error: std::io::Error| Error::Input(format!("cannot write the tarball: {error}"));
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    let mut tar = tar::Builder::new(gzip);
    for (path, bytes) in tree.files() {
        let mut header = tar::Header::new_ustar();
        header.set_path(format!("{root}/{path}")).map_err(broken)?;
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(TIME);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        tar.append(&header, bytes).map_err(broken)?;
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).map_err(broken)
}

/// The files of such an archive, without the folder `root`, in which all must be.
pub fn read_tgz(bytes: &[u8], root: &str) -> Result<Tree, Error> {
    let broken =
        |error: std::io::Error| Error::Input(format!("the archive is not a gzip-compressed tar file: {error}"));
    let mut tar = tar::Archive::new(GzDecoder::new(bytes));
    let mut files = Files::new(root);
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(Error::Input(format!("{path} in the archive is no plain file")));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        files.add(&path, bytes)?;
    }
    Ok(files.tree)
}

/// A zip file with all below one folder.
pub fn write_zip(tree: &Tree, root: &str) -> Result<Vec<u8>, Error> {
    let broken = |error: &dyn std::fmt::Display| Error::Input(format!("cannot write the zip file: {error}"));
    let time = DateTime::from_date_and_time(1985, 10, 26, 8, 15, 0).map_err(|error| broken(&error))?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(time)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in tree.files() {
        zip.start_file(format!("{root}/{path}"), options).map_err(|error| broken(&error))?;
        zip.write_all(bytes).map_err(|error| broken(&error))?;
    }
    Ok(zip.finish().map_err(|error| broken(&error))?.into_inner())
}

/// The files of such an archive, without the folder `root`, in which all must be.
pub fn read_zip(bytes: &[u8], root: &str) -> Result<Tree, Error> {
    let broken = |error: &dyn std::fmt::Display| Error::Input(format!("the archive is not a sound zip file: {error}"));
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let mut files = Files::new(root);
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| broken(&error))?;
        let path = entry.name().map_err(|error| broken(&error))?.into_owned();
        if !entry.is_file() || entry.is_symlink() {
            return Err(Error::Input(format!("{path} in the archive is no plain file")));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        files.add(&path, bytes)?;
    }
    Ok(files.tree)
}

/// Files as they come out of an archive.
struct Files {
    root: String,
    tree: Tree,
    /// In lower case, because two names that differ only in case are one file on Windows.
    names: BTreeSet<String>,
}

impl Files {
    fn new(root: &str) -> Self {
        Files { root: format!("{root}/"), tree: Tree::default(), names: BTreeSet::new() }
    }

    fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let Some(inside) = path.strip_prefix(&self.root) else {
            return Err(Error::Input(format!("{path} in the archive is outside of the folder {}", self.root)));
        };
        if inside.split('/').any(|part| part.is_empty() || part == "." || part == "..") || inside.contains('\\') {
            return Err(Error::Input(format!("{path} in the archive is no plain path")));
        }
        if !self.names.insert(inside.to_lowercase()) {
            return Err(Error::Input(format!("{path} is twice in the archive, or differs from another in case only")));
        }
        self.tree.insert(inside, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.insert("b/Third Party Notices.md", "x");
        tree.insert(format!("a/{}/z.txt", "long".repeat(20)), vec![7; 100_000]);
        tree
    }

    #[test]
    fn what_is_packed_comes_back_and_is_the_same_each_time() {
        let tgz = write_tgz(&tree(), "package").unwrap();
        assert_eq!(read_tgz(&tgz, "package").unwrap(), tree());
        assert_eq!(write_tgz(&tree(), "package").unwrap(), tgz);
        let zip = write_zip(&tree(), "Neuvol").unwrap();
        assert_eq!(read_zip(&zip, "Neuvol").unwrap(), tree());
        assert_eq!(write_zip(&tree(), "Neuvol").unwrap(), zip);
    }

    #[test]
    fn damaged_and_odd_archives_are_refused() {
        let tgz = write_tgz(&tree(), "package").unwrap();
        assert!(read_tgz(&tgz[..tgz.len() / 2], "package").is_err());
        assert!(read_tgz(&tgz, "other").unwrap_err().to_string().contains("outside of the folder other/"));
        let zip = write_zip(&tree(), "Neuvol").unwrap();
        assert!(read_zip(&zip[..zip.len() / 2], "Neuvol").is_err());
        assert!(read_zip(&zip, "Other").unwrap_err().to_string().contains("outside of the folder Other/"));
        let mut files = Files::new("p");
        files.add("p/a.txt", Vec::new()).unwrap();
        for bad in ["p/A.txt", "p/../b", "p//b", "p/b\\c", "/etc/passwd"] {
            assert!(files.add(bad, Vec::new()).is_err(), "{bad}");
        }
    }
}
