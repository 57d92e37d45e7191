//! Tables of grid networks: what was encoded is what is decoded, in few bytes; damage ends in values or an error; the bytes
//! stay the same.

mod common;

use common::{Random, hash};
use neuvol_entropy::entries::{Entries, MAX_TABLES, Table, decode, encode};
use neuvol_entropy::{Error, MAX_MAGNITUDE};
use proptest::prelude::*;

/// Values whose spread is about `spread`, smooth in space if asked for.
fn values(seed: u64, table: Table, spread: u32, smooth: bool) -> Vec<i32> {
    let mut random = Random::new(seed);
    let mut noise = || {
        let (n, m) = (random.next(), random.next());
        (n % (spread + 1)) as i32 * (m % 3 == 0) as i32 * (1 - 2 * (m as i32 >> 5 & 1))
    };
    let n = table.n_features;
    match table.entries {
        Entries::Dense([_, ny, nx]) if smooth => (0..table.len())
            .map(|at| {
                let entry = at / n;
                let (z, y, x) = (entry / nx / ny, entry / nx % ny, entry % nx);
                (5 * z + 9 * y) as i32 - 7 * x as i32 + 3 * (at % n) as i32 + noise() % 3
            })
            .collect(),
        _ => (0..table.len()).map(|_| noise()).collect(),
    }
}

fn slices(values: &[Vec<i32>]) -> Vec<&[i32]> {
    values.iter().map(Vec::as_slice).collect()
}

prop_compose! {
    fn any_tables()(
        kinds in prop::collection::vec((prop::array::uniform3(1..9usize), 1..300usize, 0..3u8, 1..5usize), 1..5),
    ) -> Vec<Table> {
        let table = |(extent, n, kind, n_features)| {
            Table { entries: if kind == 0 { Entries::Hashed(n) } else { Entries::Dense(extent) }, n_features }
        };
        kinds.into_iter().map(table).collect()
    }
}

