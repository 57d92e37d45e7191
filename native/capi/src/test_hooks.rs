//! For the tests of the panic boundary only.

use crate::boundary::boundary;
use crate::result::neuvol_result;
use std::panic::panic_any;

/// Panics inside the library: 1 with a text, 2 by a wrong index, 3 with something that is no text and panics again when
/// it is dropped, 4 on another thread. Anything else succeeds.
///
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_test_panic(kind: i32) -> neuvol_result {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    boundary("neuvol_test_panic", || {
        match kind {
            1 => panic!("boom {kind}: Größe"),
            2 => {
                let few = [1, 2, 3];
                let index = usize::try_from(kind).unwrap_or_default() + few.len();
                log::info!("{}", few[index]);
            }
            3 => panic_any(Bomb),
            4 => {
                let thread = std::thread::Builder::new().name("neuvol-test".into());
                let joined = thread.spawn(|| panic!("on a worker")).map(std::thread::JoinHandle::join);
                if let Ok(Err(payload)) = joined {
                    std::panic::resume_unwind(payload);
                }
            }
            _ => {}
        }
        Ok(())
    })
}
