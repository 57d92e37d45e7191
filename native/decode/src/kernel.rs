use crate::simd::Scalar;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512, Avx512Bf16};

/// A set of CPU instructions and a number format to decode with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// Portable f32; on every CPU.
    Scalar,
    /// f32 with AVX2, FMA and F16C.
    Avx2,
    /// f32 with AVX-512 (F, BW, DQ, VL).
    Avx512,
    /// bf16 products, f32 sums: AVX-512 BF16. Networks with two hidden layers.
    Bf16,
    /// 8-bit integer products: AVX-512 VNNI. Networks with two hidden layers.
    Vnni,
}

/// How exact a decoded value must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// f32 arithmetic: the reference decoder up to rounding.
    #[default]
    Exact,
    /// bf16 or 8-bit arithmetic where the CPU has it: 55 dB or better against the reference decoder, else f32.
    Fast,
}

impl Kernel {
    /// All kernels, whether this CPU has them or not.
    pub fn all() -> [Kernel; 5] {
        [Kernel::Scalar, Kernel::Avx2, Kernel::Avx512, Kernel::Bf16, Kernel::Vnni]
    }

    /// Whether this CPU can run the kernel.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        match self {
            Kernel::Scalar => true,
            Kernel::Avx2 => Avx2::detect().is_some(),
            Kernel::Avx512 => Avx512::detect().is_some(),
            Kernel::Bf16 => Avx512Bf16::detect().is_some(),
            Kernel::Vnni => is_x86_feature_detected!("avx512vnni") && Avx512::detect().is_some(),
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Kernel::Scalar
        }
    }

    /// The fastest kernel of this CPU.
    pub fn best(precision: Precision) -> Kernel {
        let kernel = match precision {
            Precision::Exact => Kernel::Avx512,
            Precision::Fast => Kernel::Vnni,
        };
        kernel.or_available()
    }

    /// Short lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Scalar => "scalar",
            Kernel::Avx2 => "avx2",
            Kernel::Avx512 => "avx512",
            Kernel::Bf16 => "bf16",
            Kernel::Vnni => "vnni",
        }
    }

    /// The kernel to try when this one is missing, does not fit a network or is not exact enough for it.
    pub(crate) fn fallback(self) -> Kernel {
        match self {
            Kernel::Vnni => Kernel::Bf16,
            Kernel::Bf16 => Kernel::Avx512,
            Kernel::Avx512 => Kernel::Avx2,
            Kernel::Avx2 | Kernel::Scalar => Kernel::Scalar,
        }
    }

    /// This kernel, or the first fallback that the CPU has.
    pub(crate) fn or_available(self) -> Kernel {
        let mut kernel = self;
        while !kernel.is_available() {
            kernel = kernel.fallback();
        }
        kernel
    }
}

/// Eight-lane vectors for everything that is not the inner loop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lanes8 {
    Scalar(Scalar),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Lanes8 {
    pub(crate) fn of(kernel: Kernel) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let (true, Some(avx2)) = (kernel != Kernel::Scalar, Avx2::detect()) {
            return Lanes8::Avx2(avx2);
        }
        let _ = kernel;
        Lanes8::Scalar(Scalar)
    }
}
