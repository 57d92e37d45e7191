//! Models of several time steps and variables as users make them: teachers, students, parts of a long series.
#![cfg(feature = "train")]
#![allow(clippy::print_stdout)] // figures of the month, for --nocapture

mod common;

use common::{Folder, fails, journal_len, json, neuvol, ok, text, wait_for_blocks};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

const QUICK: [&str; 4] = ["--steps", "120", "--batch", "512"];

/// A generated day with terrain; `size` is TxZxYxX.
fn day(folder: &Folder, size: &str, variables: &str) -> PathBuf {
    let path = folder.path(&format!("day_{size}.nc"));
    ok(&["generate", text(&path), "--size", size, "--seed", "5", "--var", variables]);
    path
}

fn compress(input: &Path, output: &Path, more: &[&str]) -> Value {
    let arguments = ["compress", "--codec", "grid", text(input), "-o", text(output), "--json", "--force"];
    json(&ok(&[&arguments[..], &QUICK, more].concat()))
}

fn distill(models: &[&Path], output: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["distill"];
    arguments.extend(models.iter().map(|path| text(path)));
    arguments.extend(["-o", text(output), "--json", "--force"]);
    json(&ok(&[&arguments[..], &QUICK, more].concat()))
}

/// The figures of the first variable; exit code 0 says that all masks are exact.
fn verify(data: &Path, model: &Path, more: &[&str]) -> Value {
    let verified = json(&ok(&[&["verify", text(data), text(model), "--json"], more].concat()));
    verified["variables"][0].clone()
}

