//! `cargo xtask rd`: rate and distortion of `neuvol compress` beside the peers' measured rows; with `--seams` and
//! `--growth` the faces between its blocks and its time over volume.
//!
//! The scripts in `tools/xtask/rd` prepare the data, run the tool, and report. What they measure comes from
//! `tests/independent/measure.py`, which shares no code with the tool.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::debian::Purpose;
use crate::failure::Failure;
use crate::files;
use crate::libtorch::Flavour;
use crate::machine;
use crate::python::{self, Python};
use crate::setup;
use crate::workspace::{self, Workspace};

const SCRIPTS: &str = "tools/xtask/rd";
const MEASURING: &str = "tests/independent";

/// What to measure. Lists are words with commas between, as the scripts take them; empty ones ask for nothing, except
/// `sets`, where that means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) data: Option<PathBuf>,
    pub(crate) peers: Option<PathBuf>,
    pub(crate) tool: Option<PathBuf>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) sets: String,
    /// `best:40:45` limits a preset to these targets in dB.
    pub(crate) presets: String,
    /// In dB.
    pub(crate) targets: String,
    /// A share, as `bounds`.
    pub(crate) peaks: String,
    pub(crate) bounds: String,
    pub(crate) ssim: String,
    /// Blocks of this extent for `seams`; empty: the tool's.
    pub(crate) block: String,
    pub(crate) seams: bool,
    pub(crate) growth: bool,
    pub(crate) day: bool,
    pub(crate) keep: bool,
    pub(crate) restart: bool,
    pub(crate) readme: bool,
}

/// Measures what is missing and writes the report. A relative path counts from the caller's folder.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let here = env::current_dir().unwrap_or_default();
    let data = data(options.data.as_ref(), env::var_os("NEUVOL_DATA").map(PathBuf::from))?;
    let data = here.join(data);
    let peers = peers(options.peers.as_ref().map(|folder| here.join(folder)), &data)?;
    let home = workspace.target.join("rd");
    let out = options.out.as_ref().map_or_else(|| home.clone(), |folder| here.join(folder));
    files::make_folder(&out)?;
    let _lock = only_one(&out)?;

    let python = Python::ensure(workspace, &home.join("venv"), &format!("{SCRIPTS}/requirements.txt"))?;
    // A measuring device is tested before it is used.
    for folder in [SCRIPTS, MEASURING] {
        workspace::run(&mut python.tests(workspace, folder))?;
    }
    let machine = machine::describe();
    let tool = match &options.tool {
        Some(program) => here.join(program),
        None => build(workspace)?,
    };

    let inputs = out.join("sets");
    let prepare = |wanted: &str| {
        let mut prepare = python.script(workspace, &format!("{SCRIPTS}/prepare.py"));
        prepare.arg("--data").arg(&data).arg("--out").arg(&inputs).args(["--sets", wanted]);
        workspace::capture(prepare.args(options.day.then_some("--day")))
    };
    let looks = looks(options);
    for &(name, wanted) in &looks {
        let sets = prepare(wanted)?;
        let mut look = python.script(workspace, &format!("{SCRIPTS}/{name}.py"));
        look.arg("--tool").arg(&tool).arg("--inputs").arg(&inputs).arg("--out").arg(&out);
        look.arg(format!("--sets={}", sets.trim())).arg(format!("--presets={}", options.presets));
        look.arg(format!("--targets={}", options.targets)).args(["--machine", &machine.to_string()]);
        if name == "seams" {
            look.arg(format!("--block={}", options.block));
        }
        workspace::run(&mut look)?;
        eprintln!("xtask: {name}.md is in {}", out.display());
    }
    if !looks.is_empty() {
        return Ok(());
    }

    let sets = prepare(&options.sets)?;
    let wanted = [
        ("--sets", sets.trim()),
        ("--presets", &options.presets),
        ("--targets", &options.targets),
        ("--peaks", &options.peaks),
        ("--bounds", &options.bounds),
        ("--ssim", &options.ssim),
    ];
    let wanted = wanted.map(|(name, value)| format!("{name}={value}"));
    let mut runs = python.script(workspace, &format!("{SCRIPTS}/runs.py"));
    runs.arg("--tool").arg(&tool).arg("--inputs").arg(&inputs).arg("--out").arg(&out).args(&wanted);
    runs.args(options.restart.then_some("--restart")).args(options.keep.then_some("--keep"));
    let measured = workspace::run(&mut runs);

    // Also of what was measured before something failed.
    let mut report = python.script(workspace, &format!("{SCRIPTS}/report.py"));
    report.arg("--tool").arg(&tool).arg("--out").arg(&out).args(&wanted).args(["--machine", &machine.to_string()]);
    if let Some(folder) = peers {
        report.arg("--peers").arg(folder);
    }
    if options.readme {
        report.arg("--readme").arg(workspace.root.join("README.md"));
    }
    let reported = workspace::run(&mut report);
    eprintln!("xtask: report.md, rd.csv and plots are in {}", out.display());
    measured.and(reported).map_err(|_| Failure::Failed("see above for what failed or is unmet".into()))
}

