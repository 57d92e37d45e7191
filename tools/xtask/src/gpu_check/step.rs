//! One program that is run: with a limit of time, and what it says kept.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::workspace;

/// What became of a program.
#[derive(Debug)]
pub(super) struct Done {
    /// `None` if it was stopped at its limit.
    pub(super) status: Option<ExitStatus>,
    pub(super) out: String,
    pub(super) err: String,
    pub(super) seconds: f64,
}

impl Done {
    pub(super) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    pub(super) fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }

    /// Both streams.
    pub(super) fn said(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    /// The last line of what it said against itself, or how it ended.
    pub(super) fn why(&self) -> String {
        let Some(status) = self.status else {
            return format!("stopped after {:.0} s", self.seconds);
        };
        let last =
            |text: &str| text.lines().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned());
        last(&self.err).or_else(|| last(&self.out)).unwrap_or_else(|| format!("ended with {status}"))
    }
}

/// Runs `command` for at most `limit`. What it writes is kept in files beside `log`, and appended to that.
pub(super) fn run(command: &mut Command, limit: Duration, log: &Path) -> Result<Done, Failure> {
    let (out, err) = (log.with_extension("out"), log.with_extension("err"));
    let create = |path: &Path| File::create(path).map_err(|error| Failure::io("write", path, &error));
    command.stdin(Stdio::null()).stdout(create(&out)?).stderr(create(&err)?);
    // A group of its own, so that what it starts can be stopped with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let start = Instant::now();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            return Err(Failure::Failed(format!("cannot start `{}`: {error}", workspace::shown(command))));
        }
    };
    let status = loop {
        let status = child.try_wait().map_err(|error| Failure::Failed(format!("cannot wait: {error}")))?;
        if status.is_some() || start.elapsed() > limit {
            break status;
        }
        thread::sleep(Duration::from_millis(20));
    };
    if status.is_none() {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = child.kill();
        let _ = child.wait();
    }
    let seconds = start.elapsed().as_secs_f64();
    let text = |path: &Path| {
        let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let _ = fs::remove_file(path);
        text
    };
    let done = Done { status, out: text(&out), err: text(&err), seconds };
    let ended = status.map_or_else(|| "stopped".to_owned(), |status| status.to_string());
    let entry = format!("$ {}\n{}\n[{ended}, {seconds:.1} s]\n\n", workspace::shown(command), done.said());
    let appended = File::options().create(true).append(true).open(log);
    appended
        .and_then(|mut file| std::io::Write::write_all(&mut file, entry.as_bytes()))
        .map_err(|error| Failure::io("write", log, &error))?;
    Ok(done)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(text: &str, limit: f64) -> Done {
        let folder = tempfile::tempdir().unwrap();
        run(Command::new("sh").args(["-c", text]), Duration::from_secs_f64(limit), &folder.path().join("log")).unwrap()
    }

    #[test]
    fn both_streams_and_the_end_are_kept() {
        let done = shell("echo out; echo 'what was wrong' >&2; exit 7", 10.0);
        assert_eq!((done.out.as_str(), done.code(), done.why().as_str()), ("out\n", Some(7), "what was wrong"));
        assert!(!done.succeeded());
    }

    #[test]
    fn what_takes_too_long_is_stopped_with_all_that_it_started() {
        let done = shell("sleep 60 & sleep 60", 0.1);
        assert!(done.status.is_none() && done.seconds < 10.0);
        assert!(done.why().starts_with("stopped after"), "{}", done.why());
    }
}
