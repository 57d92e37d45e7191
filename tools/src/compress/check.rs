//! Measures that need whole volumes: the windows of SSIM reach over the faces of blocks.

use super::{CompressError, Shared, assemble, journal::Journal};
use crate::metrics::{CompareError, Options, compare};
use neuvol_engine::{OpenOptions, Volume};
use std::{
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

/// A file that is deleted at the end.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            log::warn!("cannot delete {}: {error}", self.0.display());
        }
    }
}

/// Mean SSIM of every variable at every quality, `[variable][quality]`: the file that a complete journal gives is written
/// beside the output, decoded and compared. A variable without a usable window has 1.
pub(super) fn whole_ssim(
    run: &Shared<'_>,
    gop: u32,
    journal: &Journal,
    output: &Path,
) -> Result<Vec<Vec<f64>>, CompressError> {
    let Shared { input, layout, scans, options, stop, .. } = *run;
    let mut name = output.as_os_str().to_owned();
    name.push(".check");
    let file = Temporary(PathBuf::from(name));
    input.with_source(|source| {
        assemble::assemble(source, &file.0, layout, scans, options, (gop, input.is_measured()), journal)
    })?;
    let volume = Volume::open_file(&file.0, OpenOptions { threads: options.threads, ..OpenOptions::default() })
        .map_err(CompareError::from)?;
    let mut all = Vec::new();
    for (variable, described) in layout.variables.iter().enumerate() {
        let mut qualities = Vec::new();
        for quality in 0..options.codec.n_qualities() {
            let options = Options { quality: quality as u8, ..Options::default() };
            // Only data have targets.
            let Some(mut source) = input.data() else { return Ok(Vec::new()) };
            let mut observe = |_: u32, _: u32, _: &[f32], _: &[f32]| {};
            let index = described.source_index;
            let report = compare(&volume, variable, source.as_mut(), index, options, &mut || {}, &mut observe)?;
            if stop.load(Ordering::Relaxed) {
                return Err(CompressError::stopped());
            }
            qualities.push(report.total.ssim.map_or(1.0, |ssim| ssim.mean));
        }
        all.push(qualities);
    }
    Ok(all)
}
