//! `cargo xtask windows`: the library for Windows, built here and run under Wine, and what it decodes compared with Linux.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cross::{self, Cross, MINGW};
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::files;
use crate::package::build;
use crate::test::lavapipe;
use crate::workspace::{self, Workspace};

const HOST: [&str; 2] = ["tests/windows/host.c", "tests/windows/vulkan.c"];
const SAMPLE: &str = "tests/hosts/sample/plume.neuvol";
/// Whoever counts paths in bytes of one code page fails at this one.
const ODD_NAME: &str = "Größe 模型.neuvol";
/// Wine's programs, which Debian keeps off the PATH.
const WINE: [&str; 2] = ["/usr/lib/wine/wine64", "/usr/lib/wine/wine"];
/// The longest that one program takes, the first start of Wine included.
const PATIENCE: Duration = Duration::from_secs(240);

/// Builds all, runs all, and says what was found.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    debian::ensure(Purpose::Windows, false)?;
    let cross = Cross::ensure(workspace)?;
    let folder = workspace.target.join("windows");
    files::make_folder(&folder)?;
    let linux = build::linux(workspace)?;
    copy(&build::windows(workspace, &cross, true)?, &folder.join("neuvol-hooks.dll"))?;
    copy(&build::windows(workspace, &cross, false)?, &folder.join("neuvol.dll"))?;
    compile(workspace, &cross, &folder)?;
    copy(&workspace.root.join(SAMPLE), &folder.join(ODD_NAME))?;
    files::make_folder(&folder.join("folder"))?;

    let on_linux = |words: &[&str]| {
        let mut host = workspace.command(folder.join("host"));
        host.current_dir(&folder).arg(&linux).args(words);
        workspace::capture(&mut host)
    };
    print!("Linux: {}", on_linux(&["decode", ODD_NAME, "linux.raw"])?);
    let wine = Wine::start(workspace, &folder)?;
    let (ours, theirs) = (on_linux(&["layout"])?, wine.run(&["neuvol.dll", "layout"])?);
    if ours.is_empty() || !ours.lines().eq(theirs.lines()) {
        return Err(Failure::Failed(format!("structures differ between Linux:\n{ours}\nand Windows:\n{theirs}")));
    }
    for words in [&["neuvol-hooks.dll", "panic"][..], &["neuvol.dll", "errors", "folder"]] {
        print!("{}", wine.run(words)?);
    }
    print!("Windows: {}", wine.run(&["neuvol.dll", "decode", ODD_NAME, "windows.raw"])?);
    let (ours, theirs) = (bytes(&folder.join("linux.raw"))?, bytes(&folder.join("windows.raw"))?);
    if ours.is_empty() || ours != theirs {
        return Err(Failure::Failed(difference(&ours, &theirs)));
    }
    print!("{}", wine.run(&["neuvol.dll", "vulkan", ODD_NAME])?);
    println!(
        "Windows decodes what Linux decodes, byte for byte ({:.1} MB); panics are caught; Vulkan is as the processor",
        ours.len() as f64 / 1e6
    );
    Ok(())
}

/// Both hosts, and what Wine 8 lacks.
fn compile(workspace: &Workspace, cross: &Cross, folder: &Path) -> Result<(), Failure> {
    let mut windows = cross::c_compiler(workspace, MINGW, cross);
    workspace::run(windows.arg("-municode").args(HOST).arg("-o").arg(folder.join("host.exe")))?;
    let mut linux = cross::c_compiler(workspace, "cc", cross);
    workspace::run(linux.args(HOST).arg("-o").arg(folder.join("host")).args(["-ldl", "-lm"]))?;
    let mut random = workspace.command(MINGW);
    random.args(["-shared", "-O1", "-Wall", "-Werror", "tests/windows/prng.c", "-ladvapi32", "-o"]);
    workspace::run(random.arg(folder.join("bcryptprimitives.dll")))
}

