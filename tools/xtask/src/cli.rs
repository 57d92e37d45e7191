//! The command line: parsed by hand, so that xtask compiles in seconds.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::gpu_check;
use crate::kernels;
use crate::libtorch::Flavour;
use crate::package::Engine;
use crate::rd;

pub(crate) const USAGE: &str = "\
Usage: cargo xtask COMMAND

  setup [--cuda]            check and install what is missing: Debian packages, libtorch (545 MB to fetch), CMake
  demo [--out DIR] [--full] compress, verify and show the sample that comes with the sources; --full makes a large
                            day of data first. Results go to DIR (default: demo-out)
  test [--quick]            all checks that CI runs; --quick only those that need neither libtorch nor a C++ compiler
  bench                     time the decoder and write the results with a description of this machine
  rd [OPTIONS]              rate and distortion of `neuvol compress` on the data sets of DIR, beside the peers' measured
                            rows: rd.csv, report.md and plots. What is in rd.csv already is not measured again
      --data DIR            the data sets (default: $NEUVOL_DATA)
      --peers DIR           the folder of the peers' rd_dev.csv (default: `peers` beside the data, if it is there)
      --sets A,B            only these sets; --day adds the large synthetic day (230 MB, two minutes to make)
      --preset A,B          presets (default: default); B:40:45 measures B at these PSNR targets only
      --targets DB,DB       PSNR targets (default: 35,40,45,50)
      --peaks P%            the top 0.1 % of the voxels lose at most P (default: 5%); none leaves that table out
      --bounds P%,P%        largest errors, as shares of the range (default: 2%,0.5%), or none
      --ssim X,X            mean SSIM of all steps to reach (default: 0.98), or none
      --tool PROGRAM        measure this `neuvol` (default: build the one of this checkout)
      --out DIR             where results go (default: target/rd); --keep keeps the compressed and decoded files there
      --restart             measure again what is in rd.csv
      --seams               instead: whether the faces between blocks show at 40 dB (seams.md and pictures), with the first
                            preset; --block Z,Y,X sets the blocks' extent
      --growth              instead: time over volume, and of each stage, for crops of --sets (default: the largest) at
                            40 dB, for each preset (growth.md)
      --readme              also replace the table between the markers <!-- rd:begin --> and <!-- rd:end --> of README.md
  fuzz [SECONDS]            fuzz the file format, SECONDS (default: 60) for each target; needs a nightly toolchain
  header [--check]          write the C header from native/capi, and the C# declarations from it; --check only compares
  hosts [--wgpu]            run the shared library in real engines on a Vulkan driver of software, and compare what they show:
                            wgpu and Bevy, which compiles for ten minutes at the first time; --wgpu leaves Bevy out
  rendering [--write]       compile the shaders of the engine packages with DXC, glslang and Slang, draw with them on a Vulkan
                            driver of software, and compare with a ray march on the CPU; --write renews the copies of
                            the shaders' core and the committed pictures
  shaders [--check]         compile the kernels of the Vulkan backend with Slang (92 MB to fetch); --check only compares
  kernels [OPTIONS]         compile the kernels of the CUDA backend with NVRTC (113 MB to fetch) for all architectures, and
                            show what registers they use; --check only compares, --arch sm_86,sm_90 and --module grid
                            compile a part. Spills, and more registers than in ceilings.json, are refused
  cuda                      test the CUDA backend on a driver of software, which runs its kernels on the CPU
  windows                   build the library for Windows with Debian's Rust (140 MB to fetch) and run it under Wine
  android                   check that the native crates compile for Android on 64-bit ARM, with the same Rust
  package-unity [OPTIONS]   build the libraries and write the package for Unity, com.neuvol.neuvol-VERSION.tgz, checked:
                            --out DIR (default: target/packages); --without windows leaves that library out
  package-unreal [OPTIONS]  the same for Unreal: Neuvol-VERSION.zip
  unity-metas [--check]     write the .meta files that unity-package lacks; --check only says what is missing or wrong
  gpu-check [OPTIONS]       test the backends for GPUs on this machine and time them, beside peers where these are installed;
                            prints one table, and writes gpu-check.json. What cannot run is in the table with its reason
      --pack FOLDER         instead: put all that is needed into FOLDER, for a machine without Rust (`sh run.sh`)
      --in FOLDER           run what such a folder holds
      --only A,B            only these of cuda, speed, vulkan, models, sanitizer, ncu, peers, play
      --bricks N            bricks of 64³ voxels of `speed` (default: 225, 59 million voxels)
      --play A,B            .neuvol files to play on Vulkan within budgets of 1 and 0.5 ms a frame
      --python PROGRAM      the Python that has PyTorch (default: python3)
      --tiny-cuda-nn FILE   a program made of tests/peers/tiny_cuda_nn.cu (default: the one in FOLDER, if there)
      --brick VOXELS, --most BRICKS, --peak-tflops N
                            for `models`: sides (default: 64), most bricks at once (default: 512), the device's peak in
                            32-bit floats, for shares of it
                            Exit code 0: all that ran is well; 1: something failed; 3: no device, nothing was checked
  help                      print this text

