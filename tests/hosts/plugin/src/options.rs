//! The command line of the hosts.

use crate::{Failure, Result};
use std::path::{Path, PathBuf};

/// Who fills the textures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// The library, on the host's device.
    Gpu,
    /// The host, with what the library decodes on the CPU: the reference pictures are made like this, so that they owe nothing
    /// to what is tested.
    Cpu,
}

/// The options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The shared library.
    pub library: PathBuf,
    /// The volume to show.
    pub volume: PathBuf,
    /// Folder of the reference pictures.
    pub reference: PathBuf,
    /// Folder for the pictures.
    pub out: PathBuf,
    /// Decode another time than the one that is compared with: the run must fail then.
    pub wrong_time: bool,
    /// Who fills the textures.
    pub fill: Fill,
}

impl Options {
    /// Reads the command line: `--library FILE`, and optionally `--volume FILE`, `--reference FOLDER`, `--out FOLDER`,
    /// `--wrong-time` and `--cpu`.
    ///
    /// # Errors
    /// If there is something else, or no library.
    pub fn parse() -> Result<Self> {
        let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut options = Self {
            library: PathBuf::new(),
            volume: hosts.join("sample/plume.neuvol"),
            reference: hosts.join("reference"),
            out: hosts.join("target/pictures"),
            wrong_time: false,
            fill: Fill::Gpu,
        };
        let mut words = std::env::args_os().skip(1);
        while let Some(word) = words.next() {
            let name = word.to_string_lossy().into_owned();
            let path = match name.as_str() {
                "--wrong-time" => {
                    options.wrong_time = true;
                    continue;
                }
                "--cpu" => {
                    options.fill = Fill::Cpu;
                    continue;
                }
                "--library" => &mut options.library,
                "--volume" => &mut options.volume,
                "--reference" => &mut options.reference,
                "--out" => &mut options.out,
                _ => return Err(Failure::Broken(format!("no option of this host: `{name}`"))),
            };
            *path = words.next().ok_or_else(|| Failure::Broken(format!("`{name}` needs a path")))?.into();
        }
        if options.library.as_os_str().is_empty() {
            return Err(Failure::Broken("`--library FILE` is missing: the shared library of Neuvol".into()));
        }
        Ok(options)
    }

    /// The time to be decoded.
    pub fn time(&self) -> f64 {
        if self.wrong_time { crate::scene::WRONG_TIME } else { crate::scene::TIME }
    }
}
