//! Legacy VTK files (`# vtk DataFile`), binary, data set STRUCTURED_POINTS: scalars per point.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use neuvol_format::Attribute;

use super::dense::{DenseFile, DenseSource, Layout, dimension_names, open_file, regular_axis};
use super::dtype::{Dtype, Endian};
use super::{Source, SourceError, SourceVariable};

const FORMAT: &str = "VTK";
/// Keyword lines are short; the limit keeps binary data without line ends from being read as one line.
const MAX_LINE: u64 = 4096;

struct Parser<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    len: u64,
    dims: [u32; 3],
    origin: [f64; 3],
    spacing: [f64; 3],
    arrays: Vec<(String, Layout)>,
    skipped: Vec<(String, String)>,
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let file = open_file(path)?;
    let len = file.metadata().map_err(|e| SourceError::io(path, e))?.len();
    let mut parser = Parser {
        path,
        reader: BufReader::new(file),
        len,
        dims: [0; 3],
        origin: [0.0; 3],
        spacing: [1.0; 3],
        arrays: Vec::new(),
        skipped: Vec::new(),
    };
    let title = parser.head()?;
    parser.body()?;
    let Parser { dims, origin, spacing, arrays, skipped, .. } = parser;
    if arrays.is_empty() {
        let reasons: Vec<String> = skipped.iter().map(|(name, reason)| format!("; {name}: {reason}")).collect();
        let what = format!("no scalars per point{}", reasons.concat());
        return Err(SourceError::unsupported(path, FORMAT, what));
    }
    let mut variables = Vec::new();
    let mut files = Vec::new();
    for (name, layout) in arrays {
        variables.push(SourceVariable {
            name,
            dimensions: dimension_names(false, false),
            has_time: false,
            steps: 1,
            dims,
            dtype: layout.dtype.name().to_owned(),
            attributes: Vec::new(),
        });
        files.push(DenseFile::new(path, FORMAT, open_file(path)?, layout)?);
    }
    let axis = |i: usize, name: &str| regular_axis(name, dims[2 - i], origin[i], spacing[i], "");
    Ok(Box::new(DenseSource {
        format: FORMAT,
        path: path.to_owned(),
        variables,
        skipped,
        attributes: vec![Attribute::text("title", title)],
        coordinates: vec![axis(2, "z"), axis(1, "y"), axis(0, "x")],
        files,
    }))
}

