//! Writes and checks packages for engines. `cargo xtask` builds what goes into them and calls this.
#![allow(clippy::print_stdout, reason = "a command line program: its reports go to stdout")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use neuvol_package::{Error, Tree, metas};

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
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Metas { folder, check } => metas(&folder, check),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn metas(folder: &Path, check: bool) -> Result<(), Error> {
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
