//! Log records, kept until the host fetches them: hosts such as game engines must not be called back from any thread.

use crate::boundary::guarded;
use crate::memory::copy_text;
use log::{LevelFilter, Log, Metadata, Record};
use std::collections::VecDeque;
use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of text that the ring holds; the oldest records make room for new ones.
const CAPACITY: usize = 64 << 10;
/// The longest record.
const MAX_RECORD: usize = 4 << 10;

static LOGGER: Ring = Ring(Mutex::new(Records { lines: VecDeque::new(), bytes: 0, lost: 0 }));

struct Ring(Mutex<Records>);

struct Records {
    /// With their line ends.
    lines: VecDeque<String>,
    bytes: usize,
    lost: u64,
}

/// Takes the records of this library, unless the host is a Rust program that has a logger: then they go there.
pub(crate) fn install() {
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

impl Ring {
    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Ring {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            // Put together before the lock is taken: it runs code of the caller's.
            let line = format!("{} {}: {}", record.level(), record.target(), record.args());
            self.records().push(line);
        }
    }

    fn flush(&self) {}
}

impl Records {
    fn push(&mut self, mut line: String) {
        // One record is one line, whatever its text.
        line = line.replace(['\n', '\r', '\0'], " ");
        line.truncate(line.floor_char_boundary(MAX_RECORD - 1));
        line.push('\n');
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes > CAPACITY {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len();
            self.lost += 1;
        }
    }

    /// Bytes of all that waits.
    fn len(&self) -> usize {
        self.bytes + self.lost_line().map_or(0, |line| line.len())
    }

    fn lost_line(&self) -> Option<String> {
        (self.lost > 0).then(|| format!("WARN neuvol_capi: {} older records were dropped\n", self.lost))
    }

    /// Takes as many whole records as fit `room` bytes. A record that does not fit even alone is cut, so that a caller
    /// with a small buffer gets on.
    fn take(&mut self, room: usize) -> String {
        let mut text = String::new();
        if let Some(line) = self.lost_line() {
            self.lost = 0;
            text.push_str(&line);
        }
        while let Some(line) = self.lines.front()
            && text.len() + line.len() <= room
        {
            text.push_str(line);
            self.bytes -= line.len();
            self.lines.pop_front();
        }
        if text.is_empty()
            && let Some(line) = self.lines.pop_front()
        {
            self.bytes -= line.len();
            text = line;
        }
        text.truncate(text.floor_char_boundary(room));
        text
    }
}

/// Takes log records that wait, oldest first, one per line: "LEVEL module: text". A host calls this now and then, for
/// example once per frame. At most 64 KiB wait; then the oldest are dropped, which a record says.
///
/// Any thread. Levels are ERROR, WARN and INFO.
///
/// @param buffer Receives whole lines of UTF-8 with a NUL at the end; a line longer than the buffer is cut. May be null.
/// @param capacity Bytes of `buffer`, the NUL included; at least 2 to get anything.
/// @return Bytes written without the NUL; 0 if nothing waits. With a null buffer: bytes that wait, and nothing is taken.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_log_drain(buffer: *mut c_char, capacity: usize) -> usize {
    guarded(|| {
        if buffer.is_null() {
            return LOGGER.records().len();
        }
        let text = if capacity < 2 { String::new() } else { LOGGER.records().take(capacity - 1) };
        // SAFETY: promised by the caller.
        unsafe { copy_text(&text, buffer, capacity) };
        text.len()
    })
    .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Records {
        Records { lines: VecDeque::new(), bytes: 0, lost: 0 }
    }

    #[test]
    fn whole_lines_are_taken_in_order() {
        let mut records = empty();
        for line in ["one", "two\nlines", "three"] {
            records.push(line.into());
        }
        assert_eq!(records.len(), 4 + 10 + 6);
        assert_eq!(records.take(14), "one\ntwo lines\n");
        assert_eq!(records.take(3), "thr", "a line that does not fit alone is cut");
        assert_eq!((records.take(99), records.len()), (String::new(), 0));
    }

    #[test]
    fn the_oldest_records_make_room() {
        let mut records = empty();
        for n in 0..10_000 {
            records.push(format!("record {n:06}"));
        }
        assert!(records.bytes <= CAPACITY);
        let text = records.take(usize::MAX);
        let lost = 10_000 - CAPACITY / 14;
        assert!(text.starts_with(&format!("WARN neuvol_capi: {lost} older")), "{}", &text[..80]);
        assert!(text.ends_with("record 009999\n"));
        assert_eq!(text.lines().nth(1), Some(format!("record {lost:06}").as_str()));
        records.push("ä".repeat(MAX_RECORD));
        assert!(records.bytes <= MAX_RECORD);
        assert_eq!(records.len(), records.bytes);
    }
}