Exit codes: 0 success, 1 something failed, 2 wrong command line, 3 something is missing and could not be installed.
";

/// One parsed command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Setup { flavour: Flavour },
    Demo { out: PathBuf, full: bool },
    Test { quick: bool },
    Bench,
    Rd(Box<rd::Options>),
    Fuzz { seconds: u32 },
    Header { check: bool },
    Hosts { bevy: bool },
    Rendering { write: bool },
    Shaders { check: bool },
    Kernels(kernels::Options),
    Package { engine: Engine, out: PathBuf, windows: bool },
    UnityMetas { check: bool },
    Cuda,
    Windows,
    Android,
    GpuCheck(Box<gpu_check::Options>),
}

/// Parses the arguments after the program name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, Failure> {
    let mut arguments = arguments.into_iter();
    let Some(name) = arguments.next() else {
        return Err(Failure::Usage(format!("no command given\n\n{USAGE}")));
    };
    let mut rest = Rest { command: name.clone(), arguments: arguments.collect() };
    let command = match name.as_str() {
        "help" | "--help" | "-h" => Command::Help,
        "setup" => Command::Setup { flavour: if rest.flag("--cuda") { Flavour::Cuda } else { Flavour::Cpu } },
        "demo" => Command::Demo {
            full: rest.flag("--full"),
            out: rest.option("--out")?.map_or_else(|| PathBuf::from("demo-out"), PathBuf::from),
        },
        "test" => Command::Test { quick: rest.flag("--quick") },
        "bench" => Command::Bench,
        "rd" => Command::Rd(Box::new(rate_distortion(&mut rest)?)),
        "fuzz" => Command::Fuzz { seconds: rest.seconds()?.unwrap_or(60) },
        "header" => Command::Header { check: rest.flag("--check") },
        "gpu-check" => {
            let mut models = Vec::new();
            for name in ["--brick", "--most", "--peak-tflops"] {
                if let Some(value) = rest.option(name)? {
                    models.extend([name.to_owned(), value]);
                }
            }
            Command::GpuCheck(Box::new(gpu_check::Options {
                pack: rest.option("--pack")?.map(PathBuf::from),
                folder: rest.option("--in")?.map(PathBuf::from),
                only: rest.list("--only")?,
                play: rest.list("--play")?.into_iter().map(PathBuf::from).collect(),
                tiny_cuda_nn: rest.option("--tiny-cuda-nn")?.map(PathBuf::from),
                python: rest.option("--python")?,
                bricks: rest.option("--bricks")?,
                models,
            }))
        }
        "hosts" => Command::Hosts { bevy: !rest.flag("--wgpu") },
        "kernels" => Command::Kernels(kernels::Options {
            check: rest.flag("--check"),
            arch: rest.option("--arch")?,
            module: rest.option("--module")?,
        }),
        "rendering" => Command::Rendering { write: rest.flag("--write") },
        "shaders" => Command::Shaders { check: rest.flag("--check") },
        "package-unity" => package(&mut rest, Engine::Unity)?,
        "package-unreal" => package(&mut rest, Engine::Unreal)?,
        "cuda" => Command::Cuda,
        "windows" => Command::Windows,
        "android" => Command::Android,
        "unity-metas" => Command::UnityMetas { check: rest.flag("--check") },
        _ => return Err(Failure::Usage(format!("unknown command `{name}`\n\n{USAGE}"))),
    };
    rest.finish()?;
    Ok(command)
}