/// Where two results begin to differ.
fn difference(linux: &[u8], windows: &[u8]) -> String {
    let at = linux.iter().zip(windows).position(|(a, b)| a != b);
    let place = at.map_or(String::from("in length only"), |at| format!("first at byte {at}"));
    format!("Windows decodes {} bytes and Linux {}; they differ {place}", windows.len(), linux.len())
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::io("read", path, &error))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(|_| ()).map_err(|error| Failure::io("copy", from, &error))
}

/// Wine with a display, both of this run only.
struct Wine<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
    program: PathBuf,
    display: Display,
}

/// A display without a screen: without one Wine makes no Vulkan instance.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Result<Self, Failure> {
        let mut command = Command::new("Xvfb");
        // The server chooses a free number and writes it to its output.
        command.args(["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"]);
        let failed = |error: &dyn std::fmt::Display| Failure::Failed(format!("cannot start Xvfb: {error}"));
        let server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut server = server.map_err(|error| failed(&error))?;
        let mut number = String::new();
        let output = server.stdout.take().ok_or_else(|| failed(&"it has no output"))?;
        BufReader::new(output).read_line(&mut number).map_err(|error| failed(&error))?;
        let display = Display { server, name: format!(":{}", number.trim()) };
        if number.trim().is_empty() {
            return Err(failed(&"it has found no free display"));
        }
        Ok(display)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl<'a> Wine<'a> {
    fn start(workspace: &'a Workspace, folder: &'a Path) -> Result<Self, Failure> {
        let Some(program) = WINE.iter().map(PathBuf::from).find(|path| path.is_file()) else {
            return Err(Failure::Missing(format!("Wine is in none of {}", WINE.join(", "))));
        };
        Ok(Wine { workspace, folder, program, display: Display::start()? })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = self.workspace.command(program);
        command.current_dir(self.folder).env("DISPLAY", &self.display.name);
        command.env("WINEPREFIX", self.folder.join("prefix")).env("WINEARCH", "win64").env("WINEDEBUG", "-all");
        // What a first start would ask for or make: .NET, a browser, entries in menus.
        command.env("WINEDLLOVERRIDES", "mscoree=d;mshtml=d;winemenubuilder.exe=d");
        // Wine reads names of files and arguments as the locale says.
        command.env("LC_ALL", "C.UTF-8");
        if let Some(driver) = lavapipe() {
            command.env("VK_ICD_FILENAMES", driver);
        }
        command
    }

    /// Runs the host with these words and gives what it printed.
    fn run(&self, words: &[&str]) -> Result<String, Failure> {
        let mut command = self.command(&self.program);
        command.arg("host.exe").args(words).stdin(Stdio::null());
        let shown = workspace::shown(&command);
        let failed = |why: &dyn std::fmt::Display| Failure::Failed(format!("`{shown}` {why}"));
        // A file and no pipe, which services of Wine would keep open when the host has long ended.
        let path = self.folder.join("output.txt");
        let file = fs::File::create(&path).map_err(|error| Failure::io("create", &path, &error))?;
        command.stdout(file);
        let start = Instant::now();
        let mut child = command.spawn().map_err(|error| failed(&format!("cannot be started: {error}")))?;
        loop {
            if let Some(status) = child.try_wait().map_err(|error| failed(&error))? {
                let text = files::read(&path)?.replace('\r', "");
                if status.success() {
                    return Ok(text);
                }
                return Err(failed(&format!("ended with {status}, after:\n{text}")));
            }
            if start.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(&format!("did not end within {} s", PATIENCE.as_secs())));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Wine<'_> {
    fn drop(&mut self) {
        // Ends the server of this prefix only; it would stay for some seconds otherwise, on a display that is gone.
        let server = self.program.with_file_name("wineserver");
        let _ = self.command(&server).arg("-k").stdin(Stdio::null()).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_says_where_it_is() {
        assert!(difference(&[1, 2, 3], &[1, 2, 4]).ends_with("first at byte 2"));
        assert!(
            difference(&[1, 2, 3], &[1, 2]).contains("Windows decodes 2 bytes and Linux 3; they differ in length only")
        );
    }
}
