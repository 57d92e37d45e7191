//! The checks, on the machine that has the GPU.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Options;
use super::read;
use super::report::{self, Outcome, Row};
use super::step::{self, Done};
use crate::failure::Failure;
use crate::files;
use crate::machine;

/// What can be run, in this order.
pub(super) const PARTS: [&str; 8] = ["cuda", "speed", "vulkan", "models", "sanitizer", "ncu", "peers", "play"];
/// 59 million voxels.
const BRICKS: &str = "225";
const REPEAT: &str = "50";
const TESTS: Duration = Duration::from_secs(300);
const BENCHMARK: Duration = Duration::from_secs(300);
const PEERS: Duration = Duration::from_secs(480);
const SANITIZERS: [&str; 3] = ["memcheck", "racecheck", "synccheck"];
/// Under compute-sanitizer programs are slower by a factor of 10 to 100.
const SANITIZER: Duration = Duration::from_secs(180);
/// What ncu measures, and how it is called in the table.
const METRICS: [(&str, &str); 4] = [
    ("sm__warps_active.avg.pct_of_peak_sustained_active", "occupancy"),
    ("sm__inst_issued.avg.pct_of_peak_sustained_active", "issue slots"),
    ("sm__inst_executed_pipe_tensor.avg.pct_of_peak_sustained_active", "tensor pipe"),
    ("gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed", "DRAM"),
];

/// Whether all parts that are named are known.
pub(super) fn check_options(options: &Options) -> Result<(), Failure> {
    match options.only.iter().find(|part| !PARTS.contains(&part.as_str())) {
        None => Ok(()),
        Some(part) => Err(Failure::Usage(format!("`--only {part}`: there are {}", PARTS.join(", ")))),
    }
}

/// Runs everything, prints the table and writes `gpu-check.json`, `gpu-check.md` and `gpu-check.log` into the folder.
pub(super) fn run(folder: &Path, options: &Options) -> Result<(), Failure> {
    check_options(options)?;
    // Programs are started by their path.
    let folder = fs::canonicalize(folder).map_err(|error| Failure::io("open", folder, &error))?;
    let log = folder.join("gpu-check.log");
    files::remove(&log)?;
    let nvidia = nvidia();
    let mut check =
        Check { folder: &folder, options, log, nvidia: nvidia.clone(), rows: Vec::new(), printed: String::new() };
    for part in PARTS {
        if options.only.is_empty() || options.only.iter().any(|only| only == part) {
            eprintln!("xtask: {part}");
            check.part(part)?;
        }
    }
    check.ratios();
    let Check { rows, printed, .. } = check;
    let machine = json!({
        "device": nvidia.as_ref().map(|nvidia| &nvidia.name),
        "driver": nvidia.as_ref().map(|nvidia| &nvidia.driver),
        "vulkan_device": printed.lines().find_map(|line| line.split_once("; bricks of ").map(|(device, _)| device)),
        "machine": machine::describe(),
        "versions": {
            "neuvol": env!("CARGO_PKG_VERSION"),
            "compute_sanitizer": version("compute-sanitizer"),
            "ncu": version("ncu"),
        },
    });
    let table = report::table(&rows);
    print!("{table}");
    let write = |name: &str, text: &str| files::write(&folder.join(name), text);
    write("gpu-check.json", &format!("{:#}\n", report::json(&machine, &rows)))?;
    write("gpu-check.md", &format!("# GPU check, {}\n\n{table}\n{printed}", machine["machine"]["date"]))?;
    println!("\nWritten to {}/gpu-check.json, .md and .log", folder.display());
    verdict(&rows, nvidia.is_some())
}

/// What the exit code is made of: 1 if something failed, 3 if there was no GPU, so that nothing of it was checked.
fn verdict(rows: &[Row], nvidia: bool) -> Result<(), Failure> {
    let failed: Vec<&str> =
        rows.iter().filter(|row| row.outcome == Outcome::Failed).map(|row| row.what.as_str()).collect();
    if !failed.is_empty() {
        return Err(Failure::Failed(format!("{} of {} failed: {}", failed.len(), rows.len(), failed.join(", "))));
    }
    // Tests of what is said without a driver, and peers on the processor, pass without a device.
    let on_device = |row: &Row| {
        matches!(row.part, "vulkan" | "models" | "play") && matches!(row.outcome, Outcome::Passed | Outcome::Measured)
    };
    if !nvidia && !rows.iter().any(on_device) {
        return Err(Failure::Missing("no device was found: nothing could be checked".into()));
    }
    Ok(())
}