impl Parser<'_> {
    fn invalid(&self, reason: impl Into<String>) -> SourceError {
        SourceError::invalid(self.path, FORMAT, reason)
    }

    fn unsupported(&self, what: impl Into<String>) -> SourceError {
        SourceError::unsupported(self.path, FORMAT, what)
    }

    /// The next line with its line end cut, None at the end of the file.
    fn raw_line(&mut self) -> Result<Option<String>, SourceError> {
        let mut line = Vec::new();
        let io = |e| SourceError::io(self.path, e);
        let n = self.reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(io)?;
        if n as u64 == MAX_LINE {
            let at = self.reader.stream_position().map_err(io)?;
            return Err(self.invalid(format!("a line before byte {at} is longer than {MAX_LINE} bytes")));
        }
        Ok((n > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    /// The words of the next line that is not empty.
    fn line(&mut self) -> Result<Option<Vec<String>>, SourceError> {
        while let Some(line) = self.raw_line()? {
            if !line.trim().is_empty() {
                return Ok(Some(line.split_whitespace().map(str::to_owned).collect()));
            }
        }
        Ok(None)
    }

    fn required_line(&mut self, what: &str) -> Result<Vec<String>, SourceError> {
        let (path, len) = (self.path, self.len);
        self.line()?.ok_or_else(|| SourceError::truncated(path, what, len + 1, len))
    }

    /// Up to and with the line POINT_DATA. Returns the title.
    fn head(&mut self) -> Result<String, SourceError> {
        self.raw_line()?;
        let title = self.raw_line()?.unwrap_or_default();
        let coding = self.required_line("the header")?;
        match coding[0].to_uppercase().as_str() {
            "BINARY" => {}
            "ASCII" => return Err(self.unsupported("this is an ASCII file; save it as binary")),
            other => return Err(self.invalid(format!("line 3 is \"{other}\", must be BINARY or ASCII"))),
        }
        let set = self.required_line("the header")?;
        if set[0].to_uppercase() != "DATASET" || set.len() < 2 {
            return Err(self.invalid(format!("expected DATASET, found \"{}\"", set.join(" "))));
        }
        if set[1].to_uppercase() != "STRUCTURED_POINTS" {
            return Err(self.unsupported(format!("data set {}; only STRUCTURED_POINTS is read", set[1])));
        }
        loop {
            let words = self.required_line("the header")?;
            match words[0].to_uppercase().as_str() {
                "DIMENSIONS" => {
                    let [x, y, z] = self.numbers::<u32>(&words)?;
                    self.dims = [z, y, x];
                }
                "ORIGIN" => self.origin = self.numbers(&words)?,
                "SPACING" | "ASPECT_RATIO" => self.spacing = self.numbers(&words)?,
                "POINT_DATA" => break,
                "CELL_DATA" => return Err(self.unsupported("values per cell; convert them to values per point")),
                other => return Err(self.invalid(format!("unknown keyword \"{other}\" in the header"))),
            }
        }
        if self.dims.contains(&0) {
            return Err(self.invalid("DIMENSIONS are missing or zero"));
        }
        Ok(title)
    }

    fn numbers<T: std::str::FromStr>(&self, words: &[String]) -> Result<[T; 3], SourceError> {
        let parsed: Option<Vec<T>> = words[1..].iter().map(|w| w.parse().ok()).collect();
        let line = || self.invalid(format!("\"{}\" needs three numbers", words.join(" ")));
        parsed.and_then(|v| v.try_into().ok()).ok_or_else(line)
    }

    fn body(&mut self) -> Result<(), SourceError> {
        while let Some(words) = self.line()? {
            let word = |i: usize| words.get(i).map_or("", String::as_str);
            match word(0).to_uppercase().as_str() {
                "SCALARS" => {
                    let components = word(3).parse().unwrap_or(1);
                    let table = self.required_line("the scalars")?;
                    if table[0].to_uppercase() != "LOOKUP_TABLE" {
                        return Err(
                            self.invalid(format!("expected LOOKUP_TABLE after SCALARS, found \"{}\"", table[0]))
                        );
                    }
                    self.array(word(1), word(2), components)?;
                }
                "VECTORS" | "NORMALS" => self.array(word(1), word(2), 3)?,
                "TENSORS" => self.array(word(1), word(2), 9)?,
                "TEXTURE_COORDINATES" => self.array(word(1), word(3), word(2).parse().unwrap_or(1))?,
                "COLOR_SCALARS" => self.array(word(1), "unsigned_char", word(2).parse().unwrap_or(1))?,
                "LOOKUP_TABLE" => {
                    let entries: u64 = word(2).parse().map_err(|_| self.invalid("LOOKUP_TABLE without a size"))?;
                    self.skip(entries.saturating_mul(4), "the lookup table")?;
                }
                "FIELD" => {
                    for _ in 0..word(2).parse::<u32>().unwrap_or(0) {
                        let field = self.required_line("the field data")?;
                        let [name, components, tuples, type_name] = &field[..] else {
                            return Err(self.invalid(format!("bad field line \"{}\"", field.join(" "))));
                        };
                        let points = self.dims.iter().try_fold(1u64, |n, d| n.checked_mul(u64::from(*d)));
                        if tuples.parse().ok() != points {
                            return Err(
                                self.unsupported(format!("field {name} has {tuples} tuples, not one per point"))
                            );
                        }
                        self.array(name, type_name, components.parse().unwrap_or(0))?;
                    }
                }
                // Data per cell come last; there is nothing to read behind this line. METADATA is plain text.
                "CELL_DATA" => {
                    self.skipped.push(("CELL_DATA".to_owned(), "values per cell are not read".to_owned()));
                    return Ok(());
                }
                "METADATA" => while self.raw_line()?.is_some_and(|line| !line.is_empty()) {},
                other => return Err(self.invalid(format!("unknown keyword \"{other}\" after the data"))),
            }
        }
        Ok(())
    }

    /// Takes or skips one array of `components` numbers per point that starts at the current position.
    fn array(&mut self, name: &str, type_name: &str, components: u64) -> Result<(), SourceError> {
        let dtype = match type_name.to_lowercase().as_str() {
            "char" | "signed_char" => Dtype::I8,
            "unsigned_char" => Dtype::U8,
            "short" => Dtype::I16,
            "unsigned_short" => Dtype::U16,
            "int" => Dtype::I32,
            "unsigned_int" => Dtype::U32,
            "long" | "vtktypeint64" => Dtype::I64,
            "unsigned_long" | "vtktypeuint64" => Dtype::U64,
            "float" => Dtype::F32,
            "double" => Dtype::F64,
            other => return Err(self.unsupported(format!("{name} has the type \"{other}\""))),
        };
        let offset = self.reader.stream_position().map_err(|e| SourceError::io(self.path, e))?;
        let layout = Layout { offset, dtype, endian: Endian::Big, dims: self.dims, steps: 1, scale: None };
        let one = layout.end(self.path, FORMAT)? - offset;
        if components == 1 {
            self.arrays.push((name.to_owned(), layout));
        } else {
            self.skipped.push((name.to_owned(), format!("it has {components} components per point, one is read")));
        }
        self.skip(one.saturating_mul(components), name)
    }

    fn skip(&mut self, bytes: u64, what: &str) -> Result<(), SourceError> {
        let io = |e| SourceError::io(self.path, e);
        let end = self.reader.stream_position().map_err(io)?.saturating_add(bytes);
        if end > self.len {
            return Err(SourceError::truncated(self.path, what, end, self.len));
        }
        self.reader.seek(SeekFrom::Start(end)).map_err(io)?;
        Ok(())
    }
}
