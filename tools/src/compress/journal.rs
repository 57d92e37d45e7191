//! Finished blocks of a run that goes on: an append-only file beside the output.
//!
//! The first line holds the run's identity. Each record is a JSON line followed by the payload and the mask bytes; a
//! record that was cut off by a crash fails its CRC and is dropped with everything after it.

use super::{
    Unit,
    block::{Encoded, Peaks, Similarity, Validity},
    levels::LevelPayload,
    plan::Plan,
};
use neuvol_format::{Mask, crc};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Longest record header accepted; far above what is written.
const MAX_LINE: u64 = 1 << 20;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It belongs to another run.
    #[error(
        "{} holds an unfinished run with other settings or another input; finish it with the same command, or give \
         --restart to throw it away", .0.display()
    )]
    OtherRun(PathBuf),
    /// It is in use.
    #[error("{} is in use by another run of neuvol; wait for it or choose another output", .0.display())]
    Locked(PathBuf),
    /// Reading or writing failed.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// Reason.
        source: io::Error,
    },
}

/// Which voxels are valid, as in the record's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Valid {
    All,
    None,
    /// Number in [`Record::masks`].
    Mask(usize),
}

/// Bytes that follow a record's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    pub(super) len: u32,
    pub(super) crc: u32,
}

/// A mask of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MaskPiece {
    #[serde(flatten)]
    pub(super) piece: Piece,
    /// 1, or the steps of the segment.
    pub(super) steps: u32,
    /// Valid voxels.
    pub(super) valid: u64,
}

/// One variable of a finished unit; the fields are those of [`super::block::Output`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OutputRecord {
    pub(super) codec: u16,
    pub(super) payload: Option<usize>,
    pub(super) output: u8,
    pub(super) head: bool,
    pub(super) min: f32,
    pub(super) max: f32,
    pub(super) valid: u64,
    pub(super) validity: Valid,
    #[serde(deserialize_with = "number_or_nan")]
    pub(super) max_abs_error: f64,
    #[serde(deserialize_with = "number_or_nan")]
    pub(super) sum_squares: f64,
    pub(super) fitted_squares: f64,
    pub(super) old: (f64, u64),
    pub(super) peaks: Peaks,
    pub(super) ssim: Similarity,
    pub(super) levels: Vec<LevelRecord>,
}

/// A coarser level of an output; the fields are those of [`super::levels::Level`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LevelRecord {
    pub(super) codec: u16,
    pub(super) payload: LevelPayload,
    pub(super) validity: Valid,
    pub(super) valid: u64,
    pub(super) max_abs_error: f64,
    pub(super) sum_squares: f64,
}

/// JSON has no NaN (an error that was not measured) and writes null.
fn number_or_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// One finished unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) unit: Unit,
    pub(super) outputs: Vec<OutputRecord>,
    pub(super) losses: Vec<f32>,
    /// The payloads, and after them the masks, follow the line.
    pub(super) payloads: Vec<Piece>,
    pub(super) masks: Vec<MaskPiece>,
    /// Where the first payload starts in the journal.
    #[serde(skip)]
    offset: u64,
}

impl Record {
    fn pieces(&self) -> impl Iterator<Item = Piece> + '_ {
        self.payloads.iter().copied().chain(self.masks.iter().map(|mask| mask.piece))
    }

    /// Payload bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.payloads.iter().map(|piece| u64::from(piece.len)).sum()
    }
}

