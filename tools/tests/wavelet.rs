//! Wavelet latents through the whole tool: every target is reached by the bytes that were written.
#![cfg(feature = "train")]

mod common;

use common::{Folder, fails, json, neuvol, ok, raw, text, wait_for_blocks};
use std::{fs, process::Stdio};

fn waves(z: usize, y: usize, x: usize) -> f32 {
    let (z, y, x) = (z as f32, y as f32, x as f32);
    280.0 + 5.0 * (0.21 * x + 0.1 * z).sin() * (0.13 * y).cos() + 0.1 * z
}

/// Unrelated values in 0..1.
fn noise(z: usize, y: usize, x: usize) -> f32 {
    (((z * 977 + y * 131 + x) as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / f32::from(u16::MAX) / 256.0
}

#[test]
fn a_day_reaches_its_psnr_at_every_quality() {
    let folder = Folder::new();
    let [day, model, back] = ["day.nc", "day.neuvol", "back.raw"].map(|name| folder.path(name));
    ok(&["generate", text(&day), "--size", "9x10x40x72", "--seed", "5"]);
    let arguments = ["compress", text(&day), "--var", "PM25,T", "-o", text(&model), "--json", "--preset", "fast"];
    let summary = json(&ok(&[&arguments[..], &["--target-psnr", "46,38"]].concat()));
    assert_eq!(summary["bytes"], fs::metadata(&model).unwrap().len());

    let info = json(&ok(&["info", text(&model), "--json", "--check"]));
    assert_eq!(info["variables"][0]["n_qualities"], 2);
    let verified = json(&ok(&["verify", text(&day), text(&model), "--json", "--min-psnr", "46"]));
    for (index, variable) in verified["variables"].as_array().unwrap().iter().enumerate() {
        let (total, said) = (&variable["total"], &summary["variables"][index]);
        assert_eq!((&total["lost"], &total["invented"]), (&0.into(), &0.into()), "masks are exact");
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-3 * b;
        assert!(close(total["psnr_db"].as_f64().unwrap(), said["psnr"].as_f64().unwrap()));
    }
    for level in ["0", "1", "3"] {
        let time = ["--to", "raw", "--var", "T", "--level", level, "--time", "7.5", "-o", text(&back), "--force"];
        ok(&[&["decode", text(&model)], &time[..]].concat());
    }
}

#[test]
fn an_error_bound_holds_for_every_voxel() {
    let folder = Folder::new();
    let model = folder.path("bounded.neuvol");
    let rough = |z, y, x| waves(z, y, x) + 0.3 * noise(z, y, x);
    let holes = |z, y, x| if z < 3 && y > 20 { f32::NAN } else { rough(z, y, x) };
    let single = |z, y, x| if (z, y, x) == (5, 6, 7) { 9.0 } else { 1.0 };
    for (name, field) in [("rough", &rough as &dyn Fn(_, _, _) -> f32), ("holes", &holes), ("single", &single)] {
        let input = raw(&folder, name, [12, 30, 40], field);
        for bound in ["0.2", "0.00001"] {
            let arguments = ["compress", text(&input), "-o", text(&model), "--force", "--json", "--preset", "fast"];
            ok(&[&arguments[..], &["--max-error", bound]].concat());
            let total = &json(&ok(&["verify", text(&input), text(&model), "--json"]))["variables"][0]["total"];
            let largest = total["max_abs_error"].as_f64().unwrap();
            assert!(largest <= bound.parse().unwrap(), "{name}: {largest} > {bound}");
            assert_eq!((&total["lost"], &total["invented"]), (&0.into(), &0.into()));
        }
    }
}

#[test]
fn targets_beyond_any_model_end_in_the_values_themselves() {
    let folder = Folder::new();
    let model = folder.path("noise.neuvol");
    let input = raw(&folder, "noise", [9, 20, 20], noise);
    ok(&["compress", text(&input), "-o", text(&model), "--preset", "fast", "--target-psnr", "180"]);
    ok(&["verify", text(&input), text(&model), "--min-psnr", "180"]);
    ok(&["compress", text(&input), "-o", text(&model), "--force", "--preset", "fast", "--target-bytes", "3k"]);
    let info = json(&ok(&["info", text(&model), "--json"]));
    assert!(fs::metadata(&model).unwrap().len() < 3000 + 2000, "{info}");
}

#[test]
fn an_interrupted_run_continues_to_the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::new();
    let day = folder.path("day.nc");
    // More voxels than the head is trained on, so that most blocks follow one by one.
    ok(&["generate", text(&day), "--size", "8x16x104x104", "--seed", "3", "--var", "T"]);
    let arguments = |output: &str, threads: &str| -> Vec<String> {
        let fixed =
            ["compress", text(&day), "--var", "T", "--preset", "fast", "--target-psnr", "40", "--block", "16,16,16"];
        let more = ["-o", output, "--threads", threads, "--force"];
        fixed.iter().chain(&more).map(|&s| s.to_owned()).collect()
    };
    let [whole, single, resumed] = ["whole.neuvol", "single.neuvol", "resumed.neuvol"].map(|name| folder.path(name));
    for (path, threads) in [(&whole, "2"), (&single, "1")] {
        assert!(neuvol().args(arguments(text(path), threads)).status().unwrap().success());
    }
    let mut child = neuvol().args(arguments(text(&resumed), "2")).stderr(Stdio::null()).spawn().unwrap();
    wait_for_blocks(&mut child, &resumed, 0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!resumed.exists());
    assert!(neuvol().args(arguments(text(&resumed), "2")).status().unwrap().success());
    let bytes = fs::read(&whole).unwrap();
    assert!(bytes == fs::read(&single).unwrap(), "threads show");
    assert!(bytes == fs::read(&resumed).unwrap(), "the interruption shows");
}

#[test]
fn the_unit_of_the_values_does_not_matter() {
    let folder = Folder::new();
    let model = folder.path("model.neuvol");
    for (name, unit) in [("dense", 1e24), ("thin", 1e-21), ("vast", 1e33), ("tiny", 1e-36)] {
        let input = raw(&folder, name, [12, 24, 40], |z, y, x| waves(z, y, x) * unit);
        ok(&["compress", text(&input), "-o", text(&model), "--force", "--preset", "fast", "--target-psnr", "50"]);
        ok(&["verify", text(&input), text(&model), "--min-psnr", "50", "--no-ssim"]);
    }
}

#[test]
fn every_quality_reaches_its_ssim_over_the_faces_of_blocks() {
    let folder = Folder::new();
    let [model, back] = ["model.neuvol", "back.raw"].map(|name| folder.path(name));
    let rough = |z, y, x| waves(z, y, x) + 1.5 * noise(z, y, x);
    let input = raw(&folder, "rough", [16, 32, 48], rough);
    let blocks = ["--block", "16,16,24", "--preset", "fast", "--target-ssim", ".96,.9"];
    ok(&[&["compress", text(&input), "-o", text(&model)][..], &blocks].concat());
    let mut last = 1.0;
    for (quality, least) in [("0", 0.96), ("1", 0.9)] {
        let verified = ok(&["verify", text(&input), text(&model), "--json", "--quality", quality]);
        let ssim = json(&verified)["variables"][0]["total"]["ssim"]["mean"].as_f64().unwrap();
        assert!((least..last).contains(&ssim), "quality {quality}: {ssim}");
        last = ssim;
    }
    let left: Vec<_> = fs::read_dir(model.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".check")), "{left:?}");
    ok(&["decode", text(&model), "--to", "raw", "--quality", "1", "-o", text(&back)]);
    fails(&["verify", text(&input), text(&model), "--quality", "2"], 2, &["--quality", "0 to 1"]);
    fails(&["decode", text(&model), "--quality", "1", "-o", text(&back), "--force"], 2, &["--quality", "--to raw"]);
}

