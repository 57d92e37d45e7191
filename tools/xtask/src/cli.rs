//! The command line: parsed by hand, so that xtask compiles in seconds.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::libtorch::Flavour;

pub(crate) const USAGE: &str = "\
Usage: cargo xtask COMMAND

  setup [--cuda]            check and install what is missing: Debian packages, libtorch (545 MB to fetch), CMake
  demo [--out DIR] [--full] compress, verify and show the sample that comes with the sources; --full makes a large
                            day of data first. Results go to DIR (default: demo-out)
  test [--quick]            all checks that CI runs; --quick only those that need neither libtorch nor a C++ compiler
  bench                     time the decoder and write the results with a description of this machine
  fuzz [SECONDS]            fuzz the file format, SECONDS (default: 60) for each target; needs a nightly toolchain
  header [--check]          write bindings/include/neuvol.h from native/capi; --check only compares
  help                      print this text

Exit codes: 0 success, 1 something failed, 2 wrong command line, 3 something is missing and could not be installed.
";

/// One parsed command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Setup { flavour: Flavour },
    Demo { out: PathBuf, full: bool },
    Test { quick: bool },
    Bench,
    Fuzz { seconds: u32 },
    Header { check: bool },
}

/// Parses the arguments after the program name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, Failure> {
    let mut arguments = arguments.into_iter();
    let Some(name) = arguments.next() else {
        return Err(Failure::Usage(format!("no command given\n\n{USAGE}")));
    };
    let mut rest = Rest { command: name.clone(), arguments: arguments.collect() };
    let command = match name.as_str() {
        "help" | "--help" | "-h" => Command::Help,
        "setup" => Command::Setup { flavour: if rest.flag("--cuda") { Flavour::Cuda } else { Flavour::Cpu } },
        "demo" => Command::Demo {
            full: rest.flag("--full"),
            out: rest.option("--out")?.map_or_else(|| PathBuf::from("demo-out"), PathBuf::from),
        },
        "test" => Command::Test { quick: rest.flag("--quick") },
        "bench" => Command::Bench,
        "fuzz" => Command::Fuzz { seconds: rest.seconds()?.unwrap_or(60) },
        "header" => Command::Header { check: rest.flag("--check") },
        _ => return Err(Failure::Usage(format!("unknown command `{name}`\n\n{USAGE}"))),
    };
    rest.finish()?;
    Ok(command)
}

/// The arguments of one command that nothing has taken yet.
struct Rest {
    command: String,
    arguments: Vec<String>,
}

impl Rest {
    fn flag(&mut self, name: &str) -> bool {
        let before = self.arguments.len();
        self.arguments.retain(|argument| argument != name);
        self.arguments.len() < before
    }

    fn option(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let Some(at) = self.arguments.iter().position(|argument| argument == name) else {
            return Ok(None);
        };
        if at + 1 == self.arguments.len() {
            return Err(Failure::Usage(format!("`{} {name}` needs a value", self.command)));
        }
        self.arguments.remove(at);
        Ok(Some(self.arguments.remove(at)))
    }

    fn seconds(&mut self) -> Result<Option<u32>, Failure> {
        if self.arguments.is_empty() {
            return Ok(None);
        }
        let text = self.arguments.remove(0);
        match text.parse() {
            Ok(seconds) if seconds > 0 => Ok(Some(seconds)),
            _ => Err(Failure::Usage(format!("`{text}` is not a number of seconds (a whole number, at least 1)"))),
        }
    }

    fn finish(self) -> Result<(), Failure> {
        match self.arguments.first() {
            None => Ok(()),
            Some(argument) => Err(Failure::Usage(format!("`{}` does not take `{argument}`\n\n{USAGE}", self.command))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(line: &str) -> Result<Command, Failure> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_and_their_defaults() {
        assert_eq!(parse_words("setup"), Ok(Command::Setup { flavour: Flavour::Cpu }));
        assert_eq!(parse_words("setup --cuda"), Ok(Command::Setup { flavour: Flavour::Cuda }));
        assert_eq!(parse_words("demo"), Ok(Command::Demo { out: "demo-out".into(), full: false }));
        assert_eq!(parse_words("demo --full --out x"), Ok(Command::Demo { out: "x".into(), full: true }));
        assert_eq!(parse_words("test --quick"), Ok(Command::Test { quick: true }));
        assert_eq!(parse_words("fuzz"), Ok(Command::Fuzz { seconds: 60 }));
        assert_eq!(parse_words("fuzz 5"), Ok(Command::Fuzz { seconds: 5 }));
        assert_eq!(parse_words("header --check"), Ok(Command::Header { check: true }));
        assert_eq!(parse_words("-h"), Ok(Command::Help));
    }

    #[test]
    fn wrong_command_lines_are_refused() {
        for line in ["", "tset", "test --slow", "demo --out", "fuzz 0", "fuzz soon", "fuzz 5 6", "bench x"] {
            let failure = parse_words(line).expect_err(line);
            assert_eq!(failure.exit_code(), 2, "{line}: {failure}");
        }
    }
}
