//! The pictures of the report.

use super::{Document, Measured, Part, Rate, VariableReport, Worst};
use crate::{
    metrics::{Figures, SsimFigures},
    preview::{
        Bar, FigureSpec, HeatMap, HeatPlane, LinePlot, RgbImage, Series, bar_chart, heat_map, line_plot, slice_figure,
    },
    readable,
};

/// Most planes of blocks in a heat map; more are averaged in groups.
const MAX_PLANES: usize = 24;
/// A curve whose values differ by more than this factor has a logarithmic axis.
const WIDE: f64 = 30.0;

/// A picture with a name for its file and words for those who cannot see it.
pub struct Picture {
    /// Name of its file, with ending.
    pub file: String,
    /// What it shows.
    pub alt: String,
    /// The picture.
    pub image: RgbImage,
}

/// A figure of a step by name: name of the file, title, vertical axis.
type Curve = (&'static str, &'static str, &'static str, fn(&Figures) -> f64);

/// The curves of a variable with several steps; those without any point are left out.
pub(super) fn curves(variable: &VariableReport) -> Vec<Picture> {
    fn ssim(figures: &Figures, of: fn(&SsimFigures) -> f64) -> f64 {
        figures.ssim.as_ref().map_or(f64::NAN, of)
    }
    let curves: [Curve; 5] = [
        ("psnr", "PSNR", "PSNR [dB]", |f| f.errors.psnr_db),
        ("ssim_mean", "mean SSIM", "SSIM", |f| ssim(f, |s| s.mean)),
        ("ssim_worst", "SSIM of the worst block", "SSIM", |f| ssim(f, |s| s.min_block)),
        ("max_error", "largest absolute error", "error", |f| f.errors.max_abs_error),
        ("rmse", "root mean square error", "RMSE", |f| f.errors.rmse),
    ];
    let x_label = step_axis(variable);
    let mut pictures = Vec::new();
    for (file, what, y_label, figure) in curves {
        let line = |measured: &Option<Measured>, name: &str| Series {
            name: name.to_owned(),
            points: measured.iter().flat_map(|m| m.report.steps.iter().map(figure).enumerate()).map(point).collect(),
        };
        let series: Vec<Series> =
            variable.measured.iter().enumerate().map(|(n, m)| line(m, &model_name(variable, n))).collect();
        let values = || series.iter().flat_map(|s| &s.points).map(|p| p.1).filter(|y| y.is_finite());
        if values().next().is_none() {
            continue;
        }
        let positive = || values().filter(|&y| y > 0.0);
        let (low, high) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
        let logarithmic = matches!(file, "max_error" | "rmse") && high > WIDE * low;
        let units = &variable.units;
        let y_label = if y_label.contains('[') || y_label == "SSIM" || units.is_empty() {
            y_label.to_owned()
        } else {
            format!("{y_label} [{units}]")
        };
        let title = format!("{}: {what}", variable.name);
        let image = line_plot(&LinePlot {
            title: &title,
            x_label: &x_label,
            y_label: &y_label,
            series,
            logarithmic,
            ..LinePlot::default()
        });
        pictures.push(Picture {
            file: format!("{}_{file}.png", file_name(&variable.name)),
            alt: format!("{title} by step"),
            image,
        });
    }
    pictures
}

fn point((step, value): (usize, f64)) -> (f64, f64) {
    (step as f64, value)
}

/// The name of model `n`; one that lacks the variable keeps its colour, so that colours mean the same everywhere.
fn model_name(variable: &VariableReport, n: usize) -> String {
    match &variable.measured[n] {
        Some(measured) => measured.model.clone(),
        None => "(not there)".to_owned(),
    }
}

/// The name of the horizontal axis: steps, with what they mean.
fn step_axis(variable: &VariableReport) -> String {
    match &variable.time {
        None => "step".to_owned(),
        Some(time) => {
            let each = time.spacing().map_or(String::new(), |spacing| format!(", {spacing} each"));
            format!("step from {}{each}", time.label(0))
        }
    }
}

/// The bytes of every block.
pub(super) fn block_map(variable: &VariableReport) -> Picture {
    let Rate { blocks, block_bytes, .. } = &variable.rate;
    let [nz, ny, nx] = blocks.map(|n| n as usize);
    let group = nz.div_ceil(MAX_PLANES).max(1);
    let plane = |first: usize| {
        let last = (first + group).min(nz) - 1;
        let mut values = vec![0.0; ny * nx];
        for z in first..=last {
            for (sum, bytes) in values.iter_mut().zip(&block_bytes[z * ny * nx..(z + 1) * ny * nx]) {
                *sum += bytes / (last + 1 - first) as f64;
            }
        }
        let label = if first == last { format!("z block {first}") } else { format!("z blocks {first}-{last}") };
        HeatPlane { label, values }
    };
    let title = format!("{}: bytes by block", variable.name);
    let image = heat_map(&HeatMap {
        title: &title,
        units: "bytes",
        axes: ["x block", "y block"],
        size: [nx, ny],
        planes: (0..nz).step_by(group).map(plane).collect(),
        text: Some(|bytes| readable::bytes(bytes.round() as u64)),
    });
    Picture { file: format!("{}_block_bytes.png", file_name(&variable.name)), alt: title, image }
}

/// How many blocks have how many bytes; `None` for a single block or where all are empty.
pub(super) fn block_histogram(variable: &VariableReport) -> Option<Picture> {
    let bytes = &variable.rate.block_bytes;
    let largest = bytes.iter().copied().fold(0.0, f64::max);
    if bytes.len() < 2 || largest <= 0.0 {
        return None;
    }
    let rough = largest / 10.0;
    let power = 10f64.powf(rough.log10().floor());
    let width = [1.0, 2.0, 5.0, 10.0].map(|f| f * power).into_iter().find(|w| *w >= rough).unwrap_or(rough).max(1.0);
    let mut counts = vec![0u64; (largest / width) as usize + 1];
    for &bytes in bytes {
        counts[(bytes / width) as usize] += 1;
    }
    let bound = |n: usize| readable::bytes((n as f64 * width).round() as u64);
    let bars: Vec<Bar> = counts
        .iter()
        .enumerate()
        .map(|(n, &count)| Bar {
            label: format!("{} to {}", bound(n), bound(n + 1)),
            value: count as f64,
            text: count.to_string(),
        })
        .collect();
    let title = format!("{}: blocks by their bytes", variable.name);
    let image = bar_chart(&title, &bars);
    Some(Picture { file: format!("{}_block_histogram.png", file_name(&variable.name)), alt: title, image })
}

/// Bytes per step of every segment; `None` for a single segment.
pub(super) fn segment_curve(variable: &VariableReport) -> Option<Picture> {
    let segments = &variable.rate.segments;
    if segments.len() < 2 {
        return None;
    }
    let mut points = Vec::new();
    for segment in segments {
        let rate = segment.bytes / f64::from(segment.steps.max(1));
        points.push((f64::from(segment.first), rate));
        if segment.steps > 1 {
            points.push((f64::from(segment.first + segment.steps - 1), rate));
        }
    }
    let title = format!("{}: bytes by segment", variable.name);
    let image = line_plot(&LinePlot {
        title: &title,
        x_label: &step_axis(variable),
        y_label: "bytes per step",
        series: vec![Series { name: String::new(), points }],
        from_zero: true,
        ..LinePlot::default()
    });
    Some(Picture { file: format!("{}_segment_bytes.png", file_name(&variable.name)), alt: title, image })
}

/// The parts of the first file.
pub(super) fn parts(document: &Document) -> Option<Picture> {
    let model = document.models.first()?;
    let bar = |part: &Part| Bar {
        label: part.part.clone(),
        value: part.bytes as f64,
        text: format!("{}, {:.1} %", readable::bytes(part.bytes), 100.0 * part.bytes as f64 / model.bytes as f64),
    };
    let title = format!("{}: bytes by part", model.name);
    let bars: Vec<Bar> = model.parts.iter().map(bar).collect();
    Some(Picture { file: "parts.png".into(), image: bar_chart(&title, &bars), alt: title })
}

/// The losses of the training of all files that have them.
pub(super) fn losses(document: &Document) -> Option<Picture> {
    let mut series = Vec::new();
    for model in &document.models {
        let every = model.loss_every.unwrap_or(1.0);
        for (name, losses) in model.losses.iter().filter(|(_, losses)| !losses.is_empty()) {
            let name = if document.models.len() > 1 { format!("{}: {name}", model.name) } else { name.clone() };
            let points = losses.iter().enumerate().map(|(n, &loss)| (n as f64 * every, loss)).collect();
            series.push(Series { name, points });
        }
    }
    if series.is_empty() {
        return None;
    }
    let known = document.models.iter().filter(|m| !m.losses.is_empty()).all(|m| m.loss_every.is_some());
    let image = line_plot(&LinePlot {
        title: "Training: median of the blocks",
        x_label: if known { "optimiser step" } else { "number of the measurement" },
        y_label: "loss",
        series,
        logarithmic: true,
        ..LinePlot::default()
    });
    Some(Picture { file: "losses.png".into(), alt: "loss along training".into(), image })
}

/// The worst block in every model, with the same colours.
pub(super) fn worst(variable: &VariableReport, worst: &Worst) -> Vec<Picture> {
    let differences = |slices: &[crate::preview::Slice]| {
        let pairs = slices.iter().flat_map(|slice| slice.original.iter().zip(&slice.decoded));
        pairs.map(|(a, b)| (b - a).abs()).filter(|d| d.is_finite()).fold(0f32, f32::max)
    };
    let limit = worst.models.iter().map(|model| differences(&model.slices)).fold(0f32, f32::max);
    let when = if worst.time.is_empty() { String::new() } else { format!(", {}", worst.time) };
    let picture = |model: &super::WorstIn| {
        let title = format!("{}{when}: {}", variable.name, model.model);
        let [z, y, x] = worst.block;
        let [vz, vy, vx] = worst.voxel;
        let image = slice_figure(&FigureSpec {
            title: &title,
            subtitle: &format!(
                "step {}, block {z} {y} {x}, largest error {} at {vz} {vy} {vx} (z y x)",
                worst.step,
                readable::value(model.max_abs_error)
            ),
            units: &variable.units,
            slices: model.slices.clone(),
            difference_limit: (limit > 0.0).then_some(limit),
            ..FigureSpec::default()
        });
        let file = format!("{}_worst_{}.png", file_name(&variable.name), file_name(&model.model));
        Picture { file, alt: format!("worst block: original, decoded, difference of {title}"), image }
    };
    worst.models.iter().map(picture).collect()
}

/// A name as a file name.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}
