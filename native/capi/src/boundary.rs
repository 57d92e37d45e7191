//! The border that no panic crosses.

use crate::result::{NEUVOL_ERROR_PANIC, NEUVOL_OK, Outcome, neuvol_result};
use crate::{last_error, log_ring};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;
use std::thread;

/// How the engine names the threads that decode.
const WORKER_PREFIX: &str = "neuvol-";

thread_local! {
    /// How many functions of the ABI this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Where the last panic of this thread began.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs the body of the ABI function `function` and turns what it gives, or its panic, into a number and a text.
pub(crate) fn boundary(function: &str, body: impl FnOnce() -> Outcome) -> neuvol_result {
    match guarded(body) {
        Ok(Ok(())) => NEUVOL_OK,
        Ok(Err(failure)) => {
            last_error::set(format!("{function}: {}", failure.message));
            failure.code
        }
        Err(message) => {
            last_error::set(format!("{function}: {message}"));
            NEUVOL_ERROR_PANIC
        }
    }
}

/// The same for functions whose success has several numbers.
pub(crate) fn boundary_with(function: &str, body: impl FnOnce() -> Outcome<neuvol_result>) -> neuvol_result {
    let mut result = NEUVOL_OK;
    let code = boundary(function, || {
        result = body()?;
        Ok(())
    });
    if code == NEUVOL_OK { result } else { code }
}

/// Runs `body`; a panic becomes its text.
///
/// The values that `body` uses may be half changed after a panic. What outlives a call here is the table of handles,
/// which is not changed while anything else runs, and volumes, whose only state is sums and memory that each decode
/// fills anew.
pub(crate) fn guarded<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        prepare();
        let _inside = Inside::enter();
        body()
    }));
    result.map_err(describe)
}

/// Sets up, once, what every function relies on.
fn prepare() {
    static ONCE: Once = Once::new();
    // A panicking thread (a destructor of the host that calls us) must not change the hook; the next call does it.
    if !ONCE.is_completed() && !thread::panicking() {
        ONCE.call_once(|| {
            log_ring::install();
            install_hook();
        });
    }
}

/// Makes panics that the border catches go to the log instead of the host's stderr. All others go on to the hook that
/// was there: if the host is a Rust program that links this crate, that is the host's own, and it stays in charge.
fn install_hook() {
    let host = panic::take_hook();
    panic::set_hook(Box::new(move |info| if is_ours() { note(info) } else { host(info) }));
}

fn is_ours() -> bool {
    DEPTH.try_with(|depth| depth.get() > 0).unwrap_or(false)
        || thread::current().name().is_some_and(|name| name.starts_with(WORKER_PREFIX))
}

fn note(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    log::error!("panic at {place}: {}", payload_text(info.payload()));
    let _ = PLACE.try_with(|last| last.replace(Some(place)));
}

fn describe(payload: Box<dyn Any + Send>) -> String {
    let place = PLACE.try_with(RefCell::take).ok().flatten();
    let text = format!(
        "panic: {}{}; this is a bug in Neuvol, please report it with this text and the file",
        payload_text(&*payload),
        place.map(|place| format!(" (at {place})")).unwrap_or_default()
    );
    // A payload that is no text may have a destructor that panics again: then that panic's payload is leaked.
    let _inside = Inside::enter();
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    text
}

fn payload_text(payload: &dyn Any) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "(no text)",
    }
}

/// Counts the functions of the ABI on this thread's stack.
struct Inside;

impl Inside {
    fn enter() -> Self {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuvol_last_error;
    use crate::result::Failure;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn text() -> String {
        let mut buffer = [0u8; 512];
        // SAFETY: the buffer is writable and its length is given.
        let len = unsafe { neuvol_last_error(buffer.as_mut_ptr().cast(), buffer.len()) };
        String::from_utf8(buffer[..len.min(511)].to_vec()).unwrap()
    }

    #[test]
    fn errors_and_panics_become_numbers_and_texts() {
        assert_eq!(boundary("f", || Err(Failure::argument("x", "is 3"))), -1);
        assert_eq!(text(), "f: x: is 3");
        assert_eq!(boundary("f", || Ok(())), NEUVOL_OK);
        assert_eq!(text(), "f: x: is 3", "a success leaves the text");
        assert_eq!(boundary("g", || panic!("böse {}", 7)), NEUVOL_ERROR_PANIC);
        assert!(text().starts_with("g: panic: böse 7 (at "), "{}", text());
        assert!(text().contains("boundary.rs:"), "{}", text());
        let empty: Vec<u8> = Vec::new();
        assert_eq!(boundary("h", || Err(Failure::argument("x", empty[3]))), NEUVOL_ERROR_PANIC);
        assert!(text().contains("index out of bounds"), "{}", text());
    }

    #[test]
    fn payloads_that_panic_when_dropped_are_caught() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert_eq!(boundary("f", || panic::panic_any(Bomb)), NEUVOL_ERROR_PANIC);
        assert!(text().contains("(no text)"), "{}", text());
    }

    #[test]
    fn the_hosts_hook_stays_in_charge_of_its_own_panics() {
        static HOST: AtomicU32 = AtomicU32::new(0);
        // The hook that is there (of this library or of the test harness) belongs to the chain below the host's.
        assert_eq!(boundary("f", || Ok(())), NEUVOL_OK);
        let before = panic::take_hook();
        panic::set_hook(Box::new(|info| {
            if info.payload().downcast_ref::<&str>() == Some(&"the host's") {
                HOST.fetch_add(1, Ordering::Relaxed);
            }
        }));
        install_hook();
        let _ = catch_unwind(|| panic!("the host's"));
        assert_eq!(HOST.load(Ordering::Relaxed), 1, "a panic outside of the library reaches the host's hook");
        assert_eq!(boundary("f", || panic!("the host's")), NEUVOL_ERROR_PANIC);
        assert_eq!(HOST.load(Ordering::Relaxed), 1, "a panic inside of the library does not");
        panic::set_hook(before);
    }
}