/// Where the journal of an output lies.
pub(super) fn path(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

pub(super) struct Journal {
    path: PathBuf,
    file: File,
    end: u64,
    records: Vec<Record>,
    index: HashMap<Unit, usize>,
    plan: Option<Plan>,
}

/// The line of a plan; records behind it were made with it.
#[derive(Serialize, Deserialize)]
struct PlanLine {
    plan: Plan,
}

/// A validity as a record names it; `masks` are those of the record so far.
fn valid<'a>(validity: &'a Validity, masks: &mut Vec<(&'a Mask, Vec<u8>)>) -> Valid {
    match validity {
        Validity::All => Valid::All,
        Validity::None => Valid::None,
        Validity::Some(mask) => {
            let known = masks.iter().position(|(known, _)| *known == mask);
            Valid::Mask(known.unwrap_or_else(|| {
                masks.push((mask, mask.encode()));
                masks.len() - 1
            }))
        }
    }
}

impl Journal {
    /// Whether the journal of `output` is there and belongs to a run.
    pub(super) fn belongs(output: &Path, identity: &str) -> bool {
        let Ok(file) = File::open(path(output)) else { return false };
        let mut line = Vec::new();
        let read = BufReader::new(file).take(MAX_LINE).read_until(b'\n', &mut line);
        read.is_ok() && line.strip_suffix(b"\n") == Some(identity.as_bytes())
    }

    /// Opens or starts the journal of `output`.
    pub(super) fn open(output: &Path, identity: &str, restart: bool) -> Result<Self, JournalError> {
        let path = path(output);
        let io = |source| JournalError::Io { path: path.clone(), source };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(JournalError::Locked(path)),
            Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
        }
        if restart {
            file.set_len(0).map_err(io)?;
        }
        let mut journal =
            Self { path: path.clone(), file, end: 0, records: Vec::new(), index: HashMap::new(), plan: None };
        if !journal.load(identity).map_err(io)? {
            return Err(JournalError::OtherRun(path));
        }
        Ok(journal)
    }

    /// Reads what is there; false if it belongs to another run. A torn end is cut off.
    fn load(&mut self, identity: &str) -> io::Result<bool> {
        let mut reader = BufReader::new(self.file.try_clone()?);
        let mut line = Vec::new();
        (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            // New, or cut off in its first line: nothing is lost by starting.
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(identity.as_bytes())?;
            self.file.write_all(b"\n")?;
            self.end = identity.len() as u64 + 1;
            return Ok(true);
        }
        line.pop();
        if line != identity.as_bytes() {
            return Ok(false);
        }
        let mut end = line.len() as u64 + 1;
        let mut bytes = Vec::new();
        loop {
            line.clear();
            (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line)?;
            if line.last() == Some(&b'\n')
                && let Ok(PlanLine { plan }) = serde_json::from_slice(&line)
            {
                self.start_plan(plan);
                end += line.len() as u64;
                continue;
            }
            let Ok(mut record) = serde_json::from_slice::<Record>(&line) else { break };
            let wanted: u64 = record.pieces().map(|piece| u64::from(piece.len)).sum();
            bytes.clear();
            if (&mut reader).take(wanted).read_to_end(&mut bytes)? as u64 != wanted {
                break;
            }
            let mut rest = &bytes[..];
            let intact = record.pieces().all(|piece| {
                let (bytes, behind) = rest.split_at(piece.len as usize);
                rest = behind;
                crc(bytes) == piece.crc
            });
            if !intact {
                break;
            }
            record.offset = end + line.len() as u64;
            end = record.offset + wanted;
            self.insert(record);
        }
        self.file.set_len(end)?;
        self.end = end;
        Ok(true)
    }

    fn start_plan(&mut self, plan: Plan) {
        self.plan = Some(plan);
        self.records.clear();
        self.index.clear();
    }

    /// The models that the blocks share, if they share any.
    pub(super) fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Begins anew with other models: the blocks so far no longer count.
    pub(super) fn set_plan(&mut self, plan: Plan) -> Result<(), JournalError> {
        let write = || -> io::Result<u64> {
            let mut bytes = serde_json::to_vec(&PlanLine { plan: plan.clone() })?;
            bytes.push(b'\n');
            let mut file = &self.file;
            file.seek(SeekFrom::Start(self.end))?;
            file.write_all(&bytes)?;
            Ok(self.end + bytes.len() as u64)
        };
        self.end = write().map_err(|source| JournalError::Io { path: self.path.clone(), source })?;
        self.start_plan(plan);
        Ok(())
    }

    fn insert(&mut self, record: Record) -> usize {
        let at = self.records.len();
        self.index.insert(record.unit, at);
        self.records.push(record);
        at
    }

    /// Adds a finished unit.
    pub(super) fn append(&mut self, unit: Unit, encoded: Encoded) -> Result<&Record, JournalError> {
        let piece = |bytes: &[u8]| Piece { len: bytes.len() as u32, crc: crc(bytes) };
        let mut masks: Vec<(&Mask, Vec<u8>)> = Vec::new();
        let mut outputs = Vec::with_capacity(encoded.outputs.len());
        for output in &encoded.outputs {
            let validity = valid(&output.validity, &mut masks);
            let levels = output.levels.iter().map(|level| LevelRecord {
                codec: level.codec,
                payload: level.payload,
                validity: valid(&level.validity, &mut masks),
                valid: level.valid,
                max_abs_error: level.max_abs_error,
                sum_squares: level.sum_squares,
            });
            let levels = levels.collect();
            outputs.push(OutputRecord {
                codec: output.codec,
                payload: output.payload,
                output: output.output,
                head: output.head,
                min: output.min,
                max: output.max,
                valid: output.valid,
                validity,
                max_abs_error: output.max_abs_error,
                sum_squares: output.sum_squares,
                fitted_squares: output.fitted_squares,
                old: output.old,
                peaks: output.peaks,
                ssim: output.ssim,
                levels,
            });
        }
        let mask_piece = |(mask, bytes): &(&Mask, Vec<u8>)| MaskPiece {
            piece: piece(bytes),
            steps: mask.steps(),
            valid: mask.count(),
        };
        let mut record = Record {
            unit,
            outputs,
            losses: encoded.losses,
            payloads: encoded.payloads.iter().map(|bytes| piece(bytes)).collect(),
            masks: masks.iter().map(mask_piece).collect(),
            offset: 0,
        };
        let write = || -> io::Result<(u64, u64)> {
            let mut bytes = serde_json::to_vec(&record)?;
            bytes.push(b'\n');
            let offset = self.end + bytes.len() as u64;
            for piece in encoded.payloads.iter().chain(masks.iter().map(|(_, bytes)| bytes)) {
                bytes.extend_from_slice(piece);
            }
            let mut file = &self.file;
            file.seek(SeekFrom::Start(self.end))?;
            file.write_all(&bytes)?;
            Ok((offset, self.end + bytes.len() as u64))
        };
        let (offset, end) = write().map_err(|source| JournalError::Io { path: self.path.clone(), source })?;
        record.offset = offset;
        self.end = end;
        let at = self.insert(record);
        Ok(&self.records[at])
    }

    pub(super) fn contains(&self, unit: Unit) -> bool {
        self.index.contains_key(&unit)
    }

    pub(super) fn record(&self, unit: Unit) -> Option<&Record> {
        self.index.get(&unit).map(|&at| &self.records[at])
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(super) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a record's payload into `out`.
    pub(super) fn payload(&self, record: &Record, number: usize, out: &mut Vec<u8>) -> io::Result<()> {
        self.piece(record, number, out)
    }

    /// Reads a record's encoded mask into `out`.
    pub(super) fn mask(&self, record: &Record, number: usize, out: &mut Vec<u8>) -> io::Result<()> {
        self.piece(record, record.payloads.len() + number, out)
    }

    fn piece(&self, record: &Record, number: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let before: u64 = record.pieces().take(number).map(|piece| u64::from(piece.len)).sum();
        let piece = record.pieces().nth(number).ok_or_else(|| io::Error::other("the journal lost a block"))?;
        self.read(record.offset + before, piece.len, out)
    }

    fn read(&self, offset: u64, len: u32, out: &mut Vec<u8>) -> io::Result<()> {
        out.resize(len as usize, 0);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(out)
    }

    /// Deletes the file; a failure leaves a file that the next run recognises as finished, so it is only logged.
    pub(super) fn remove(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            log::warn!("cannot delete {}: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::block::Output, *};

    fn encoded(n: u8) -> Encoded {
        let output = |payload| Output {
            codec: 3,
            payload,
            output: 0,
            head: false,
            min: -1.5,
            max: f32::from(n),
            validity: match n {
                1 => Validity::Some(Mask::from_fn([2, 2, 2], 1, |_, z, _, _| z == 0)),
                _ => Validity::All,
            },
            valid: 8,
            max_abs_error: f64::NAN,
            sum_squares: 0.25,
            fitted_squares: 0.25,
            old: (0.0, 0),
            peaks: Peaks::default(),
            ssim: Similarity::default(),
            levels: Vec::new(),
        };
        Encoded {
            payloads: vec![vec![n; 100 + usize::from(n)], vec![n + 1; 7]],
            outputs: vec![output(Some(0)), output(Some(1))],
            losses: vec![0.5, 0.25],
        }
    }
    const fn unit(block: u32) -> Unit {
        Unit { group: 0, segment: 0, block }
    }

    #[test]
    fn a_torn_record_is_dropped_and_the_rest_kept() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.neuvol");
        let mut journal = Journal::open(&output, "one", false).unwrap();
        for n in 0..3 {
            journal.append(unit(u32::from(n)), encoded(n)).unwrap();
        }
        let path = journal.path().to_owned();
        drop(journal);
        let full = std::fs::read(&path).unwrap();
        for cut in [1, 50, 102] {
            std::fs::write(&path, &full[..full.len() - cut]).unwrap();
            let journal = Journal::open(&output, "one", false).unwrap();
            assert_eq!(journal.len(), 2);
            let mut bytes = Vec::new();
            let record = journal.record(unit(1)).unwrap();
            for (number, payload) in encoded(1).payloads.into_iter().enumerate() {
                journal.payload(record, number, &mut bytes).unwrap();
                assert_eq!(bytes, payload);
            }
            assert!(record.outputs.iter().all(|output| output.validity == Valid::Mask(0)));
            assert!(record.outputs.iter().all(|output| output.max_abs_error.is_nan()));
            journal.mask(record, 0, &mut bytes).unwrap();
            assert_eq!(Mask::decode(&bytes, [2, 2, 2], 1).unwrap().count(), 4);
            assert!(!journal.contains(unit(2)));
        }
        let mut damaged = full.clone();
        let at = damaged.len() - 3;
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        assert_eq!(Journal::open(&output, "one", false).unwrap().len(), 2);
    }

    #[test]
    fn another_run_is_refused_unless_restarted_and_two_runs_never_share() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.neuvol");
        let mut journal = Journal::open(&output, "one", false).unwrap();
        journal.append(unit(0), encoded(0)).unwrap();
        assert!(matches!(Journal::open(&output, "one", false), Err(JournalError::Locked(_))));
        drop(journal);
        assert!(matches!(Journal::open(&output, "two", false), Err(JournalError::OtherRun(_))));
        assert_eq!(Journal::open(&output, "one", false).unwrap().len(), 1);
        assert_eq!(Journal::open(&output, "two", true).unwrap().len(), 0);
    }
}
