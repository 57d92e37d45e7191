//! Every byte of a file, by what it is for.

use super::{Model, ReportError, head::codec_name};
use neuvol_format::{Entry, Reader, codec, limits, network_kind};
use neuvol_model::{Block, GridNetwork, MAX_LOG2_CELL, parse_block};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// The bytes of a file that serve one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What they are.
    pub part: String,
    /// Sections, records, payloads or tables of this kind.
    pub count: u64,
    /// How many they are.
    pub bytes: u64,
}

/// Purposes, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Header,
    PackedFront,
    Directory,
    /// Its number in the directory, so that sections stand in their order, and its name.
    Section(usize, [u8; 4]),
    NetworkTable,
    Network(u16),
    GridShape,
    /// Cells of `2^(MAX_LOG2_CELL - .0)` voxels, so that coarse tables stand first.
    GridTable(u8),
    GridMlp,
    GridCodes,
    GridGains,
    GridEntries,
    Payload(u16),
    Mask,
    Gap,
}

impl Kind {
    fn table(log2_cell: u8) -> Self {
        Self::GridTable(MAX_LOG2_CELL.saturating_sub(log2_cell))
    }

    fn label(self) -> String {
        match self {
            Self::Header => "header".into(),
            Self::PackedFront => "packed: directory, descriptions, variables, index, networks".into(),
            Self::Directory => "directory".into(),
            Self::Section(_, kind) => match &kind {
                b"META" => "META: descriptions".into(),
                b"COOR" => "COOR: coordinates".into(),
                b"VARS" => "VARS: variables".into(),
                b"SEGS" => "SEGS: segments".into(),
                b"INDX" => "INDX: index of the blocks".into(),
                b"MASK" => "MASK: records of the masks".into(),
                other => format!("section {}", String::from_utf8_lossy(other)),
            },
            Self::NetworkTable => "NETS: records of the networks".into(),
            Self::Network(network_kind::MLP) => "shared networks: MLP".into(),
            Self::Network(network_kind::HEAD) => "shared networks: head".into(),
            Self::Network(kind) => format!("shared networks of kind {kind}"),
            Self::GridShape => "grid networks: shape".into(),
            Self::GridTable(level) => {
                format!("grid networks: table, cells of {}", 1u32 << MAX_LOG2_CELL.saturating_sub(level))
            }
            Self::GridMlp => "grid networks: MLP".into(),
            Self::GridCodes => "grid networks: time codes".into(),
            Self::GridGains => "grid networks: time gains".into(),
            Self::GridEntries => "grid networks: entropy-coded tables".into(),
            Self::Payload(codec) => format!("{} blocks", codec_name(codec)),
            Self::Mask => "masks".into(),
            Self::Gap => "gaps (alignment) and unused".into(),
        }
    }
}

/// Some bytes of the file and their purpose.
struct Piece {
    offset: u64,
    len: u64,
    kind: Kind,
}

/// All parts of a file that are there; their bytes sum up to the length of the file.
pub(super) fn parts(model: &Model) -> Result<Vec<Part>, ReportError> {
    let pieces = pieces(model.volume.reader(), &model.file)?;
    Ok(account(pieces, model.volume.reader().header().file_len))
}

/// Sums up pieces. Where pieces overlap (a reader allows it), the byte belongs to the one that begins first; what no
/// piece covers is a gap.
fn account(mut pieces: Vec<Piece>, file_len: u64) -> Vec<Part> {
    pieces.sort_by_key(|piece| (piece.offset, piece.kind));
    let mut sums: BTreeMap<Kind, (u64, u64)> = BTreeMap::new();
    let mut add = |kind, bytes| {
        let sum = sums.entry(kind).or_default();
        *sum = (sum.0 + 1, sum.1 + bytes);
    };
    let mut covered = 0u64;
    for piece in pieces {
        // An empty piece (a constant block) counts, but covers nothing, wherever it says that it is.
        if piece.len == 0 {
            add(piece.kind, 0);
            continue;
        }
        let start = piece.offset.clamp(covered, file_len);
        let end = piece.offset.saturating_add(piece.len).clamp(start, file_len);
        if start > covered {
            add(Kind::Gap, start - covered);
        }
        add(piece.kind, end - start);
        covered = end;
    }
    if file_len > covered {
        add(Kind::Gap, file_len - covered);
    }
    sums.into_iter().map(|(kind, (count, bytes))| Part { part: kind.label(), count, bytes }).collect()
}