fn psnr(verified: &Value) -> f64 {
    verified["total"]["psnr_db"].as_f64().unwrap()
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// First steps and lengths of the segments of the first variable.
fn segments(model: &Path) -> u64 {
    json(&ok(&["info", text(model), "--json", "--check"]))["variables"][0]["segments"].as_u64().unwrap()
}

#[test]
fn teachers_become_a_student_without_the_data() {
    let folder = Folder::new();
    let data = day(&folder, "8x10x40x56", "T");
    let [teachers, kd, again, mixed, direct] =
        ["teachers", "kd", "again", "mixed", "direct"].map(|name| folder.path(&format!("{name}.neuvol")));
    compress(&data, &teachers, &["--var", "T"]);
    let hidden = folder.path("hidden.nc");
    fs::rename(&data, &hidden).unwrap();
    let summary = distill(&[&teachers], &kd, &[]);
    distill(&[&teachers], &again, &["--threads", "1"]);
    assert_eq!(fs::read(&kd).unwrap(), fs::read(&again).unwrap(), "the same seed gives the same student");
    fs::rename(&hidden, &data).unwrap();

    let student = verify(&data, &kd, &[]);
    let said = &summary["variables"][0];
    // Without the data the errors are upper bounds.
    assert_eq!(said["measured"], false);
    assert!(said["psnr"].as_f64().unwrap() <= psnr(&student) + 1e-6);
    assert!(said["max_abs_error"].as_f64().unwrap() >= student["total"]["max_abs_error"].as_f64().unwrap());
    assert!(said["fitted_psnr"].as_f64().unwrap() > said["psnr"].as_f64().unwrap());
    assert_eq!(segments(&kd), 1);
    assert!(bytes(&kd) * 3 < bytes(&teachers));
    let of_teachers = psnr(&verify(&data, &teachers, &[]));
    assert!(psnr(&student) > of_teachers - 6.0, "{} against {of_teachers}", psnr(&student));

    // With the data the errors are measured.
    let summary = distill(&[&teachers], &mixed, &["--data", text(&data), "--alpha", "2"]);
    let measured = verify(&data, &mixed, &[]);
    assert!((summary["variables"][0]["psnr"].as_f64().unwrap() - psnr(&measured)).abs() < 1e-2);
    compress(&data, &direct, &["--var", "T", "--gop", "8"]);
    let of_direct = psnr(&verify(&data, &direct, &[]));
    assert!(psnr(&student) < of_direct + 0.5, "a student of teachers cannot know more than one of the data");
    for kind in ["codes", "grid4d"] {
        let output = folder.path(&format!("{kind}.neuvol"));
        distill(&[&teachers], &output, &["--student", kind]);
        assert!(psnr(&verify(&data, &output, &[])) > of_teachers - 12.0, "{kind}");
    }
}

#[test]
fn new_steps_join_without_the_old_data() {
    let folder = Folder::new();
    let data = day(&folder, "11x8x24x32", "PM25");
    let [first, second, old, merged, again] =
        ["first", "second", "old", "merged", "again"].map(|name| folder.path(&format!("{name}.neuvol")));
    compress(&data, &first, &["--var", "PM25", "--time-range", "0..6"]);
    // The new steps count their times from another moment, as daily files do.
    let other_times = folder.path("other_times.nc");
    fs::copy(&data, &other_times).unwrap();
    let times =
        |path: &Path| -> Vec<f64> { netcdf::open(path).unwrap().variable("time").unwrap().get_values(..).unwrap() };
    let shifted: Vec<f64> = times(&data).iter().map(|hours| (hours + 12.0) / 24.0).collect();
    {
        let mut file = netcdf::append(&other_times).unwrap();
        let mut time = file.variable_mut("time").unwrap();
        time.put_values(&shifted, ..).unwrap();
        time.put_attribute("units", "days since 2019-10-11 12:00").unwrap();
    }
    compress(&other_times, &second, &["--var", "PM25", "--time-range", "6..11"]);
    distill(&[&first], &old, &["--gop", "4"]);
    assert_eq!(segments(&old), 2);

    let summary = distill(&[&old, &second], &merged, &["--gop", "4"]);
    // 0..4 is taken over, 4..6 is merged with the new 6..8, 8..11 is new.
    assert_eq!(segments(&merged), 3);
    assert!(summary["variables"][0]["forgetting_psnr"].as_f64().is_some());
    assert!(psnr(&verify(&data, &merged, &[])) > 25.0);
    let back = folder.path("back.nc");
    ok(&["decode", text(&merged), "-o", text(&back)]);
    let (wanted, got) = (times(&data), times(&back));
    assert!(wanted.len() == got.len() && wanted.iter().zip(&got).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?}");
    for step in 0..4u32 {
        let time = step.to_string();
        let field = |model: &Path, name: &str| {
            let out = folder.path(name);
            ok(&["decode", text(model), "--to", "raw", "--time", &time, "--force", "-o", text(&out)]);
            fs::read(out).unwrap()
        };
        assert_eq!(field(&old, "old.raw"), field(&merged, "merged.raw"), "finished groups are not forgotten");
    }
    let summary = distill(&[&old, &second], &again, &["--gop", "4", "--remerge"]);
    let forgotten = summary["variables"][0]["forgetting_psnr"].as_f64().unwrap();
    assert!(forgotten.is_finite() && forgotten > 20.0, "{forgotten}");

    // The order of the times, and what does not belong together.
    fails(&["distill", text(&second), text(&first), "-o", text(&again), "--force"], 65, &["first.neuvol", "order"]);
    let other = folder.path("other.neuvol");
    compress(&day(&folder, "2x8x24x40", "PM25"), &other, &["--var", "PM25"]);
    fails(&["distill", text(&first), text(&other), "-o", text(&again), "--force"], 65, &["other.neuvol", "voxels"]);
    fails(&["distill", text(&first), "-o", text(&again), "--force", "--alpha", "1"], 2, &["--data"]);
    fails(&["distill", text(&first), "-o", text(&again), "--force", "--gop", "0"], 2, &["--gop"]);
    fails(&["distill", text(&first), "-o", text(&again), "--force", "--data", text(&data)], 2, &["--data", "steps"]);
    fails(&["distill", text(&data), "-o", text(&again), "--force"], 65, &["day_11x8x24x32.nc"]);
    let beyond = [
        "compress",
        "--codec",
        "grid",
        text(&data),
        "--var",
        "PM25",
        "-o",
        text(&again),
        "--force",
        "--time-range",
        "9..12",
    ];
    fails(&beyond, 65, &["9..12", "0..11"]);
    assert!(!folder.list().iter().any(|name| name.ends_with(".partial")), "{:?}", folder.list());
}

#[test]
fn several_variables_share_a_model() {
    let folder = Folder::new();
    let data = day(&folder, "4x8x32x40", "PM25,O3,T");
    let [joint, student] = ["joint", "student"].map(|name| folder.path(&format!("{name}.neuvol")));
    let summary = compress(&data, &joint, &["--vars", "PM25,O3", "--var", "T", "--gop", "4"]);
    assert_eq!(summary["variables"].as_array().unwrap().len(), 3);
    for (model, name) in [(&joint, "PM25"), (&joint, "O3"), (&joint, "T")] {
        assert!(psnr(&verify(&data, model, &["--var", name])) > 25.0, "{name}");
    }
    // One payload for two variables: the file is smaller than with one each.
    let apart = folder.path("apart.neuvol");
    compress(&data, &apart, &["--var", "PM25,O3,T", "--gop", "4"]);
    assert!(bytes(&joint) < bytes(&apart), "{} {}", bytes(&joint), bytes(&apart));
    // Models of several variables are teachers as well.
    distill(&[&joint], &student, &["--vars", "T,PM25,O3", "--gop", "4"]);
    for name in ["PM25", "O3", "T"] {
        assert!(psnr(&verify(&data, &student, &["--var", name])) > 20.0, "{name}");
    }
    fails(
        &[
            "compress",
            "--codec",
            "grid",
            text(&data),
            "--vars",
            "PM25,O3,T",
            "-o",
            text(&joint),
            "--force",
            "--n-features-per-level",
            "2",
        ],
        2,
        &["--n-features-per-level", "3 variables"],
    );
    fails(
        &["compress", "--codec", "grid", text(&data), "--vars", "PM25,wind", "-o", text(&joint), "--force"],
        2,
        &["wind"],
    );
    fails(
        &["compress", "--codec", "grid", text(&data), "--vars", "PM25", "--var", "PM25", "-o", text(&joint), "--force"],
        2,
        &["twice"],
    );
}

#[test]
fn times_between_the_steps_are_no_worse_than_linear_interpolation() {
    let folder = Folder::new();
    let data = day(&folder, "17x8x24x32", "T");
    let model = folder.path("half.neuvol");
    for student in ["gains", "codes"] {
        compress(&data, &model, &["--var", "T", "--every", "2", "--gop", "9", "--student", student]);
        let between = verify(&data, &model, &["--every", "2"])["between"].clone();
        assert_eq!(between["steps"], 8);
        let (own, linear) = (between["psnr_db"].as_f64().unwrap(), between["linear_psnr_db"].as_f64().unwrap());
        assert!(own >= linear - 0.005, "{student}: {own} against {linear}");
    }
}

#[test]
fn the_group_of_steps_can_be_chosen_by_trying() {
    let folder = Folder::new();
    let data = day(&folder, "5x8x24x32", "T");
    let model = folder.path("auto.neuvol");
    let output = neuvol()
        .args(["compress", "--codec", "grid", text(&data), "--var", "T", "--gop", "auto", "-o", text(&model), "--json"])
        .args(QUICK)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let probes: Vec<&Value> = events.iter().filter(|event| event["event"] == "probe").collect();
    let gops: Vec<u64> = probes.iter().map(|probe| probe["gop"].as_u64().unwrap()).collect();
    assert_eq!(gops, [2, 2, 4, 4, 5, 5]);
    let chosen = events.last().unwrap()["variables"][0]["gop"].as_u64().unwrap();
    assert!(gops.contains(&chosen));
    assert_eq!(segments(&model), 5u64.div_ceil(chosen));
}

/// 30 days of 24 steps, each day its own file of teachers.
#[test]
fn a_month_is_merged_in_bounded_memory_and_survives_a_kill() {
    let folder = Folder::new();
    let data = day(&folder, "720x8x32x40", "PM25");
    let quick = ["--steps", "40", "--batch", "512"];
    let days: Vec<PathBuf> = (0..30).map(|day| folder.path(&format!("day{day}.neuvol"))).collect();
    for (number, path) in days.iter().enumerate() {
        let range = format!("{}..{}", 24 * number, 24 * (number + 1));
        let arguments =
            ["compress", "--codec", "grid", text(&data), "--var", "PM25", "--time-range", &range, "-o", text(path)];
        ok(&[&arguments[..], &quick].concat());
    }
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path(&format!("{name}.neuvol")));
    let arguments = |output: &Path| -> Vec<String> {
        let mut all = vec!["distill".to_owned()];
        all.extend(days.iter().map(|path| text(path).to_owned()));
        all.extend(["-o", text(output), "--gop", "24", "--json"].map(String::from));
        all.extend(["--steps", "60", "--batch", "1024"].map(String::from));
        all
    };
    let run = |output: &Path| {
        let done = neuvol().args(arguments(output)).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        json(&String::from_utf8(done.stdout).unwrap())
    };
    let summary = run(&whole);
    let peak = summary["peak_memory"].as_u64().unwrap();
    println!(
        "a month: {} bytes of teachers, {} of students, {} s, {} MB at most",
        days.iter().map(|path| bytes(path)).sum::<u64>(),
        bytes(&whole),
        summary["seconds"],
        peak / 1_000_000
    );
    assert!(peak < 1_500_000_000);
    assert_eq!(segments(&whole), 30);
    assert!(psnr(&verify(&data, &whole, &["--no-ssim"])) > 30.0);

    let mut child = neuvol().args(arguments(&killed)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_blocks(&mut child, &killed, 0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.exists() && journal_len(&killed) > 0);
    run(&killed);
    assert_eq!(fs::read(&whole).unwrap(), fs::read(&killed).unwrap(), "the same bytes as without the interruption");
}
