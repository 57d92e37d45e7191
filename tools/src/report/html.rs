//! The report as one HTML file: style and pictures are in it, nothing is fetched.
//!
//! It is also well-formed XML, so that a test can see that every element is closed.

use super::{Document, Measured, ModelInfo, Picture, VariableReport, pictures};
use crate::readable::{bytes, grid, value};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;
use std::{fmt::Write, io};

const STYLE: &str = "
body { font: 16px/1.45 system-ui, sans-serif; color: #202124; max-width: 1180px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.7em; margin-bottom: 0; overflow-wrap: anywhere; }
h2 { margin-top: 2em; border-bottom: 2px solid #dadce0; padding-bottom: .2em; }
nav a { margin-right: 1em; }
a { color: #1a5fb4; }
.note { color: #5f6368; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8em 0; font-size: .92em; }
th, td { padding: .25em .8em .25em 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { border-bottom: 1px solid #80868b; }
td { border-bottom: 1px solid #e8eaed; }
th.n, td.n { text-align: right; padding-left: .8em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.hash { font-family: monospace; font-size: .9em; }
figure { margin: 1em 0; }
figcaption { color: #5f6368; font-size: .9em; }
img { max-width: 100%; height: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 0 1.5em; }
@media print {
  body { font-size: 11px; max-width: none; margin: 0; }
  nav { display: none; }
  .wide { overflow: visible; }
  .pair { grid-template-columns: 1fr 1fr; }
  figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
";

/// What stands for a figure without a value.
const NONE: &str = "–";

/// Makes the page and the pictures in it.
///
/// # Errors
/// A picture cannot be encoded.
pub fn page(document: &Document) -> io::Result<(String, Vec<Picture>)> {
    let mut page = Page::default();
    let title = document.models.first().map_or("report", |model| model.name.as_str());
    page.open(title);
    page.files(document);
    page.totals(document);
    page.curves(document)?;
    page.parts(document)?;
    page.rates(document)?;
    page.training(document)?;
    page.worst(document)?;
    page.raw("</main>\n</body>\n</html>\n");
    Ok((page.out, page.pictures))
}

/// Text for HTML. Characters that XML forbids become U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(letter),
            '\0'..'\u{20}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}

/// A figure with enough digits, or a dash.
fn number(v: f64) -> String {
    if v.is_finite() { value(v) } else { NONE.to_owned() }
}

fn fixed(v: f64, digits: usize) -> String {
    if v.is_finite() { format!("{v:.digits$}") } else { NONE.to_owned() }
}

fn psnr(db: f64) -> String {
    if db == f64::INFINITY { "lossless".to_owned() } else { fixed(db, 2) }
}

fn position(p: [u32; 3]) -> String {
    format!("{}, {}, {}", p[0], p[1], p[2])
}

fn plural(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A page in the making.
#[derive(Default)]
struct Page {
    out: String,
    pictures: Vec<Picture>,
}

impl Page {
    fn raw(&mut self, html: &str) {
        self.out.push_str(html);
    }

    /// An element with text.
    fn element(&mut self, name: &str, text: &str) {
        // Writing into a String cannot fail.
        let _ = writeln!(self.out, "<{name}>{}</{name}>", escape(text));
    }

    fn section(&mut self, id: &str, heading: &str) {
        let _ = writeln!(self.out, "<h2 id=\"{id}\">{}</h2>", escape(heading));
    }

    fn note(&mut self, text: &str) {
        let _ = writeln!(self.out, "<p class=\"note\">{}</p>", escape(text));
    }

    fn open(&mut self, title: &str) {
        let title = escape(title);
        let _ = write!(
            self.out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
             <meta name=\"viewport\" content=\"width=device-width\" />\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<nav>"
        );
        for (id, name) in SECTIONS {
            let _ = write!(self.out, "<a href=\"#{id}\">{name}</a> ");
        }
        self.raw("</nav>\n");
    }

    /// A table; the first `texts` columns are text, the others numbers.
    fn table(&mut self, heads: &[&str], texts: usize, rows: &[Vec<String>]) {
        let class = |column: usize| if column < texts { "" } else { " class=\"n\"" };
        self.raw("<div class=\"wide\"><table>\n");
        if heads.iter().any(|head| !head.is_empty()) {
            self.raw("<thead><tr>");
            for (n, head) in heads.iter().enumerate() {
                let _ = write!(self.out, "<th{}>{}</th>", class(n), escape(head));
            }
            self.raw("</tr></thead>\n");
        }
        self.raw("<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            for (n, cell) in row.iter().enumerate() {
                let _ = write!(self.out, "<td{}>{}</td>", class(n), escape(cell));
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody></table></div>\n");
    }

    fn figure(&mut self, mut picture: Picture) -> io::Result<()> {
        // Names of variables and models may become the same file name.
        let (stem, n) = (picture.file.clone(), self.pictures.len());
        if self.pictures.iter().any(|other| other.file == stem) {
            picture.file = format!("{n}_{stem}");
        }
        let mut png = Vec::new();
        picture.image.write_png(&mut png)?;
        let (width, height) = (picture.image.width(), picture.image.height());
        let _ = writeln!(
            self.out,
            "<figure><img alt=\"{}\" width=\"{width}\" height=\"{height}\" src=\"data:image/png;base64,{}\" /></figure>",
            escape(&picture.alt),
            BASE64_STANDARD.encode(&png)
        );
        self.pictures.push(picture);
        Ok(())
    }

    /// Pictures side by side.
    fn figures(&mut self, pictures: Vec<Picture>) -> io::Result<()> {
        if pictures.is_empty() {
            return Ok(());
        }
        self.raw("<div class=\"pair\">\n");
        for picture in pictures {
            self.figure(picture)?;
        }
        self.raw("</div>\n");
        Ok(())
    }
}

/// Ids and names of the sections.
const SECTIONS: [(&str, &str); 7] = [
    ("files", "Files"),
    ("totals", "Totals"),
    ("curves", "By time step"),
    ("parts", "By part"),
    ("rate", "By block"),
    ("training", "Training"),
    ("worst", "Worst block"),
];

impl Page {
    fn files(&mut self, document: &Document) {
        self.section("files", "Files");
        self.element("p", &format!("Compared with {}.", document.original));
        let rows: Vec<Vec<String>> = document.models.iter().map(file_row).collect();
        let heads = ["model", "file", "size", "as 32-bit floats", "ratio", "CPU time of training"];
        self.table(&heads, 2, &rows);
        let Some(model) = document.models.first() else { return };
        let mut rows = vec![
            vec!["format version".to_owned(), model.format.clone()],
            vec!["size".to_owned(), format!("{} bytes", model.bytes)],
            vec!["content hash".to_owned(), model.content_hash.clone()],
            vec!["made by".to_owned(), model.created_by.clone()],
            vec!["made from".to_owned(), model.source.clone()],
        ];
        if !model.history.is_empty() {
            rows.push(vec!["history".to_owned(), model.history.clone()]);
        }
        self.table(&["", ""], 2, &rows);
        self.element("h3", "Variables");
        let row = |v: &super::VariableInfo| {
            let codecs: Vec<String> = v.codecs.iter().map(|(name, count)| format!("{count} {name}")).collect();
            let [shortest, longest] = v.segment_steps;
            let each = if shortest == longest { shortest.to_string() } else { format!("{shortest} to {longest}") };
            let range = if v.min.is_nan() {
                "no valid value".to_owned()
            } else {
                format!("{} … {}", number(v.min.into()), number(v.max.into()))
            };
            vec![
                v.name.clone(),
                v.units.clone(),
                grid(v.dims),
                if v.has_time { v.steps.to_string() } else { "no time".to_owned() },
                v.time.clone(),
                format!("{} of {}", grid(v.blocks), grid(v.block)),
                format!("{} of {each}", v.segments),
                codecs.join(", "),
                range,
                format!("{:.1} %", 100.0 * v.valid as f64 / v.values as f64),
            ]
        };
        let rows: Vec<Vec<String>> = model.variables.iter().map(row).collect();
        let heads = [
            "name",
            "units",
            "voxels z, y, x",
            "steps",
            "time",
            "blocks z, y, x",
            "segments of steps",
            "codecs",
            "values",
            "valid",
        ];
        self.table(&heads, 10, &rows);
        if document.models.iter().any(|model| !is_empty(&model.encoder)) {
            self.element("h3", "Settings of the encoder");
            self.settings(&document.models);
        }
    }

    /// Every setting of every file: a row per setting, a column per file.
    fn settings(&mut self, models: &[ModelInfo]) {
        let lists: Vec<Vec<(String, String)>> = models.iter().map(|model| flat(&model.encoder)).collect();
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in lists.iter().flatten() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let row = |name: &&str| {
            let of = |list: &Vec<(String, String)>| {
                list.iter().find(|(other, _)| other == name).map_or(NONE.to_owned(), |(_, value)| value.clone())
            };
            std::iter::once((*name).to_owned()).chain(lists.iter().map(of)).collect()
        };
        let rows: Vec<Vec<String>> = names.iter().map(row).collect();
        let heads: Vec<&str> = std::iter::once("setting").chain(models.iter().map(|m| m.name.as_str())).collect();
        self.table(&heads, heads.len(), &rows);
    }

    fn totals(&mut self, document: &Document) {
        self.section("totals", "Totals over all time steps");
        for variable in &document.variables {
            self.element("h3", &named(variable));
            let rows: Vec<Vec<String>> = variable
                .measured
                .iter()
                .zip(&document.models)
                .map(|(measured, model)| match measured {
                    Some(measured) => total_row(measured),
                    None => vec![format!("{} (does not have it)", model.name)],
                })
                .collect();
            let heads = [
                "model",
                "bytes",
                "bits per value",
                "PSNR [dB]",
                "SSIM",
                "1 % of blocks",
                "worst block",
                "largest error",
                "99.9 % below",
                "RMSE",
                "mean error",
                "peaks",
                "mask",
            ];
            self.table(&heads, 1, &rows);
        }
        self.note(
            "Bytes: payloads and masks of the variable, what variables share split evenly. SSIM: mean over all windows; \
             1st percentile and minimum of the means of blocks. Peaks: mean error of the highest 0.1 % of the values, \
             relative to their height. Errors are in the units of the variable.",
        );
    }

    fn curves(&mut self, document: &Document) -> io::Result<()> {
        self.section("curves", "Quality by time step");
        for variable in &document.variables {
            self.element("h3", &variable.name);
            let steps = variable.measured.iter().flatten().map(|m| m.report.steps.len()).max().unwrap_or(0);
            if steps < 2 {
                self.note("One step: its figures are the totals.");
                continue;
            }
            let pictures = pictures::curves(variable);
            if pictures.is_empty() {
                self.note("No step has figures: nothing is valid.");
            }
            self.figures(pictures)?;
            let lossless = |m: &Measured| m.report.steps.iter().filter(|s| s.errors.psnr_db == f64::INFINITY).count();
            for measured in variable.measured.iter().flatten().filter(|m| lossless(m) > 0) {
                let n = plural(lossless(measured), "step");
                self.note(&format!(
                    "{}: {n} without any error, which have no point in the curve of PSNR.",
                    measured.model
                ));
            }
        }
        Ok(())
    }

    fn parts(&mut self, document: &Document) -> io::Result<()> {
        self.section("parts", "Bytes by part of the file");
        if let Some(picture) = pictures::parts(document) {
            self.figure(picture)?;
        }
        let mut names: Vec<&str> = Vec::new();
        for part in document.models.iter().flat_map(|model| &model.parts) {
            if !names.contains(&part.part.as_str()) {
                names.push(&part.part);
            }
        }
        let mut heads = vec!["part".to_owned()];
        for model in &document.models {
            heads.extend([model.name.clone(), "number".to_owned(), "share".to_owned()]);
        }
        let cells = |model: &ModelInfo, name: &str| match model.parts.iter().find(|part| part.part == name) {
            Some(part) => [
                part.bytes.to_string(),
                part.count.to_string(),
                format!("{:.2} %", 100.0 * part.bytes as f64 / model.bytes as f64),
            ],
            None => [NONE, NONE, NONE].map(str::to_owned),
        };
        let row = |name: &&str| {
            let mut row = vec![(*name).to_owned()];
            row.extend(document.models.iter().flat_map(|model| cells(model, name)));
            row
        };
        let mut rows: Vec<Vec<String>> = names.iter().map(row).collect();
        let mut sum = vec!["whole file".to_owned()];
        for model in &document.models {
            let total: u64 = model.parts.iter().map(|part| part.bytes).sum();
            sum.extend([
                total.to_string(),
                String::new(),
                format!("{:.2} %", 100.0 * total as f64 / model.bytes as f64),
            ]);
        }
        rows.push(sum);
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        self.table(&heads, 1, &rows);
        Ok(())
    }

    fn rates(&mut self, document: &Document) -> io::Result<()> {
        self.section("rate", "Bytes by block and segment");
        for variable in &document.variables {
            self.element("h3", &variable.name);
            let rate = &variable.rate;
            let bytes_of_all = bytes(rate.total().round() as u64);
            self.note(&format!(
                "{} in {} and {}, payloads and masks; shared networks and the front of the file are not in it.",
                bytes_of_all,
                plural(rate.block_bytes.len(), "block"),
                plural(rate.segments.len(), "segment")
            ));
            self.figure(pictures::block_map(variable))?;
            let more = [pictures::block_histogram(variable), pictures::segment_curve(variable)];
            self.figures(more.into_iter().flatten().collect())?;
            let total = rate.total();
            let row = |block: &super::BlockBytes| {
                let share = 100.0 * block.bytes / total;
                vec![position(block.block), fixed(block.bytes, 0), format!("{} %", fixed(share, 2))]
            };
            let rows: Vec<Vec<String>> = rate.largest.iter().map(row).collect();
            self.table(&["largest blocks z, y, x", "bytes", "share"], 1, &rows);
        }
        Ok(())
    }

    fn training(&mut self, document: &Document) -> io::Result<()> {
        self.section("training", "Training");
        if let Some(picture) = pictures::losses(document) {
            self.figure(picture)?;
        }
        for model in document.models.iter().filter(|model| model.losses.is_empty()) {
            self.note(&format!("{}: the file has no losses of its training.", model.name));
        }
        for model in &document.models {
            if let Some(seconds) = model.cpu_seconds {
                self.note(&format!("{}: {} s of CPU time.", model.name, number(seconds)));
            }
        }
        Ok(())
    }

    fn worst(&mut self, document: &Document) -> io::Result<()> {
        self.section("worst", "The worst block");
        for variable in &document.variables {
            self.element("h3", &variable.name);
            let Some(worst) = &variable.worst else {
                self.note("No block has a value that is valid in both the data and the model.");
                continue;
            };
            let by = match worst.ssim {
                Some(ssim) => format!("the smallest SSIM ({ssim:.4})"),
                None => "the largest RMSE".to_owned(),
            };
            let model = worst.models.first().map_or("", |model| model.model.as_str());
            let time = if worst.time.is_empty() { String::new() } else { format!(" ({})", worst.time) };
            self.element(
                "p",
                &format!(
                    "Block {} has {by} in {model}, at step {}{time}. It covers {} voxels from {}; its largest error is at \
                     {}, where the data are {}.",
                    position(worst.block),
                    worst.step,
                    grid(worst.extent),
                    position(worst.origin),
                    position(worst.voxel),
                    number(worst.original.into())
                ),
            );
            let row = |m: &super::WorstIn| {
                let difference = f64::from(m.decoded) - f64::from(worst.original);
                let figures = [f64::from(m.decoded), difference, m.max_abs_error, m.rmse];
                std::iter::once(m.model.clone()).chain(figures.map(number)).collect()
            };
            let rows: Vec<Vec<String>> = worst.models.iter().map(row).collect();
            let heads = ["model", "decoded there", "difference", "largest error of the block", "RMSE of the block"];
            self.table(&heads, 1, &rows);
            for picture in pictures::worst(variable, worst) {
                self.figure(picture)?;
            }
        }
        self.note("Outlined are the block and the voxel; around the block are up to 16 voxels of its neighbours.");
        Ok(())
    }
}

fn file_row(model: &ModelInfo) -> Vec<String> {
    vec![
        model.name.clone(),
        model.file.clone(),
        bytes(model.bytes),
        bytes(model.raw_bytes),
        fixed(model.ratio, 1),
        model.cpu_seconds.map_or(NONE.to_owned(), |seconds| format!("{} s", number(seconds))),
    ]
}

fn total_row(measured: &Measured) -> Vec<String> {
    let e = &measured.report.total.errors;
    let ssim = measured.report.total.ssim.as_ref();
    let of = |figure: Option<f64>| figure.map_or(NONE.to_owned(), |v| fixed(v, 4));
    let mask =
        if e.lost + e.invented == 0 { "exact".to_owned() } else { format!("{} lost, {} invented", e.lost, e.invented) };
    vec![
        measured.model.clone(),
        fixed(measured.bytes, 0),
        fixed(measured.bits_per_value, 3),
        psnr(e.psnr_db),
        of(ssim.map(|s| s.mean)),
        of(ssim.map(|s| s.p1_block)),
        of(ssim.map(|s| s.min_block)),
        number(e.max_abs_error),
        number(e.p999_abs_error),
        number(e.rmse),
        number(e.mean_error),
        e.peak_top.filter(|p| p.is_finite()).map_or(NONE.to_owned(), |peak| format!("{:+.1} %", 100.0 * peak)),
        mask,
    ]
}

/// A variable with its long name and units.
fn named(variable: &VariableReport) -> String {
    let mut text = variable.name.clone();
    if !variable.long_name.is_empty() {
        text += &format!(", {}", variable.long_name);
    }
    if !variable.units.is_empty() {
        text += &format!(" [{}]", variable.units);
    }
    text
}

fn is_empty(settings: &Value) -> bool {
    match settings {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Settings as (name, value), those of objects inside as `outer.inner`.
fn flat(settings: &Value) -> Vec<(String, String)> {
    fn add(name: &str, value: &Value, out: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                for (inner, value) in members {
                    add(&if name.is_empty() { inner.clone() } else { format!("{name}.{inner}") }, value, out);
                }
            }
            Value::Null => {}
            Value::String(text) => out.push((name.to_owned(), text.clone())),
            // A 32-bit setting has more digits as 64 bits than it has.
            Value::Number(number) => match number.as_f64().filter(|v| number.is_f64() && f64::from(*v as f32) == *v) {
                Some(v) => out.push((name.to_owned(), (v as f32).to_string())),
                None => out.push((name.to_owned(), number.to_string())),
            },
            other => out.push((name.to_owned(), other.to_string())),
        }
    }
    let mut out = Vec::new();
    add("", settings, &mut out);
    out
}
