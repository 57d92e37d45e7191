//! Every hostile file of the attack folder does what its README says.

use std::fmt::Write;
use std::fs;

use neuvol_format::{Entry, Error, Reader};
use neuvol_model::{Error as ModelError, parse_block};

use crate::attacks::{Outcome, attacks};
use crate::walk::walk;
use crate::{folder, update};

fn variant(error: &Error) -> &'static str {
    match error {
        Error::Io { .. } => "Io",
        Error::Truncated { .. } => "Truncated",
        Error::Invalid { .. } => "Invalid",
        Error::Version { .. } => "Version",
        Error::Unsupported { .. } => "Unsupported",
        Error::Checksum { .. } => "Checksum",
        Error::Limit { .. } => "Limit",
        Error::OutOfRange { .. } => "OutOfRange",
        Error::Plan { .. } => "Plan",
        _ => "unknown",
    }
}

/// Name of the error of a model.
fn model_variant(error: &ModelError) -> &'static str {
    match error {
        ModelError::Format(error) => variant(error),
        ModelError::Payload { .. } => "Payload",
        ModelError::Length { .. } => "Length",
        ModelError::Unsupported { .. } => "Unsupported",
        ModelError::Limit { .. } => "Limit",
        ModelError::Argument { .. } => "Argument",
    }
}

/// The error that a file leads to: where, its name and its text. Blocks are only decoded if that is what is asked for.
fn run(bytes: &[u8], decode: bool) -> Option<(&'static str, &'static str, String)> {
    let mut first = None;
    let mut on_block = |reader: &Reader<&[u8]>, key, entry: &Entry| {
        if decode && let Err(error) = parse_block(reader, key, entry) {
            first.get_or_insert(("decode", model_variant(&error), error.to_string()));
        }
    };
    let found = |stage, error: Error| Some((stage, variant(&error), error.to_string()));
    match walk(bytes, &mut on_block) {
        Err(error) => found("open", error),
        Ok(walked) => match walked.first_error {
            Some(error) => found("read", error),
            None => {
                let reader = Reader::new(bytes).expect("it was opened before");
                reader.check().err().and_then(|error| found("check", error)).or(first)
            }
        },
    }
}

fn readme() -> String {
    let mut text = "# Hostile files\n\n\
        Each file breaks one rule of [the format](../../SPEC.md), or uses a freedom of it that a reader must know. Where\n\
        the fault is not a wrong checksum, all checksums are right, so that the rule behind them is what is tested. The\n\
        test `attack` opens every file and expects exactly this; `NEUVOL_UPDATE_GOLDEN=1` writes files and list anew.\n\n\
        | file | what is wrong | what must happen |\n|---|---|---|\n"
        .to_owned();
    for attack in attacks() {
        let outcome = match attack.outcome {
            Outcome::Open(variant, text) => format!("opening: `{variant}`, \"{text}\""),
            Outcome::Read(variant, text) => format!("reading: `{variant}`, \"{text}\""),
            Outcome::Decode(variant, text) => format!("decoding: `{variant}` of the model, \"{text}\""),
            Outcome::Check(variant, text) => format!("check of the whole file: `{variant}`, \"{text}\""),
            Outcome::Fine => "nothing: it is read".to_owned(),
        };
        writeln!(text, "| {} | {} | {outcome} |", attack.name, attack.what).expect("text can be written to a string");
    }
    text
}

#[test]
fn hostile_files_are_refused_as_the_readme_says() {
    let mut wrong = Vec::new();
    for attack in attacks() {
        let file = folder("attack").join(format!("{}.neuvol", attack.name));
        if update() {
            fs::write(&file, &attack.bytes).expect("the attack folder can be written");
        }
        let stored = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", attack.name));
        assert!(stored.len() < 20_000, "{} is large", attack.name);
        let expected = match attack.outcome {
            Outcome::Open(variant, text) => Some(("open", variant, text)),
            Outcome::Read(variant, text) => Some(("read", variant, text)),
            Outcome::Decode(variant, text) => Some(("decode", variant, text)),
            Outcome::Check(variant, text) => Some(("check", variant, text)),
            Outcome::Fine => None,
        };
        let found = run(&stored, matches!(attack.outcome, Outcome::Decode(..)));
        let right = match (&expected, &found) {
            (None, None) => true,
            (Some((stage, name, text)), Some((found_stage, found_name, found_text))) => {
                stage == found_stage && name == found_name && found_text.contains(text)
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{}: {expected:?} is right, got {found:?}", attack.name));
        }
        assert!(attack.bytes == stored, "{} is made differently now", attack.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_readme_lists_every_file() {
    let file = folder("attack").join("README.md");
    if update() {
        fs::write(&file, readme()).expect("the attack folder can be written");
    }
    let stored = fs::read_to_string(&file).expect("the README is there");
    assert_eq!(stored.replace("\r\n", "\n"), readme());
    let files = fs::read_dir(folder("attack")).expect("the attack folder is there");
    let mut names: Vec<String> =
        files.map(|file| file.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    let mut expected: Vec<String> = attacks().iter().map(|attack| format!("{}.neuvol", attack.name)).collect();
    expected.push("README.md".to_owned());
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
}
