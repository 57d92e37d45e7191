//! The driver's own behaviour: versions, images, limits, streams, memory, errors on demand, reports.

mod support;

use neuvol_fake_cuda::{Report, Settings, UNWRITTEN, enter, stub_folder};
use std::path::Path;
use std::ptr::null_mut;
use std::time::Duration;
use support::{Cuda, Launch, ptx};

// Codes of NVIDIA's documentation.
const INVALID_VALUE: i32 = 1;
const OUT_OF_MEMORY: i32 = 2;
const NOT_INITIALIZED: i32 = 3;
const NO_DEVICE: i32 = 100;
const INVALID_IMAGE: i32 = 200;
const INVALID_CONTEXT: i32 = 201;
const NO_BINARY: i32 = 209;
const INVALID_PTX: i32 = 218;
const UNSUPPORTED_PTX: i32 = 222;
const INVALID_HANDLE: i32 = 400;
const NOT_FOUND: i32 = 500;
const NOT_READY: i32 = 600;
const ILLEGAL_ADDRESS: i32 = 700;
const ALREADY_REGISTERED: i32 = 712;
const NOT_REGISTERED: i32 = 713;
const NOT_SUPPORTED: i32 = 801;

#[test]
fn nothing_works_before_it_is_initialised() {
    let settings = Settings::new().version(11_040).devices(2).capability("7.5,12.0").uuid(&[[7; 16]]);
    let Some(driver) = enter("nothing_works_before_it_is_initialised", &settings) else { return };
    let cuda = Cuda { driver };
    assert_eq!(cuda.version(), 11_040);
    assert_eq!(cuda.device_count(), Err(NOT_INITIALIZED));
    assert_eq!(cuda.init(), 0);
    assert_eq!(cuda.device_count(), Ok(2));
    assert_eq!([75, 76].map(|attribute| cuda.device_attribute(attribute, 0)), [7, 5]);
    assert_eq!([75, 76].map(|attribute| cuda.device_attribute(attribute, 1)), [12, 0]);
    assert_eq!([0, 1].map(|device| cuda.device_attribute(97, device)), [64 << 10, 99 << 10]);
    assert_eq!(cuda.uuid(0), [7; 16]);
    assert_ne!(cuda.uuid(1), [7; 16]);
    assert_eq!(cuda.luid(0), Err(NOT_SUPPORTED));
    let mut address = 0;
    assert_eq!(cuda.try_allocate(16, &mut address), INVALID_CONTEXT);
    let context = cuda.create_context(1);
    assert_eq!(cuda.try_allocate(16, &mut address), 0);
    std::thread::scope(|scope| {
        // Contexts are current in the threads that set them.
        let driver = &cuda.driver;
        // SAFETY: the type of this function.
        let synchronize: unsafe extern "C" fn() -> i32 = unsafe { driver.function("cuCtxSynchronize") };
        // SAFETY: as above.
        scope.spawn(move || assert_eq!(unsafe { synchronize() }, INVALID_CONTEXT));
    });
    assert_eq!(cuda.destroy_context(context), 0);
    assert_eq!(cuda.destroy_context(context), INVALID_CONTEXT);
    assert_eq!(cuda.try_allocate(16, &mut address), INVALID_CONTEXT);
    assert_eq!(cuda.error_name(ILLEGAL_ADDRESS), "CUDA_ERROR_ILLEGAL_ADDRESS");
    cuda.driver.report().assert_clean();
}

#[test]
fn a_machine_may_have_no_device() {
    let Some(driver) = enter("a_machine_may_have_no_device", &Settings::new().devices(0)) else { return };
    assert_eq!(Cuda { driver }.init(), NO_DEVICE);
}

#[test]
fn a_stub_has_no_functions() {
    // SAFETY: it has no constructors.
    let library = unsafe { libloading::Library::new(stub_folder().join("libcuda.so.1")) }.expect("it can be loaded");
    // SAFETY: it is not called.
    assert!(unsafe { library.get::<extern "C" fn()>(b"cuInit\0") }.is_err());
}

/// A committed binary of our kernels.
fn binary(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../native/cuda/kernels/binaries").join(name);
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = zstd::decode_all(&packed[..]).expect("a packed binary");
    bytes.push(0);
    bytes
}

