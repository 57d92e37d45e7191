//! TIFF stacks: pages of equal size with one grey value per pixel are the z axis (or, by ImageJ's description, z and time).
//!
//! Opening reads only the page directories. Pages are decoded one by one, when first needed, into a temporary file.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use neuvol_format::Attribute;
use tiff::ColorType;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::{SampleFormat, Tag};

use super::dense::{DenseFile, DenseSource, Layout, dimension_names, name_of, open_file};
use super::dtype::{Dtype, Endian};
use super::{Source, SourceCoordinate, SourceError, SourceVariable};

const FORMAT: &str = "TIFF";
const MAX_PAGES: u32 = 1 << 20;
const MAX_PAGE_BYTES: u64 = 1 << 30;

type PageDecoder = Decoder<BufReader<File>>;

struct TiffSource {
    dense: DenseSource,
    decoder: PageDecoder,
    /// A handle of the temporary file behind `dense`; pages before `decoded` are in it.
    spool: File,
    pages: u32,
    decoded: u32,
    page: Vec<u8>,
}

fn error(path: &Path, page: u32, e: tiff::TiffError) -> SourceError {
    match e {
        tiff::TiffError::UnsupportedError(e) => SourceError::unsupported(path, FORMAT, format!("page {page}: {e}")),
        tiff::TiffError::IoError(e) if e.kind() != io::ErrorKind::UnexpectedEof => SourceError::io(path, e),
        e => SourceError::invalid(path, FORMAT, format!("page {page}: {e}; the file is damaged or cut short")),
    }
}

/// Size and type of the current page.
fn page_layout(path: &Path, page: u32, decoder: &mut PageDecoder) -> Result<(u32, u32, Dtype), SourceError> {
    let fail = |e| error(path, page, e);
    let (width, height) = decoder.dimensions().map_err(fail)?;
    let color = decoder.colortype().map_err(fail)?;
    let ColorType::Gray(bits) = color else {
        let what = format!("page {page} has colour type {color:?}; only grey values are read, split the channels");
        return Err(SourceError::unsupported(path, FORMAT, what));
    };
    let sample_format: u16 = decoder.find_tag_unsigned(Tag::SampleFormat).map_err(fail)?.unwrap_or(1);
    let sample_format = SampleFormat::from_u16(sample_format);
    let dtype = match (sample_format, bits) {
        (Some(SampleFormat::Uint | SampleFormat::Void), 8) => Dtype::U8,
        (Some(SampleFormat::Uint | SampleFormat::Void), 16) => Dtype::U16,
        (Some(SampleFormat::Uint | SampleFormat::Void), 32) => Dtype::U32,
        (Some(SampleFormat::Int), 8) => Dtype::I8,
        (Some(SampleFormat::Int), 16) => Dtype::I16,
        (Some(SampleFormat::Int), 32) => Dtype::I32,
        (Some(SampleFormat::IEEEFP), 32) => Dtype::F32,
        (Some(SampleFormat::IEEEFP), 64) => Dtype::F64,
        _ => {
            let what =
                format!("page {page} has {bits}-bit samples of format {sample_format:?}; convert to 8, 16 or 32 bits");
            return Err(SourceError::unsupported(path, FORMAT, what));
        }
    };
    Ok((width, height, dtype))
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let decoder = Decoder::new(BufReader::new(open_file(path)?)).map_err(|e| error(path, 0, e))?;
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_PAGE_BYTES as usize;
    limits.intermediate_buffer_size = MAX_PAGE_BYTES as usize;
    let mut decoder = decoder.with_limits(limits);
    let (width, height, dtype) = page_layout(path, 0, &mut decoder)?;
    let description = match decoder.find_tag(Tag::ImageDescription) {
        Ok(Some(value)) => value.into_string().unwrap_or_default(),
        _ => String::new(),
    };
    let mut pages = 1;
    while decoder.more_images() {
        if pages == MAX_PAGES {
            return Err(SourceError::unsupported(path, FORMAT, format!("more than {MAX_PAGES} pages")));
        }
        decoder.next_image().map_err(|e| error(path, pages, e))?;
        let other = page_layout(path, pages, &mut decoder)?;
        if other != (width, height, dtype) {
            let what = format!(
                "page {pages} is {}x{} {}, page 0 is {width}x{height} {}; a stack needs equal pages",
                other.0,
                other.1,
                other.2.name(),
                dtype.name()
            );
            return Err(SourceError::unsupported(path, FORMAT, what));
        }
        pages += 1;
    }
    decoder.seek_to_image(0).map_err(|e| error(path, 0, e))?;

    let stack = ImageJ::parse(&description);
    let (frames, slices) = stack.split(pages).map_err(|what| SourceError::unsupported(path, FORMAT, what))?;
    let layout =
        Layout { offset: 0, dtype, endian: Endian::NATIVE, dims: [slices, height, width], steps: frames, scale: None };
    let len = layout.end(path, FORMAT)?;
    let page_bytes = len / u64::from(pages);
    if page_bytes > MAX_PAGE_BYTES {
        let what = format!("pages of {page_bytes} bytes; at most {MAX_PAGE_BYTES} are read");
        return Err(SourceError::unsupported(path, FORMAT, what));
    }
    // The file is as long as the decoded stack from the start, with holes where pages are not decoded yet.
    let temporary = |e| SourceError::io(&std::env::temp_dir(), e);
    let spool = tempfile::tempfile().map_err(temporary)?;
    spool.set_len(len).map_err(temporary)?;
    let file = DenseFile::new(path, FORMAT, spool.try_clone().map_err(temporary)?, layout)?;

    let has_time = frames > 1;
    let variable = SourceVariable {
        name: name_of(path),
        dimensions: dimension_names(has_time, false),
        has_time,
        steps: frames,
        dims: [slices, height, width],
        dtype: dtype.name().to_owned(),
        attributes: Vec::new(),
    };
    let attributes: Vec<Attribute> =
        if description.is_empty() { Vec::new() } else { vec![Attribute::text("tiff_image_description", description)] };
    let dense = DenseSource {
        format: FORMAT,
        path: path.to_owned(),
        variables: vec![variable],
        skipped: Vec::new(),
        attributes,
        coordinates: Vec::new(),
        files: vec![file],
    };
    Ok(Box::new(TiffSource { dense, decoder, spool, pages, decoded: 0, page: vec![0; page_bytes as usize] }))
}

