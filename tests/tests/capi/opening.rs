//! Opening a large file reads only its front.

use neuvol_capi::{
    NEUVOL_OK, neuvol_decode_to_host, neuvol_variable_get_info, neuvol_variable_info, neuvol_volume,
    neuvol_volume_close, neuvol_volume_get_info, neuvol_volume_get_stats, neuvol_volume_info, neuvol_volume_open_file,
    neuvol_volume_stats,
};
use neuvol_tests::{cases, sample};
use std::fs;
use std::mem::zeroed;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

/// Bytes of the maps of a file that are resident in this process.
fn resident(path: &Path) -> u64 {
    let maps = fs::read_to_string("/proc/self/smaps").expect("Linux");
    let path = path.to_str().expect("UTF-8");
    let mut ours = false;
    let mut kilobytes = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("Rss:") if ours => kilobytes += words.next().and_then(|n| n.parse().ok()).unwrap_or(0),
            // The first line of a map: addresses, rights, ..., path.
            Some(first) if !first.ends_with(':') => ours = line.ends_with(path),
            _ => {}
        }
    }
    kilobytes << 10
}

#[test]
fn a_large_file_opens_without_being_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("large.neuvol");
    sample::write_large(&path, 100);
    let text = path.to_str().expect("UTF-8");
    let mut volume = neuvol_volume { id: 0 };

    let start = Instant::now();
    // SAFETY: pointers of values here, with their lengths; the structures are numbers only.
    let (info, variable) = unsafe {
        assert_eq!(neuvol_volume_open_file(text.as_ptr().cast(), text.len(), null(), &mut volume), NEUVOL_OK);
        let mut info = neuvol_volume_info { struct_size: size_of::<neuvol_volume_info>() as u32, ..zeroed() };
        assert_eq!(neuvol_volume_get_info(volume, &mut info), NEUVOL_OK);
        let mut variable = neuvol_variable_info { struct_size: size_of::<neuvol_variable_info>() as u32, ..zeroed() };
        assert_eq!(neuvol_variable_get_info(volume, 0, &mut variable), NEUVOL_OK);
        (info, variable)
    };
    let seconds = start.elapsed();
    let opened = resident(&path);
    assert!(info.file_bytes >= 100 << 20);
    assert_eq!(variable.dims, [6400, 64, 64]);

    let mut values = vec![0f32; 64 * 64];
    let desc = cases::desc(0, 0, 0.0, [3200, 0, 9], [3264, 64, 10]);
    // SAFETY: the values are there, as many as is said.
    let result =
        unsafe { neuvol_decode_to_host(volume, &desc, values.as_mut_ptr().cast(), values.len() * 4, null_mut(), 0) };
    assert_eq!(result, NEUVOL_OK);
    assert!(values.iter().all(|value| (-1.0..=1.0).contains(value)) && values.iter().any(|&value| value != 0.0));
    let decoded = resident(&path);
    // What stays prepared is memory of the process, not of the map: one block of 64³ floats.
    let kept = {
        // SAFETY: numbers only; the structure has the size that it says.
        let mut stats =
            unsafe { neuvol_volume_stats { struct_size: size_of::<neuvol_volume_stats>() as u32, ..zeroed() } };
        // SAFETY: as above.
        assert_eq!(unsafe { neuvol_volume_get_stats(volume, &mut stats) }, NEUVOL_OK);
        assert_eq!((stats.cache_hits, stats.cache_misses), (0, 1));
        stats.cache_bytes
    };

    eprintln!("{} bytes: opened in {:.3} ms", info.file_bytes, seconds.as_secs_f64() * 1e3);
    eprintln!("resident: {opened} bytes when opened, {decoded} after decoding one block; {kept} bytes kept of it");
    assert!((1 << 20..=(1 << 20) + 4096).contains(&kept), "{kept} bytes are kept of one block");
    // The target is 5 ms; this bound is for machines that do much else at the same time.
    assert!(seconds < Duration::from_millis(100), "{seconds:?}");
    assert!(opened > 0, "the map was not found in smaps");
    assert!(opened < info.file_bytes / 20, "{opened} bytes are resident after opening");
    assert!(decoded < info.file_bytes / 20, "{decoded} bytes are resident after decoding one block");
    assert_eq!(neuvol_volume_close(volume), NEUVOL_OK);
    assert_eq!(resident(&path), 0);
}
