//! A CUDA driver for tests on machines without an NVIDIA GPU: a `libcuda.so.1` that behaves like NVIDIA's for the functions
//! that our backend calls, and runs the C++ source of our kernels on the CPU.
//!
//! - **Kernels** (`emulated/`): threads are fibers, 32 of them a warp; barriers, shuffles and products of matrices do what PTX
//!   says. Threads run in an order that [`Settings::order`] chooses: results that depend on it miss a barrier. A barrier that
//!   some threads do not come to, an access beyond an allocation or beyond shared memory, a misaligned one: each loses the
//!   device, as on a GPU, with a message that names kernel, block and thread. Memory that nobody wrote is NaN.
//! - **Driver** (`driver/`): a module is loaded if its image (cubin or PTX) suits device and driver, and has the kernels that
//!   its image names. Streams run on a thread of their context, so that a missing wait is seen. Handles, sizes and contexts
//!   are checked and answered with NVIDIA's codes.
//! - What a program did is in a [`Report`]: what it left behind, what it called, which rules it broke.
//!
//! A test that needs the driver calls [`enter`] first, which runs it again in a process that finds the library; or a program
//! is started with [`Settings::apply`]. What cannot be shown here: speed, the order of operations within a device, and how
//! real tensor cores round sums.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The bits of memory that nobody wrote: NaN as a 32-bit float and as two 16-bit floats.
pub const UNWRITTEN: u32 = 0x7fc1_7fc1;

const PREFIX: &str = "NEUVOL_FAKE_CUDA_";
/// Names the test that a child process runs. Not a setting of the driver.
const CHILD: &str = "NEUVOL_CUDA_TEST";

/// The folder with the driver, for `LD_LIBRARY_PATH`.
pub fn folder() -> PathBuf {
    Path::new(env!("OUT_DIR")).join("cuda")
}

/// A folder with a `libcuda.so.1` that has no functions.
pub fn stub_folder() -> PathBuf {
    Path::new(env!("OUT_DIR")).join("stub")
}

/// How the driver behaves. Each is an environment variable, `NEUVOL_FAKE_CUDA_` and its name in capitals, for programs that are
/// started without this crate.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    variables: BTreeMap<&'static str, String>,
}

