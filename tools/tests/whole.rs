//! The tool as its users run it: whole commands, their exit codes, outputs and files.
#![cfg(feature = "train")]

mod common;

use common::{Folder, fails, journal_len, json, neuvol, ok, raw, run, text, wait_for_blocks};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

fn waves(z: usize, y: usize, x: usize) -> f32 {
    let (z, y, x) = (z as f32, y as f32, x as f32);
    280.0 + 5.0 * (0.21 * x + 0.1 * z).sin() * (0.13 * y).cos() + 0.1 * z
}

const QUICK: [&str; 4] = ["--steps", "60", "--batch", "512"];

#[test]
fn a_generated_day_goes_through_every_command() {
    let folder = Folder::new();
    let [day, model, back, pictures] = ["day.nc", "day.neuvol", "back.nc", "pictures"].map(|name| folder.path(name));
    ok(&["generate", text(&day), "--size", "3x10x40x72", "--seed", "5"]);
    let plot = folder.path("loss.png");
    let arguments = ["compress", "--codec", "grid", text(&day), "--var", "PM25,T", "-o", text(&model), "--json"];
    let arguments = [&arguments[..], &["--loss-plot", text(&plot)], &QUICK].concat();
    let summary = json(&ok(&arguments));
    assert_eq!(summary["event"], "done");
    assert_eq!(summary["bytes"], fs::metadata(&model).unwrap().len());
    assert_eq!(summary["variables"][1]["name"], "T");
    assert!(fs::read(&plot).unwrap().starts_with(b"\x89PNG"));

    let info = json(&ok(&["info", text(&model), "--json", "--check"]));
    assert_eq!(info["variables"][0]["dims"], serde_json::json!([10, 40, 72]));
    assert_eq!(info["variables"][0]["steps"], 3);
    assert_eq!(info["checked"], true);
    assert!(ok(&["info", text(&model)]).contains("grid network"));

    let verified = json(&ok(&["verify", text(&day), text(&model), "--json", "--min-psnr", "25"]));
    for (index, variable) in verified["variables"].as_array().unwrap().iter().enumerate() {
        let total = &variable["total"];
        assert_eq!((&total["lost"], &total["invented"]), (&0.into(), &0.into()), "masks are exact");
        // The figures of compress were measured on the same bytes by another path.
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-3 * b;
        let said = &summary["variables"][index];
        assert!(close(total["psnr_db"].as_f64().unwrap(), said["psnr"].as_f64().unwrap()));
        assert!(close(total["max_abs_error"].as_f64().unwrap(), said["max_abs_error"].as_f64().unwrap()));
    }
    let timed = json(&ok(&["bench", text(&model), "--var", "T", "--level", "1", "--rounds", "2", "--json"]));
    let timing = &timed["variables"][0];
    assert_eq!((&timing["name"], &timing["voxels"]), (&"T".into(), &(3 * 5 * 20 * 36).into()));
    for what in ["opened_anew", "prepared"] {
        assert!(timing[what]["seconds"].as_f64().unwrap() > 0.0);
    }
    fails(&["bench", text(&model), "--level", "4"], 2, &["--level", "0 to 3"]);
    fails(&["verify", text(&day), text(&model), "--min-psnr", "99", "--no-ssim"], 3, &["PSNR", "--min-psnr"]);

    let listed = ok(&["preview", text(&day), text(&model), "-o", text(&pictures), "--var", "PM25", "--step", "0,2"]);
    assert_eq!(listed.lines().count(), 3);
    for picture in listed.lines() {
        assert!(fs::read(picture).unwrap().starts_with(b"\x89PNG"));
    }
    ok(&["decode", text(&model), "-o", text(&back), "--var", "T"]);
    // The export is read back by our own reader and is what the model says.
    ok(&["verify", text(&back), text(&model), "--var", "T", "--min-psnr", "100"]);
    let floats = folder.path("t.raw");
    ok(&["decode", text(&model), "--to", "raw", "--var", "T", "--level", "1", "--time", "0.5", "-o", text(&floats)]);
    assert_eq!(fs::metadata(&floats).unwrap().len(), 5 * 20 * 36 * 4);
}