fn package(rest: &mut Rest, engine: Engine) -> Result<Command, Failure> {
    let out = rest.option("--out")?.map_or_else(|| PathBuf::from("target/packages"), PathBuf::from);
    let windows = match rest.option("--without")?.as_deref() {
        None => true,
        Some("windows") => false,
        Some(other) => {
            return Err(Failure::Usage(format!("`{} --without {other}`: only windows can be left out", rest.command)));
        }
    };
    Ok(Command::Package { engine, out, windows })
}

fn rate_distortion(rest: &mut Rest) -> Result<rd::Options, Failure> {
    Ok(rd::Options {
        day: rest.flag("--day"),
        keep: rest.flag("--keep"),
        restart: rest.flag("--restart"),
        readme: rest.flag("--readme"),
        seams: rest.flag("--seams"),
        growth: rest.flag("--growth"),
        data: rest.option("--data")?.map(PathBuf::from),
        peers: rest.option("--peers")?.map(PathBuf::from),
        tool: rest.option("--tool")?.map(PathBuf::from),
        out: rest.option("--out")?.map(PathBuf::from),
        sets: rest.option("--sets")?.unwrap_or_default(),
        presets: rest.option("--preset")?.map_or_else(|| Ok("default".into()), presets)?,
        targets: rest.numbers("--targets", "35,40,45,50", number)?,
        peaks: rest.numbers("--peaks", "5%", share)?,
        bounds: rest.numbers("--bounds", "2%,0.5%", share)?,
        ssim: rest.numbers("--ssim", "0.98", number)?,
        block: rest.option("--block")?.unwrap_or_default(),
    })
}

/// Presets with commas between, each with the targets it is limited to, if any.
fn presets(text: String) -> Result<String, Failure> {
    let good = |word: &str| {
        let mut parts = word.split(':');
        parts.next().is_some_and(|name| !name.is_empty()) && parts.all(|target| number(target).is_some())
    };
    if text.split(',').all(good) {
        return Ok(text);
    }
    Err(Failure::Usage(format!("`rd --preset {text}` is not like `--preset default,best:40:45`")))
}

/// A number above 0.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0)
}

/// A number with `%`, above 0.
fn share(text: &str) -> Option<f64> {
    number(text.trim().strip_suffix('%')?).map(|percent| percent / 100.0)
}

/// The arguments of one command that nothing has taken yet.
struct Rest {
    command: String,
    arguments: Vec<String>,
}

impl Rest {
    fn flag(&mut self, name: &str) -> bool {
        let before = self.arguments.len();
        self.arguments.retain(|argument| argument != name);
        self.arguments.len() < before
    }

    fn option(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let Some(at) = self.arguments.iter().position(|argument| argument == name) else {
            return Ok(None);
        };
        if at + 1 == self.arguments.len() {
            return Err(Failure::Usage(format!("`{} {name}` needs a value", self.command)));
        }
        self.arguments.remove(at);
        Ok(Some(self.arguments.remove(at)))
    }

