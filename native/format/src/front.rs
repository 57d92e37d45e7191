//! Everything before the payloads, checked as a whole. The writer runs the same checks over what it is about to write.

use crate::compress;
use crate::entry::{BlockKey, Entry, EntryScope};
use crate::error::{Error, in_range, limit};
use crate::header::{Header, Section, kind};
use crate::image::Image;
use crate::limits::{ENTRY_LEN, MASK_LEN, MAX_NETWORKS, MAX_VARIABLES, NETWORK_LEN, SEGMENT_LEN, VARIABLE_LEN};
use crate::mask::MaskRecord;
use crate::meta::Meta;
use crate::network::NetworkRecord;
use crate::payload_area::PayloadArea;
use crate::record::Record;
use crate::variable::{Segment, Variable};

/// The checked front of a file. Methods take the file again: this holds none of its bytes.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) header: Header,
    pub(crate) sections: Vec<Section>,
    pub(crate) meta: Meta,
    pub(crate) variables: Vec<Variable>,
    /// Of all variables, one after the other.
    segments: Vec<Segment>,
    indx: Section,
    payloads: PayloadArea,
    mask: Option<Section>,
    nets: Option<Section>,
    coor: Option<Section>,
}

impl Front {
    /// Reads the front of a file, of which at least what stands before BLKS is there.
    pub(crate) fn parse(image: Image<'_>, header: Header) -> Result<Self, Error> {
        let sections = Section::parse_all(image, &header)?;
        let find = |kind: [u8; 4]| sections.iter().find(|section| section.kind == kind);
        let must = |kind: [u8; 4]| {
            find(kind)
                .ok_or_else(|| Error::invalid(128, format!("section {} is missing", String::from_utf8_lossy(&kind))))
        };
        let (vars, segs) = (must(kind::VARS)?, must(kind::SEGS)?);
        let (meta, indx, blks) = (must(kind::META)?, must(kind::INDX)?, must(kind::BLKS)?);
        let (mask, nets, coor) = (find(kind::MASK), find(kind::NETS), find(kind::COOR));

        check_table(vars, VARIABLE_LEN)?;
        check_table(segs, SEGMENT_LEN)?;
        check_table(indx, ENTRY_LEN)?;
        if let Some(mask) = mask {
            check_table(mask, MASK_LEN)?;
        }
        let variables = parse_variables(image, vars)?;
        let segments = parse_segments(image, segs)?;
        check_segments(&variables, &segments, segs.offset)?;
        check_entry_numbers(&variables, indx)?;
        if let Some(nets) = nets {
            check_networks(image, nets)?;
        }
        let meta = parse_meta(image, meta, &variables)?;
        let (indx, payloads) = (indx.clone(), PayloadArea::new(blks, &header));
        let (mask, nets, coor) = (mask.cloned(), nets.cloned(), coor.cloned());
        Ok(Self { header, sections, meta, variables, segments, indx, payloads, mask, nets, coor })
    }

    pub(crate) fn segments(&self, variable: &Variable) -> &[Segment] {
        let first = variable.first_segment as usize;
        // Checked when the file was opened.
        &self.segments[first..first + variable.n_segments as usize]
    }

    fn variable(&self, n: u32) -> Result<&Variable, Error> {
        in_range("variable", n.into(), self.variables.len() as u64)?;
        Ok(&self.variables[n as usize])
    }

    pub(crate) fn entry(&self, image: Image<'_>, key: BlockKey) -> Result<Entry, Error> {
        let number = key.entry_number(self.variable(key.variable)?)?;
        let scope = EntryScope { payloads: &self.payloads, n_networks: self.n_networks(), n_masks: self.n_masks() };
        // Inside INDX: `number` is below its item count.
        Entry::parse(&Record::at(image, self.indx.offset + number * ENTRY_LEN as u64)?, key, &scope)
    }

