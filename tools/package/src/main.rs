//! Writes and checks packages for engines. `cargo xtask` builds what goes into them and calls this.
#![allow(clippy::print_stdout, reason = "a command line program: its reports go to stdout")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser};
use neuvol_package::binary::Binary;
use neuvol_package::metas::{self, Platform};
use neuvol_package::notices::{self, Crate};
use neuvol_package::{Error, Expected, Tree, archive, header, unity, unreal};

/// Writes and checks packages for engines.
#[derive(Debug, Parser)]
enum Command {
    /// Write the `.meta` files that the sources of the Unity package lack.
    Metas {
        /// The sources of the package.
        folder: PathBuf,
        /// Only say what is missing, belongs to nothing or is wrong.
        #[arg(long)]
        check: bool,
    },
    /// Make the tarball for Unity, check what is in it, and write it.
    Unity(Pack),
    /// Make the zip file for Unreal, check what is in it, and write it.
    Unreal(Pack),
}

/// What a package is made of.
#[derive(Debug, Args)]
struct Pack {
    /// The repository.
    root: PathBuf,
    /// The folder that the archive goes into.
    #[arg(long)]
    out: PathBuf,
    /// The library for Linux.
    #[arg(long)]
    linux: PathBuf,
    /// The library for Windows.
    #[arg(long)]
    windows: Option<PathBuf>,
    /// The licences of what MinGW links into the library for Windows.
    #[arg(long, requires = "windows")]
    mingw: Option<PathBuf>,
    /// What `cargo tree --prefix none --format {p}` says of the libraries.
    #[arg(long)]
    tree: PathBuf,
    /// What `cargo metadata` says.
    #[arg(long)]
    metadata: PathBuf,
    /// Folders of this machine that no file may name.
    #[arg(long)]
    machine: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Metas { folder, check } => write_metas(&folder, check),
        Command::Unity(pack) => pack.unity(),
        Command::Unreal(pack) => pack.unreal(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_metas(folder: &Path, check: bool) -> Result<(), Error> {
    if !check {
        for path in metas::write_missing(folder)? {
            println!("wrote {path}");
        }
    }
    let tree = Tree::read(folder)?;
    let problems = metas::problems(&tree, &metas::GENERATED);
    if !problems.is_empty() {
        return Err(Error::Refused { what: folder.display().to_string(), problems });
    }
    println!("{} .meta files are as they must be", tree.paths().filter(|path| path.ends_with(".meta")).count());
    Ok(())
}

impl Pack {
    fn unity(&self) -> Result<(), Error> {
        let crates = self.crates()?;
        let expected = self.expected(&crates)?;
        let sources = Tree::read(&self.root.join("unity-package"))?;
        let additions = unity::Additions { libraries: self.libraries()?, notices: self.notices(&crates)? };
        let tree = unity::gather(&sources, additions);
        let bytes = archive::write_tgz(&tree, unity::ROOT)?;
        // What is checked is the archive, not what it was made of.
        let tree = archive::read_tgz(&bytes, unity::ROOT)?;
        unity::check(&tree, &sources, &expected)?;
        let path = self.write(&format!("{}-{}.tgz", unity::NAME, expected.version), &bytes)?;
        report(&path, bytes.len(), &tree, &expected);
        Ok(())
    }

    fn unreal(&self) -> Result<(), Error> {
        let crates = self.crates()?;
        let expected = self.expected(&crates)?;
        let sources = Tree::read(&self.root.join("unreal-plugin"))?;
        let mut documents = Tree::default();
        for name in ["LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md"] {
            documents.insert(name, read(&self.root.join(name))?);
        }
        let (libraries, notices) = (self.libraries()?, self.notices(&crates)?);
        let additions = unreal::Additions { libraries, notices, headers: expected.headers.clone(), documents };
        let tree = unreal::gather(&sources, additions);
        let bytes = archive::write_zip(&tree, unreal::NAME)?;
        let tree = archive::read_zip(&bytes, unreal::NAME)?;
        unreal::check(&tree, &expected)?;
        let path = self.write(&format!("{}-{}.zip", unreal::NAME, expected.version), &bytes)?;
        report(&path, bytes.len(), &tree, &expected);
        Ok(())
    }

    fn crates(&self) -> Result<Vec<Crate>, Error> {
        notices::crates(&text(&self.tree)?, &text(&self.metadata)?)
    }

    fn notices(&self, crates: &[Crate]) -> Result<String, Error> {
        let mingw = self.mingw.as_deref().map(text).transpose()?;
        notices::write(crates, &text(&self.root.join("LICENSE-APACHE"))?, mingw.as_deref())
    }

    fn expected(&self, crates: &[Crate]) -> Result<Expected, Error> {
        let headers = Tree::read(&self.root.join("bindings/include"))?;
        let header = headers.text("neuvol.h").unwrap_or_default();
        Ok(Expected {
            version: notices::version_of(&text(&self.metadata)?, "neuvol-plugin")?,
            exports: header::exports(header),
            platforms: self.paths().into_iter().map(|(platform, _)| platform).collect(),
            machine: self.machine.iter().map(|place| format!("{}/", place.display())).collect(),
            crates: crates.iter().map(|found| (found.name.clone(), found.version.clone())).collect(),
            headers,
        })
    }

    fn paths(&self) -> Vec<(Platform, &Path)> {
        let windows = self.windows.iter().map(|path| (Platform::Windows, path.as_path()));
        [(Platform::Linux, self.linux.as_path())].into_iter().chain(windows).collect()
    }

    fn libraries(&self) -> Result<Vec<(Platform, Vec<u8>)>, Error> {
        self.paths().into_iter().map(|(platform, path)| Ok((platform, read(path)?))).collect()
    }

    /// Only called for archives that were checked: a refused one must not lie where it could be given away.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let failed = |action, path: &Path| {
            let path = path.display().to_string();
            move |error: std::io::Error| Error::File { action, path, cause: error.to_string() }
        };
        fs::create_dir_all(&self.out).map_err(failed("create", &self.out))?;
        let path = self.out.join(name);
        fs::write(&path, bytes).map_err(failed("write", &path))?;
        Ok(path)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::File {
        action: "read",
        path: path.display().to_string(),
        cause: error.to_string(),
    })
}

fn text(path: &Path) -> Result<String, Error> {
    String::from_utf8(read(path)?).map_err(|_| Error::Input(format!("{} is not UTF-8", path.display())))
}

/// What a person wants to know of an archive.
fn report(path: &Path, bytes: usize, tree: &Tree, expected: &Expected) {
    let unpacked = tree.bytes() as f64 / 1e6;
    println!(
        "{}: {:.2} MB, {} files of {unpacked:.2} MB, checked",
        path.display(),
        bytes as f64 / 1e6,
        tree.paths().count()
    );
    for (path, bytes) in tree.files() {
        let extension = path.rsplit('.').next();
        if let (Some("so" | "dll"), Ok(binary)) = (extension, Binary::read(bytes)) {
            let needed = binary.needed.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
            let versions: Vec<String> = binary.glibc.iter().map(|(major, minor)| format!("{major}.{minor}")).collect();
            let glibc = if versions.is_empty() { String::new() } else { format!(", glibc {}", versions.join(" ")) };
            let megabytes = bytes.len() as f64 / 1e6;
            println!("  {path}: {megabytes:.2} MB, {} functions{glibc}, needs {needed}", binary.exports.len());
        }
    }
    for platform in Platform::ALL.iter().filter(|platform| !expected.platforms.contains(platform)) {
        println!("  WITHOUT {platform:?}: this archive is not the one to give away");
    }
}
