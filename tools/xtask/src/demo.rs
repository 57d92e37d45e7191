//! `cargo xtask demo`: from a fresh checkout to a compressed volume, its error figures and pictures of it.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::debian::Purpose;
use crate::failure::Failure;
use crate::libtorch::Flavour;
use crate::setup;
use crate::workspace::{self, Workspace};

/// Six hours of the potential temperature above hills (1 km UK model, Crown copyright, Open Government Licence v3).
const SAMPLE: (&str, &str) = ("tools/data/colpex_theta.nc", "air_potential_temperature");
/// A synthetic day of hourly data: time steps, levels, rows, columns.
const DAY: (&str, &str) = ("24x40x200x300", "PM25");

/// Runs the demonstration and prints a report. A relative `out` counts from the caller's folder.
pub(crate) fn run(workspace: &Workspace, out: &Path, full: bool) -> Result<(), Failure> {
    let out = env::current_dir().unwrap_or_default().join(out);
    setup::ensure(workspace, Purpose::Build, Flavour::Cpu)?;
    eprintln!("xtask: building the neuvol tool (several minutes the first time)");
    workspace::run(&mut workspace.cargo(["build", "--release", "-p", "neuvol-tools", "-p", "neuvol-plugin"]))?;
    fs::create_dir_all(&out).map_err(|error| Failure::io("create", &out, &error))?;

    let program = workspace.target.join("release").join(format!("neuvol{}", env::consts::EXE_SUFFIX));
    let host = out.join("c-host");
    compile_host(workspace, &host)?;
    let tool = Tool { workspace, program, host };
    let mut reports = vec![tool.show(&workspace.root.join(SAMPLE.0), SAMPLE.1, &out)?];
    if full {
        let day = out.join("day.nc");
        tool.run("generate", &[day.as_os_str(), "--size".as_ref(), DAY.0.as_ref(), "--force".as_ref()])?;
        reports.push(tool.show(&day, DAY.1, &out)?);
    }
    for report in reports {
        println!("\n{report}");
    }
    Ok(())
}

/// Compiles a program in C that decodes through the shared library, as a game engine would.
fn compile_host(workspace: &Workspace, program: &Path) -> Result<(), Failure> {
    let libraries = workspace.target.join("release");
    let mut cc = workspace.command(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args(["-std=c99", "-O2", "-I", "bindings/include", "tests/c/demo.c", "-o"]).arg(program);
    cc.arg("-L").arg(&libraries).args(["-lneuvol", "-lm"]).arg(format!("-Wl,-rpath,{}", libraries.display()));
    eprintln!("\n$ {}", workspace::shown(&cc));
    workspace::run(&mut cc)
}

/// The `neuvol` program, and one in C that uses the shared library.
struct Tool<'a> {
    workspace: &'a Workspace,
    program: PathBuf,
    host: PathBuf,
}

impl Tool<'_> {
    fn command(&self, verb: &str, arguments: &[&OsStr]) -> Command {
        let mut command = self.workspace.command(&self.program);
        command.arg(verb).args(arguments);
        eprintln!("\n$ {}", workspace::shown(&command));
        command
    }

    /// Returns the seconds that the command took.
    fn run(&self, verb: &str, arguments: &[&OsStr]) -> Result<f64, Failure> {
        let start = Instant::now();
        workspace::run(&mut self.command(verb, arguments))?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// Compresses one variable of `input` into the folder `out`, describes, verifies and draws it, and decodes it from C.
    fn show(&self, input: &Path, variable: &str, out: &Path) -> Result<String, Failure> {
        let stem = input.file_stem().unwrap_or_default();
        let model = out.join(stem).with_extension("neuvol");
        let pictures = out.join(format!("{}-pictures", stem.to_string_lossy()));
        let (input, model_path) = (input.as_os_str(), model.as_os_str());
        let of_variable: [&OsStr; 2] = ["--var".as_ref(), variable.as_ref()];
        let into = |path| ["-o".as_ref(), path];

        let compress = [&[input], &of_variable[..], &into(model_path), &["--force".as_ref()]].concat();
        let compress_seconds = self.run("compress", &compress)?;
        self.run("info", &[model_path])?;
        let start = Instant::now();
        let verify = [&[input, model_path], &of_variable[..], &["--json".as_ref()]].concat();
        let verified = workspace::capture(&mut self.command("verify", &verify))?;
        let verify_seconds = start.elapsed().as_secs_f64();
        let preview = [&[input, model_path], &of_variable[..], &into(pictures.as_os_str())].concat();
        let preview_seconds = self.run("preview", &preview)?;

        let mut host = self.workspace.command(&self.host);
        host.arg(&model).arg(variable);
        eprintln!("\n$ {}", workspace::shown(&host));
        workspace::run(&mut host)?;

        let verified = serde_json::from_str(&verified)
            .map_err(|error| Failure::Failed(format!("`neuvol verify --json` wrote no JSON: {error}")))?;
        let times = [("compress", compress_seconds), ("verify", verify_seconds), ("preview", preview_seconds)];
        report(variable, &model, &verified, &times, &pictures_in(&pictures)?)
    }
}

fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::Failed(format!("`neuvol preview` left no picture in {}", folder.display())));
    }
    Ok(paths)
}

/// The lines for one variable from what `neuvol verify --json` said.
fn report(
    variable: &str,
    model: &Path,
    verified: &Value,
    times: &[(&str, f64)],
    pictures: &[PathBuf],
) -> Result<String, Failure> {
    let number = |pointer: &str| {
        verified.pointer(pointer).and_then(Value::as_f64).ok_or_else(|| {
            Failure::Failed(format!("`neuvol verify --json` did not tell {pointer} (see `neuvol verify --help`)"))
        })
    };
    let (raw, small, ratio) = (number("/raw_bytes")?, number("/model_bytes")?, number("/ratio")?);
    let (psnr, ssim) = (number("/variables/0/total/psnr_db")?, number("/variables/0/total/ssim/mean")?);
    let (largest, decode) = (number("/variables/0/total/max_abs_error")?, number("/decode_seconds")?);
    let units = verified.pointer("/variables/0/units").and_then(Value::as_str).unwrap_or_default();
    let times: Vec<String> = times.iter().map(|(name, seconds)| format!("{name} {seconds:.1} s")).collect();
    let mut text = format!("=== {variable} ===\n");
    text += &format!("model          {}\n", model.display());
    text += &format!("size           {:.1} kB for {:.1} kB of 32-bit floats\n", small / 1e3, raw / 1e3);
    text += &format!("ratio          {ratio:.1} : 1\n");
    text += &format!("PSNR           {psnr:.2} dB\nSSIM           {ssim:.4}\n");
    text += &format!("largest error  {largest:.4} {units}\n");
    text += &format!("times          {} (of which decoding {decode:.2} s)\n", times.join(", "));
    for picture in pictures {
        text += &format!("picture        {}\n", picture.display());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn verified() -> Value {
        json!({
            "raw_bytes": 4000, "model_bytes": 100, "ratio": 40.0, "decode_seconds": 0.5,
            "variables": [{"name": "T", "units": "K", "total": {
                "psnr_db": 51.239, "max_abs_error": 0.25, "ssim": {"mean": 0.99871},
            }}],
        })
    }

    #[test]
    fn the_report_tells_what_verify_measured() {
        let pictures = [PathBuf::from("out/p.png")];
        let text = report("T", Path::new("out/T.neuvol"), &verified(), &[("compress", 12.34)], &pictures).unwrap();
        for part in ["40.0 : 1", "51.24 dB", "0.9987", "0.2500 K", "compress 12.3 s", "out/p.png", "out/T.neuvol"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn a_figure_that_is_missing_is_named() {
        let mut verified = verified();
        verified["variables"][0]["total"]["ssim"] = Value::Null;
        let failure = report("T", Path::new("x"), &verified, &[], &[]).unwrap_err();
        assert!(failure.to_string().contains("/variables/0/total/ssim/mean"), "{failure}");
    }

    #[test]
    fn a_preview_without_a_picture_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        assert!(pictures_in(folder.path()).is_err());
        for name in ["b.png", "a.png", "notes.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> = pictures_in(folder.path()).unwrap();
        assert_eq!(names, [folder.path().join("a.png"), folder.path().join("b.png")]);
    }
}