impl Settings {
    /// One device of capability 8.9 with 8 GiB, a driver of CUDA 12.8.
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.insert(name, value.to_string());
        self
    }

    /// `VERSION`: what the driver says of itself, as 12080 of CUDA 12.8.
    #[must_use]
    pub fn version(self, version: u32) -> Self {
        self.with("VERSION", version)
    }

    /// `DEVICES`: their number. With 0, `cuInit` fails.
    #[must_use]
    pub fn devices(self, count: u32) -> Self {
        self.with("DEVICES", count)
    }

    /// `CAPABILITY`: as `8.9`, or of each device as `8.9,7.5`; the last one is that of all others.
    #[must_use]
    pub fn capability(self, list: &str) -> Self {
        self.with("CAPABILITY", list)
    }

    /// `UUID`: of each device 32 hexadecimal digits, separated by commas.
    #[must_use]
    pub fn uuid(self, uuids: &[[u8; 16]]) -> Self {
        self.with("UUID", uuids.iter().map(|uuid| hex(uuid)).collect::<Vec<_>>().join(","))
    }

    /// `LUID`: of each device 16 hexadecimal digits, as on Windows. Without it devices have none, as on Linux.
    #[must_use]
    pub fn luid(self, luids: &[[u8; 8]]) -> Self {
        self.with("LUID", luids.iter().map(|luid| hex(luid)).collect::<Vec<_>>().join(","))
    }

    /// `NAME`: of each device, separated by commas.
    #[must_use]
    pub fn name(self, list: &str) -> Self {
        self.with("NAME", list)
    }

    /// `MEMORY`: bytes of each device.
    #[must_use]
    pub fn memory(self, bytes: u64) -> Self {
        self.with("MEMORY", bytes)
    }

    /// `FAIL`: calls that fail: `cuMemAlloc_v2:3:2` is the third of this function, with code 2. Several are separated by commas.
    /// With a code that loses a device (700, 719 and the like), all later calls of the context fail, too.
    #[must_use]
    pub fn fail(self, function: &str, call: u32, code: u32) -> Self {
        let mut list = self.variables.get("FAIL").map_or_else(String::new, |list| format!("{list},"));
        list += &format!("{function}:{call}:{code}");
        self.with("FAIL", list)
    }

    /// `LOSE_AFTER`: the device is lost (700) by the launch after this many of the process. 0: never.
    #[must_use]
    pub fn lose_after(self, launches: u64) -> Self {
        self.with("LOSE_AFTER", launches)
    }

    /// `DELAY`: microseconds before each operation of a stream.
    #[must_use]
    pub fn delay(self, microseconds: u32) -> Self {
        self.with("DELAY", microseconds)
    }

    /// `ORDER`: of threads, lanes and blocks: 0 (or `forward`), 1 (`backward`), or shuffled with this seed. It also chooses the
    /// order of streams that can go on.
    #[must_use]
    pub fn order(self, order: u32) -> Self {
        self.with("ORDER", order)
    }

    /// `WORKERS`: threads of the host that run blocks, 1 or 2 (as without this).
    #[must_use]
    pub fn workers(self, workers: u32) -> Self {
        self.with("WORKERS", workers)
    }

    /// `TIMEOUT`: seconds that a launch may take before the device is lost (702); 300 without this.
    #[must_use]
    pub fn timeout(self, seconds: u32) -> Self {
        self.with("TIMEOUT", seconds)
    }

    /// `SEMAPHORES`: `memfd`: external semaphores are imported, as files in memory that begin with a counter of 64 bits. `none`:
    /// importing them fails with `CUDA_ERROR_NOT_SUPPORTED`, as without this.
    #[must_use]
    pub fn semaphores(self, has_semaphores: bool) -> Self {
        self.with("SEMAPHORES", if has_semaphores { "memfd" } else { "none" })
    }

    /// `REPORT`: the file that the report is written to when the process ends.
    #[must_use]
    pub fn report(self, path: &Path) -> Self {
        self.with("REPORT", path.display())
    }

    /// `LOG`: calls are written to the standard error.
    #[must_use]
    pub fn log(self) -> Self {
        self.with("LOG", 1)
    }

    /// Lets a program find the driver, with these settings.
    pub fn apply(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(PREFIX) {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (format!("{PREFIX}{name}"), value)));
        let before = std::env::var("LD_LIBRARY_PATH").unwrap_or_default();
        command.env("LD_LIBRARY_PATH", format!("{}:{before}", folder().display()));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs the test of this (full) name in a process of its own that finds the driver, with these settings. In that process the
/// driver is returned, and the test goes on; in the first one `None`: the test ends there.
///
/// ```ignore
/// #[test]
/// fn decodes() {
///     let Some(driver) = neuvol_fake_cuda::enter("decodes", &Settings::new().order(1)) else { return };
///     // ...
///     assert!(driver.report().rules.is_empty());
/// }
/// ```
///
/// # Panics
/// If the test failed in its process, or does not exist.
pub fn enter(test: &str, settings: &Settings) -> Option<Driver> {
    if std::env::var_os(CHILD).is_some_and(|name| name == test) {
        return Some(Driver::open());
    }
    let program = std::env::current_exe().expect("a test has a file");
    let mut command = Command::new(program);
    command.args([test, "--exact", "--nocapture", "--include-ignored", "--test-threads=1"]).env(CHILD, test);
    settings.apply(&mut command);
    let output = command.output().expect("a test can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{test}: {}\n{said}", output.status);
    assert!(said.contains("1 passed"), "there is no test {test}");
    None
}

/// The driver of this process.
#[derive(Debug)]
pub struct Driver {
    library: libloading::Library,
}

impl Driver {
    /// # Panics
    /// If the process finds another driver, or none.
    fn open() -> Self {
        // SAFETY: it is the library of this crate, which is never unloaded, and has no constructors.
        let library = unsafe { libloading::Library::new("libcuda.so.1") }
            .unwrap_or_else(|error| panic!("libcuda.so.1: {error}; LD_LIBRARY_PATH must name {}", folder().display()));
        let driver = Self { library };
        assert!(
            // SAFETY: only whether it is there matters.
            unsafe { driver.library.get::<extern "C" fn()>(b"fake_cuda_report\0") }.is_ok(),
            "libcuda.so.1 is that of a real driver; LD_LIBRARY_PATH must name {} first",
            folder().display()
        );
        driver
    }

