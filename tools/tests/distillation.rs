//! What merging teachers costs and gains, on real data: teachers, students of them, of the data, and of both.
//!
//! `NEUVOL_DATA=DIR cargo test --release -p neuvol-tools --test distillation -- --nocapture` prints the tables; without the
//! variable the test says so and does nothing, since the files are not part of the repository. NEUVOL_ONLY=WORD takes only
//! the data sets whose name holds WORD.
#![cfg(feature = "train")]
#![allow(clippy::print_stdout)] // the tables are what this is for

mod common;

use common::{Folder, json, ok, text};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Name, file, variable, time steps, and the steps that share a student.
const SETS: [(&str, &str, &str, u32, u32); 6] = [
    ("plume PM25", "plume_day_a.nc", "PM25", 24, 24),
    ("plume O3", "plume_day_a.nc", "O3", 24, 24),
    ("plume T", "plume_day_a.nc", "T", 24, 24),
    ("ROMS temperature", "roms_arctic20_5d.nc", "temperature", 5, 5),
    ("COLPEX theta", "colpex_theta.nc", "air_potential_temperature", 6, 6),
    ("fMRI", "fmri_oneback_t60.nii.gz", "fmri_oneback_t60", 24, 24),
];

struct Set {
    name: &'static str,
    data: PathBuf,
    variable: &'static str,
    range: String,
    gop: String,
}

/// Trains, then compares with the data; prints a row. `spent` is processor time that went before (of the teachers).
fn row(set: &Set, what: &str, model: &Path, command: &[&str], spent: f64) -> f64 {
    let summary = json(&ok(command));
    let verified = json(&ok(&[
        "verify",
        text(&set.data),
        text(model),
        "--json",
        "--time-range",
        &set.range,
        "--var",
        set.variable,
    ]));
    let total = &verified["variables"][0]["total"];
    let seconds = summary["cpu_seconds"].as_f64().unwrap();
    println!(
        "| {} | {what} | {} | {:.2} | {:.4} | {} | {:.2} | {seconds:.0} | {:.0} |",
        set.name,
        fs::metadata(model).unwrap().len(),
        number(&total["psnr_db"]),
        number(&total["ssim"]["mean"]),
        significant(number(&total["max_abs_error"])),
        number(&total["peak_top"]) * 100.0,
        seconds + spent,
    );
    seconds
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn significant(value: f64) -> String {
    format!("{value:.prec$}", prec = (2 - value.abs().log10().floor() as i32).clamp(0, 8) as usize)
}

#[test]
fn teachers_and_students() {
    let Some(folder) = env::var_os("NEUVOL_DATA") else {
        println!("skipped: NEUVOL_DATA does not name a folder of data files");
        return;
    };
    let only = env::var("NEUVOL_ONLY").unwrap_or_default();
    let scratch = Folder::new();
    println!(
        "| data | model | bytes | PSNR dB | SSIM | largest error | peaks off by % | CPU s | CPU s with teachers |\n|---|---|---|---|---|---|---|---|---|"
    );
    let mut between = Vec::new();
    for (name, file, variable, steps, gop) in SETS.into_iter().filter(|set| set.0.contains(&only)) {
        let data = Path::new(&folder).join(file);
        let set = Set { name, data, variable, range: format!("0..{steps}"), gop: gop.to_string() };
        let [teachers, other] = ["teachers.neuvol", "other.neuvol"].map(|name| scratch.path(name));
        let compress = |output: &Path, more: &[&str]| -> Vec<String> {
            let all = [
                "compress",
                "--codec",
                "grid",
                text(&set.data),
                "--var",
                variable,
                "-o",
                text(output),
                "--json",
                "--force",
            ];
            let range = ["--time-range", &set.range];
            [&all[..], &range[..], more].concat().into_iter().map(String::from).collect()
        };
        let distill = |more: &[&str]| -> Vec<String> {
            let all = ["distill", text(&teachers), "-o", text(&other), "--json", "--force", "--gop", &set.gop];
            [&all[..], more].concat().into_iter().map(String::from).collect()
        };
        let run = |what: &str, model: &Path, command: Vec<String>, spent: f64| {
            row(&set, what, model, &command.iter().map(String::as_str).collect::<Vec<_>>(), spent)
        };
        run("teachers, uniform sampling", &other, compress(&other, &["--sampling", "uniform"]), 0.0);
        let spent = run("teachers (one per step)", &teachers, compress(&teachers, &[]), 0.0);
        run("student by KD", &other, distill(&[]), spent);
        run("mixed, α = 1", &other, distill_with(&distill, &set), spent);
        run("student by data", &other, compress(&other, &["--gop", &set.gop]), 0.0);
        run("student by data, gains only", &other, compress(&other, &["--gop", &set.gop, "--student", "gains"]), 0.0);
        run("student by data, codes only", &other, compress(&other, &["--gop", &set.gop, "--student", "codes"]), 0.0);
        run("student by data, 4-D grid", &other, compress(&other, &["--gop", &set.gop, "--student", "grid4d"]), 0.0);

        // Every second step withheld.
        let half = steps.div_ceil(2).to_string();
        let command =
            ["compress", "--codec", "grid", text(&set.data), "--var", variable, "--every", "2", "--gop", &half];
        let end = ["--time-range", &set.range, "-o", text(&other), "--force", "--json"];
        ok(&[&command[..], &end].concat());
        let arguments = ["verify", text(&set.data), text(&other), "--json", "--every", "2", "--no-ssim"];
        let verified = json(&ok(&[&arguments[..], &["--time-range", &set.range]].concat()));
        let found = &verified["variables"][0]["between"];
        between.push(format!(
            "| {name} | {} | {:.3} | {:.3} |",
            found["steps"],
            number(&found["psnr_db"]),
            number(&found["linear_psnr_db"])
        ));
        assert!(number(&found["psnr_db"]) >= number(&found["linear_psnr_db"]) - 0.005, "{name}: {found}");
    }
    println!("\n| data | withheld steps | PSNR dB | linear interpolation of decoded steps |\n|---|---|---|---|");
    between.iter().for_each(|line| println!("{line}"));
}

fn distill_with(distill: &dyn Fn(&[&str]) -> Vec<String>, set: &Set) -> Vec<String> {
    distill(&["--data", text(&set.data), "--time-range", &set.range])
}