fn pieces<B: AsRef<[u8]>>(reader: &Reader<B>, file: &str) -> Result<Vec<Piece>, ReportError> {
    let format = |source| ReportError::Format { file: file.to_owned(), source };
    let header = limits::HEADER_LEN as u64;
    let directory = (limits::SECTION_LEN * reader.sections().len()) as u64;
    let mut pieces = vec![
        Piece { offset: 0, len: header, kind: Kind::Header },
        Piece { offset: header, len: directory, kind: Kind::Directory },
    ];
    for (number, section) in reader.sections().iter().enumerate() {
        match &section.kind {
            b"BLKS" => {}
            b"NETS" => {
                let table = section.items * limits::NETWORK_LEN as u64;
                pieces.push(Piece { offset: section.offset, len: table, kind: Kind::NetworkTable });
                for n in 0..reader.n_networks() {
                    let network = reader.network(n).map_err(format)?;
                    // Its record was just checked, so the field is there (SPEC section 10).
                    let field = section.offset + u64::from(n) * limits::NETWORK_LEN as u64 + 8;
                    let len = network.bytes.len() as u64;
                    pieces.push(Piece { offset: u64_at(reader, field), len, kind: Kind::Network(network.kind) });
                }
            }
            kind => {
                let kind = Kind::Section(number, *kind);
                pieces.push(Piece { offset: section.offset, len: section.len, kind });
            }
        }
        if &section.kind == b"MASK" {
            for n in 0..section.items {
                // Place and 32-bit length of the payload (SPEC section 9).
                let record = section.offset + n * limits::MASK_LEN as u64;
                let (offset, len) = (u64_at(reader, record), u64_at(reader, record + 8) & u64::from(u32::MAX));
                pieces.push(Piece { offset, len, kind: Kind::Mask });
            }
        }
    }
    // Finest level first: what begins where another payload does is that one, or its first bytes.
    let mut seen = HashSet::new();
    for variable in 0..reader.variables().len() as u32 {
        for key in reader.keys(variable) {
            let entry = reader.entry(key).map_err(format)?;
            if entry.payload_len > 0 && !seen.insert(entry.payload_offset) {
                continue;
            }
            if entry.codec == codec::GRID {
                match parse_block(reader, key, &entry) {
                    Ok(Block::Grid(network)) => {
                        let payload = reader.payload(&entry).map_err(format)?;
                        let quantised = GridNetwork::is_quantised(payload);
                        split(&network, quantised, &entry, &mut pieces);
                        continue;
                    }
                    // A network that this version cannot read is still bytes.
                    Ok(_) | Err(neuvol_model::Error::Unsupported { .. }) => {}
                    Err(source) => return Err(ReportError::Payload { file: file.to_owned(), source }),
                }
            }
            let (offset, len) = (entry.payload_offset, entry.payload_len.into());
            pieces.push(Piece { offset, len, kind: Kind::Payload(entry.codec) });
        }
    }
    Ok(match reader.packed_front_len() {
        Some(len) => stored(reader, pieces, len),
        None => pieces,
    })
}

/// The pieces of a packed file by where they are stored: what is packed together is one piece.
fn stored<B: AsRef<[u8]>>(reader: &Reader<B>, pieces: Vec<Piece>, front: u64) -> Vec<Piece> {
    let header = limits::PACKED_HEADER_LEN as u64;
    let first = [
        Piece { offset: 0, len: header, kind: Kind::Header },
        Piece { offset: header, len: front, kind: Kind::PackedFront },
    ];
    let payloads = pieces.into_iter().filter_map(|piece| {
        // A piece without bytes counts, wherever it says that it is.
        let offset = if piece.len == 0 { 0 } else { reader.stored_offset(piece.offset)? };
        Some(Piece { offset, ..piece })
    });
    first.into_iter().chain(payloads).collect()
}