#[test]
fn peaks_are_kept_where_they_are() {
    let folder = Folder::new();
    let model = folder.path("model.neuvol");
    // Sharp peaks on a smooth field: too few voxels to matter to the PSNR.
    let peaks = |z: usize, y: usize, x: usize| {
        let far = |a: usize, n: usize| ((a % n) as f32 - n as f32 * 0.5).powi(2);
        waves(z, y, x) - 280.0 + 60.0 * (-1.5 * (far(z, 9) + far(y, 31) + far(x, 37))).exp()
    };
    let input = raw(&folder, "peaks", [18, 62, 74], peaks);
    let lost = |options: &[&str]| {
        let arguments = ["compress", text(&input), "-o", text(&model), "--force", "--preset", "fast"];
        ok(&[&arguments[..], &["--target-psnr", "30"], options].concat());
        let total = &json(&ok(&["verify", text(&input), text(&model), "--json"]))["variables"][0]["total"];
        assert!(total["psnr_db"].as_f64().unwrap() >= 30.0);
        -total["peak_top"].as_f64().unwrap()
    };
    let plain = lost(&[]);
    assert!(plain > 0.1, "{plain}");
    for (text, share) in [("8%", 0.08), ("1.5%", 0.015)] {
        let kept = lost(&["--keep-peaks", text]);
        assert!(kept <= share && kept > -0.05, "{text}: {kept}");
    }
}