#[test]
fn the_result_depends_on_the_seed_and_not_on_the_threads() {
    let folder = Folder::new();
    let input = raw(&folder, "waves", [20, 70, 70], waves);
    let make = |name: &str, more: &[&str]| {
        let output = folder.path(name);
        let arguments =
            [&["compress", "--codec", "grid", text(&input), "-o", text(&output)], &QUICK[..], more].concat();
        ok(&arguments);
        fs::read(output).unwrap()
    };
    let one = make("one.neuvol", &["--threads", "1"]);
    assert_eq!(one, make("two.neuvol", &["--threads", "2"]), "threads must not matter");
    assert_ne!(one, make("three.neuvol", &["--seed", "1"]), "the seed must matter");
}

#[test]
fn a_killed_run_continues_to_the_same_bytes() {
    let folder = Folder::new();
    let input = raw(&folder, "waves", [24, 130, 130], waves);
    let (whole, output) = (folder.path("whole.neuvol"), folder.path("killed.neuvol"));
    let arguments = |output: &Path| -> Vec<String> {
        let mut all: Vec<String> =
            ["compress", "--codec", "grid", text(&input), "-o", text(output), "--steps", "150", "--batch", "1024"]
                .map(String::from)
                .to_vec();
        all.extend(["--block", "24,32,32"].map(String::from));
        all
    };
    assert!(neuvol().args(arguments(&whole)).output().unwrap().status.success());
    let spawn = || neuvol().args(arguments(&output)).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();

    let mut child = spawn();
    wait_for_blocks(&mut child, &output, 0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!output.exists(), "nothing half-written");

    // Another input or other settings must not mix with it.
    let same = arguments(&output);
    let mut other: Vec<&str> = same.iter().map(String::as_str).collect();
    other.extend(["--seed", "9"]);
    fails(&other, 73, &["other settings", "--restart"]);

    // A second interruption, this time a polite one.
    let before = journal_len(&output);
    let mut child = spawn();
    wait_for_blocks(&mut child, &output, before);
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(75));

    let finished = neuvol().args(arguments(&output)).output().unwrap();
    let errors = String::from_utf8_lossy(&finished.stderr).into_owned();
    assert!(finished.status.success(), "{errors}");
    assert!(errors.contains("continuing"), "{errors}");
    assert_eq!(fs::read(&whole).unwrap(), fs::read(&output).unwrap());
    assert!(!folder.list().iter().any(|name| name.ends_with(".partial")), "{:?}", folder.list());
}

#[test]
fn odd_inputs_give_right_models() {
    let folder = Folder::new();
    let nan = f32::NAN;
    let inputs = [
        raw(&folder, "one", [1, 1, 1], |_, _, _| 3.5),
        raw(&folder, "constant", [9, 9, 9], |_, _, _| -2.0),
        raw(&folder, "nothing", [5, 6, 7], |_, _, _| nan),
        raw(&folder, "odd", [7, 65, 13], waves),
        raw(&folder, "row", [1, 1, 300], waves),
        raw(&folder, "plane", [1, 90, 70], waves),
        raw(&folder, "holes", [12, 34, 70], |z, y, x| if (x / 8 + y / 8 + z) % 3 == 0 { nan } else { waves(z, y, x) }),
        raw(&folder, "halfempty", [8, 64, 128], |z, y, x| if x < 64 { nan } else { waves(z, y, x) }),
        raw(&folder, "spike", [8, 40, 40], |z, y, x| if [z, y, x] == [3, 20, 20] { 1e6 } else { 0.0 }),
        raw(&folder, "huge", [8, 40, 40], |_, y, x| if (x + y) % 2 == 0 { f32::MAX } else { f32::MIN }),
        raw(&folder, "hugewaves", [8, 40, 40], |z, y, x| f32::MAX * ((z * 7 + y * 13 + x * x) as f32).sin()),
        raw(&folder, "tiny", [8, 40, 40], |_, y, x| ((x * y) as f32).sin() * f32::MIN_POSITIVE),
    ];
    for input in &inputs {
        let model = input.with_extension("neuvol");
        ok(&[&["compress", "--codec", "grid", text(input), "-o", text(&model)], &QUICK[..]].concat());
        ok(&["info", text(&model), "--check"]);
        // Exit code 0 says that every mask is exact.
        let verified = json(&ok(&["verify", text(input), text(&model), "--json"]));
        let total = &verified["variables"][0]["total"];
        let name = input.file_name().unwrap().to_str().unwrap();
        if name.starts_with("one") || name.starts_with("constant") {
            assert_eq!(total["max_abs_error"], 0.0, "{name}");
        }
        if name.starts_with("nothing") {
            assert_eq!(total["valid"], 0);
            fails(&["verify", text(input), text(&model), "--min-psnr", "1"], 3, &["--min-psnr"]);
            fails(&["verify", text(input), text(&model), "--min-ssim", "0.1"], 3, &["--min-ssim"]);
        }
        if name.starts_with("odd") || name.starts_with("plane") || name.starts_with("holes") {
            assert!(total["psnr_db"].as_f64().unwrap() > 28.0, "{name}: {total}");
        }
        ok(&["preview", text(input), text(&model), "-o", text(&folder.path("pictures"))]);
        ok(&["decode", text(&model), "-o", text(&model.with_extension("nc"))]);
    }
}