/// An NVIDIA GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Nvidia {
    name: String,
    driver: String,
}

/// The first one, if the driver is there and has one.
fn nvidia() -> Option<Nvidia> {
    let query = ["--query-gpu=name,driver_version", "--format=csv,noheader"];
    let output = Command::new("nvidia-smi").args(query).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (name, driver) = text.lines().next()?.rsplit_once(',')?;
    Some(Nvidia { name: name.trim().to_owned(), driver: driver.trim().to_owned() })
}

/// What a program of NVIDIA says of its version.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().rev().find(|line| line.contains("ersion")).map(str::to_owned)
}

struct Check<'a> {
    folder: &'a Path,
    options: &'a Options,
    log: PathBuf,
    nvidia: Option<Nvidia>,
    rows: Vec<Row>,
    /// What belongs into the report as it was printed.
    printed: String,
}

const NO_NVIDIA: &str = "no NVIDIA device (nvidia-smi finds none)";

impl Check<'_> {
    /// One of [`PARTS`].
    fn part(&mut self, name: &str) -> Result<(), Failure> {
        match name {
            "cuda" => self.cuda(),
            "speed" => self.speed(),
            "vulkan" => self.vulkan(),
            "models" => self.models(),
            "sanitizer" => self.sanitizer(),
            "ncu" => self.ncu(),
            "peers" => self.peers(),
            "play" => self.play(),
            _ => unreachable!("{name} is no part"),
        }
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.current_dir(self.folder);
        // How long the tests of contexts go on with random requests; they take minutes by default.
        if std::env::var_os("NEUVOL_STRESS_SECONDS").is_none() {
            command.env("NEUVOL_STRESS_SECONDS", "10");
        }
        // Nothing may be left out where there is a device.
        if self.nvidia.is_some() {
            command.env("NEUVOL_REQUIRE_CUDA", "1");
        }
        command
    }

    fn bricks(&self) -> &str {
        self.options.bricks.as_deref().unwrap_or(BRICKS)
    }

    fn run(&self, command: &mut Command, limit: Duration) -> Result<Done, Failure> {
        step::run(command, limit, &self.log)
    }

    /// The tests of the CUDA backend in the folder.
    fn cuda_tests(&self) -> Result<Vec<String>, Failure> {
        let entries = fs::read_dir(self.folder).map_err(|error| Failure::io("read", self.folder, &error))?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name.starts_with(super::CUDA.1));
        names.sort();
        Ok(names)
    }

    fn cuda(&mut self) -> Result<(), Failure> {
        let names = self.cuda_tests()?;
        if names.is_empty() {
            self.rows.push(Row::not_run("cuda", "tests", "the folder holds no test of the CUDA backend"));
        }
        for name in names {
            self.test("cuda", &name)?;
        }
        Ok(())
    }

    fn vulkan(&mut self) -> Result<(), Failure> {
        self.test("vulkan", "vulkan-headless")?;
        self.test("vulkan", "engine-context")
    }

    /// Runs a test harness.
    fn test(&mut self, part: &'static str, name: &str) -> Result<(), Failure> {
        let done = self.run(self.program(name).args(["--nocapture", "--test-threads", "1"]), TESTS)?;
        let said = done.said();
        let tests = read::counted(&said);
        let row = if !done.succeeded() {
            let why = if tests.failures.is_empty() { done.why() } else { tests.failures.join(", ") };
            Row::new(part, name, Outcome::Failed, format!("{why} (see gpu-check.log)"))
        } else if !tests.skipped.is_empty() {
            Row::not_run(
                part,
                name,
                format!("{} tests ended well, but not all ran: {}", tests.passed, tests.skipped.join("; ")),
            )
        } else {
            let layers = match part {
                "vulkan" if said.contains("without validation") => {
                    ", without validation layers, which are not installed"
                }
                "vulkan" => ", with validation layers",
                _ => "",
            };
            Row::new(part, name, Outcome::Passed, format!("{} tests in {:.0} s{layers}", tests.passed, done.seconds))
        };
        // What tests say about themselves.
        let telling = |line: &&str| {
            [" blocks", " block;", " boxes, ", " requests ("].iter().any(|part| line.contains(part))
                || line.starts_with("on ")
        };
        let lines: Vec<&str> = said.lines().filter(telling).collect();
        if !lines.is_empty() {
            self.printed += &format!("\n## Tests: {name}\n\n{}\n", lines.join("\n"));
        }
        self.rows.push(row);
        Ok(())
    }

    fn speed(&mut self) -> Result<(), Failure> {
        if self.nvidia.is_none() {
            self.rows.push(Row::not_run("speed", "cuda-bench", NO_NVIDIA));
            return Ok(());
        }
        let mut bench = self.program("cuda-bench");
        bench.args(["--json", "--bricks", self.bricks(), "--repeat", REPEAT]);
        let done = self.run(&mut bench, BENCHMARK)?;
        self.rows_of_json("speed", "cuda-bench", &done);
        Ok(())
    }

    /// The rows that a program has printed.
    fn rows_of_json(&mut self, part: &'static str, what: &str, done: &Done) {
        if !done.succeeded() {
            self.rows.push(Row::new(part, what, Outcome::Failed, format!("{} (see gpu-check.log)", done.why())));
        }
        match read::json_rows(&done.out) {
            Ok(rows) => self.rows.extend(rows.into_iter().map(|figures| figures_row(part, what, figures))),
            Err(_) if !done.succeeded() => {}
            Err(why) => self.rows.push(Row::new(part, what, Outcome::Failed, why)),
        }
    }

    fn models(&mut self) -> Result<(), Failure> {
        let done = self.run(self.program("vulkan-models").args(&self.options.models), BENCHMARK)?;
        self.printed += &format!("\n## Models on Vulkan\n\n{}", done.out);
        match done.code() {
            Some(0) => {}
            Some(3) => {
                self.rows.push(Row::not_run("models", "vulkan-models", done.why()));
                return Ok(());
            }
            _ => self.rows.push(Row::new("models", "vulkan-models", Outcome::Failed, done.why())),
        }
        // Rows of one model and variant follow each other; the last has the most bricks.
        let mut last: Vec<BTreeMap<String, String>> = Vec::new();
        for row in read::markdown(&done.out, "Mvoxel/s") {
            let same =
                |other: &BTreeMap<String, String>| other["model"] == row["model"] && other["variant"] == row["variant"];
            match last.last_mut().filter(|other| same(other)) {
                Some(other) => *other = row,
                None => last.push(row),
            }
        }
        self.rows.extend(last.iter().map(model_row));
        Ok(())
    }

    fn sanitizer(&mut self) -> Result<(), Failure> {
        let version = version("compute-sanitizer");
        let missing = match (&self.nvidia, &version) {
            (None, _) => Some(NO_NVIDIA),
            (_, None) => Some("no compute-sanitizer on the PATH"),
            _ => None,
        };
        let tests = self.cuda_tests()?;
        if tests.is_empty() {
            self.rows.push(Row::not_run("sanitizer", "tests", "the folder holds no test of the CUDA backend"));
        }
        for tool in SANITIZERS {
            for test in &tests {
                let what = format!("{tool}, {test}");
                if let Some(why) = missing {
                    self.rows.push(Row::not_run("sanitizer", what, why));
                    continue;
                }
                let mut command = inherit(&self.program(test), "compute-sanitizer");
                command.args(["--tool", tool, "--error-exitcode", "99", "--target-processes", "all"]);
                command.arg(self.folder.join(test)).args(["--nocapture", "--test-threads", "1"]);
                let done = self.run(&mut command, SANITIZER)?;
                self.rows.push(sanitizer_row(what, &done));
            }
        }
        Ok(())
    }

    fn ncu(&mut self) -> Result<(), Failure> {
        let missing = match (&self.nvidia, version("ncu")) {
            (None, _) => Some(NO_NVIDIA),
            (_, None) => Some("no ncu on the PATH"),
            _ => None,
        };
        if let Some(why) = missing {
            self.rows.push(Row::not_run("ncu", "cuda-bench", why));
            return Ok(());
        }
        let metrics: Vec<&str> = METRICS.iter().map(|(metric, _)| *metric).collect();
        let mut command = inherit(&self.program("ncu"), "ncu");
        command.args(["--csv", "--metrics", &metrics.join(","), "--launch-count", "200"]);
        command.arg(self.folder.join("cuda-bench")).args(["--json", "--bricks", self.bricks(), "--repeat", "1"]);
        let done = self.run(&mut command, BENCHMARK)?;
        let kernels = read::ncu(&done.out);
        if kernels.is_empty() {
            // Counters are often kept from users.
            let why = done.said().lines().find(|line| line.contains("==ERROR==")).map_or(done.why(), str::to_owned);
            self.rows.push(Row::not_run("ncu", "cuda-bench", why));
        }
        for (kernel, found) in kernels {
            let figures: Vec<(&str, f64)> =
                METRICS.iter().filter_map(|(metric, name)| Some((*name, *found.get(*metric)?))).collect();
            let detail: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value:.1} %")).collect();
            let mut row = Row::new("ncu", kernel, Outcome::Measured, detail.join(", "));
            row.figures = figures.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            self.rows.push(row);
        }
        Ok(())
    }

    fn peers(&mut self) -> Result<(), Failure> {
        let python = self.options.python.as_deref().unwrap_or("python3");
        let has_torch = Command::new(python).args(["-c", "import numpy, torch"]).output();
        if !has_torch.is_ok_and(|output| output.status.success()) {
            let why = format!("`{python}` has no PyTorch and NumPy (--python names another one)");
            self.rows.push(Row::not_run("peers", "PyTorch", why));
            return Ok(());
        }
        let out = self.folder.join("peers.json");
        files::remove(&out)?;
        let mut command = inherit(&self.program("python3"), python);
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(self.folder.join("peers/measure.py"));
        command.arg("--networks").arg(self.folder.join("peers/networks")).arg("--out").arg(&out);
        match &self.nvidia {
            Some(_) => command.args(["--repeat", REPEAT]),
            // Only whether the peers compute the same.
            None => command.args(["--device", "cpu", "--voxels", "small", "--repeat", "1", "--eager"]),
        };
        let program = self.options.tiny_cuda_nn.clone().or_else(|| {
            let packed = self.folder.join("tiny_cuda_nn");
            packed.is_file().then_some(packed)
        });
        if let Some(program) = program {
            command.arg("--tiny-cuda-nn").arg(program);
        }
        let mut done = self.run(&mut command, PEERS)?;
        self.printed += &format!("\n## Peers\n\n{}", done.out);
        done.out = fs::read_to_string(&out).unwrap_or_default();
        self.rows_of_json("peers", "peers/measure.py", &done);
        Ok(())
    }

    fn play(&mut self) -> Result<(), Failure> {
        if self.options.play.is_empty() {
            self.rows.push(Row::not_run("play", "engine-scrub", "no file was named (--play FILE.neuvol)"));
        }
        for file in &self.options.play {
            let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
            let path = fs::canonicalize(file).map_err(|error| Failure::io("open", file, &error))?;
            for budget in ["1000", "500"] {
                let mut command = self.program("engine-scrub");
                let done = self.run(command.arg(&path).args(["--frames", "900", "--budget-us", budget]), TESTS)?;
                self.printed += &format!("\n## Playing {name}, budget {budget} µs\n\n{}", done.out);
                let what = format!("{name}, budget {budget} µs");
                self.rows.push(match done.code() {
                    Some(0) => Row::new("play", what, Outcome::Measured, done.out.lines().last().unwrap_or_default()),
                    Some(3) => Row::not_run("play", what, done.why()),
                    _ => Row::new("play", what, Outcome::Failed, done.why()),
                });
            }
        }
        Ok(())
    }

    /// How much faster the backend is than each peer, network by network.
    fn ratios(&mut self) {
        let speeds = |part: &str| -> Vec<(String, String, f64)> {
            let rows = self.rows.iter().filter(|row| row.part == part);
            let text =
                |row: &Row, name: &str| row.figures.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            rows.filter_map(|row| {
                Some((text(row, "model"), text(row, "peer"), row.figures.get("gvoxels_per_s")?.as_f64()?))
            })
            .collect()
        };
        let mut ours: BTreeMap<String, f64> = BTreeMap::new();
        for (network, _, speed) in speeds("speed") {
            let best = ours.entry(network).or_default();
            *best = best.max(speed);
        }
        let ratios: Vec<(String, String, f64)> = speeds("peers")
            .into_iter()
            .filter_map(|(network, peer, speed)| Some((network.clone(), peer, ours.get(&network)? / speed)))
            .collect();
        for (network, peer, ratio) in ratios {
            let mut row = Row::new(
                "peers",
                format!("{network}: CUDA backend over {peer}"),
                Outcome::Measured,
                format!("{ratio:.1} times as fast"),
            );
            row.figures.insert("ratio".into(), ratio.into());
            self.rows.push(row);
        }
    }
}

