//! What programs say, read: test harnesses, compute-sanitizer, ncu, tables of Markdown and rows of JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What a run of Rust's test harness says of itself.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Tests {
    pub(super) passed: u32,
    pub(super) failed: u32,
    /// Why tests were skipped, each reason once.
    pub(super) skipped: Vec<String>,
    /// The names of the tests that failed.
    pub(super) failures: Vec<String>,
}

pub(super) fn counted(said: &str) -> Tests {
    let mut tests = Tests::default();
    for line in said.lines() {
        if let Some((_, counts)) = line.split_once("test result: ") {
            let count = |word: &str| {
                let before = counts.split(word).next()?.trim_end();
                before.rsplit([' ', '.']).next()?.parse::<u32>().ok()
            };
            tests.passed += count("passed").unwrap_or(0);
            tests.failed += count("failed").unwrap_or(0);
        }
        // It may stand behind the name of a test.
        let skipped = ["skipped: ", "not run: "].iter().find_map(|word| line.split_once(word));
        if let Some((_, why)) = skipped
            && !tests.skipped.iter().any(|known| known == why)
        {
            tests.skipped.push(why.to_owned());
        }
        if let Some(name) = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED")) {
            tests.failures.push(name.to_owned());
        } else if let Some(name) = line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----"))
            && !tests.failures.iter().any(|known| known == name)
        {
            tests.failures.push(name.to_owned());
        }
    }
    tests
}

/// The errors that compute-sanitizer counts in its summaries; `None` if it gave none.
pub(super) fn sanitizer_errors(said: &str) -> Option<u64> {
    let counts = said.lines().filter_map(|line| {
        let (_, summary) = line.split_once("SUMMARY:")?;
        summary.split_whitespace().find_map(|word| word.parse::<u64>().ok())
    });
    counts.reduce(|a, b| a + b)
}

/// The rows of all tables in Markdown that have a column called `column`: names of columns to cells.
pub(super) fn markdown(text: &str, column: &str) -> Vec<BTreeMap<String, String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let (mut header, mut rows) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if !line.starts_with('|') {
            header.clear();
        } else if header.is_empty() {
            header = cells(line);
        } else if !line.starts_with("|---") && header.iter().any(|name| name == column) {
            let row = cells(line);
            if row.len() == header.len() {
                rows.push(header.iter().cloned().zip(row).collect());
            }
        }
    }
    rows
}

/// The rows that a program gives as JSON: an array of objects, or an object with such a member `rows`.
pub(super) fn json_rows(text: &str) -> Result<Vec<Map<String, Value>>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    let rows = if value.is_array() { &value } else { &value["rows"] };
    let rows = rows.as_array().ok_or("JSON without rows")?;
    rows.iter().map(|row| row.as_object().cloned().ok_or_else(|| "a row that is no object".to_owned())).collect()
}

/// Kernel to metric to the mean over its launches, of what `ncu --csv` prints.
pub(super) fn ncu(text: &str) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("\"ID\""));
    let Some(header) = lines.next().map(csv) else { return BTreeMap::new() };
    let column = |name: &str| header.iter().position(|column| column == name);
    let (Some(kernel), Some(metric), Some(value)) =
        (column("Kernel Name"), column("Metric Name"), column("Metric Value"))
    else {
        return BTreeMap::new();
    };
    let mut sums: BTreeMap<String, BTreeMap<String, (f64, f64)>> = BTreeMap::new();
    for row in lines.map(csv) {
        let (Some(kernel), Some(metric), Some(value)) = (row.get(kernel), row.get(metric), row.get(value)) else {
            continue;
        };
        // Thousands may be set apart by commas.
        let Ok(value) = value.replace(',', "").parse::<f64>() else { continue };
        let name = kernel.split('(').next().unwrap_or(kernel);
        let sum = sums.entry(name.to_owned()).or_default().entry(metric.clone()).or_default();
        *sum = (sum.0 + value, sum.1 + 1.0);
    }
    let mean = |(metric, (sum, count)): (String, (f64, f64))| (metric, sum / count);
    sums.into_iter().map(|(kernel, metrics)| (kernel, metrics.into_iter().map(mean).collect())).collect()
}

/// The cells of a line of comma-separated values, of which some are in quotes.
fn csv(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap_or_else(|| unreachable!("there is always a cell")).push(character),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_and_named() {
        let said = "test a ... ok\ntest b ... not run: no device\nok\nskipped: no device\ntest c ... FAILED\n\
                    ---- d stdout ----\ntest result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured\n\
                    test result: ok. 3 passed; 0 failed; 0 ignored";
        let expected =
            Tests { passed: 15, failed: 2, skipped: vec!["no device".into()], failures: vec!["c".into(), "d".into()] };
        assert_eq!(counted(said), expected);
    }

    #[test]
    fn errors_of_the_sanitizer_are_added_up() {
        assert_eq!(sanitizer_errors("========= ERROR SUMMARY: 0 errors"), Some(0));
        let race = "========= RACECHECK SUMMARY: 3 hazards displayed (2 errors, 1 warning)\n= ERROR SUMMARY: 4 errors";
        assert_eq!(sanitizer_errors(race), Some(7));
        assert_eq!(sanitizer_errors("========= COMPUTE-SANITIZER\nError: no device"), None);
    }

    #[test]
    fn only_the_table_that_is_asked_for_is_read() {
        let text = "words\n| a | b |\n|---|---|\n| 1 | 2 |\n| all | not used | so |\n\n| c |\n|---|\n| 3 |\n";
        let rows = markdown(text, "b");
        assert_eq!(rows, [BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())])]);
    }

    #[test]
    fn metrics_are_means_over_launches() {
        let text = "==PROF== done\n\"ID\",\"Kernel Name\",\"Metric Name\",\"Metric Unit\",\"Metric Value\"\n\
                    \"0\",\"grid(Launch, int)\",\"cycles\",\"\",\"1,000\"\n\"1\",\"grid(Launch, int)\",\"cycles\",\"\",\"2,000\"\n";
        assert_eq!(ncu(text)["grid"]["cycles"], 1500.0);
        assert!(ncu("==ERROR== no permission").is_empty());
    }

    #[test]
    fn rows_are_an_array_or_in_an_object() {
        assert_eq!(json_rows("[{}]").unwrap().len(), 1);
        assert_eq!(json_rows("{\"rows\": [{}, {}]}").unwrap().len(), 2);
        assert!(json_rows("{}").is_err() && json_rows("x").is_err() && json_rows("[1]").is_err());
    }
}
