//! Times as dates, where the units of CF allow it.

use super::head::text_attribute;
use crate::{
    cf_time::{DAY, Reference, seconds},
    readable,
};
use neuvol_engine::{Axis, Volume};
use serde::Serialize;

/// The time axis of a variable.
#[derive(Clone, Debug, Serialize)]
pub struct TimeAxis {
    /// Name of the coordinate.
    pub name: String,
    /// Its units, as `hours since 2000-01-01`; may be empty.
    pub units: String,
    /// Its calendar; empty = standard.
    pub calendar: String,
    /// The time of every step.
    pub values: Vec<f64>,
}

/// The time axis of a variable, if the file has its values.
pub(super) fn time_axis(volume: &Volume, variable: usize) -> Option<TimeAxis> {
    let info = &volume.reader().variables()[variable];
    let name = volume.variable_dimension(variable as u32, Axis::Time).ok()??.to_owned();
    let number = volume.coordinate_named(&name).ok()?;
    let coordinate = volume.coordinate(number).ok()?;
    let values = match volume.coordinate_values(number) {
        Ok(values) if values.len() == info.steps as usize => values,
        Ok(_) => return None,
        Err(error) => {
            log::warn!("the coordinate {name} is left out: {error}");
            return None;
        }
    };
    let units = text_attribute(&coordinate.attributes, "units");
    let calendar = text_attribute(&coordinate.attributes, "calendar");
    Some(TimeAxis { name, units, calendar, values })
}

impl TimeAxis {
    /// The time of a step: a date, or the number with its units; empty for a step that does not exist.
    pub fn label(&self, step: u32) -> String {
        let Some(&value) = self.values.get(step as usize) else { return String::new() };
        Reference::parse(&self.units, &self.calendar)
            .and_then(|reference| reference.date(value))
            .unwrap_or_else(|| format!("{} {}", readable::value(value), self.units).trim().to_owned())
    }

    /// First and last time and the distance of the steps.
    pub fn in_words(&self) -> String {
        let last = self.values.len().saturating_sub(1) as u32;
        if last == 0 {
            return self.label(0);
        }
        let step = self.spacing().map_or(String::new(), |step| format!(", every {step}"));
        format!("{} to {}{step}", self.label(0), self.label(last))
    }

    /// The distance of the steps in words, if it is the same for all.
    pub fn spacing(&self) -> Option<String> {
        let (first, last) = (self.values.first()?, self.values.last()?);
        let step = (last - first) / self.values.len().saturating_sub(1) as f64;
        let even = self.values.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() <= 1e-4 * step.abs());
        if !even || !step.is_finite() || step == 0.0 {
            return None;
        }
        let Some(unit) = self.units.split_whitespace().next().and_then(seconds) else {
            return Some(format!("{} {}", readable::value(step), self.units).trim().to_owned());
        };
        let length = step * unit;
        let (size, name) = [(DAY, "d"), (3600.0, "h"), (60.0, "min")]
            .into_iter()
            .find(|(size, _)| length.abs() >= size * 0.999)
            .unwrap_or((1.0, "s"));
        Some(format!("{} {name}", readable::value(length / size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_told_in_words() {
        let axis = |units: &str, values: &[f64]| TimeAxis {
            name: "time".into(),
            units: units.into(),
            calendar: String::new(),
            values: values.to_vec(),
        };
        let words = axis("hours since 2019-10-12", &[0.0, 6.0, 12.0]).in_words();
        assert_eq!(words, "2019-10-12 00:00 to 2019-10-12 12:00, every 6 h");
        assert_eq!(axis("frames", &[0.0, 1.0, 5.0]).in_words(), "0 frames to 5 frames");
        assert_eq!(axis("", &[2.0]).in_words(), "2");
        assert_eq!(axis("", &[]).in_words(), "");
    }
}