/// What is asked for instead of rates and distortions: the script's name and its sets.
fn looks(options: &Options) -> Vec<(&'static str, &str)> {
    let largest = if options.day { "plume_full_day_pm25" } else { "plume_a_pm25" };
    let cropped = if options.sets.is_empty() { largest } else { &options.sets };
    let seams = options.seams.then_some(("seams", options.sets.as_str()));
    seams.into_iter().chain(options.growth.then_some(("growth", cropped))).collect()
}

/// The tests of the scripts that need nothing but Python.
pub(crate) fn test(workspace: &Workspace) -> Result<(), Failure> {
    if !workspace::works("python3", &["--version"]) {
        return Err(Failure::Missing(
            "there is no python3: on Debian and Ubuntu `sudo apt-get install python3`".into(),
        ));
    }
    workspace::run(&mut python::unit_tests(workspace.command("python3"), SCRIPTS))
}

fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    setup::ensure(workspace, Purpose::Build, Flavour::Cpu)?;
    eprintln!("xtask: building the neuvol tool (several minutes the first time)");
    workspace::run(&mut workspace.cargo(["build", "--release", "-p", "neuvol-tools"]))?;
    Ok(workspace.target.join("release").join(format!("neuvol{}", env::consts::EXE_SUFFIX)))
}

fn data(given: Option<&PathBuf>, variable: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let missing = || Failure::Usage("`rd` needs the folder of the data sets: --data DIR, or set NEUVOL_DATA".into());
    given.cloned().or(variable).ok_or_else(missing)
}

/// The folder of the peers' rows. Without one that was given or is beside `data`, the report has only our figures.
fn peers(given: Option<PathBuf>, data: &Path) -> Result<Option<PathBuf>, Failure> {
    const ROWS: &str = "rd_dev.csv";
    match given {
        Some(folder) if folder.join(ROWS).is_file() => Ok(Some(folder)),
        Some(folder) => Err(Failure::Failed(format!("--peers: there is no {ROWS} in {}", folder.display()))),
        None => {
            let beside = data.parent().map(|folder| folder.join("peers")).filter(|folder| folder.join(ROWS).is_file());
            if beside.is_none() {
                eprintln!("xtask: no peers/{ROWS} beside the data: the report will have no peers (see --peers)");
            }
            Ok(beside)
        }
    }
}

/// Holds `out` for this process: two that write one table would lose rows.
fn only_one(out: &Path) -> Result<File, Failure> {
    let path = out.join("lock");
    let lock = File::create(&path).map_err(|error| Failure::io("create", &path, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_) => Err(Failure::Failed(format!("another `cargo xtask rd` works in {}", out.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_what_was_given_or_the_variable() {
        let (given, variable) = (PathBuf::from("a"), Some(PathBuf::from("b")));
        assert_eq!(data(Some(&given), variable.clone()), Ok("a".into()));
        assert_eq!(data(None, variable), Ok("b".into()));
        assert_eq!(data(None, None).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn seams_take_all_sets_and_growth_the_largest_unless_told_otherwise() {
        let options = |sets: &str, day| Options { sets: sets.into(), day, growth: true, ..Options::default() };
        assert_eq!(looks(&options("", false)), [("growth", "plume_a_pm25")]);
        assert_eq!(looks(&options("", true)), [("growth", "plume_full_day_pm25")]);
        assert_eq!(looks(&options("wrf_T", true)), [("growth", "wrf_T")]);
        let both = Options { seams: true, ..options("", false) };
        assert_eq!(looks(&both), [("seams", ""), ("growth", "plume_a_pm25")]);
        assert_eq!(looks(&Options::default()), []);
    }

    #[test]
    fn peers_are_found_beside_the_data() {
        let folder = tempfile::tempdir().unwrap();
        let (data, beside) = (folder.path().join("data"), folder.path().join("peers"));
        assert_eq!(peers(None, &data), Ok(None));
        assert!(peers(Some(beside.clone()), &data).is_err());
        files::make_folder(&beside).unwrap();
        files::write(&beside.join("rd_dev.csv"), "").unwrap();
        assert_eq!(peers(None, &data), Ok(Some(beside.clone())));
        assert_eq!(peers(Some(beside.clone()), &data), Ok(Some(beside)));
    }

    #[test]
    fn a_folder_is_for_one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = only_one(folder.path()).unwrap();
        assert!(only_one(folder.path()).is_err());
        drop(first);
        assert!(only_one(folder.path()).is_ok());
    }
}