/// `command` with another program, which is looked for on the PATH.
fn inherit(command: &Command, program: impl AsRef<OsStr>) -> Command {
    let mut other = Command::new(program);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        other.current_dir(folder);
    }
    other
}

fn sanitizer_row(what: String, done: &Done) -> Row {
    let errors = read::sanitizer_errors(&done.said());
    match (done.code(), errors) {
        (Some(0), Some(0)) => {
            Row::new("sanitizer", what, Outcome::Passed, format!("0 errors in {:.0} s", done.seconds))
        }
        (_, Some(errors)) if errors > 0 => {
            Row::new("sanitizer", what, Outcome::Failed, format!("{errors} errors (see gpu-check.log)"))
        }
        // It says nothing of the kernels.
        (None, _) => Row::not_run(
            "sanitizer",
            what,
            format!("not finished after {:.0} s, without an error so far", done.seconds),
        ),
        (Some(0), None) => Row::not_run("sanitizer", what, "compute-sanitizer gave no summary (see gpu-check.log)"),
        _ => Row::new("sanitizer", what, Outcome::Failed, format!("{} (see gpu-check.log)", done.why())),
    }
}

/// Gvoxel/s that are aimed at on an H200, of the fused kernels.
const TARGETS: [(&str, f64); 3] = [("grid, 16 neurons", 100.0), ("grid, 32 neurons", 60.0), ("grid, 64 neurons", 20.0)];

