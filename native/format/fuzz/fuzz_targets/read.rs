//! Opens any bytes and walks everything in them: nothing may panic, hang or eat memory.
//!
//! From the folder of `neuvol-format`, with the committed files as seeds:
//! `mkdir -p fuzz/corpus/read && cargo +nightly fuzz run read fuzz/corpus/read tests/golden/v1.[0123] tests/attack`
//!
//! A fuzzer cannot guess checksums, so every input is walked twice: as it is, and with all checksums made right.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neuvol_format::Reader;
use neuvol_format_fuzz::{decode, repair, set_file_len, walk};

/// Most blocks that are decoded: each costs more than all the rest.
const MOST_BLOCKS: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let mut blocks = 0;
    let mut decode_first = |reader: &Reader<&[u8]>, key, entry: &_| {
        if blocks < MOST_BLOCKS {
            decode(reader, key, entry);
        }
        blocks += 1;
    };
    let _ = walk(bytes, &mut decode_first);
    let mut repaired = bytes.to_vec();
    set_file_len(&mut repaired);
    repair(&mut repaired);
    let _ = walk(&repaired, &mut decode_first);
});