    /// All keys of a variable, in the order of their entries.
    pub(crate) fn keys(&self, n: u32) -> impl Iterator<Item = BlockKey> + use<> {
        let variable = self.variables.get(n as usize);
        let counts = variable.map_or((0, 0, 0, 0), |v| (v.n_qualities, v.n_stored_levels, v.n_segments, v.n_blocks()));
        let (qualities, levels, segments, blocks) = counts;
        (0..qualities).flat_map(move |quality| {
            (0..levels).flat_map(move |level| {
                (0..segments).flat_map(move |segment| {
                    (0..blocks).map(move |block| BlockKey { variable: n, quality, level, segment, block })
                })
            })
        })
    }

    pub(crate) fn n_masks(&self) -> u64 {
        self.mask.as_ref().map_or(0, |section| section.items)
    }

    /// Mask number `n`, checked to fit the block of `key`.
    pub(crate) fn mask(&self, image: Image<'_>, key: BlockKey, n: u32) -> Result<MaskRecord, Error> {
        let variable = self.variable(key.variable)?;
        key.entry_number(variable)?;
        in_range("mask", n.into(), self.n_masks())?;
        let start = self.mask.as_ref().map_or(0, |section| section.offset);
        let offset = start + u64::from(n) * MASK_LEN as u64;
        let record = MaskRecord::parse(&Record::at(image, offset)?, &self.payloads)?;
        let steps = self.segments(variable)[key.segment as usize].steps;
        record.check_fit(variable.block_extent(key.block, key.level), steps, offset)?;
        Ok(record)
    }

    pub(crate) fn n_networks(&self) -> u64 {
        self.nets.as_ref().map_or(0, |section| section.items)
    }

    pub(crate) fn network(&self, image: Image<'_>, n: u32) -> Result<NetworkRecord, Error> {
        in_range("network", n.into(), self.n_networks())?;
        let Some(nets) = &self.nets else {
            return Err(Error::OutOfRange { what: "network", value: n.into(), limit: 0 });
        };
        NetworkRecord::parse(&Record::at(image, nets.offset + u64::from(n) * NETWORK_LEN as u64)?, nets)
    }

    pub(crate) fn coor(&self) -> Option<&Section> {
        self.coor.as_ref()
    }
}

/// Checks that a section of records has the length of its records.
fn check_table(section: &Section, record_len: usize) -> Result<(), Error> {
    if section.items.checked_mul(record_len as u64) == Some(section.len) {
        return Ok(());
    }
    let what = format!("section {} has {} bytes and {} records", section.name(), section.len, section.items);
    Err(Error::invalid(section.offset, what))
}

/// The stored bytes of a section, checked against the directory's CRC.
fn checked<'a>(image: Image<'a>, section: &Section, what: &'static str) -> Result<&'a [u8], Error> {
    let stored = image.need(section.offset, section.len)?;
    if crate::crc(stored) != section.crc {
        return Err(Error::Checksum { what, offset: section.offset });
    }
    Ok(stored)
}

/// Stored bytes of a section that may be compressed, unfolded. Its lengths were checked with the directory.
pub(crate) fn unfolded<'a>(
    image: Image<'a>,
    section: &Section,
    what: &'static str,
) -> Result<std::borrow::Cow<'a, [u8]>, Error> {
    let stored = checked(image, section, what)?;
    match section.compression {
        compress::NONE => Ok(stored.into()),
        compress::ZSTD => {
            let too_long = Error::Limit { what, value: section.raw_len, limit: usize::MAX as u64 };
            let raw_len = usize::try_from(section.raw_len).map_err(|_| too_long)?;
            Ok(compress::unfold(stored, raw_len, what, section.offset)?.into())
        }
        _ => Err(section.unknown_compression()),
    }
}

fn parse_variables(image: Image<'_>, vars: &Section) -> Result<Vec<Variable>, Error> {
    if vars.items == 0 {
        return Err(Error::invalid(vars.offset, "the file has no variables"));
    }
    limit("number of variables", vars.items, MAX_VARIABLES)?;
    checked(image, vars, "VARS")?;
    (0..vars.items).map(|i| Variable::parse(&Record::at(image, vars.offset + i * VARIABLE_LEN as u64)?)).collect()
}

fn parse_segments(image: Image<'_>, segs: &Section) -> Result<Vec<Segment>, Error> {
    checked(image, segs, "SEGS")?;
    (0..segs.items).map(|i| Ok(Segment::parse(&Record::at(image, segs.offset + i * SEGMENT_LEN as u64)?))).collect()
}

