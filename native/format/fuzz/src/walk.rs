//! Walks everything a file holds, as a hostile file would have it walked. Used by the fuzz target and by the tests.

use neuvol_format::{BlockKey, BlockMask, Entry, Error, Reader};

/// Most entries, networks and coordinates that are looked at: a small file may name very many.
const MOST: usize = 512;

/// Gets every entry that is whole.
pub type OnBlock<'a> = dyn FnMut(&Reader<&[u8]>, BlockKey, &Entry) + 'a;

/// What a walk has seen.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Entries that were read without an error.
    pub entries: u64,
    /// Entries whose payload and mask were fine, too.
    pub whole_blocks: u64,
    /// The first error after opening.
    pub first_error: Option<Error>,
}

impl Walked {
    /// Notes an error and gives the value, if there is one.
    fn note<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                // Every message must be printable, too.
                assert!(!error.to_string().is_empty());
                self.first_error.get_or_insert(error);
                None
            }
        }
    }
}

/// Opens `bytes` and reads everything in them, going on after errors. `on_block` gets every entry that is whole.
///
/// # Errors
/// That of opening; later ones are in [`Walked::first_error`].
pub fn walk(bytes: &[u8], on_block: &mut OnBlock<'_>) -> Result<Walked, Error> {
    let reader = Reader::new(bytes)?;
    let mut walked = Walked::default();
    for (n, variable) in reader.variables().iter().enumerate().take(MOST) {
        for block in [0, 1, variable.n_blocks() - 1, variable.n_blocks(), u32::MAX] {
            let extent = variable.block_extent(block, variable.n_levels - 1);
            assert_eq!(extent.contains(&0), block >= variable.n_blocks());
            if block < variable.n_blocks() {
                assert_eq!(variable.block_index(variable.block_position(block)), block);
            }
        }
        for step in [0, variable.steps / 2, variable.steps - 1] {
            let segment = reader.segment_of(n, step).expect("the segments cover all steps");
            let segment = reader.segments(n)[segment as usize];
            assert!((segment.first..segment.first + segment.steps).contains(&step));
        }
        assert_eq!(reader.segment_of(n, variable.steps), None);
        for key in reader.keys(n as u32).take(MOST) {
            walk_block(&reader, key, &mut walked, on_block);
        }
    }
    for n in (0..reader.n_networks()).take(MOST) {
        walked.note(reader.network(n));
    }
    assert!(matches!(reader.network(reader.n_networks()), Err(Error::OutOfRange { .. })));
    walked.note(reader.coordinate_bytes().map(drop));
    for coordinate in reader.meta().coordinates.iter().take(16) {
        if let Some(values) = walked.note(reader.coordinate_values(coordinate)) {
            assert_eq!(values.len() as u64, coordinate.shape.iter().product::<u64>());
        }
    }
    Ok(walked)
}

fn walk_block(reader: &Reader<&[u8]>, key: BlockKey, walked: &mut Walked, on_block: &mut OnBlock<'_>) {
    let Some(entry) = walked.note(reader.entry(key)) else {
        return;
    };
    walked.entries += 1;
    assert!(entry.min.is_finite() && entry.min <= entry.max && entry.max.is_finite());
    let payload = walked.note(reader.payload(&entry));
    let mask = walked.note(reader.mask(key, &entry));
    if let (Some(payload), Some(mask)) = (payload, mask) {
        assert_eq!(payload.len(), entry.payload_len as usize);
        if let BlockMask::Bits(mask) = &mask {
            let extent = reader.variables()[key.variable as usize].block_extent(key.block, key.level);
            assert_eq!(mask.extent(), extent);
            // Must not panic, inside and outside.
            let [z, y, x] = extent;
            let _ = (mask.get(mask.steps() - 1, z - 1, y - 1, x - 1), mask.get(u32::MAX, z, y, x));
        }
        walked.whole_blocks += 1;
        on_block(reader, key, &entry);
    }
}