    /// A function of the driver.
    ///
    /// # Safety
    /// `F` must be its type.
    ///
    /// # Panics
    /// If there is none of this name.
    pub unsafe fn function<F: Copy>(&self, name: &str) -> F {
        let name = CString::new(name).expect("names have no zero bytes");
        // SAFETY: the caller's promise; the library is never unloaded.
        *unsafe { self.library.get::<F>(name.as_bytes_with_nul()) }.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What the process did up to now.
    ///
    /// # Panics
    /// If the driver's report is none.
    pub fn report(&self) -> Report {
        type Write = unsafe extern "C" fn(*mut c_char, usize) -> usize;
        // SAFETY: the type of this function.
        let write: Write = unsafe { self.function("fake_cuda_report") };
        let mut bytes = vec![0u8; 1 << 16];
        loop {
            // SAFETY: the buffer has as many bytes.
            let needed = unsafe { write(bytes.as_mut_ptr().cast(), bytes.len()) };
            if needed <= bytes.len() {
                bytes.truncate(needed - 1);
                return Report::parse(std::str::from_utf8(&bytes).expect("the report is ASCII"));
            }
            bytes.resize(needed, 0);
        }
    }

    /// Changes settings from here on.
    pub fn set(&self, settings: &Settings) {
        type Set = unsafe extern "C" fn(*const c_char, *const c_char);
        // SAFETY: the type of this function.
        let set: Set = unsafe { self.function("fake_cuda_set") };
        for (name, value) in &settings.variables {
            let name = CString::new(*name).expect("names have no zero bytes");
            let value = CString::new(value.as_str()).expect("values have no zero bytes");
            // SAFETY: both are strings that end with a zero byte.
            unsafe { set(name.as_ptr(), value.as_ptr()) };
        }
    }
}

/// What a process did with the driver, and left behind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Live contexts.
    pub contexts: u64,
    /// Live streams, the legacy ones left out.
    pub streams: u64,
    /// Live events.
    pub events: u64,
    /// Loaded modules.
    pub modules: u64,
    /// Imported memory of Vulkan.
    pub external_memories: u64,
    /// Imported semaphores of Vulkan.
    pub external_semaphores: u64,
    /// Live buffers of imported memory.
    pub mapped_buffers: u64,
    /// Live allocations on devices.
    pub allocations: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// The most bytes that a device had at once.
    pub peak_bytes: u64,
    /// Live allocations of pinned memory.
    pub host_allocations: u64,
    /// Bytes of these.
    pub host_bytes: u64,
    /// Live registrations of memory as pinned.
    pub registrations: u64,
    /// Launches, of the whole process.
    pub launches: u64,
    /// Blocks of these.
    pub blocks: u64,
    /// Copies and fills.
    pub copies: u64,
    /// Bytes of these.
    pub copied_bytes: u64,
    /// Launches of each kernel.
    pub kernels: BTreeMap<String, u64>,
    /// Calls of each function.
    pub calls: BTreeMap<String, u64>,
    /// What kernels did that lost the device.
    pub failures: Vec<String>,
    /// Rules that were broken without an error.
    pub rules: Vec<String>,
}

impl Report {
    fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("the report of the driver: {error}:\n{text}"))
    }

    /// The report that a process wrote when it ended, see [`Settings::report`].
    ///
    /// # Panics
    /// If there is none.
    pub fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// Everything that is still there, by name; nothing but contexts that stay may be left when a backend has ended.
    pub fn left(&self) -> Vec<(&'static str, u64)> {
        let mut left = vec![
            ("contexts", self.contexts),
            ("streams", self.streams),
            ("events", self.events),
            ("modules", self.modules),
            ("external memories", self.external_memories),
            ("external semaphores", self.external_semaphores),
            ("mapped buffers", self.mapped_buffers),
            ("allocations", self.allocations),
            ("host allocations", self.host_allocations),
            ("registrations", self.registrations),
        ];
        left.retain(|(_, count)| *count > 0);
        left
    }

    /// # Panics
    /// If anything is left, a rule was broken or a kernel failed.
    pub fn assert_clean(&self) {
        assert_eq!(self.left(), [], "is left behind");
        assert_eq!(self.rules, [""; 0], "rules are broken");
        assert_eq!(self.failures, [""; 0], "kernels failed");
    }
}