/// The segments of the variables must follow each other and fill SEGS; those of one variable must cover its steps.
fn check_segments(variables: &[Variable], segments: &[Segment], offset: u64) -> Result<(), Error> {
    let mut next = 0;
    for (n, variable) in variables.iter().enumerate() {
        let end = next + u64::from(variable.n_segments);
        if u64::from(variable.first_segment) != next || end > segments.len() as u64 {
            let what = format!(
                "variable {n} has segments {}..+{} and should have them from {next}, of {} in all",
                variable.first_segment,
                variable.n_segments,
                segments.len()
            );
            return Err(Error::invalid(offset, what));
        }
        let mut step = 0u32;
        for (i, segment) in segments[next as usize..end as usize].iter().enumerate() {
            let sum = step.checked_add(segment.steps).filter(|&sum| sum <= variable.steps);
            step = match sum {
                Some(sum) if segment.first == step && segment.steps > 0 => sum,
                _ => {
                    let what = format!(
                        "segment {i} of variable {n} has {} steps from {}: the next step is {step} of {}",
                        segment.steps, segment.first, variable.steps
                    );
                    return Err(Error::invalid(offset + (next + i as u64) * SEGMENT_LEN as u64, what));
                }
            };
        }
        if step != variable.steps {
            let what = format!("the segments of variable {n} cover {step} of {} steps", variable.steps);
            return Err(Error::invalid(offset + next * SEGMENT_LEN as u64, what));
        }
        next = end;
    }
    if next != segments.len() as u64 {
        return Err(Error::invalid(offset, format!("SEGS has {} segments and {next} are used", segments.len())));
    }
    Ok(())
}

/// The entries of the variables must follow each other and fill INDX.
fn check_entry_numbers(variables: &[Variable], indx: &Section) -> Result<(), Error> {
    let mut next = 0u64;
    for (n, variable) in variables.iter().enumerate() {
        let end = variable.n_entries().and_then(|count| next.checked_add(count));
        match end {
            Some(end) if variable.first_entry == next && end <= indx.items => next = end,
            _ => {
                let what = format!(
                    "variable {n} has its entries from {} and should have them from {next}, of {} in all",
                    variable.first_entry, indx.items
                );
                return Err(Error::invalid(indx.offset, what));
            }
        }
    }
    if next != indx.items {
        return Err(Error::invalid(indx.offset, format!("INDX has {} entries and {next} are used", indx.items)));
    }
    Ok(())
}

fn check_networks(image: Image<'_>, nets: &Section) -> Result<(), Error> {
    limit("number of networks", nets.items, MAX_NETWORKS)?;
    let table_len = nets.items * NETWORK_LEN as u64;
    if table_len > nets.len {
        return Err(Error::invalid(nets.offset, format!("NETS is shorter than its table of {} records", nets.items)));
    }
    if crate::crc(image.need(nets.offset, table_len)?) != nets.crc {
        return Err(Error::Checksum { what: "table of NETS", offset: nets.offset });
    }
    for i in 0..nets.items {
        NetworkRecord::parse(&Record::at(image, nets.offset + i * NETWORK_LEN as u64)?, nets)?;
    }
    Ok(())
}

fn parse_meta(image: Image<'_>, section: &Section, variables: &[Variable]) -> Result<Meta, Error> {
    let invalid = |what: String| Error::invalid(section.offset, what);
    let json = unfolded(image, section, "META")?;
    let meta: Meta = serde_json::from_slice(&json).map_err(|error| invalid(format!("META: {error}")))?;
    if meta.variables.len() != variables.len() {
        return Err(invalid(format!("META has {} variables and VARS {}", meta.variables.len(), variables.len())));
    }
    for (variable, description) in variables.iter().zip(&meta.variables) {
        if description.dimensions.len() > 3 + usize::from(variable.has_time) {
            let n = description.dimensions.len();
            return Err(invalid(format!("variable \"{}\" has {n} dimensions: too many", description.name)));
        }
    }
    Ok(meta)
}
