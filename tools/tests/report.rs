//! `neuvol report` as its users run it: the page, the pictures in it, the figures, the exit codes.
#![cfg(feature = "train")]

mod common;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use common::{Folder, fails, json, ok, raw, text};
use std::{fs, path::Path};

const QUICK: [&str; 4] = ["--steps", "40", "--batch", "256"];
const SECTIONS: [&str; 7] = ["files", "totals", "curves", "parts", "rate", "training", "worst"];

/// Checks that every element is closed in its turn, and that text has no stray markup.
fn check_elements(html: &str) {
    let body = html.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut open: Vec<&str> = Vec::new();
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("a tag without end: {piece:.60}"));
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()), "{tag:.60}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag:.60}");
        assert!(!text.contains('>'), "{text:.60}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        for entity in text.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|e| entity.starts_with(e)), "&{entity:.20}");
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// Decodes every picture of a page to its end and gives their number.
fn check_pictures(html: &str) -> usize {
    let mut count = 0;
    for part in html.split("src=\"").skip(1) {
        let (link, _) = part.split_once('"').unwrap();
        let bytes =
            BASE64_STANDARD.decode(link.strip_prefix("data:image/png;base64,").expect("nothing is fetched")).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert!(pixels.iter().any(|&byte| byte < 128), "an empty picture");
        count += 1;
    }
    count
}

fn check_page(path: &Path) -> (String, usize) {
    let html = fs::read_to_string(path).unwrap();
    check_elements(&html);
    for section in SECTIONS {
        assert!(html.contains(&format!("<h2 id=\"{section}\">")) && html.contains(&format!("href=\"#{section}\"")));
    }
    assert!(!html.contains("http") && !html.contains("<script") && !html.contains("<link"));
    let pictures = check_pictures(&html);
    (html, pictures)
}

#[test]
fn a_report_compares_models_of_a_day() {
    let folder = Folder::new();
    let [day, model, other, page, pictures] =
        ["day.nc", "a&b.neuvol", "other.neuvol", "report.html", "pictures"].map(|name| folder.path(name));
    ok(&["generate", text(&day), "--size", "3x10x40x72", "--seed", "5"]);
    let compress = |output: &Path, more: &[&str]| {
        ok(&[&["compress", "--codec", "grid", text(&day), "-o", text(output), "--block", "8,32,32"], &QUICK[..], more]
            .concat());
    };
    compress(&model, &["--var", "PM25,T"]);
    compress(&other, &["--var", "PM25", "--seed", "1"]);
    let (m, d, p) = (text(&model), text(&day), text(&page));
    let all = ["report", m, d, "-o", p, "--with", text(&other), "--png", text(&pictures), "--json"];
    let figures = json(&ok(&all));

    let verified = json(&ok(&["verify", d, m, "--json"]));
    for (index, name) in ["PM25", "T"].into_iter().enumerate() {
        let variable = &figures["variables"][index];
        assert_eq!(variable["name"], name);
        assert_eq!(variable["measured"][0]["total"], verified["variables"][index]["total"], "{name}");
        assert_eq!(variable["measured"][0]["steps"].as_array().unwrap().len(), 3);
        assert_eq!(variable["rate"]["block_bytes"].as_array().unwrap().len(), 2 * 2 * 3);
        let ssim = &verified["variables"][index]["total"]["ssim"]["worst"];
        let worst = &variable["worst"];
        assert_eq!((&worst["step"], &worst["block"]), (&ssim["step"], &ssim["block"]));
        let there = worst["models"][0]["decoded"].as_f64().unwrap() - worst["original"].as_f64().unwrap();
        let largest = worst["models"][0]["max_abs_error"].as_f64().unwrap();
        assert!((there.abs() - largest).abs() <= 1e-4 * largest, "{there} {largest}");
    }
    assert_eq!(figures["variables"][0]["measured"][1]["model"], "other");
    assert!(figures["variables"][1]["measured"][1].is_null());
    for (path, info) in [(&model, &figures["models"][0]), (&other, &figures["models"][1])] {
        let parts = info["parts"].as_array().unwrap();
        let sum: u64 = parts.iter().map(|part| part["bytes"].as_u64().unwrap()).sum();
        assert_eq!(sum, fs::metadata(path).unwrap().len());
        assert!(parts.iter().any(|part| part["part"] == "grid networks: MLP"));
    }
    assert!(figures["models"][0]["variables"][0]["time"].as_str().unwrap().contains("2019-10-12 00:00 to"));

    let (html, count) = check_page(&page);
    assert!(html.contains("a&amp;b") && html.contains("PM25") && html.contains("learning_rate"));
    // Curves, blocks and the worst block of both variables, and the parts.
    assert!(count > 2 * (5 + 3 + 1), "{count}");
    assert_eq!(fs::read_dir(&pictures).unwrap().count(), count);

    fails(&all, 73, &["--force"]);
    fails(&["report", m, d, "-o", m, "--force"], 2, &["input"]);
    fails(&["report", m, d, "-o", p, "--force", "--var", "wind"], 2, &["wind"]);
    fails(&["report", m, text(&folder.path("absent.nc")), "-o", p, "--force"], 65, &["absent.nc"]);
    fails(&["report", m, d, "-o", text(&folder.path("no/where.html"))], 73, &["folder"]);
    let words = ok(&["report", m, d, "-o", p, "--force", "--var", "T"]);
    assert!(words.contains("report.html") && words.contains("T, a&b") && !words.contains("PM25"), "{words}");
}

#[test]
fn odd_data_have_a_report() {
    let folder = Folder::new();
    let nan = f32::NAN;
    let waves = |z: usize, y: usize, x: usize| (0.3 * x as f32).sin() + (0.2 * y as f32 + z as f32).cos();
    let inputs = [
        (raw(&folder, "constant", [9, 9, 9], |_, _, _| -2.0), "lossless"),
        (raw(&folder, "nothing", [5, 6, 7], |_, _, _| nan), "No block has a value"),
        (raw(&folder, "plane", [1, 90, 70], waves), "no time"),
        (raw(&folder, "row", [1, 1, 300], waves), "no time"),
        (
            raw(&folder, "holes", [12, 34, 70], |z, y, x| if (x / 8 + y) % 3 == 0 { nan } else { waves(z, y, x) }),
            "RMSE",
        ),
    ];
    for (input, words) in &inputs {
        let (model, page) = (input.with_extension("neuvol"), input.with_extension("html"));
        ok(&[&["compress", "--codec", "grid", text(input), "-o", text(&model)], &QUICK[..]].concat());
        let printed = ok(&["report", text(&model), text(input), "-o", text(&page), "--json"]);
        assert!(!printed.contains("NaN"), "{printed}");
        json(&printed);
        let (html, _) = check_page(&page);
        assert!(html.contains(words), "{words:?} is missing in the report of {}", input.display());
    }
}
