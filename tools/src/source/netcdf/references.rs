//! Which variables of a file describe others: dimension variables, and those that CF attributes name.

use super::info::VariableInfo;

/// Attributes whose value names variables, apart from `formula_terms`.
const REFERENCES: [&str; 5] = ["coordinates", "bounds", "climatology", "grid_mapping", "cell_measures"];
/// Larger arrays that others refer to are not carried as coordinates of a model.
const MAX_BYTES: u64 = 64 << 20;

/// Names in a list such as `lon lat`, and in the forms `area: cell_area` and `crs: x y` (both sides of the colon).
fn names(value: &str) -> impl Iterator<Item = &str> {
    value.split_whitespace().map(|word| word.trim_end_matches(':'))
}

fn referenced<'a>(variable: &'a VariableInfo, attributes: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    attributes.iter().filter_map(|a| variable.text(a)).flat_map(names)
}

/// Whether a model can carry this variable as a coordinate: numbers, or a scalar character (CF allows such grid
/// mappings; their value has no meaning), not too large.
fn can_be_carried(variable: &VariableInfo) -> bool {
    (variable.dtype.is_some() || (variable.is_char() && variable.dimensions.is_empty()))
        && variable.byte_len() <= MAX_BYTES
        && variable.dimensions.iter().all(|d| d.len > 0)
}

/// For each variable whether it only describes others. Terms of formulas are not counted: surface pressure is data.
pub(super) fn is_auxiliary(all: &[VariableInfo]) -> Vec<bool> {
    let named: Vec<&str> = all.iter().flat_map(|v| referenced(v, &REFERENCES)).collect();
    all.iter()
        .map(|v| {
            let own_dimension = v.dimensions.len() == 1 && v.dimensions[0].name == v.name;
            can_be_carried(v) && (own_dimension || named.contains(&v.name.as_str()))
        })
        .collect()
}

/// The coordinates of a variable, as indices into `all`, each once. `is_data` tells variables that can be compressed
/// themselves, `has_time` those with a time axis: time-dependent terms of formulas are left out, being data.
pub(super) fn coordinates_of(
    variable: usize,
    all: &[VariableInfo],
    is_data: &dyn Fn(usize) -> bool,
    has_time: &dyn Fn(usize) -> bool,
) -> Vec<usize> {
    let index = |name: &str| all.iter().position(|v| v.name == name);
    let mut found: Vec<usize> = Vec::new();
    let add = |i: usize, found: &mut Vec<usize>| {
        if i != variable && can_be_carried(&all[i]) && !found.contains(&i) {
            found.push(i);
        }
    };
    let mut next = 0;
    let mut current = variable;
    loop {
        let v = &all[current];
        for dimension in &v.dimensions {
            // A variable with the name of a dimension is its coordinate only if it lies on it alone.
            if let Some(i) = index(&dimension.name).filter(|i| all[*i].dimensions.len() == 1) {
                add(i, &mut found);
            }
        }
        if current == variable {
            referenced(v, &REFERENCES).filter_map(index).for_each(|i| add(i, &mut found));
        } else {
            referenced(v, &["bounds", "climatology", "grid_mapping"])
                .filter_map(index)
                .for_each(|i| add(i, &mut found));
        }
        let terms = referenced(v, &["formula_terms"]).filter_map(index);
        terms.filter(|i| !(is_data(*i) && has_time(*i))).for_each(|i| add(i, &mut found));
        match found.get(next) {
            Some(i) => current = *i,
            None => return found,
        }
        next += 1;
    }
}

#[cfg(test)]
mod tests {
    use neuvol_format::Attribute;

    use super::*;
    use crate::source::dtype::Dtype;
    use crate::source::netcdf::info::DimensionInfo;

    fn variable(name: &str, dimensions: &[&str], attributes: &[(&str, &str)]) -> VariableInfo {
        let dimension = |d: &&str| DimensionInfo { name: (*d).to_owned(), len: 4, unlimited: false };
        VariableInfo {
            name: name.to_owned(),
            dimensions: dimensions.iter().map(dimension).collect(),
            dtype: Some(Dtype::F32),
            attributes: attributes.iter().map(|(n, v)| Attribute::text(*n, *v)).collect(),
            ..VariableInfo::default()
        }
    }

    #[test]
    fn follows_bounds_and_formula_terms() {
        let all = [
            variable("T", &["time", "lev", "y", "x"], &[("coordinates", "lon"), ("grid_mapping", "crs: x y")]),
            variable("lev", &["lev"], &[("formula_terms", "a: hyam ps: ps orog: h"), ("bounds", "lev_bnds")]),
            variable("lev_bnds", &["lev", "bnds"], &[]),
            variable("hyam", &["lev"], &[]),
            variable("ps", &["time", "y", "x"], &[]),
            variable("h", &["y", "x"], &[]),
            variable("lon", &["y", "x"], &[]),
            variable("crs", &[], &[]),
            variable("time", &["time"], &[]),
            variable("other", &["y", "x"], &[]),
        ];
        let auxiliary = is_auxiliary(&all);
        let names: Vec<&str> = (0..all.len()).filter(|i| auxiliary[*i]).map(|i| all[i].name.as_str()).collect();
        assert_eq!(names, ["lev", "lev_bnds", "lon", "crs", "time"]);
        let data = |i: usize| !auxiliary[i];
        let list = coordinates_of(0, &all, &data, &|i| all[i].dimensions.iter().any(|d| d.name == "time"));
        let mut names: Vec<&str> = list.iter().map(|i| all[*i].name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["crs", "h", "hyam", "lev", "lev_bnds", "lon", "time"]);
    }
}
