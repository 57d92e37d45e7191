//! Which axis of a variable is time, and which are space.
//!
//! Time is, in this order, the first dimension that
//! 1. has a coordinate variable (same name) with `axis = "T"`, `standard_name = "time"` or units with "since"; if it
//!    has no coordinate variable at all, any one-dimensional variable on it that looks so (WRF's XTIME) will do,
//! 2. is unlimited, unless its coordinate variable says that it is space (`axis` X/Y/Z, `positive`, degrees, ...),
//! 3. is called like time (`time`, `t`, `ocean_time`, ...), under the same condition.
//!
//! The other dimensions are z, y, x in the order of the file. Where that leaves more than three, dimensions of length 1
//! are dropped; four that remain without a time axis are taken as steps, z, y, x if nothing says that the first is space.

use super::info::{DimensionInfo, VariableInfo};

/// What a dimension of a variable is for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Time,
    /// 0, 1, 2 = z, y, x
    Space(usize),
    /// Length 1 and not part of the grid.
    Dropped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    Space,
    Unknown,
}

fn is_time_variable(variable: &VariableInfo) -> bool {
    variable.text("axis") == Some("T")
        || variable.text("standard_name") == Some("time")
        || variable.text("units").is_some_and(|units| units.contains(" since "))
}

fn kind(dimension: &str, all: &[VariableInfo]) -> Kind {
    let on_it = |v: &&VariableInfo| v.dimensions.len() == 1 && v.dimensions[0].name == dimension;
    match all.iter().filter(on_it).find(|v| v.name == dimension) {
        Some(v) if is_time_variable(v) => Kind::Time,
        Some(v) => {
            let axis = matches!(v.text("axis"), Some("X" | "Y" | "Z"));
            let units = v.text("units").unwrap_or("");
            let length = ["m", "km", "Pa", "hPa", "mb", "millibar", "meter", "meters", "metre", "metres"];
            let named = v.text("standard_name").is_some();
            if axis || named || v.has("positive") || units.starts_with("degree") || length.contains(&units) {
                Kind::Space
            } else {
                Kind::Unknown
            }
        }
        None if all.iter().filter(on_it).any(is_time_variable) => Kind::Time,
        None => Kind::Unknown,
    }
}

fn is_time_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let known = ["time", "t", "times", "nt", "ntime", "xtime", "date", "tstep"];
    known.contains(&name.as_str()) || name.ends_with("_time") || name.starts_with("time_")
}