/// Decodes; what comes out is within bounds.
fn attempt(tables: &[Table], bytes: &[u8]) -> Option<Error> {
    match decode(tables, bytes) {
        Ok(values) => {
            assert!(values.iter().zip(tables).all(|(values, table)| values.len() == table.len()));
            assert!(values.iter().flatten().all(|value| value.unsigned_abs() <= MAX_MAGNITUDE));
            None
        }
        Err(error) => {
            let place = match error {
                Error::Truncated { stream, found } | Error::Trailing { stream, found } => (stream, found),
                Error::Invalid { stream, .. } => (stream, bytes.len()),
                _ => panic!("{error}"),
            };
            assert_eq!(place, (0, bytes.len()));
            Some(error)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn tables_are_lossless(tables in any_tables(), seed in any::<u64>(), spread in prop_oneof![0..4u32, 0..1000u32, Just(1 << 20)], smooth in any::<bool>()) {
        let tables_values: Vec<_> = tables.iter().map(|&table| values(seed, table, spread, smooth)).collect();
        let mut bytes = encode(&tables, &slices(&tables_values)).expect("values within bounds");
        prop_assert_eq!(decode(&tables, &bytes).expect("it was just encoded"), tables_values);
        bytes.push(0);
        prop_assert_eq!(decode(&tables, &bytes), Err(Error::Trailing { stream: 0, found: bytes.len() }));
    }

    #[test]
    fn any_bytes_are_values_or_an_error(tables in any_tables(), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        attempt(&tables, &bytes);
    }

    #[test]
    fn damage_anywhere_does_no_harm(tables in any_tables(), seed in any::<u64>(), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let tables_values: Vec<_> = tables.iter().map(|&table| values(seed, table, 40, seed % 2 == 0)).collect();
        let mut bytes = encode(&tables, &slices(&tables_values)).expect("values within bounds");
        for (place, value) in places {
            if !bytes.is_empty() {
                let at = place.index(bytes.len());
                bytes[at] = value;
            }
        }
        attempt(&tables, &bytes);
    }
}

/// Four nested grids and a hash table.
fn usual() -> Vec<Table> {
    let dense = |n| Table { entries: Entries::Dense([n; 3]), n_features: 3 };
    vec![dense(2), dense(3), dense(5), dense(9), Table { entries: Entries::Hashed(1 << 9), n_features: 2 }]
}

fn usual_values(spread: u32, smooth: bool) -> Vec<Vec<i32>> {
    usual().iter().zip(1..).map(|(&table, seed)| values(seed, table, spread, smooth)).collect()
}

#[test]
fn every_truncation_and_flip_is_harmless() {
    for (spread, smooth) in [(2, false), (90, true)] {
        let (tables, values) = (&usual()[..4], &usual_values(spread, smooth)[..4]);
        let bytes = encode(tables, &slices(values)).expect("values within bounds");
        for len in 0..bytes.len() {
            attempt(tables, &bytes[..len]);
        }
        for bit in (0..bytes.len() * 8).step_by(3) {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            attempt(tables, &damaged);
        }
        for len in [bytes.len() / 2, bytes.len() - 12] {
            assert!(matches!(attempt(tables, &bytes[..len]), Some(Error::Truncated { .. })), "{len}");
        }
    }
}

#[test]
fn extremes_are_lossless() {
    let most = MAX_MAGNITUDE as i32;
    for entries in
        [Entries::Dense([1, 1, 1]), Entries::Dense([1, 1, 256]), Entries::Dense([256, 1, 2]), Entries::Hashed(1)]
    {
        for n_features in [1, 32] {
            let table = Table { entries, n_features };
            let alternating: Vec<i32> = (0..table.len()).map(|at| if at % 2 == 0 { most } else { -most }).collect();
            let all = vec![most; table.len()];
            let bytes = encode(&[table; 2], &[&alternating, &all]).expect("values within bounds");
            assert_eq!(decode(&[table; 2], &bytes).expect("it was just encoded"), [alternating, all]);
        }
    }
}

#[test]
fn large_tables_of_few_bytes_end_soon() {
    let table = Table { entries: Entries::Dense([65, 65, 65]), n_features: 8 };
    let mut random = Random::new(1);
    let noise: Vec<u8> = (0..2000).map(|_| random.next() as u8).collect();
    for bytes in [&[][..], &[0xFF; 3], &[0xFF; 8], &[0x55; 40], &noise] {
        attempt(&[table], bytes);
    }
}

#[test]
fn few_values_cost_few_bytes() {
    let table = Table { entries: Entries::Dense([33, 33, 33]), n_features: 4 };
    assert!(encode(&[table], &[&vec![0; table.len()]]).expect("zeros").len() < 60);
    // Independent values: close to their entropy.
    let mut random = Random::new(5);
    let noise: Vec<i32> = (0..table.len()).map(|_| [0, 0, 0, 0, 0, 0, 1, -1][random.next() as usize % 8]).collect();
    let entropy = (0.75 * (4f64 / 3.0).log2() + 0.25 * 3.0) * noise.len() as f64 / 8.0;
    let bytes = encode(&[table], &[&noise]).expect("values within bounds").len() as f64;
    assert!((entropy..1.02 * entropy).contains(&bytes), "{bytes} {entropy}");
    // What the neighbours tell: a bit per value and not eight.
    let smooth = values(3, table, 0, true);
    assert!(encode(&[table], &[&smooth]).expect("values within bounds").len() < table.len() / 20);
    // What the coarser grid and the other features tell: half of the block is empty.
    let half: Vec<i32> = noise.iter().enumerate().map(|(at, n)| n * i32::from(at / 4 % 33 < 16)).collect();
    let bytes = encode(&[table], &[&half]).expect("values within bounds").len() as f64;
    assert!(bytes < 0.52 * entropy, "{bytes} {entropy}");
}

#[test]
fn wrong_arguments_are_refused() {
    let table = Table { entries: Entries::Dense([2, 3, 4]), n_features: 2 };
    let mut values = vec![0; 48];
    let wrong = |entries, n_features| Table { entries, n_features };
    for tables in [
        vec![],
        vec![table; MAX_TABLES + 1],
        vec![wrong(table.entries, 0)],
        vec![wrong(table.entries, 33)],
        vec![wrong(Entries::Dense([0, 1, 1]), 1)],
        vec![wrong(Entries::Dense([257, 1, 1]), 1)],
        vec![wrong(Entries::Hashed(0), 1)],
        vec![wrong(Entries::Hashed(usize::MAX), 32)],
        vec![wrong(Entries::Dense([256; 3]), 4), wrong(Entries::Hashed(1), 1)],
    ] {
        assert!(matches!(decode(&tables, &[]), Err(Error::Argument { .. })), "{tables:?}");
        assert!(matches!(encode(&tables, &[]), Err(Error::Argument { .. })), "{tables:?}");
    }
    assert!(matches!(encode(&[table], &[]), Err(Error::Argument { .. })));
    assert!(matches!(encode(&[table], &[&values[1..]]), Err(Error::Argument { .. })));
    for value in [MAX_MAGNITUDE as i32 + 1, i32::MIN] {
        values[7] = value;
        let error = encode(&[table, table], &[&[0; 48], &values]).expect_err("too large");
        assert_eq!(error, Error::Magnitude { component: 1, index: 7, value });
    }
}

/// Bytes and hash: a change of these numbers is a change of the format.
#[test]
fn streams_are_as_they_were() {
    for (spread, smooth, expected) in [
        (0, false, (2, 0x93D8_9A60_07DD_6525)),
        (3, false, (693, 0x1C46_D74A_BF9C_690A)),
        (60, true, (1214, 0x09BB_D8BE_481E_DF14)),
        (2000, false, (2330, 0x84FC_CA38_0011_4C53)),
    ] {
        let bytes = encode(&usual(), &slices(&usual_values(spread, smooth))).expect("values within bounds");
        assert_eq!((bytes.len(), hash(&[bytes])), expected, "{spread} {smooth}");
    }
}

/// The example of `STREAM.md`.
#[test]
fn the_example_is_as_described() {
    let tables = [
        Table { entries: Entries::Dense([1, 2, 2]), n_features: 1 },
        Table { entries: Entries::Dense([1, 2, 3]), n_features: 2 },
        Table { entries: Entries::Hashed(4), n_features: 1 },
    ];
    let values = [&[7, 8, 7, 9][..], &[0, 0, 1, 0, 0, 0, -1, 2, 0, 0, 0, -1], &[0, 0, 20, 0]];
    let bytes = encode(&tables, &values).expect("values within bounds");
    assert_eq!(bytes, [0x00, 0xDE, 0x12, 0xEF, 0xB8, 0xB3, 0xC4, 0xD4], "{bytes:02X?}");
}