/// Voxels per second in a readable unit.
fn speed_of(gvoxels: f64) -> String {
    if gvoxels >= 0.1 { format!("{gvoxels:.2} Gvoxel/s") } else { format!("{:.2} Mvoxel/s", gvoxels * 1e3) }
}

/// A row of what a program has measured: `model`, `variant`, `peer`, `median_us`, `gvoxels_per_s`, `error` (of the range),
/// `not_run`, `failed`, and whatever else it has.
fn figures_row(part: &'static str, program: &str, figures: Map<String, Value>) -> Row {
    let text = |name: &str| figures.get(name).and_then(Value::as_str);
    let number = |name: &str| figures.get(name).and_then(Value::as_f64);
    let what: Vec<&str> = ["peer", "model", "variant"].iter().filter_map(|name| text(name)).collect();
    let what = if what.is_empty() { program.to_owned() } else { what.join(", ") };
    let mut detail = Vec::new();
    if let Some(speed) = number("gvoxels_per_s") {
        let target = TARGETS.iter().find(|(model, _)| text("model") == Some(*model)).map(|(_, target)| target);
        let target = target.filter(|_| part == "speed" && text("variant") == Some("fused"));
        let target = target.map_or(String::new(), |target| format!(" (target on an H200: {target})"));
        detail.push(speed_of(speed) + &target);
    }
    detail.extend(number("median_us").map(|us| format!("{:.3} ms", us / 1e3)));
    detail.extend(number("error").map(|error| format!("error {error:.1e} of the range")));
    let shown = ["peer", "model", "variant", "gvoxels_per_s", "median_us", "error", "not_run", "failed"];
    for (name, value) in figures.iter().filter(|(name, _)| !shown.contains(&name.as_str())) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        detail.push(format!("{} {value}", name.replace('_', " ")));
    }
    let (outcome, detail) = match (text("failed"), text("not_run")) {
        (Some(why), _) => (Outcome::Failed, why.to_owned()),
        (None, Some(why)) => (Outcome::NotRun, why.to_owned()),
        (None, None) => (Outcome::Measured, detail.join(", ")),
    };
    Row { figures, ..Row::new(part, what, outcome, detail) }
}