impl TiffSource {
    /// Decodes the pages before `end` that are not decoded yet.
    fn decode_until(&mut self, end: u32) -> Result<(), SourceError> {
        let path = &self.dense.path;
        while self.decoded < end {
            let page = self.decoded;
            self.decoder.read_image_bytes(&mut self.page).map_err(|e| error(path, page, e))?;
            let at = u64::from(page) * self.page.len() as u64;
            let stored = self.spool.seek(SeekFrom::Start(at)).and_then(|_| self.spool.write_all(&self.page));
            stored.map_err(|e| SourceError::io(&std::env::temp_dir(), e))?;
            if page + 1 < self.pages {
                self.decoder.next_image().map_err(|e| error(path, page + 1, e))?;
            }
            self.decoded += 1;
        }
        Ok(())
    }
}

impl Source for TiffSource {
    fn format(&self) -> &'static str {
        self.dense.format()
    }

    fn path(&self) -> &Path {
        self.dense.path()
    }

    fn variables(&self) -> &[SourceVariable] {
        self.dense.variables()
    }

    fn skipped(&self) -> &[(String, String)] {
        self.dense.skipped()
    }

    fn attributes(&self) -> &[Attribute] {
        self.dense.attributes()
    }

    fn coordinates(&self, variable: usize) -> Result<Vec<SourceCoordinate>, SourceError> {
        self.dense.coordinates(variable)
    }

    fn read(
        &mut self,
        variable: usize,
        step: u32,
        min: [u32; 3],
        max: [u32; 3],
        out: &mut Vec<f32>,
    ) -> Result<(), SourceError> {
        super::check_box(&self.dense.path, &self.dense.variables, variable, step, min, max)?;
        let slices = self.dense.variables[variable].dims[0];
        self.decode_until(step * slices + max[0])?;
        self.dense.read(variable, step, min, max, out)
    }
}

/// What ImageJ writes into the description of the first page: lines `key=value`.
#[derive(Debug, Default, PartialEq)]
struct ImageJ {
    images: Option<u32>,
    channels: Option<u32>,
    slices: Option<u32>,
    frames: Option<u32>,
}

impl ImageJ {
    fn parse(description: &str) -> Self {
        let mut stack = Self::default();
        if !description.starts_with("ImageJ=") {
            return stack;
        }
        for (key, value) in description.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim().parse().ok();
            match key {
                "images" => stack.images = value,
                "channels" => stack.channels = value,
                "slices" => stack.slices = value,
                "frames" => stack.frames = value,
                _ => {}
            }
        }
        stack
    }

    /// (frames, slices) of a file with so many pages.
    fn split(&self, pages: u32) -> Result<(u32, u32), String> {
        if self.channels.is_some_and(|n| n > 1) {
            return Err("an ImageJ stack with several channels; split the channels".to_owned());
        }
        if pages == 1 && self.images.is_some_and(|n| n > 1) {
            return Err("an ImageJ stack with a single page directory; save it as a BigTIFF or NRRD".to_owned());
        }
        match (self.frames.unwrap_or(1), self.slices) {
            (frames, Some(slices)) if frames > 1 && frames.checked_mul(slices) == Some(pages) => Ok((frames, slices)),
            (frames, None) if frames > 1 && frames == pages => Ok((frames, 1)),
            _ => Ok((1, pages)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imagej_descriptions_split_time_from_z() {
        let parse = ImageJ::parse;
        assert_eq!(parse("ImageJ=1.53\nimages=6\nslices=3\nframes=2\n").split(6), Ok((2, 3)));
        assert_eq!(parse("ImageJ=1.53\nimages=6\nframes=6\n").split(6), Ok((6, 1)));
        assert_eq!(parse("ImageJ=1.53\nimages=6\nslices=6\n").split(6), Ok((1, 6)));
        assert_eq!(parse("images=6\nframes=6\n").split(6), Ok((1, 6)));
        assert!(parse("ImageJ=1.53\nimages=6\nslices=6\n").split(1).is_err());
        assert!(parse("ImageJ=1.53\nimages=6\nchannels=2\nslices=3\n").split(6).is_err());
    }
}