/// Bytes of the payloads and heads of a model.
fn payload(model: &std::path::Path) -> u64 {
    let info = json(&ok(&["info", text(model), "--json"]));
    let section = |kind: &str| {
        let sections = info["sections"].as_array().unwrap().iter();
        sections.filter(|s| s["kind"] == kind).map(|s| s["bytes"].as_u64().unwrap()).sum::<u64>()
    };
    let table = 64 * info["sections"].as_array().unwrap().iter().filter(|s| s["kind"] == "NETS").count() as u64;
    info["variables"][0]["payload_bytes"].as_u64().unwrap() + section("NETS").saturating_sub(table)
}

#[test]
fn bytes_are_used_for_quality() {
    let folder = Folder::new();
    let model = folder.path("model.neuvol");
    let input = raw(&folder, "rough", [16, 32, 48], |z, y, x| waves(z, y, x) + 0.5 * noise(z, y, x));
    let mut last = 0.0;
    for bytes in [1_500, 4_000, 12_000] {
        let target = bytes.to_string();
        let arguments = ["compress", text(&input), "-o", text(&model), "--force", "--json", "--preset", "fast"];
        let psnr = json(&ok(&[&arguments[..], &["--target-bytes", &target]].concat()))["variables"][0]["psnr"].as_f64();
        let used = payload(&model);
        assert!((bytes * 4 / 5..=bytes).contains(&used), "{used} of {bytes}");
        assert!(psnr.unwrap() > last + 1.0, "{psnr:?} after {last}");
        last = psnr.unwrap();
    }
}

#[test]
fn a_predictor_that_lies_costs_time_only() {
    let folder = Folder::new();
    let [model, predictor, log] = ["model.neuvol", "p.json", "log.jsonl"].map(|name| folder.path(name));
    let input = raw(&folder, "rough", [16, 32, 48], |z, y, x| waves(z, y, x) + 0.5 * noise(z, y, x));
    let run = |target: [&str; 2], options: &[&str]| {
        let arguments = ["compress", text(&input), "-o", text(&model), "--force", "--json", "--preset", "fast"];
        json(&ok(&[&arguments[..], &target, options].concat()))["bytes"].as_u64().unwrap()
    };
    let honest = run(["--target-psnr", "40"], &[]);
    for sign in [1.0, -1.0] {
        // Says that everything is far better, or far worse, than it is.
        let layer = |n_in: usize, n_out: usize, bias: f64| serde_json::json!({ "weights": vec![0.0; n_in * n_out], "biases": vec![bias; n_out] });
        let liar = serde_json::json!({
            "about": "lies",
            "input_scales": vec![[0.0, 1.0]; 18],
            "output_scales": vec![[0.0, 1.0]; 3],
            "layers": [layer(18, 16, 0.0), layer(16, 16, 0.0), layer(16, 3, 1e9 * sign)],
        });
        fs::write(&predictor, liar.to_string()).unwrap();
        let bytes = run(["--target-psnr", "40"], &["--predictor", text(&predictor)]);
        ok(&["verify", text(&input), text(&model), "--min-psnr", "40"]);
        assert!(bytes < honest + honest / 10, "{bytes} instead of {honest}");
        run(["--target-ssim", ".9"], &["--predictor", text(&predictor)]);
        ok(&["verify", text(&input), text(&model), "--min-ssim", ".9"]);
        run(["--target-bytes", "4k"], &["--predictor", text(&predictor)]);
        assert!((3_000..=4_000).contains(&payload(&model)));
    }
    fs::write(&predictor, "{}").unwrap();
    let options = ["compress", text(&input), "-o", text(&model), "--force", "--predictor", text(&predictor)];
    fails(&options, 65, &["--predictor", "p.json", "train-predictor"]);

    // A predictor of one's own runs.
    for target in ["30", "34", "38", "42", "46", "50", "54"] {
        run(["--target-psnr", target], &["--probe-log", text(&log)]);
    }
    let fitted = ["train-predictor", text(&log), "-o", text(&predictor), "--force", "--json", "--held-back", "0"];
    let fitted = json(&ok(&fitted));
    assert!(fitted["probes"][0].as_u64().unwrap() >= 20, "{fitted}");
    let errors = [0, 1].map(|at| fitted["errors"][at].as_f64().unwrap());
    assert!(errors[0] < 1.5 && errors[1] < 0.3, "{fitted}");
    run(["--target-psnr", "40"], &["--predictor", text(&predictor)]);
    ok(&["verify", text(&input), text(&model), "--min-psnr", "40"]);
    fails(&["train-predictor", text(&input), "-o", text(&predictor), "--force"], 65, &["cannot read", "rough"]);
}