#[test]
fn mistakes_are_named_and_leave_nothing_behind() {
    let folder = Folder::new();
    let input = raw(&folder, "waves", [9, 20, 20], waves);
    let output = folder.path("out.neuvol");
    let (i, o) = (text(&input), text(&output));
    fails(&["compress", "--codec", "grid", text(&folder.path("absent.nc")), "-o", o], 65, &["absent.nc"]);
    fails(&["compress", i, "-o", o, "--var", "wind"], 2, &["--var", "wind", "waves"]);
    fails(&["compress", i, "-o", o, "--block", "7,8,8"], 2, &["--block", "multiples of 8"]);
    fails(&["compress", "--codec", "grid", i, "-o", o, "--n-neurons", "999"], 2, &["n_neurons"]);
    fails(&["compress", "--codec", "grid", i, "-o", o, "--learning-rate", "nan"], 2, &["--learning-rate"]);
    fails(&["compress", i, "-o", text(&folder.path("no/such/folder.neuvol"))], 73, &["folder"]);
    for (name, bytes) in [("empty.nc", &b""[..]), ("text.nc", b"hello world"), ("cut.nc", b"\x89HDF\r\n\x1a\n")] {
        let path = folder.path(name);
        fs::write(&path, bytes).unwrap();
        fails(&["compress", "--codec", "grid", text(&path), "-o", o], 65, &[name]);
    }
    fs::write(folder.path("short_8x8x8_float32.raw"), [0; 100]).unwrap();
    fails(
        &["compress", "--codec", "grid", text(&folder.path("short_8x8x8_float32.raw")), "-o", o],
        65,
        &["2048", "100"],
    );
    assert!(!folder.list().iter().any(|name| name.contains("out.neuvol")), "{:?}", folder.list());

    ok(&[&["compress", "--codec", "grid", i, "-o", o], &QUICK[..]].concat());
    fails(&["compress", "--codec", "grid", i, "-o", o], 73, &["--force"]);
    let other = raw(&folder, "waves_other", [9, 20, 21], waves);
    fails(&["verify", text(&other), o], 65, &["waves"]);
    fails(&["decode", o, "--to", "raw", "--level", "9", "-o", text(&folder.path("a.raw"))], 2, &["--level"]);
    fails(&["preview", i, o, "-o", text(&folder.path("p")), "--step", "3"], 2, &["--step"]);

    let good = fs::read(&output).unwrap();
    let damaged = folder.path("damaged.neuvol");
    let d = text(&damaged);
    for len in [0, 7, 127, 500, good.len() - 1] {
        fs::write(&damaged, &good[..len]).unwrap();
        fails(&["info", d], 65, &["damaged.neuvol"]);
    }
    let mut noticed = 0;
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        fs::write(&damaged, &bytes).unwrap();
        let output = run(&["info", d, "--check"]);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
        noticed += i32::from(output.status.code() == Some(65));
    }
    assert_eq!(noticed, good.len().div_ceil(good.len() / 40) as i32, "the content hash covers every byte");
    assert!(!folder.path("a.raw").exists());
}