/// A number of a record that was checked to lie in the file.
fn u64_at<B: AsRef<[u8]>>(reader: &Reader<B>, offset: u64) -> u64 {
    let bytes = reader.slice(offset, 8).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The parts of the payload of a grid network, in their order (SPEC section 11.3).
fn split(network: &GridNetwork, quantised: bool, entry: &Entry, pieces: &mut Vec<Piece>) {
    let levels = &network.config.levels;
    let mut shape = 16 + 8 * levels.len() as u64;
    let mut tables = Vec::new();
    if quantised {
        // Steps, scales and the length of the stream.
        shape += 4 * (levels.len() + 2 * network.layers.len() + 1) as u64;
    } else {
        for (level, table) in levels.iter().zip(&network.tables) {
            tables.push((Kind::table(level.log2_cell), 2 * table.len() as u64));
        }
    }
    let (codes, gains) = (2 * network.time_codes.len() as u64, 2 * network.time_gains.len() as u64);
    let rest = u64::from(entry.payload_len).saturating_sub(shape + codes + gains);
    // A shared MLP is not in the payload; NETS has it.
    let mlp = match quantised {
        true => network.config.n_mlp_parameters() as u64,
        false => rest.saturating_sub(tables.iter().map(|part| part.1).sum()),
    };
    let mut sizes = vec![(Kind::GridShape, shape)];
    sizes.extend(tables);
    sizes.extend([(Kind::GridMlp, mlp), (Kind::GridCodes, codes), (Kind::GridGains, gains)]);
    if quantised {
        sizes.push((Kind::GridEntries, rest.saturating_sub(mlp)));
    }
    let mut offset = entry.payload_offset;
    for (kind, len) in sizes.into_iter().filter(|part| part.1 > 0) {
        pieces.push(Piece { offset, len, kind });
        offset += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(offset: u64, len: u64, kind: Kind) -> Piece {
        Piece { offset, len, kind }
    }

    #[test]
    fn the_sum_is_the_file_whatever_the_pieces_say() {
        let header = || piece(0, 128, Kind::Header);
        let cases = [
            vec![],
            vec![header()],
            vec![header(), piece(192, 10, Kind::Mask), piece(256, 44, Kind::Payload(2))],
            // Overlapping, one inside the other, behind the end, overflowing, empty.
            vec![header(), piece(100, 100, Kind::Mask), piece(150, 10, Kind::GridMlp), piece(150, 90, Kind::GridCodes)],
            vec![header(), piece(290, 1000, Kind::Mask), piece(5000, 7, Kind::Mask), piece(u64::MAX, 9, Kind::Mask)],
            vec![piece(0, 0, Kind::Payload(1)), header(), piece(0, 0, Kind::Payload(1))],
        ];
        for case in cases {
            let parts = account(case, 300);
            assert_eq!(parts.iter().map(|part| part.bytes).sum::<u64>(), 300, "{parts:?}");
        }
    }

    #[test]
    fn gaps_are_a_part_of_their_own() {
        let parts = account(vec![piece(0, 128, Kind::Header), piece(192, 10, Kind::Mask)], 256);
        let gap = Part { part: Kind::Gap.label(), count: 2, bytes: 64 + 54 };
        assert_eq!(parts.last(), Some(&gap));
        assert_eq!(parts[1], Part { part: "masks".into(), count: 1, bytes: 10 });
    }

    #[test]
    fn coarse_tables_stand_first() {
        assert!(Kind::table(4) < Kind::table(1));
        assert_eq!(Kind::table(4).label(), "grid networks: table, cells of 16");
    }
}