    /// The words of a list with commas; none without it.
    fn list(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let text = self.option(name)?.unwrap_or_default();
        Ok(text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// The numbers of a list as text again, in the form that Python reads; empty for `none`.
    fn numbers(&mut self, name: &str, default: &str, read: fn(&str) -> Option<f64>) -> Result<String, Failure> {
        let text = self.option(name)?.unwrap_or_else(|| default.into());
        if text == "none" {
            return Ok(String::new());
        }
        let numbers: Option<Vec<String>> = text.split(',').map(|word| Some(read(word)?.to_string())).collect();
        let like = || Failure::Usage(format!("`{} {name} {text}` is not like `{name} {default}`", self.command));
        numbers.map(|numbers| numbers.join(",")).ok_or_else(like)
    }

    fn seconds(&mut self) -> Result<Option<u32>, Failure> {
        if self.arguments.is_empty() {
            return Ok(None);
        }
        let text = self.arguments.remove(0);
        match text.parse() {
            Ok(seconds) if seconds > 0 => Ok(Some(seconds)),
            _ => Err(Failure::Usage(format!("`{text}` is not a number of seconds (a whole number, at least 1)"))),
        }
    }

    fn finish(self) -> Result<(), Failure> {
        match self.arguments.first() {
            None => Ok(()),
            Some(argument) => Err(Failure::Usage(format!("`{}` does not take `{argument}`\n\n{USAGE}", self.command))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(line: &str) -> Result<Command, Failure> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_and_their_defaults() {
        assert_eq!(parse_words("setup"), Ok(Command::Setup { flavour: Flavour::Cpu }));
        assert_eq!(parse_words("setup --cuda"), Ok(Command::Setup { flavour: Flavour::Cuda }));
        assert_eq!(parse_words("demo"), Ok(Command::Demo { out: "demo-out".into(), full: false }));
        assert_eq!(parse_words("demo --full --out x"), Ok(Command::Demo { out: "x".into(), full: true }));
        assert_eq!(parse_words("test --quick"), Ok(Command::Test { quick: true }));
        assert_eq!(parse_words("fuzz"), Ok(Command::Fuzz { seconds: 60 }));
        assert_eq!(parse_words("fuzz 5"), Ok(Command::Fuzz { seconds: 5 }));
        assert_eq!(parse_words("hosts"), Ok(Command::Hosts { bevy: true }));
        assert_eq!(parse_words("hosts --wgpu"), Ok(Command::Hosts { bevy: false }));
        assert_eq!(parse_words("header --check"), Ok(Command::Header { check: true }));
        assert_eq!(parse_words("-h"), Ok(Command::Help));
        let package = |engine, out: &str, windows| Ok(Command::Package { engine, out: out.into(), windows });
        assert_eq!(parse_words("package-unity"), package(Engine::Unity, "target/packages", true));
        assert_eq!(parse_words("package-unreal --without windows --out x"), package(Engine::Unreal, "x", false));
    }

    #[test]
    fn rates_and_distortions_are_asked_for() {
        let Ok(Command::Rd(options)) = parse_words("rd --bounds 2%,0.5% --ssim none --preset fast --keep --data d")
        else {
            panic!("not understood");
        };
        assert_eq!((options.targets.as_str(), options.bounds.as_str()), ("35,40,45,50", "0.02,0.005"));
        assert_eq!((options.ssim.as_str(), options.peaks.as_str(), options.presets.as_str()), ("", "0.05", "fast"));
        assert_eq!((options.data, options.keep, options.day), (Some("d".into()), true, false));
        let Ok(Command::Rd(options)) = parse_words("rd --growth --preset fast,best:40:45 --ssim .98,.9") else {
            panic!("not understood");
        };
        assert_eq!((options.presets.as_str(), options.ssim.as_str()), ("fast,best:40:45", "0.98,0.9"));
        assert_eq!((options.growth, options.seams), (true, false));
    }

    #[test]
    fn gpu_checks_have_parts_and_files() {
        let Ok(Command::GpuCheck(options)) = parse_words("gpu-check --only speed,ncu --play a.neuvol --most 8 --in x")
        else {
            panic!("not understood");
        };
        assert_eq!((options.only.join(" ").as_str(), options.models.join(" ").as_str()), ("speed ncu", "--most 8"));
        assert_eq!((options.folder, options.play), (Some("x".into()), vec![PathBuf::from("a.neuvol")]));
    }

    #[test]
    fn wrong_command_lines_are_refused() {
        let rd = [
            "rd --targets x",
            "rd --bounds 2",
            "rd --ssim",
            "rd --peaks 0%",
            "rd --targets 40,",
            "rd x",
            "rd --preset a:x",
        ];
        let others = [
            "",
            "tset",
            "test --slow",
            "demo --out",
            "fuzz 0",
            "fuzz soon",
            "fuzz 5 6",
            "bench x",
            "package-unity --without linux",
        ];
        for line in others.into_iter().chain(rd) {
            let failure = parse_words(line).expect_err(line);
            assert_eq!(failure.exit_code(), 2, "{line}: {failure}");
        }
    }
}
