//! Grid networks of quantised parameters as users make them.
#![cfg(feature = "train")]

mod common;

use common::{Folder, fails, json, ok, raw, text};
use std::{fs, path::Path};

const QUICK: [&str; 6] = ["--codec", "grid", "--steps", "400", "--batch", "1024"];

/// Bytes of the file and PSNR as `verify` measures it, which must be what `compress` says.
fn compress(data: &Path, output: &Path, more: &[&str]) -> (u64, f64) {
    let arguments = ["compress", text(data), "-o", text(output), "--json", "--force"];
    let summary = json(&ok(&[&arguments[..], &QUICK, more].concat()));
    let verified = json(&ok(&["verify", text(data), text(output), "--json"]));
    let psnr = verified["variables"][0]["total"]["psnr_db"].as_f64().unwrap();
    assert!((summary["variables"][0]["psnr"].as_f64().unwrap() - psnr).abs() < 0.01, "{summary} {verified}");
    ok(&["info", text(output), "--check"]);
    (fs::metadata(output).unwrap().len(), psnr)
}

#[test]
fn a_field_takes_far_fewer_bytes_than_in_f16() {
    let folder = Folder::new();
    let data = raw(&folder, "waves", [40, 56, 72], |z, y, x| {
        let (z, y, x) = (z as f32, y as f32, x as f32);
        300.0
            + 20.0 * (0.11 * x + 0.05 * z).sin() * (0.13 * y).cos()
            + 8.0 * (0.4 * x).sin() * (-0.002 * (y - 20.0).powi(2)).exp()
    });
    let [plain, fine, again, coarse] =
        ["plain", "fine", "again", "coarse"].map(|n| folder.path(&format!("{n}.neuvol")));
    let (plain_bytes, plain_psnr) = compress(&data, &plain, &[]);
    let (fine_bytes, fine_psnr) = compress(&data, &fine, &["--rate", "0.00001"]);
    let (coarse_bytes, coarse_psnr) = compress(&data, &coarse, &["--rate", "0.001"]);
    let all = format!(
        "f16 {plain_bytes} B {plain_psnr:.2} dB, fine {fine_bytes} B {fine_psnr:.2} dB, coarse {coarse_bytes} B {coarse_psnr:.2} dB"
    );
    assert!(fine_bytes * 2 < plain_bytes && fine_psnr > plain_psnr - 1.5, "{all}");
    assert!(coarse_bytes * 7 < plain_bytes && coarse_psnr > 40.0 && coarse_psnr < fine_psnr, "{all}");
    // The same seed gives the same file, whatever the threads.
    compress(&data, &again, &["--rate", "0.00001", "--threads", "1"]);
    assert_eq!(fs::read(&fine).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn steps_share_a_quantised_network_and_are_merged_into_one() {
    let folder = Folder::new();
    let data = folder.path("day.nc");
    ok(&["generate", text(&data), "--size", "6x10x24x40", "--seed", "5", "--var", "T"]);
    let [plain, rated, students] = ["plain", "rated", "students"].map(|n| folder.path(&format!("{n}.neuvol")));
    let (plain_bytes, plain_psnr) = compress(&data, &plain, &["--var", "T", "--gop", "6"]);
    let (rated_bytes, rated_psnr) = compress(&data, &rated, &["--var", "T", "--gop", "6", "--rate", "0.00001"]);
    let all = format!("f16 {plain_bytes} B {plain_psnr:.2} dB, rated {rated_bytes} B {rated_psnr:.2} dB");
    assert!(rated_bytes < plain_bytes && rated_psnr > plain_psnr - 1.5, "{all}");
    // Parts of the file are known to the report.
    let report = folder.path("report.html");
    ok(&["report", text(&rated), text(&data), "-o", text(&report)]);
    assert!(fs::read_to_string(&report).unwrap().contains("entropy-coded tables"));
    // Teachers of any kind become a quantised student.
    let teachers = folder.path("teachers.neuvol");
    compress(&data, &teachers, &["--var", "T", "--rate", "0.0001"]);
    ok(&[
        "distill",
        text(&teachers),
        "-o",
        text(&students),
        "--gop",
        "6",
        "--rate",
        "0.0001",
        "--steps",
        "200",
        "--batch",
        "512",
    ]);
    assert!(fs::metadata(&students).unwrap().len() < fs::metadata(&teachers).unwrap().len());
}

#[test]
fn wrong_rates_are_refused() {
    let folder = Folder::new();
    let data = raw(&folder, "flat", [8, 8, 8], |_, _, x| x as f32);
    let output = folder.path("out.neuvol");
    let (i, o) = (text(&data), text(&output));
    for rate in ["0", "-0.1", "nan", "2"] {
        let rate = format!("--rate={rate}");
        fails(&["compress", i, "-o", o, "--codec", "grid", &rate], 2, &["--rate", "1e-9 to 1"]);
    }
    fails(&["compress", i, "-o", o, "--rate", "0.001"], 2, &["--rate", "--codec grid"]);
    fails(&["compress", i, "-o", o, "--codec", "grid", "--target-psnr", "40"], 2, &["--codec wavelet", "--rate"]);
}
