#![allow(missing_docs, clippy::print_stdout, dead_code, unreachable_pub)]
#[path = "../tests/common/mod.rs"]
mod common;
use neuvol_decode::*;
use neuvol_model::GridConfig;
#[repr(C)] struct Ts { s: i64, n: i64 }
unsafe extern "C" { fn clock_gettime(c: i32, t: *mut Ts) -> i32; }
fn now() -> f64 { let mut t = Ts { s: 0, n: 0 }; unsafe { clock_gettime(3, &mut t); } t.s as f64 + t.n as f64 * 1e-9 }
fn time(mut f: impl FnMut()) -> (f64, f64) {
    f();
    let mut v = vec![]; let s = now();
    while now() - s < 0.35 || v.len() < 5 { let t = now(); f(); v.push(now() - t); }
    v.sort_by(f64::total_cmp); (v[0], v[v.len() / 2])
}
fn main() {
    let (nv, ext) = (262144.0 / 1e6, [64u32, 64, 64]);
    for (n, l) in [(16u16, 1u8), (16, 2), (32, 2), (64, 2)] {
        let net = common::random_network(GridConfig { levels: common::nested(1, 4, 4, 0), n_neurons: n, n_hidden_layers: l, n_outputs: 1, n_time_codes: 0 }, ext, 11);
        let mut net = net; common::normalise(&mut net, 0, 0.0, 0.9);
        let mut out = vec![0f32; 262144]; let mut s = Scratch::new();
        let mut oracle = vec![0f32; 262144]; net.evaluate_block(0.0, 0, &mut oracle);
        for k in Kernel::all() {
            let f = Folded::new(&net, 0, k).unwrap();
            if f.kernel() != k { println!("{n} {l} {} -> {}", k.name(), f.kernel().name()); continue; }
            let (b, m) = time(|| f.decode(0.0, (0.0, 1.0), &mut out, &mut s).unwrap());
            let (fb, fm) = time(|| { Folded::new(&net, 0, k).unwrap(); });
            f.decode(0.0, (0.0, 1.0), &mut out, &mut s).unwrap();
            let e: Vec<f32> = oracle.clone();
            println!("{n} {l} {:7} decode {:6.1} best {:6.1} med Mvox/s; fold {:.2} best {:.2} med ms; {:.2} MB; maxerr/range {:.1e} psnr {:.1}", k.name(), nv / b, nv / m, fb * 1e3, fm * 1e3,
                f.memory_bytes() as f64 / 1e6, common::max_error(&e, &out) / common::range_of(&e), common::psnr(&e, &out));
        }
    }
}
