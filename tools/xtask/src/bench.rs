//! `cargo xtask bench`: runs the benchmarks and keeps their results together with what they were measured on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::debian::Purpose;
use crate::failure::Failure;
use crate::libtorch::Flavour;
use crate::machine;
use crate::setup;
use crate::workspace::{self, Workspace};

/// Packages with benchmarks, their folders, and what turns their peers on.
const PACKAGES: &[(&str, &str, &[&str])] = &[
    ("neuvol-entropy", "native/entropy", &[]),
    ("neuvol-decode", "native/decode", &["--features", "zfp"]),
    ("neuvol-engine", "native/engine", &[]),
    ("neuvol-capi", "native/capi", &[]),
    ("neuvol-tools", "tools", &[]),
];

/// One result of criterion.
#[derive(Debug, Clone, PartialEq)]
struct Measurement {
    group: String,
    name: String,
    /// Mean time of one iteration and the half width of its 95 % confidence interval, in seconds.
    seconds: f64,
    uncertainty: f64,
    /// Elements (voxels) or bytes of one iteration, if the benchmark tells.
    amount: Option<(f64, &'static str)>,
}

pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let start = SystemTime::now();
    let machine = machine::describe();
    setup::ensure(workspace, Purpose::Bench, Flavour::Cpu)?;
    let mut ran = 0;
    for (package, folder, features) in PACKAGES {
        for bench in benches(&workspace.root.join(folder).join("benches")) {
            workspace::run(workspace.cargo(["bench", "-p", package, "--bench", &bench]).args(*features))?;
            ran += 1;
        }
    }
    if ran == 0 {
        let folders: Vec<String> = PACKAGES.iter().map(|(_, folder, _)| format!("{folder}/benches")).collect();
        return Err(Failure::Failed(format!("there is no benchmark in {}", folders.join(", "))));
    }
    let measurements = collect(&workspace.target.join("criterion"), start)?;
    if measurements.is_empty() {
        return Err(Failure::Failed("the benchmarks ran but left no result in target/criterion".into()));
    }
    let path = write(&workspace.target.join("bench"), &machine, &measurements)?;
    print!("\n{}", table(&measurements));
    println!("\nMeasured on {}", machine_line(&machine));
    println!("Written to {}", path.display());
    Ok(())
}

/// The names of the bench programs in `folder`; none if there is no such folder.
fn benches(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let rust = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> = rust.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// The results below criterion's folder that are not older than `since`, sorted by group and time.
fn collect(criterion: &Path, since: SystemTime) -> Result<Vec<Measurement>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![criterion.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
            let estimates = path.join("estimates.json");
            let fresh = fs::metadata(&estimates).and_then(|data| data.modified()).is_ok_and(|time| time >= since);
            if path.ends_with("new") && fresh {
                found.push(
                    measurement(&read_json(&path.join("benchmark.json"))?, &read_json(&estimates)?).ok_or_else(
                        || Failure::Failed(format!("{} is not what criterion 0.7 writes", estimates.display())),
                    )?,
                );
            }
            folders.push(path);
        }
    }
    found.sort_by(|a, b| a.group.cmp(&b.group).then(a.seconds.total_cmp(&b.seconds)));
    Ok(found)
}

fn read_json(path: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
    serde_json::from_str(&text).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads criterion's `benchmark.json` and `estimates.json`, whose times are in nanoseconds.
fn measurement(benchmark: &Value, estimates: &Value) -> Option<Measurement> {
    let full_name = benchmark["full_id"].as_str()?;
    let group = benchmark["group_id"].as_str()?;
    let name = full_name.strip_prefix(group).map_or(full_name, |rest| rest.trim_start_matches('/'));
    let mean = &estimates["mean"];
    let interval = &mean["confidence_interval"];
    let width = interval["upper_bound"].as_f64()? - interval["lower_bound"].as_f64()?;
    let throughput = &benchmark["throughput"];
    let amount = [("Elements", "elements"), ("Bytes", "bytes")]
        .into_iter()
        .find_map(|(key, unit)| Some((throughput[key].as_f64()?, unit)));
    Some(Measurement {
        group: group.to_owned(),
        name: if name.is_empty() { full_name.to_owned() } else { name.to_owned() },
        seconds: mean["point_estimate"].as_f64()? * 1e-9,
        uncertainty: width / 2.0 * 1e-9,
        amount,
    })
}

fn write(folder: &Path, machine: &Value, measurements: &[Measurement]) -> Result<PathBuf, Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))?;
    let results: Vec<Value> = measurements
        .iter()
        .map(|m| {
            json!({
                "group": m.group, "name": m.name, "seconds": m.seconds, "uncertainty_seconds": m.uncertainty,
                "amount": m.amount.map(|(amount, _)| amount), "unit": m.amount.map(|(_, unit)| unit),
            })
        })
        .collect();
    let date = machine["date"].as_str().unwrap_or("undated").replace(':', "");
    let path = folder.join(format!("{date}.json"));
    let text = format!("{:#}\n", json!({ "machine": machine, "results": results }));
    fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error))?;
    Ok(path)
}

