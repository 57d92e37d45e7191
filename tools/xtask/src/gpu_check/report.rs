//! The result: rows, as a table of Markdown and as JSON.

use serde_json::{Map, Value, json};

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    /// Something that it needs is not there; the row says what.
    NotRun,
    /// Figures without a judgement.
    Measured,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::NotRun => "not run",
            Outcome::Measured => "measured",
        }
    }
}

/// One thing that was checked or measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// One of `check::PARTS`.
    pub(super) part: &'static str,
    pub(super) what: String,
    pub(super) outcome: Outcome,
    /// For people: figures, or what failed, or what is not there.
    pub(super) detail: String,
    /// The same for programs.
    pub(super) figures: Map<String, Value>,
}

impl Row {
    pub(super) fn new(
        part: &'static str,
        what: impl Into<String>,
        outcome: Outcome,
        detail: impl Into<String>,
    ) -> Self {
        Row { part, what: what.into(), outcome, detail: detail.into(), figures: Map::new() }
    }

    pub(super) fn not_run(part: &'static str, what: impl Into<String>, why: impl Into<String>) -> Self {
        Row::new(part, what, Outcome::NotRun, why)
    }
}

/// The table.
pub(super) fn table(rows: &[Row]) -> String {
    let cell = |text: &str| text.replace('|', "/").replace('\n', " ");
    let mut out = String::from("| part | what | result | figures, or why |\n|---|---|---|---|\n");
    for row in rows {
        let cells = [row.part, &row.what, row.outcome.word(), &row.detail].map(cell);
        out += &format!("| {} |\n", cells.join(" | "));
    }
    out
}

/// All of it, under what is known of the machine.
pub(super) fn json(machine: &Value, rows: &[Row]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let Row { part, what, outcome, detail, figures } = row;
            json!({ "part": part, "what": what, "result": outcome.word(), "detail": detail, "figures": figures })
        })
        .collect();
    let mut out = machine.clone();
    out["rows"] = rows.into();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_in_the_table_and_in_the_json() {
        let rows = [
            Row::not_run("sanitizer", "memcheck", "no compute-sanitizer"),
            Row::new("cuda", "a|b", Outcome::Passed, "3 tests\nall"),
        ];
        let table = table(&rows);
        assert!(table.contains("| sanitizer | memcheck | not run | no compute-sanitizer |\n"), "{table}");
        assert!(table.contains("| cuda | a/b | passed | 3 tests all |\n"), "{table}");
        let json = json(&json!({ "date": "today" }), &rows);
        assert_eq!((&json["date"], &json["rows"][0]["result"]), (&json!("today"), &json!("not run")));
    }
}