#[test]
fn levels_of_detail_are_prefixes_close_to_averages() {
    let folder = Folder::new();
    let [input, model, plain, back] = ["day.nc", "m.neuvol", "p.neuvol", "back.raw"].map(|name| folder.path(name));
    ok(&["generate", text(&input), "--size", "5x12x40x72", "--seed", "8", "--var", "T"]);
    let compress = |output: &std::path::Path, levels: &str| {
        let options = ["--var", "T", "--preset", "fast", "--target-psnr", "50,35", "--levels", levels];
        json(&ok(&[&["compress", text(&input), "-o", text(output), "--json"][..], &options].concat()))
    };
    let (with, without) = (compress(&model, "4"), compress(&plain, "1"));
    // Entries and masks of the levels, no payloads.
    let more = with["bytes"].as_u64().unwrap() - without["bytes"].as_u64().unwrap();
    assert!(more < 3 * 2 * 64 + 3 * 300, "{more}");
    let info = json(&ok(&["info", text(&model), "--json", "--check"]));
    assert_eq!(info["variables"][0]["n_stored_levels"], 4);
    // Few voxels, a third of them below ground: far from what large volumes give.
    for (level, least) in [("1", 31.0), ("2", 22.0), ("3", 18.0)] {
        let decoded = [&model, &plain].map(|model| {
            let options = ["--to", "raw", "--level", level, "--time", "2", "-o", text(&back), "--force"];
            ok(&[&["decode", text(model)][..], &options].concat());
            let bytes = fs::read(&back).unwrap();
            bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect::<Vec<_>>()
        });
        let [direct, averaged] = &decoded;
        let nan = |values: &[f32]| values.iter().map(|v| v.is_nan()).collect::<Vec<_>>();
        assert_eq!(nan(direct), nan(averaged), "masks of level {level}");
        let valid = || direct.iter().zip(averaged).filter(|(a, _)| !a.is_nan());
        let (low, high) = valid().fold((f32::MAX, f32::MIN), |(l, h), (_, b)| (l.min(*b), h.max(*b)));
        let squares = valid().map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / valid().count() as f64;
        let psnr = 20.0 * (f64::from(high - low) / squares.sqrt()).log10();
        assert!(psnr > least, "level {level}: {psnr}");
    }
    fails(&["compress", text(&input), "-o", text(&model), "--force", "--levels", "5"], 2, &["--levels"]);
    fails(
        &["compress", text(&input), "-o", text(&model), "--force", "--codec", "grid", "--levels", "2"],
        2,
        &["--levels"],
    );
}

#[test]
fn options_of_the_other_codec_are_refused() {
    let folder = Folder::new();
    let input = raw(&folder, "waves", [8, 8, 8], waves);
    let output = folder.path("out.neuvol");
    let (i, o) = (text(&input), text(&output));
    fails(&["compress", i, "-o", o, "--codec", "grid", "--target-psnr", "40"], 2, &["--codec grid"]);
    fails(&["compress", i, "-o", o, "--n-neurons", "32"], 2, &["--n-neurons", "--codec grid"]);
    fails(&["compress", i, "-o", o, "--target-psnr", "0"], 2, &["--target-psnr", "0"]);
    fails(&["compress", i, "-o", o, "--max-error", "x%"], 2, &["--max-error", "x%"]);
    fails(&["compress", i, "-o", o, "--target-bytes", "k"], 2, &["--target-bytes"]);
    fails(&["compress", i, "-o", o, "--target-ssim", "1.2"], 2, &["--target-ssim", "1.2"]);
    fails(&["compress", i, "-o", o, "--keep-peaks", "5"], 2, &["--keep-peaks", "5%"]);
    fails(&["compress", i, "-o", o, "--keep-peaks", "5%", "--max-error", "1"], 2, &["--keep-peaks", "--max-error"]);
    fails(&["compress", i, "-o", o, "--keep-peaks", "5%", "--codec", "grid"], 2, &["--keep-peaks", "--codec grid"]);
    fails(&["compress", i, "-o", o, "--target-psnr", "40", "--max-error", "1"], 2, &["--max-error"]);
    fails(&["compress", i, "-o", o, "--gop", "auto"], 2, &["--gop", "--codec grid"]);
    fails(&["compress", i, "-o", o, "--gop", "33"], 2, &["--gop", "32"]);
    fails(&["compress", i, "-o", o, "--vars", "waves"], 2, &["--vars", "--codec grid"]);
    fails(&["compress", i, "-o", o, "--loss-plot", "p.png"], 2, &["--loss-plot", "--codec grid"]);
    assert!(!output.exists());
}