/// A row of the models' table.
fn model_row(row: &BTreeMap<String, String>) -> Row {
    let cell = |name: &str| row.get(name).map_or("", String::as_str);
    let speed = cell("Mvoxel/s").parse::<f64>().map_or(0.0, |speed| speed / 1e3);
    let error = cell("largest error / range");
    let detail = format!("{}, {} bricks, error {error} of the range", speed_of(speed), cell("bricks"));
    let mut out = Row::new("models", format!("{}, {}", cell("model"), cell("variant")), Outcome::Measured, detail);
    out.figures = row
        .iter()
        .map(|(name, value)| (name.clone(), value.parse::<f64>().map_or_else(|_| value.clone().into(), Value::from)))
        .collect();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn figures_are_shown_with_their_target_and_what_is_missing_with_its_reason() {
        let row = figures_row(
            "speed",
            "bench",
            object(json!({
                "model": "grid, 16 neurons", "variant": "fused", "gvoxels_per_s": 101.5, "median_us": 581.0, "error": 0.0006, "bricks": 225
            })),
        );
        assert_eq!(row.what, "grid, 16 neurons, fused");
        let detail = "101.50 Gvoxel/s (target on an H200: 100), 0.581 ms, error 6.0e-4 of the range, bricks 225";
        assert_eq!((row.outcome, row.detail.as_str()), (Outcome::Measured, detail));
        let row = figures_row("peers", "p", object(json!({ "peer": "tiny-cuda-nn", "not_run": "no program" })));
        assert_eq!(
            (row.outcome, row.what.as_str(), row.detail.as_str()),
            (Outcome::NotRun, "tiny-cuda-nn", "no program")
        );
        let row = figures_row(
            "speed",
            "b",
            object(json!({ "model": "grid_64", "failed": "wrong values", "median_us": 1.0 })),
        );
        assert_eq!((row.outcome, row.detail.as_str()), (Outcome::Failed, "wrong values"));
    }

    #[test]
    fn peers_are_compared_by_network() {
        let folder = Path::new("/");
        let options = Options::default();
        let row = |part, figures| figures_row(part, "", object(figures));
        let rows = vec![
            row("speed", json!({ "model": "a", "gvoxels_per_s": 50.0 })),
            row("speed", json!({ "model": "a", "gvoxels_per_s": 100.0 })),
            row("peers", json!({ "model": "a", "peer": "p", "gvoxels_per_s": 4.0 })),
            row("peers", json!({ "model": "b", "peer": "p", "gvoxels_per_s": 4.0 })),
            row("peers", json!({ "model": "a", "peer": "q", "not_run": "no" })),
        ];
        let mut check = Check { folder, options: &options, log: "".into(), nvidia: None, rows, printed: String::new() };
        check.ratios();
        let [ratio] = &check.rows[5..] else { panic!("{:?}", check.rows) };
        assert_eq!((ratio.what.as_str(), ratio.detail.as_str()), ("a: CUDA backend over p", "25.0 times as fast"));
    }

    #[test]
    fn a_failure_a_missing_device_and_success_have_their_exit_codes() {
        let code = |outcomes: &[Outcome], nvidia| {
            let rows: Vec<Row> = outcomes.iter().map(|outcome| Row::new("vulkan", "x", *outcome, "")).collect();
            verdict(&rows, nvidia).map_or_else(|failure| failure.exit_code(), |()| 0)
        };
        assert_eq!(code(&[Outcome::Passed, Outcome::NotRun], false), 0);
        assert_eq!(code(&[Outcome::Passed, Outcome::Failed], true), 1);
        assert_eq!(code(&[Outcome::NotRun], false), 3);
        assert_eq!(code(&[Outcome::NotRun], true), 0);
    }

    #[cfg(unix)]
    #[test]
    fn sanitizer_results_are_told_apart() {
        use std::os::unix::process::ExitStatusExt;
        let done = |code: Option<i32>, out: &str| Done {
            status: code.map(|code| std::process::ExitStatus::from_raw(code << 8)),
            out: out.into(),
            err: String::new(),
            seconds: 1.0,
        };
        let outcome = |code, out| sanitizer_row("x".into(), &done(code, out)).outcome;
        assert_eq!(outcome(Some(0), "= ERROR SUMMARY: 0 errors"), Outcome::Passed);
        assert_eq!(outcome(Some(99), "= ERROR SUMMARY: 3 errors"), Outcome::Failed);
        assert_eq!(outcome(Some(101), "= ERROR SUMMARY: 0 errors"), Outcome::Failed);
        assert_eq!(outcome(Some(0), ""), Outcome::NotRun);
        assert_eq!(outcome(None, ""), Outcome::NotRun);
    }

    #[test]
    fn unknown_parts_are_refused() {
        let options = |only: &str| Options { only: vec![only.into()], ..Options::default() };
        assert!(check_options(&options("speed")).is_ok());
        assert_eq!(check_options(&options("sped")).unwrap_err().exit_code(), 2);
    }
}