/// The network shape in a name such as `16-32-32-1/avx2`: only times of one workload can be compared. Empty if the name
/// has none.
fn workload(name: &str) -> &str {
    let is_shape = |part: &&str| part.contains('-') && part.chars().all(|c| c.is_ascii_digit() || c == '-');
    name.split('/').find(is_shape).unwrap_or("")
}

/// A table for each group and workload: how many times faster each is than the slowest there.
fn table(measurements: &[Measurement]) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<&Measurement>> = BTreeMap::new();
    for m in measurements {
        groups.entry((&m.group, workload(&m.name))).or_default().push(m);
    }
    let width = measurements.iter().map(|m| m.name.len()).max().unwrap_or(0).max(10);
    let mut text = String::new();
    for ((group, workload), members) in groups {
        let slowest = members.iter().map(|m| m.seconds).fold(0.0, f64::max);
        text += &format!("{group} {workload}\n");
        for m in members {
            let rate =
                m.amount.map_or(String::new(), |(n, unit)| format!("{:12.1} million {unit}/s", n / m.seconds / 1e6));
            let percent = 100.0 * m.uncertainty / m.seconds;
            let time = readable(m.seconds);
            text += &format!("  {:width$} {:8.2} x  {time:>10} ± {percent:4.1} %{rate}\n", m.name, slowest / m.seconds);
        }
    }
    text
}

fn readable(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.1} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

fn machine_line(machine: &Value) -> String {
    let text = |name: &str| machine[name].as_str().unwrap_or("?").to_owned();
    let (cpu, rustc) = (text("cpu"), text("rustc"));
    format!("{cpu}, {} cores, {rustc}, load {} at the start", machine["cores"], machine["load_1_min"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn put(folder: &Path, group: &str, name: &str, nanoseconds: f64) {
        let folder = folder.join(group).join(name).join("new");
        fs::create_dir_all(&folder).unwrap();
        let benchmark = json!({
            "group_id": group, "full_id": format!("{group}/{name}"), "throughput": {"Elements": 1000},
        });
        let interval = json!({"lower_bound": 0.9 * nanoseconds, "upper_bound": 1.1 * nanoseconds});
        let estimates = json!({"mean": {"point_estimate": nanoseconds, "confidence_interval": interval}});
        fs::write(folder.join("benchmark.json"), benchmark.to_string()).unwrap();
        fs::write(folder.join("estimates.json"), estimates.to_string()).unwrap();
    }

    #[test]
    fn results_become_a_table_of_ratios_and_a_file() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "decode", "scalar", 8000.0);
        put(folder.path(), "decode", "avx2", 2000.0);
        let found = collect(folder.path(), UNIX_EPOCH).unwrap();
        assert_eq!(found.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["avx2", "scalar"]);
        assert!((found[0].seconds - 2e-6).abs() < 1e-12 && (found[0].uncertainty - 2e-7).abs() < 1e-12);
        let table = table(&found);
        assert!(table.contains("avx2           4.00 x") && table.contains("scalar         1.00 x"), "{table}");
        assert!(table.contains("500.0 million elements/s"), "{table}");

        let machine = json!({"date": "2026-01-02T03:04:05Z", "cores": 2});
        let path = write(&folder.path().join("bench"), &machine, &found).unwrap();
        assert!(path.ends_with("2026-01-02T030405Z.json"), "{path:?}");
        let back = read_json(&path).unwrap();
        assert_eq!(back["results"][1]["name"], "scalar");
        assert_eq!(back["machine"]["cores"], 2);
    }

    #[test]
    fn ratios_stay_within_one_workload() {
        let folder = tempfile::tempdir().unwrap();
        for (name, time) in [("8-1/scalar", 800.0), ("8-1/avx2", 100.0), ("64-1/scalar", 9000.0), ("avx2/64-1", 3000.0)]
        {
            put(folder.path(), "decode", name, time);
        }
        let text = table(&collect(folder.path(), UNIX_EPOCH).unwrap());
        let ratio = |name: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(name)).expect(name);
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()
        };
        assert_eq!(["8-1/scalar", "8-1/avx2", "64-1/scalar", "avx2/64-1"].map(ratio), [1.0, 8.0, 1.0, 3.0], "{text}");
    }

    #[test]
    fn results_of_earlier_runs_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "decode", "scalar", 8000.0);
        let later = SystemTime::now() + std::time::Duration::from_secs(3600);
        assert_eq!(collect(folder.path(), later).unwrap(), []);
    }

    #[test]
    fn a_file_of_another_kind_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "decode", "scalar", 8000.0);
        fs::write(folder.path().join("decode/scalar/new/estimates.json"), "{}").unwrap();
        assert!(collect(folder.path(), UNIX_EPOCH).unwrap_err().to_string().contains("estimates.json"));
    }
}
