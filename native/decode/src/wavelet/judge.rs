//! Which kernel a block gets: the one that was asked for, if samples of the block show it exact enough.
use super::Coefficients;
#[cfg(target_arch = "x86_64")]
use super::bf16_head::Bf16Head;
use super::f32_head::F32Head;
use super::parameters::Parameters;
#[cfg(target_arch = "x86_64")]
use super::quantised::Ranges;
use super::run::{self, Buffers, Net};
#[cfg(target_arch = "x86_64")]
use super::vnni_head::VnniHead;
use crate::kernel::Kernel;
use crate::output::Output;
use crate::survey::{FEWEST_VOXELS, demanded_db};
use neuvol_model::Wavelet;
use std::cell::RefCell;

/// Planes of a block that are decoded to judge a kernel, in sixths of it.
const PLANES: [usize; 3] = [1, 3, 5];
/// What is added to the ranges found in these planes, as a share: to those of inputs, and at each end to those of
/// activations. In other planes they are larger.
const MORE: [f32; 2] = [0.3, 0.25];

thread_local! {
    /// Blocks are prepared one after the other; fresh buffers would cost as much as what is done in them.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// The kernel for a block, and its head for that.
pub(super) fn choose(model: &Wavelet, coefficients: &Coefficients, kernel: Kernel) -> (Kernel, Net) {
    let exact = if matches!(kernel, Kernel::Bf16 | Kernel::Vnni) { Kernel::Avx512.or_available() } else { kernel };
    let Some(head) = &model.head else { return (exact, Net::None) };
    let parameters = Parameters::new(head, model.step, model.offset);
    let lanes = if matches!(exact, Kernel::Avx512) { 16 } else { 8 };
    let plain = Net::F32(F32Head::new(&parameters, lanes), parameters.inputs);
    let n_voxels: usize = coefficients.extent.iter().product();
    if model.precise || kernel == exact || n_voxels < FEWEST_VOXELS {
        return (exact, plain);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(fast) =
        BUFFERS.with_borrow_mut(|buffers| fast(model, coefficients, parameters, kernel, &plain, buffers))
    {
        return fast;
    }
    (exact, plain)
}

/// A kernel with less than 32-bit floats, if one is exact enough.
#[cfg(target_arch = "x86_64")]
fn fast(
    model: &Wavelet,
    coefficients: &Coefficients,
    parameters: Parameters,
    mut kernel: Kernel,
    plain: &Net,
    buffers: &mut Buffers,
) -> Option<(Kernel, Net)> {
    let exact = Kernel::Avx512.or_available();
    let [nz, ny, nx] = coefficients.extent;
    let weights = model.component_weights(f64::from((model.steps - 1) / 2));
    let wanted = PLANES.map(|sixth| nz * sixth / 6);
    let output = Output { step: 1.0, offset: 0.0, range: (f32::NEG_INFINITY, f32::INFINITY) };
    let decode = |z: usize, kernel: Kernel, net: &Net, out: &mut [f32], buffers: &mut Buffers| {
        run::planes(coefficients, &weights, kernel, net, z..z + 1, output, out, buffers);
    };
    let mut expected = vec![0f32; PLANES.len() * ny * nx];
    let mut ranges = Ranges::new(&parameters);
    for (&z, out) in wanted.iter().zip(expected.chunks_exact_mut(ny * nx)) {
        decode(z, exact, plain, out, buffers);
        // Its inputs are still there.
        ranges.widen(&parameters, &buffers.features, z, coefficients.extent, exact);
    }
    ranges.add(MORE);
    let spread = run::spread(coefficients, buffers);
    let mut found = vec![0f32; expected.len()];
    while kernel != exact {
        let net = match kernel {
            Kernel::Vnni => Net::Vnni(Box::new(VnniHead::new(parameters.clone(), ranges.clone()))),
            _ => Net::Bf16(Bf16Head::new(&parameters), parameters.inputs),
        };
        for (&z, out) in wanted.iter().zip(found.chunks_exact_mut(ny * nx)) {
            decode(z, kernel, &net, out, buffers);
        }
        if decibels(&expected, &found, spread) >= demanded_db(kernel) {
            return Some((kernel, net));
        }
        kernel = kernel.fallback().or_available();
    }
    None
}

/// Peak signal-to-noise ratio of values over their range, or over `spread` if that is more.
#[cfg(target_arch = "x86_64")]
fn decibels(expected: &[f32], found: &[f32], spread: f32) -> f64 {
    let (mut low, mut high, mut squares) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    for (expected, found) in expected.iter().zip(found) {
        let (expected, found) = (f64::from(*expected), f64::from(*found));
        (low, high) = (low.min(expected), high.max(expected));
        squares += (expected - found).powi(2);
    }
    // NaN is not accepted.
    20.0 * ((high - low).max(spread.into()) / (squares / expected.len() as f64).sqrt()).log10()
}
