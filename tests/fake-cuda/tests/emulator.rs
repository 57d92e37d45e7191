//! The emulated CUDA against plain Rust, and the mistakes that it must notice.

mod support;

use half::f16;
use neuvol_fake_cuda::{Settings, UNWRITTEN, enter};
use std::ptr::null_mut;
use support::{Cuda, Launch};

/// A cheap random number.
fn random(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

fn numbers(count: usize, seed: u32) -> Vec<u32> {
    let mut state = seed;
    (0..count).map(|_| random(&mut state)).collect()
}

/// Orders of threads that results must not depend on.
const ORDERS: [u32; 5] = [0, 1, 2, 3, 77];

#[test]
fn barriers_separate_what_threads_write() {
    let Some(driver) = enter("barriers_separate_what_threads_write", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    for (block, grid) in
        [([1024, 1, 1], [3, 1, 2]), ([8, 4, 3], [2, 1, 1]), ([33, 1, 1], [1, 1, 1]), ([1, 1, 1], [5, 1, 1])]
    {
        let (count, blocks): (u32, u32) = (block.iter().product(), grid.iter().product());
        let input = numbers((count * blocks) as usize, 7);
        let (params, work) = (cuda.upload(&input), cuda.allocate(4 * input.len()));
        const ROUNDS: u32 = 5;
        let mut expected = input.clone();
        for round in 0..ROUNDS {
            for block in expected.chunks_mut(count as usize) {
                block.reverse();
                block.iter_mut().for_each(|value| *value = value.wrapping_add(round));
            }
        }
        for order in ORDERS {
            cuda.driver.set(&Settings::new().order(order));
            let launch = Launch { params, work, first: ROUNDS, ..Launch::default() };
            assert_eq!(cuda.run("selftest_barrier", grid, block, 0, &launch), 0);
            assert_eq!(cuda.read::<u32>(work, input.len()), expected, "order {order}");
        }
    }
    assert_eq!(cuda.driver.report().rules, [""; 0]);
}

#[test]
fn a_missing_barrier_depends_on_the_order() {
    let Some(driver) = enter("a_missing_barrier_depends_on_the_order", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    let input = numbers(256, 3);
    let expected: Vec<u32> = input.iter().rev().copied().collect();
    let (params, work) = (cuda.upload(&input), cuda.allocate(1024));
    let mut results = Vec::new();
    for order in ORDERS {
        cuda.driver.set(&Settings::new().order(order));
        let launch = Launch { params, work, ..Launch::default() };
        assert_eq!(cuda.run("selftest_no_barrier", [1; 3], [256, 1, 1], 0, &launch), 0);
        results.push(cuda.read::<u32>(work, 256));
    }
    assert!(results.iter().all(|result| *result != expected), "half of the threads read what nobody wrote yet");
    assert!(results[1..].iter().all(|result| *result != results[0]));
    assert!(results[0].contains(&UNWRITTEN));

    // Within warps, `__syncwarp` does.
    let expected: Vec<u32> = (0..256).map(|i| input[i ^ 31]).collect();
    for (waits, order) in ORDERS.iter().flat_map(|order| [(1, *order), (0, *order)]) {
        cuda.driver.set(&Settings::new().order(order));
        let launch = Launch { params, work, first: waits, ..Launch::default() };
        assert_eq!(cuda.run("selftest_warp", [1; 3], [256, 1, 1], 1024, &launch), 0);
        assert_eq!(cuda.read::<u32>(work, 256) == expected, waits == 1, "order {order}");
    }
}

#[test]
fn shuffles_move_values_between_lanes() {
    let Some(driver) = enter("shuffles_move_values_between_lanes", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    let input: Vec<u32> = numbers(96, 5).iter().map(|value| value >> 8).collect();
    let (params, work) = (cuda.upload(&input), cuda.allocate(4 * 6 * 96));
    for order in ORDERS {
        cuda.driver.set(&Settings::new().order(order));
        let launch = Launch { params, work, ..Launch::default() };
        assert_eq!(cuda.run("selftest_shuffle", [1; 3], [96, 1, 1], 0, &launch), 0);
        let output = cuda.read::<u32>(work, 6 * 96);
        for i in 0..96 {
            let (first, lane) = (i / 32 * 32, i % 32);
            let warp = &input[first..first + 32];
            let sum = warp.iter().fold(0u32, |sum, value| sum.wrapping_add(*value));
            let up = if lane == 0 { warp[0] } else { warp[lane - 1] };
            let down = if lane % 16 >= 14 { warp[lane] } else { warp[lane + 2] };
            let ballot = (0..32).fold(0, |bits, k| bits | (warp[k] & 1) << k);
            let reduced = if lane < 16 {
                warp[..16].iter().fold(0u32, |sum, value| sum.wrapping_add(*value))
            } else {
                *warp[16..].iter().max().expect("16 values")
            };
            let expected = [sum, warp[lane / 8 * 8 + 3], up, (down as f32).to_bits(), ballot, reduced];
            assert_eq!(output[6 * i..6 * i + 6], expected, "order {order}, thread {i}");
        }
    }
}

/// The fragments of one warp, and the product as PTX defines it.
struct Product {
    /// Ten words for each lane.
    registers: Vec<u32>,
    /// 16 x 8, in double precision.
    exact: Vec<f64>,
    /// The same after 8 of the 16 products, for the rounding in between.
    halfway: Vec<f64>,
    rest: Vec<f64>,
}

fn product(seed: u32, is_f32: bool) -> Product {
    let mut state = seed;
    let mut next = || (f64::from(random(&mut state)) / f64::from(u32::MAX) - 0.5) * 4.0;
    let mut matrix = |count: usize| -> Vec<f16> { (0..count).map(|_| f16::from_f64(next())).collect() };
    let (a, b, c) = (matrix(16 * 16), matrix(16 * 8), matrix(16 * 8));
    let pair = |low: f16, high: f16| u32::from(low.to_bits()) | u32::from(high.to_bits()) << 16;
    let mut registers = vec![0; 320];
    for lane in 0..32 {
        let (g, t) = (lane / 4, lane % 4);
        let a_pair = |row: usize, column: usize| pair(a[16 * row + column], a[16 * row + column + 1]);
        let b_pair = |row: usize| pair(b[8 * row + g], b[8 * (row + 1) + g]);
        let words = &mut registers[10 * lane..10 * lane + 10];
        words[0] = a_pair(g, 2 * t);
        words[1] = a_pair(g + 8, 2 * t);
        words[2] = a_pair(g, 2 * t + 8);
        words[3] = a_pair(g + 8, 2 * t + 8);
        words[4] = b_pair(2 * t);
        words[5] = b_pair(2 * t + 8);
        for (k, row) in [g, g + 8].into_iter().enumerate() {
            let (low, high) = (c[8 * row + 2 * t], c[8 * row + 2 * t + 1]);
            if is_f32 {
                words[6 + 2 * k] = low.to_f32().to_bits();
                words[7 + 2 * k] = high.to_f32().to_bits();
            } else {
                words[6 + k] = pair(low, high);
            }
        }
    }
    let sum = |i: usize, range: std::ops::Range<usize>| -> f64 {
        range.map(|k| a[16 * (i / 8) + k].to_f64() * b[8 * k + i % 8].to_f64()).sum()
    };
    Product {
        registers,
        exact: (0..128).map(|i| c[i].to_f64() + sum(i, 0..16)).collect(),
        halfway: (0..128).map(|i| c[i].to_f64() + sum(i, 0..8)).collect(),
        rest: (0..128).map(|i| sum(i, 8..16)).collect(),
    }
}

/// Row and column of the element `k` of the four that a lane has.
fn element(lane: usize, k: usize) -> usize {
    8 * (lane / 4 + 8 * (k / 2)) + 2 * (lane % 4) + k % 2
}

#[test]
fn matrix_products_are_those_of_ptx() {
    let Some(driver) = enter("matrix_products_are_those_of_ptx", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    const WARPS: usize = 64;
    for is_f32 in [true, false] {
        let products: Vec<Product> = (0..WARPS).map(|warp| product(11 + warp as u32, is_f32)).collect();
        let registers: Vec<u32> = products.iter().flat_map(|product| product.registers.clone()).collect();
        let (params, work) = (cuda.upload(&registers), cuda.allocate(WARPS * 32 * 16));
        let launch = Launch { params, work, ..Launch::default() };
        let name = if is_f32 { "selftest_mma_f32" } else { "selftest_mma_f16" };
        assert_eq!(cuda.run(name, [WARPS as u32 / 4, 1, 1], [128, 1, 1], 0, &launch), 0);
        let output = cuda.read::<f32>(work, WARPS * 32 * 4);
        let halves = cuda.read::<u16>(work, WARPS * 32 * 4);
        for (i, product) in products.iter().enumerate() {
            for (lane, k) in (0..32).flat_map(|lane| (0..4).map(move |k| (lane, k))) {
                let exact = product.exact[element(lane, k)];
                if is_f32 {
                    let error = (f64::from(output[(32 * i + lane) * 4 + k]) - exact).abs();
                    assert!(error < 1e-5, "warp {i}, lane {lane}: {error}");
                } else {
                    // Rounded once; a sum of 24 bits next to a tie may go the other way.
                    let got = f16::from_bits(halves[(32 * i + lane) * 4 + k]);
                    let near = f16::from_f64(exact - 1e-6)..=f16::from_f64(exact + 1e-6);
                    assert!(near.contains(&got), "warp {i}, lane {lane}: {got} of {exact}");
                }
            }
        }
    }
}

#[test]
fn matrix_products_of_turing_round_twice() {
    let Some(driver) = enter("matrix_products_of_turing_round_twice", &Settings::new().capability("7.5")) else {
        return;
    };
    let cuda = Cuda::new(driver);
    let mut differ = 0;
    for seed in 1..20 {
        let product = product(seed, false);
        let (params, work) = (cuda.upload(&product.registers), cuda.allocate(256));
        let launch = Launch { params, work, ..Launch::default() };
        assert_eq!(cuda.run("selftest_mma_f16", [1; 3], [32, 1, 1], 0, &launch), 0);
        let halves = cuda.read::<u16>(work, 128);
        for (lane, k) in (0..32).flat_map(|lane| (0..4).map(move |k| (lane, k))) {
            let i = element(lane, k);
            let got = f16::from_bits(halves[4 * lane + k]);
            let end = |off: f64| {
                let halfway = f16::from_f64(product.halfway[i] + off).to_f64();
                f16::from_f64(halfway + product.rest[i] + off)
            };
            assert!((end(-1e-6)..=end(1e-6)).contains(&got), "lane {lane}: {got}");
            differ += u32::from(got != f16::from_f64(product.exact[i]));
        }
    }
    assert!(differ > 100, "only {differ} results differ from those that are rounded once");
}

/// Adversarial and random pairs of 16-bit floats.
fn half_inputs() -> Vec<u16> {
    let special: [u16; 14] =
        [0, 0x8000, 1, 0x8001, 0x3ff, 0x400, 0x3c00, 0xbc00, 0x3c01, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e01];
    let mut values = Vec::new();
    for a in special {
        for b in special {
            for c in special {
                values.extend([a, b, b, a, c, a]);
            }
        }
    }
    let mut state = 99;
    while values.len() < 6 * 60_000 {
        // Numbers near each other, so that sums are not just the larger one.
        let range = if random(&mut state).is_multiple_of(2) { 0x83ff } else { 0xffff };
        values.push((random(&mut state) & range) as u16 ^ 0x3000);
    }
    values
}

/// The nearest 16-bit float, of two the even one; `half` looks at the upper 32 bits of a double only.
fn nearest(value: f64) -> f16 {
    let first = f16::from_f64(value);
    if !first.is_finite() || value == 0.0 {
        return first;
    }
    let neighbours = [first.to_bits().wrapping_sub(1), first.to_bits(), first.to_bits() + 1].map(f16::from_bits);
    let near = neighbours.into_iter().filter(|half| half.is_finite() && half.is_sign_negative() == (value < 0.0));
    near.min_by(|a, b| {
        let distance = |half: &f16| (half.to_f64() - value).abs();
        distance(a).total_cmp(&distance(b)).then((a.to_bits() & 1).cmp(&(b.to_bits() & 1)))
    })
    .expect("a number is near itself")
}

#[test]
fn halves_are_rounded_once() {
    let Some(driver) = enter("halves_are_rounded_once", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    let input = half_inputs();
    let count = input.len() / 6;
    let (params, work) = (cuda.upload(&input), cuda.allocate(32 * count));
    let launch = Launch { params, work, stride: count as u32, ..Launch::default() };
    assert_eq!(cuda.run("selftest_half", [count.div_ceil(256) as u32, 1, 1], [256, 1, 1], 0, &launch), 0);
    let output = cuda.read::<u16>(work, 16 * count);
    let canonical = |value: f16| if value.is_nan() { 0x7fff } else { value.to_bits() };
    let number = |bits: u16| f16::from_bits(bits).to_f64();
    for i in 0..count {
        let (input, output) = (&input[6 * i..6 * i + 6], &output[16 * i..16 * i + 16]);
        for k in 0..2 {
            let (a, b, c) = (number(input[k]), number(input[2 + k]), number(input[4 + k]));
            let pick = |first: bool| {
                if a.is_nan() && b.is_nan() { f16::NAN } else { f16::from_bits(input[if first { k } else { 2 + k }]) }
            };
            let is_above = |a: f64, b: f64| a > b || (a == b && (b.is_sign_negative() || a.is_sign_positive()));
            // Sums and products of halves are exact in double precision, and so are products with a sum, but for a rest that
            // cannot matter.
            let expected = [
                nearest(a + b),
                nearest(a - b),
                nearest(a * b),
                nearest(a.mul_add(b, c)),
                pick(b.is_nan() || is_above(a, b)),
                pick(b.is_nan() || (!a.is_nan() && !is_above(a, b))),
            ];
            for (operation, expected) in expected.into_iter().enumerate() {
                assert_eq!(output[2 * operation + k], canonical(expected), "{operation}: {input:04x?} of lane {k}");
            }
        }
        let expected = f16::from_f32(number(input[0]) as f32 * 0.333_333_3);
        assert_eq!(output[12], canonical(expected));
        assert_eq!(output[13], canonical(f16::from_f32(number(input[3]) as f32 * 1.7)));
        assert_eq!(output[14], output[6], "of pairs and alone");
        assert_eq!(output[15], canonical(nearest(number(input[1]) / number(input[3]))));
    }
}

#[test]
fn words_are_those_of_cuda() {
    let Some(driver) = enter("words_are_those_of_cuda", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    let bits = f32::to_bits;
    // Two words, the maximum of them as floats, the first one as an integer.
    let cases: [(u32, u32, u32, u32); 5] = [
        (0x0403_0281, 0x0807_0605, 0x0807_0605, 0),
        (bits(2.5), bits(f32::NAN), bits(2.5), 2),
        (bits(-3.0), bits(-0.0), bits(-0.0), 0),
        (bits(-0.0), bits(0.0), bits(0.0), 0),
        (bits(5e9), bits(3.5), bits(5e9), u32::MAX),
    ];
    let input: Vec<u32> = cases.iter().flat_map(|(a, b, _, _)| [*a, *b]).collect();
    let (params, work) = (cuda.upload(&input), cuda.allocate(4 * 8 * cases.len()));
    let launch = Launch { params, work, ..Launch::default() };
    assert_eq!(cuda.run("selftest_words", [1; 3], [cases.len() as u32, 1, 1], 0, &launch), 0);
    let output = cuda.read::<u32>(work, 8 * cases.len());
    for (i, (a, b, largest, integer)) in cases.into_iter().enumerate() {
        let output = &output[8 * i..8 * i + 8];
        assert_eq!(output[0], a & 0xffff | b << 16);
        assert_eq!(output[2], a.leading_zeros());
        assert_eq!(output[3], a.count_ones());
        assert_eq!(output[4], largest);
        assert_eq!(output[5], integer);
        assert_eq!(output[6], ((u64::from(a) * u64::from(b)) >> 32) as u32);
        let dot: i32 = (0..4).map(|k| i32::from((a >> (8 * k)) as i8) * i32::from((b >> (8 * k)) as i8)).sum();
        assert_eq!(output[7] as i32, dot + 7);
        // Selectors 6, 7 name bytes 2 and 3 of b; 8 and 9 the signs of bytes 0 and 1 of a.
        let sign = |byte: u32| if byte & 128 != 0 { 255 } else { 0 };
        let permuted = (b >> 16 & 255) | (b >> 24) << 8 | sign(a & 255) << 16 | sign(a >> 8 & 255) << 24;
        assert_eq!(output[1], permuted);
    }
}

#[test]
fn unwritten_memory_is_nan() {
    let Some(driver) = enter("unwritten_memory_is_nan", &Settings::new().workers(1)) else { return };
    let cuda = Cuda::new(driver);
    assert!(f32::from_bits(UNWRITTEN).is_nan() && f16::from_bits(UNWRITTEN as u16).is_nan());
    // Small and large, which are filled in different ways.
    for bytes in [128, 5 << 20] {
        let (work, texels) = (cuda.allocate(bytes), cuda.allocate(3 * 128));
        let launch = Launch { work: work + bytes as u64 - 128, texels, ..Launch::default() };
        assert_eq!(cuda.run("selftest_unwritten", [3, 1, 1], [32, 1, 1], 128, &launch), 0);
        assert_eq!(cuda.read::<u32>(texels, 96), [UNWRITTEN; 96]);
    }
}

/// The failure that a launch must have, in a process of its own.
fn fails(test: &str, kernel: &str, shared: u32, first: u32, code: i32, says: &[&str]) {
    let Some(driver) = enter(test, &Settings::new().timeout(3)) else { return };
    let cuda = Cuda::new(driver);
    let (params, work) = (cuda.upload(&[0u32; 256]), cuda.allocate(1000));
    let launch = Launch { params, work, first, ..Launch::default() };
    assert_eq!(cuda.fill_async(work, 0, 250, null_mut()), 0);
    let threads = match kernel {
        "selftest_stack" => 1,
        "selftest_lost_lane" | "selftest_divide" => 32,
        _ => 64,
    };
    let got = cuda.run(kernel, [3, 1, 1], [threads, 1, 1], shared, &launch);
    let report = cuda.driver.report();
    assert_eq!(got, code, "{report:#?}");
    let [failure] = &report.failures[..] else { panic!("{:?}", report.failures) };
    assert!(failure.starts_with(&format!("kernel {kernel}: block (")), "{failure}");
    for words in says {
        assert!(failure.contains(words), "{failure}: should say {words}");
    }
    // The device is lost.
    assert_eq!(cuda.try_read(work, &mut [0u8; 4]), code);
    assert_eq!(cuda.synchronize(), code);
    // A new context is not.
    assert_eq!(cuda.release(), 0);
    assert_eq!(cuda.retain(), 0);
    assert_eq!(
        cuda.run(
            "selftest_plain",
            [1; 3],
            [64, 1, 1],
            0,
            &Launch { work: cuda.upload(&[1f32; 64]), first: 1, ..Launch::default() }
        ),
        0
    );
}

macro_rules! failures {
    ($($test:ident: $kernel:literal, $shared:expr, $first:expr => $code:expr, $says:expr;)*) => {
        $(#[test]
        fn $test() {
            fails(stringify!($test), $kernel, $shared, $first, $code, &$says);
        })*
    };
}

failures! {
    a_thread_that_ends_before_a_barrier_is_noticed: "selftest_divergent", 0, 9 => 719,
        ["thread (9, 0, 0) has ended", "waits at the barrier in", "selftest.cu:"];
    threads_at_different_barriers_are_noticed: "selftest_two_barriers", 0, 0 => 719, ["threads diverge", "selftest.cu:"];
    a_lane_that_ended_is_noticed: "selftest_lost_lane", 0, 0 => 719, ["thread (7, 0, 0) has ended", "0xffffffff"];
    a_write_beyond_an_allocation_is_noticed: "selftest_write", 0, 256 => 700,
        ["thread (5, 0, 0)", "block (2, 0, 0)", "writes", "24 bytes beyond the end of 1000 bytes of an allocation"];
    a_write_before_an_allocation_is_noticed: "selftest_write", 0, (-1100_i32) as u32 => 700, ["writes", "before the begin"];
    a_write_to_shared_memory_that_is_not_there_is_noticed: "selftest_write_shared", 4096, 1024 => 700,
        ["writes byte 4096 of its dynamic shared memory"];
    a_write_behind_shared_memory_is_noticed: "selftest_write_shared", 400, 100 => 719,
        ["wrote to byte 400 of its dynamic shared memory, which has 400"];
    a_misaligned_load_is_noticed: "selftest_load", 0, 4 => 716, ["not a multiple"];
    a_division_by_zero_is_noticed: "selftest_divide", 0, 0 => 719, ["divides an integer by zero"];
    a_kernel_that_never_ends_is_ended: "selftest_endless", 0, 0 => 702, ["thread (3, 0, 0)", "still runs"];
    a_full_stack_is_noticed: "selftest_stack", 0, 10_000 => 714, ["more than 65536 bytes of stack"];
}

/// Time that the process had a processor, in seconds: other programs must not matter.
fn processor_time() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux has it");
    let times = threads.map(|thread| {
        let path = thread.expect("a thread").path().join("schedstat");
        let text = std::fs::read_to_string(path).expect("a thread of ours stays");
        text.split(' ').next().expect("a number").parse::<f64>().expect("a number")
    });
    times.sum::<f64>() / 1e9
}

/// How fast it is, for those who change it: `cargo test --release -p neuvol-fake-cuda -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let Some(driver) = enter("speed", &Settings::new().workers(1)) else { return };
    let cuda = Cuda::new(driver);
    let (params, work) = (cuda.upload(&vec![0u32; 1 << 20]), cuda.upload(&vec![0f32; 1 << 20]));
    let measure = |what: &str, name: &str, grid: u32, threads: u32, first: u32, steps: f64| {
        let kernel = cuda.kernel(name);
        let launch = Launch { params, work, first, ..Launch::default() };
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let start = processor_time();
            assert_eq!(cuda.launch(kernel, [grid, 1, 1], [threads, 1, 1], 0, null_mut(), &launch), 0);
            assert_eq!(cuda.synchronize(), 0);
            best = best.min(processor_time() - start);
        }
        eprintln!("{what}: {:.1} ns", best * 1e9 / steps);
    };
    measure("a thread without barriers", "selftest_plain", 4096, 256, 1, 4096.0 * 256.0);
    for threads in [64, 256, 1024] {
        let what = format!("a thread at a barrier, of {threads}");
        measure(&what, "selftest_barrier", 64, threads, 100, 64.0 * 200.0 * f64::from(threads));
    }
    measure("a product of matrices by a warp, 32-bit sums", "selftest_mma_f32", 256, 128, 0, 1024.0);
    measure("a product of matrices by a warp, 16-bit sums", "selftest_mma_f16", 256, 128, 0, 1024.0);
}