/// The role of each dimension, in the order of the file; or the reason why there is no grid.
pub(super) fn axes(dimensions: &[DimensionInfo], all: &[VariableInfo]) -> Result<Vec<Axis>, String> {
    let kinds: Vec<Kind> = dimensions.iter().map(|d| kind(&d.name, all)).collect();
    let open = |i: &usize| kinds[*i] != Kind::Space;
    let every = || 0..dimensions.len();
    let mut time = every()
        .find(|i| kinds[*i] == Kind::Time)
        .or_else(|| every().filter(open).find(|i| dimensions[*i].unlimited))
        .or_else(|| every().filter(open).find(|i| is_time_name(&dimensions[*i].name)));
    let mut space: Vec<usize> = every().filter(|i| Some(*i) != time).collect();
    while space.len() > 3 {
        let Some(single) = space.iter().position(|i| dimensions[*i].len == 1) else {
            break;
        };
        space.remove(single);
    }
    if time.is_none() && space.len() == 4 && open(&space[0]) {
        time = Some(space.remove(0));
    }
    let list = |indices: &[usize]| {
        indices
            .iter()
            .map(|i| format!("{} = {}", dimensions[*i].name, dimensions[*i].len))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match space.len() {
        0 | 1 => return Err(format!("it has {} spatial axes, two are needed", space.len())),
        2 | 3 => {}
        n => {
            return Err(format!(
                "it has {n} spatial axes ({}), at most three are read; select one slice",
                list(&space)
            ));
        }
    }
    Ok(every()
        .map(|i| match space.iter().position(|s| *s == i) {
            Some(position) => Axis::Space(3 - space.len() + position),
            None if Some(i) == time => Axis::Time,
            None => Axis::Dropped,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use neuvol_format::Attribute;

    use super::*;

    fn dimensions(list: &[(&str, usize, bool)]) -> Vec<DimensionInfo> {
        list.iter().map(|&(name, len, unlimited)| DimensionInfo { name: name.to_owned(), len, unlimited }).collect()
    }

    fn coordinate(name: &str, dimension: &str, attributes: &[(&str, &str)]) -> VariableInfo {
        VariableInfo {
            name: name.to_owned(),
            dimensions: dimensions(&[(dimension, 3, false)]),
            attributes: attributes.iter().map(|(n, v)| Attribute::text(*n, *v)).collect(),
            ..VariableInfo::default()
        }
    }

    const TIME: Axis = Axis::Time;
    const Z: Axis = Axis::Space(0);
    const Y: Axis = Axis::Space(1);
    const X: Axis = Axis::Space(2);

    #[test]
    fn attributes_win_over_unlimited_and_names() {
        let grid = dimensions(&[("t", 3, true), ("b", 3, false), ("c", 3, false)]);
        assert_eq!(axes(&grid, &[]), Ok(vec![TIME, Y, X]));
        let level = coordinate("t", "t", &[("axis", "Z")]);
        assert_eq!(axes(&grid, std::slice::from_ref(&level)), Ok(vec![Z, Y, X]));
        let date = coordinate("b", "b", &[("units", "days since 2000-01-01")]);
        assert_eq!(axes(&grid, &[level, date]), Ok(vec![Y, TIME, X]));
        let auxiliary = coordinate("XTIME", "c", &[("units", "minutes since 2000-01-01")]);
        assert_eq!(axes(&grid, &[auxiliary]), Ok(vec![Y, X, TIME]));
    }

    #[test]
    fn names_decide_last() {
        assert_eq!(
            axes(&dimensions(&[("Time", 4, false), ("y", 5, false), ("x", 6, false)]), &[]),
            Ok(vec![TIME, Y, X])
        );
        assert_eq!(axes(&dimensions(&[("lev", 4, false), ("y", 5, false), ("x", 6, false)]), &[]), Ok(vec![Z, Y, X]));
        assert_eq!(axes(&dimensions(&[("y", 5, false), ("x", 6, false)]), &[]), Ok(vec![Y, X]));
    }

    #[test]
    fn single_dimensions_are_dropped_only_where_needed() {
        let five =
            dimensions(&[("time", 2, true), ("member", 1, false), ("z", 3, false), ("y", 4, false), ("x", 5, false)]);
        assert_eq!(axes(&five, &[]), Ok(vec![TIME, Axis::Dropped, Z, Y, X]));
        let flat = dimensions(&[("time", 2, true), ("height", 1, false), ("y", 4, false), ("x", 5, false)]);
        assert_eq!(axes(&flat, &[]), Ok(vec![TIME, Z, Y, X]));
        let four = dimensions(&[("n", 2, false), ("z", 3, false), ("y", 4, false), ("x", 5, false)]);
        assert_eq!(axes(&four, &[]), Ok(vec![TIME, Z, Y, X]));
        assert!(axes(&four, &[coordinate("n", "n", &[("standard_name", "radiation_wavelength")])]).is_err());
    }

    #[test]
    fn too_few_or_too_many_axes_are_refused() {
        assert!(axes(&dimensions(&[("time", 2, true), ("x", 5, false)]), &[]).is_err_and(|e| e.contains("1 spatial")));
        assert!(axes(&[], &[]).is_err());
        let five = dimensions(&[("time", 2, true), ("n", 2, false), ("z", 3, false), ("y", 4, false), ("x", 5, false)]);
        assert!(axes(&five, &[]).is_err_and(|e| e.contains("n = 2")));
    }
}
