//! `gpu-check` in a packed folder, with scripts in place of the programs, of NVIDIA's tools and of Python.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const PASSES: &str = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'";
const ROW: &str = r#"[{"model":"grid_16","variant":"float16","gvoxels_per_s":100.0,"median_us":590,"error":0.0005}]"#;

/// A folder and a PATH of its own.
struct Machine {
    folder: TempDir,
}

impl Machine {
    /// Without a GPU.
    fn new() -> Self {
        let machine = Machine { folder: tempfile::tempdir().unwrap() };
        machine.script("pack/cuda-test-device", &format!("echo 'not run: no library'; {PASSES}"));
        machine.script("pack/vulkan-headless", &format!("echo 'skipped: no Vulkan here'; {PASSES}"));
        machine.script("pack/engine-context", &format!("echo 'skipped: no Vulkan here'; {PASSES}"));
        machine.script("pack/vulkan-models", "echo 'no Vulkan here' >&2; exit 3");
        machine
    }

    /// With one, and with all tools.
    fn with_gpu() -> Self {
        let machine = Machine::new();
        machine.script("bin/nvidia-smi", "echo 'NVIDIA H200, 580.1'");
        let device = format!("[ \"$NEUVOL_REQUIRE_CUDA\" = 1 ] || exit 1; {PASSES}");
        machine.script("pack/cuda-test-device", &device);
        machine.script("pack/cuda-bench", &format!("echo '{ROW}'"));
        machine.script("pack/vulkan-headless", PASSES);
        machine.script("pack/engine-context", PASSES);
        machine.script(
            "pack/vulkan-models",
            "printf 'H200; bricks of 64 voxels\\n\\n| model | variant | largest error / range | bricks | Mvoxel/s |\\n\
             |---|---|---|---|---|\\n| grid | f32 | 1e-7 | 1 | 500 |\\n| grid | f32 | 1e-7 | 64 | 21000 |\\n'",
        );
        let version = "[ \"$1\" = --version ] && { echo 'Version 2026.1'; exit; }";
        machine.script("bin/compute-sanitizer", &format!("{version}; echo '========= ERROR SUMMARY: 0 errors'"));
        machine.script(
            "bin/ncu",
            &format!(
                "{version}; echo '\"ID\",\"Kernel Name\",\"Metric Name\",\"Metric Unit\",\"Metric Value\"'; \
                 echo '\"0\",\"grid_16(Launch)\",\"sm__warps_active.avg.pct_of_peak_sustained_active\",\"%\",\"61.5\"'"
            ),
        );
        machine.script(
            "bin/python3",
            "[ \"$1\" = -c ] && exit; while [ \"$1\" != --out ]; do shift; done; \
             echo '[{\"peer\":\"PyTorch eager\",\"model\":\"grid_16\",\"gvoxels_per_s\":4.0},\
             {\"peer\":\"tiny-cuda-nn\",\"not_run\":\"no program\"}]' > \"$2\"",
        );
        machine
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Exit code, what was said, and the JSON.
    fn check(&self, options: &[&str]) -> (i32, String, Value) {
        let pack = self.folder.path().join("pack");
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["gpu-check", "--in"]).arg(&pack).args(options);
        // Nothing but this machine's tools and what shells need.
        let bin = self.folder.path().join("bin");
        command.env("PATH", std::env::join_paths([bin.as_path(), Path::new("/bin"), Path::new("/usr/bin")]).unwrap());
        let output = command.output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let json = fs::read_to_string(pack.join("gpu-check.json")).unwrap_or_else(|_| "null".into());
        (output.status.code().unwrap(), said, serde_json::from_str(&json).unwrap())
    }
}

#[test]
fn without_a_gpu_everything_says_why_it_did_not_run() {
    if Command::new("nvidia-smi").output().is_ok() {
        // They would be found.
        return;
    }
    let (code, said, json) = Machine::new().check(&["--python", "no-such-python"]);
    assert_eq!(code, 3, "{said}");
    for row in [
        "| cuda | cuda-test-device | not run | 3 tests ended well, but not all ran: no library |",
        "| speed | cuda-bench | not run | no NVIDIA device",
        "| vulkan | vulkan-headless | not run | 3 tests ended well, but not all ran: no Vulkan here |",
        "| models | vulkan-models | not run | no Vulkan here |",
        "| sanitizer | racecheck, cuda-test-device | not run | no NVIDIA device",
        "| ncu | cuda-bench | not run | no NVIDIA device",
        "| peers | PyTorch | not run | `no-such-python` has no PyTorch",
        "| play | engine-scrub | not run | no file was named",
        "no device was found",
    ] {
        assert!(said.contains(row), "{row}\n{said}");
    }
    let rows = json["rows"].as_array().unwrap();
    assert!(rows.len() == 11 && rows.iter().all(|row| row["result"] == "not run"), "{json:#}");
    assert_eq!(json["device"], Value::Null);
}

#[test]
fn with_a_gpu_everything_is_run_and_compared() {
    let (code, said, json) = Machine::with_gpu().check(&[]);
    assert_eq!(code, 0, "{said}");
    for row in [
        "| cuda | cuda-test-device | passed | 3 tests",
        "| speed | grid_16, float16 | measured | 100.00 Gvoxel/s, 0.590 ms, error 5.0e-4 of the range |",
        "| models | grid, f32 | measured | 21.00 Gvoxel/s, 64 bricks, error 1e-7 of the range |",
        "| sanitizer | memcheck, cuda-test-device | passed | 0 errors",
        "| ncu | grid_16 | measured | occupancy 61.5 % |",
        "| peers | tiny-cuda-nn | not run | no program |",
        "| peers | grid_16: CUDA backend over PyTorch eager | measured | 25.0 times as fast |",
    ] {
        assert!(said.contains(row), "{row}\n{said}");
    }
    assert_eq!(
        (&json["device"], &json["driver"], &json["vulkan_device"]),
        (&"NVIDIA H200".into(), &"580.1".into(), &"H200".into())
    );
    assert!(json["machine"]["date"].is_string() && json["versions"]["ncu"] == "Version 2026.1", "{json:#}");
}

#[test]
fn what_fails_is_named_and_the_rest_still_runs() {
    let machine = Machine::with_gpu();
    machine.script("pack/cuda-test-device", "echo 'test every_codec ... FAILED'; exit 101");
    machine.script(
        "bin/compute-sanitizer",
        "[ \"$1\" = --version ] && { echo 'Version 1'; exit; }; echo '= ERROR SUMMARY: 2 errors'; exit 99",
    );
    machine.script("pack/cuda-bench", "echo 'a texel is wrong' >&2; exit 1");
    let (code, said, json) = machine.check(&["--only", "cuda,speed,sanitizer,peers"]);
    assert_eq!(code, 1, "{said}");
    for row in [
        "| cuda | cuda-test-device | FAILED | every_codec (see gpu-check.log) |",
        "| speed | cuda-bench | FAILED | a texel is wrong (see gpu-check.log) |",
        "| sanitizer | synccheck, cuda-test-device | FAILED | 2 errors",
        "5 of 7 failed: cuda-test-device, cuda-bench, memcheck",
    ] {
        assert!(said.contains(row), "{row}\n{said}");
    }
    assert!(json["rows"].as_array().unwrap().iter().all(|row| row["part"] != "models"), "{json:#}");
}