#[test]
fn images_must_suit_device_and_driver() {
    let Some(driver) = enter("images_must_suit_device_and_driver", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    let loads = |version: u32, capability: &str, image: &[u8]| {
        cuda.driver.set(&Settings::new().version(version).capability(capability));
        match cuda.module(image) {
            Ok(module) => cuda.unload(module),
            Err(code) => code,
        }
    };
    for (name, version, capability, code) in [
        ("basic.sm_75.zst", 12_000, "7.5", 0),
        ("basic.sm_75.zst", 12_000, "8.0", NO_BINARY),
        ("basic.sm_86.zst", 12_000, "8.9", 0),
        ("basic.sm_89.zst", 12_000, "8.6", NO_BINARY),
        ("basic.sm_90.zst", 12_000, "9.0", 0),
        ("basic.sm_90.zst", 12_000, "12.0", NO_BINARY),
        ("basic.sm_120.zst", 12_080, "12.0", 0),
        ("basic.sm_120.zst", 12_080, "12.1", 0),
        ("basic.sm_120.zst", 12_080, "8.9", NO_BINARY),
        ("basic.sm_120.zst", 12_000, "12.0", INVALID_IMAGE),
        ("basic.compute_75.zst", 12_000, "7.5", 0),
        ("basic.compute_75.zst", 13_000, "12.0", 0),
        ("basic.compute_75.zst", 11_080, "8.9", UNSUPPORTED_PTX),
        ("basic.compute_75.zst", 12_000, "7.0", INVALID_PTX),
    ] {
        assert_eq!(loads(version, capability, &binary(name)), code, "{name} with {version} on {capability}");
    }
    let text = |version: &str| format!(".version {version}\n.target sm_75\n.address_size 64\n\0").into_bytes();
    for (version, driver, code) in [
        ("8.5", 12_050, 0),
        ("8.6", 12_060, UNSUPPORTED_PTX),
        ("8.7", 12_080, 0),
        ("9.0", 12_090, UNSUPPORTED_PTX),
        ("9.0", 13_000, 0),
        ("7.8", 11_080, 0),
    ] {
        assert_eq!(loads(driver, "8.9", &text(version)), code, "PTX {version} with {driver}");
    }
    assert_eq!(loads(12_080, "8.9", b"no image at all\0"), INVALID_IMAGE);
}

#[test]
fn functions_are_those_of_the_image() {
    let Some(driver) = enter("functions_are_those_of_the_image", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    let basic = cuda.module(&binary("basic.sm_89.zst")).expect("a module");
    let grid = cuda.module(&binary("grid.sm_89.zst")).expect("a module");
    let text = cuda.module(&binary("basic.compute_75.zst")).expect("a module");
    let mix = cuda.function(basic, "mix").expect("it is there");
    assert_eq!(cuda.function(basic, "mix"), Ok(mix));
    assert_eq!(cuda.function(grid, "mix"), Err(NOT_FOUND), "of another module");
    assert_eq!(cuda.function(basic, "selftest_plain"), Err(NOT_FOUND));
    // Registers, threads and architectures are read from the image.
    assert!((8..=255).contains(&cuda.attribute(mix, 4)), "{} registers", cuda.attribute(mix, 4));
    let threads = cuda.attribute(mix, 0);
    assert!((32..1024).contains(&threads), "{threads}");
    assert_eq!([5, 6].map(|attribute| cuda.attribute(mix, attribute)), [89, 89]);
    let same = cuda.function(text, "mix").expect("it is there");
    assert_eq!([0, 5, 6].map(|attribute| cuda.attribute(same, attribute)), [threads, 75, 89]);
    // One that has no source here.
    let other = cuda.module(ptx(&["of_nobody"]).as_bytes_with_nul()).expect("a module");
    assert_eq!(cuda.function(other, "of_nobody"), Err(NOT_FOUND));
    assert_eq!(cuda.driver.report().rules.len(), 1);
    assert_eq!(cuda.unload(basic), 0);
    assert_eq!(cuda.function(basic, "mix"), Err(INVALID_HANDLE));
    assert_eq!(cuda.launch(mix, [1; 3], [32, 1, 1], 0, null_mut(), &Launch::default()), INVALID_HANDLE);
}

#[test]
fn launches_have_limits() {
    let Some(driver) = enter("launches_have_limits", &Settings::new().capability("8.6")) else { return };
    let cuda = Cuda::new(driver);
    let kernel = cuda.kernel("selftest_write_shared");
    let launch = Launch::default();
    let try_shape = |grid, block, shared| cuda.launch(kernel, grid, block, shared, null_mut(), &launch);
    assert_eq!(try_shape([1; 3], [1024, 1, 1], 4), 0);
    assert_eq!(try_shape([1; 3], [1025, 1, 1], 4), INVALID_VALUE);
    assert_eq!(try_shape([1; 3], [32, 33, 1], 4), INVALID_VALUE);
    assert_eq!(try_shape([1; 3], [1, 1, 65], 4), INVALID_VALUE);
    assert_eq!(try_shape([1, 65_536, 1], [32, 1, 1], 4), INVALID_VALUE);
    assert_eq!(try_shape([0, 1, 1], [32, 1, 1], 4), INVALID_VALUE);
    assert_eq!(try_shape([1; 3], [32, 1, 1], 48 << 10), 0);
    assert_eq!(try_shape([1; 3], [32, 1, 1], (48 << 10) + 4), INVALID_VALUE);
    const DYNAMIC: i32 = 8;
    assert_eq!(cuda.set_attribute(kernel, DYNAMIC, 99 << 10), 0);
    assert_eq!(cuda.set_attribute(kernel, DYNAMIC, (99 << 10) + 1), INVALID_VALUE);
    assert_eq!(try_shape([1; 3], [32, 1, 1], 99 << 10), 0);
    assert_eq!(try_shape([1; 3], [32, 1, 1], (99 << 10) + 4), INVALID_VALUE);
    assert_eq!(cuda.synchronize(), 0);
    // The bound of a kernel of ours is in its image.
    let module = cuda.module(&binary("basic.sm_86.zst")).expect("a module");
    let mix = cuda.function(module, "mix").expect("it is there");
    let threads = cuda.attribute(mix, 0).cast_unsigned();
    assert_eq!(cuda.launch(mix, [1; 3], [threads + 1, 1, 1], 0, null_mut(), &launch), INVALID_VALUE);
    assert_eq!(cuda.driver.report().failures, [""; 0]);
}

#[test]
fn streams_run_behind_the_host() {
    let Some(driver) = enter("streams_run_behind_the_host", &Settings::new().delay(150_000)) else { return };
    let cuda = Cuda::new(driver);
    let (stream, start, end) = (cuda.stream(), cuda.event(0), cuda.event(0));
    let address = cuda.allocate(8);
    let pinned = cuda.allocate_host(8);
    // SAFETY: eight bytes of the driver's, for as long as they are used here.
    let pinned_bytes = unsafe { std::slice::from_raw_parts_mut(pinned, 8) };
    pinned_bytes.fill(1);
    let mut plain = vec![1u8; 4];
    assert_eq!(cuda.record(start, stream), 0);
    assert_eq!(cuda.write_async(address, &pinned_bytes[..4], stream), 0);
    assert_eq!(cuda.write_async(address + 4, &plain, stream), 0);
    assert_eq!(cuda.record(end, stream), 0);
    // The copies have not begun. Pinned memory is read when they do.
    assert_eq!(cuda.query_stream(stream), NOT_READY);
    assert_eq!(cuda.query_event(end), NOT_READY);
    assert_eq!(cuda.elapsed(start, end), Err(NOT_READY));
    pinned_bytes.fill(2);
    plain.fill(2);
    assert_eq!(cuda.wait_event(end), 0);
    assert_eq!(cuda.query_stream(stream), 0);
    assert_eq!(cuda.read::<u8>(address, 8), [2, 2, 2, 2, 1, 1, 1, 1]);
    let time = cuda.elapsed(start, end).expect("both have happened");
    assert!((300.0..60_000.0).contains(&time), "{time} ms of three delays of 150 ms");
    // Into pinned memory, too: the function returns before it is there.
    assert_eq!(cuda.read_async(pinned, address + 4, 4, stream), 0);
    assert_eq!(pinned_bytes[..4], [2; 4]);
    assert_eq!(cuda.wait_stream(stream), 0);
    assert_eq!(pinned_bytes[..4], [1; 4]);
    let untimed = cuda.event(2);
    assert_eq!(cuda.record(untimed, stream), 0);
    assert_eq!(cuda.elapsed(start, untimed), Err(INVALID_HANDLE));
    for event in [start, end, untimed] {
        assert_eq!(cuda.destroy_event(event), 0);
        assert_eq!(cuda.destroy_event(event), INVALID_HANDLE);
    }
    assert_eq!(cuda.destroy_stream(stream), 0);
    assert_eq!(cuda.free(address), 0);
    assert_eq!(cuda.free_host(pinned), 0);
    assert_eq!(cuda.release(), 0);
    cuda.driver.report().assert_clean();
}

#[test]
fn streams_do_not_wait_for_each_other_unless_told() {
    let name = "streams_do_not_wait_for_each_other_unless_told";
    let Some(driver) = enter(name, &Settings::new().delay(200)) else { return };
    let cuda = Cuda::new(driver);
    let (first, second) = (cuda.stream(), cuda.stream());
    let address = cuda.allocate(8);
    let event = cuda.event(2);
    let mut early = 0;
    for round in 0..200u32 {
        let waits = round % 2 == 0;
        assert_eq!(cuda.fill_async(address, 0, 2, first), 0);
        assert_eq!(cuda.synchronize(), 0);
        assert_eq!(cuda.fill_async(address, round + 1, 1, first), 0);
        assert_eq!(cuda.record(event, first), 0);
        if waits {
            assert_eq!(cuda.stream_waits(second, event), 0);
        }
        assert_eq!(cuda.copy_async(address + 4, address, 4, second), 0);
        assert_eq!(cuda.synchronize(), 0);
        let was_early = cuda.read::<u32>(address, 2) != [round + 1; 2];
        assert!(!(waits && was_early), "round {round}: the second stream waited");
        early += u32::from(was_early);
    }
    assert!(early > 0, "a missing wait was never seen");
}

#[test]
fn memory_is_counted_and_checked() {
    let Some(driver) = enter("memory_is_counted_and_checked", &Settings::new().memory(1 << 20)) else { return };
    let cuda = Cuda::new(driver);
    let mut second = 0;
    let first = cuda.allocate(1 << 19);
    assert_eq!(cuda.try_allocate((1 << 19) + 1, &mut second), OUT_OF_MEMORY);
    assert_eq!(cuda.try_allocate(0, &mut second), INVALID_VALUE);
    assert_eq!(cuda.try_allocate(1000, &mut second), 0);
    assert_eq!((first % 256, second % 256), (0, 0));
    assert_eq!(cuda.read::<u32>(second, 250), [UNWRITTEN; 250]);
    assert_eq!(cuda.write(second + 990, &[0u8; 10]), 0);
    assert_eq!(cuda.write(second + 991, &[0u8; 10]), INVALID_VALUE);
    assert_eq!(cuda.try_read(second - 1, &mut [0u8; 1]), INVALID_VALUE);
    let mut bytes = vec![0u8; 100];
    assert_eq!(cuda.unregister(&mut bytes), NOT_REGISTERED);
    assert_eq!(cuda.register(&mut bytes), 0);
    assert_eq!(cuda.register(&mut bytes[50..]), ALREADY_REGISTERED);
    assert_eq!(cuda.driver.report().registrations, 1);
    assert_eq!(cuda.unregister(&mut bytes), 0);
    assert_eq!(cuda.driver.report().rules, [""; 0]);
    // A kernel writes four bytes behind the end, where no page ends.
    let launch = Launch { work: second, first: 250, ..Launch::default() };
    assert_eq!(cuda.run("selftest_write", [1; 3], [64, 1, 1], 0, &launch), 0);
    assert_eq!(cuda.free(second), 0);
    let rules = cuda.driver.report().rules;
    assert!(rules.len() == 1 && rules[0].contains("0 bytes beyond the end of 1000 bytes"), "{rules:?}");
    assert_eq!(cuda.free(second), INVALID_VALUE);
    // What was freed is not used by a kernel unnoticed.
    let launch = Launch { work: second, first: 1, ..Launch::default() };
    assert_eq!(cuda.run("selftest_plain", [1; 3], [64, 1, 1], 0, &launch), ILLEGAL_ADDRESS);
    let report = cuda.driver.report();
    assert!(report.failures[0].contains("byte 0 of 1000 bytes that were freed"), "{:?}", report.failures);
    assert!(report.rules[2].contains("`work` is"), "{:?}", report.rules);
    assert_eq!(report.peak_bytes, (1 << 19) + 1000);
}

#[test]
fn calls_fail_on_demand() {
    let settings = Settings::new().fail("cuMemAlloc_v2", 2, 2).fail("cuEventCreate", 1, 999);
    let Some(driver) = enter("calls_fail_on_demand", &settings) else { return };
    let cuda = Cuda::new(driver);
    let mut address = 0;
    assert_eq!([1, 2, 3].map(|_| cuda.try_allocate(16, &mut address)), [0, OUT_OF_MEMORY, 0]);
    assert_eq!(cuda.driver.report().calls["cuMemAlloc_v2"], 3);
    assert_eq!(cuda.driver.report().allocations, 2);
    // One that loses the device.
    cuda.driver.set(&Settings::new().fail("cuCtxSynchronize", 2, 719));
    assert_eq!([1, 2, 3].map(|_| cuda.synchronize()), [0, 719, 719]);
    assert_eq!(cuda.try_allocate(16, &mut address), 719);
}

#[test]
fn a_device_is_lost_after_some_launches() {
    let Some(driver) = enter("a_device_is_lost_after_some_launches", &Settings::new().lose_after(2)) else { return };
    let cuda = Cuda::new(driver);
    let work = cuda.upload(&[0f32; 64]);
    let launch = Launch { work, first: 1, ..Launch::default() };
    let kernel = cuda.kernel("selftest_plain");
    let stream = cuda.stream();
    let run = || match cuda.launch(kernel, [1; 3], [64, 1, 1], 0, stream, &launch) {
        0 => cuda.wait_stream(stream),
        code => code,
    };
    assert_eq!([1, 2].map(|_| run()), [0, 0]);
    assert_eq!(cuda.read::<f32>(work, 64), [1.5; 64]);
    assert_eq!([1, 2].map(|_| run()), [ILLEGAL_ADDRESS; 2]);
    // Everything can still be given back.
    assert_eq!(cuda.destroy_stream(stream), ILLEGAL_ADDRESS);
    assert_eq!(cuda.free(work), ILLEGAL_ADDRESS);
    assert_eq!(cuda.release(), 0);
    cuda.driver.report().assert_clean();
    // The device is there again, for a new context.
    cuda.driver.set(&Settings::new().lose_after(0));
    assert_eq!(cuda.retain(), 0);
    assert_eq!(cuda.upload(&[0f32; 64]) % 256, 0);
}

#[test]
fn leaks_are_in_the_report() {
    const NAME: &str = "leaks_are_in_the_report";
    let path = std::env::temp_dir().join(format!("neuvol-fake-cuda-{}.json", std::process::id()));
    let Some(driver) = enter(NAME, &Settings::new().report(&path)) else {
        let report = Report::read(&path);
        std::fs::remove_file(&path).expect("it is there");
        let expected = [("contexts", 1), ("streams", 1), ("events", 1), ("modules", 1), ("allocations", 2)];
        assert_eq!(report.left()[..5], expected);
        assert_eq!(report.left()[5..], [("host allocations", 1)]);
        assert_eq!((report.bytes, report.host_bytes, report.launches), (356, 64, 1));
        assert_eq!(report.kernels["selftest_plain"], 1);
        assert!(std::panic::catch_unwind(|| report.assert_clean()).is_err());
        return;
    };
    let cuda = Cuda::new(driver);
    cuda.stream();
    cuda.event(0);
    cuda.allocate_host(64);
    cuda.allocate(100);
    assert_eq!(
        cuda.run(
            "selftest_plain",
            [1; 3],
            [64, 1, 1],
            0,
            &Launch { work: cuda.upload(&[0f32; 64]), ..Launch::default() }
        ),
        0
    );
}

#[test]
fn semaphores_are_counters_in_files() {
    let Some(driver) = enter("semaphores_are_counters_in_files", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    use std::io::Write;
    use std::os::fd::IntoRawFd;
    use std::os::unix::fs::FileExt;
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&3u64.to_le_bytes()).expect("eight bytes");
    let value = || {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, 0).expect("eight bytes");
        u64::from_le_bytes(bytes)
    };
    const TIMELINE: u32 = 9;
    let import = || cuda.import_semaphore(TIMELINE, file.try_clone().expect("a handle").into_raw_fd());
    assert_eq!(import(), Err(NOT_SUPPORTED));
    cuda.driver.set(&Settings::new().semaphores(true));
    assert_eq!(cuda.device_attribute(114, 0), 1);
    let semaphore = import().expect("it is imported");
    let stream = cuda.stream();
    assert_eq!(cuda.await_value(semaphore, 3, stream), 0);
    assert_eq!(cuda.signal(semaphore, 5, stream), 0);
    assert_eq!(cuda.wait_stream(stream), 0);
    assert_eq!(value(), 5);
    assert_eq!(cuda.await_value(semaphore, 7, stream), 0);
    assert_eq!(cuda.signal(semaphore, 9, stream), 0);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!((cuda.query_stream(stream), value()), (NOT_READY, 5));
    // Someone else signals it.
    file.write_all_at(&8u64.to_le_bytes(), 0).expect("eight bytes");
    assert_eq!(cuda.wait_stream(stream), 0);
    assert_eq!(value(), 9);
    assert_eq!(cuda.destroy_semaphore(semaphore), 0);
    assert_eq!(cuda.driver.report().external_semaphores, 0);
}
