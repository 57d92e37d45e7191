//! The compiled kernels, and which of them a device runs.

use crate::kernels::Module;

/// A compiled module.
#[derive(Clone, Copy)]
struct Binary {
    module: Module,
    /// Compute capability that it is made for; `None` is PTX, which the driver compiles for devices that there is none for.
    capability: Option<(u32, u32)>,
    compressed: &'static [u8],
}

macro_rules! binary {
    ($module:ident, $name:literal, $arch:literal, $capability:expr) => {
        Binary {
            module: Module::$module,
            capability: $capability,
            compressed: include_bytes!(concat!("../kernels/binaries/", $name, ".", $arch, ".zst")),
        }
    };
}

macro_rules! binaries {
    ($($module:ident $name:literal),*) => {
        &[$(
            binary!($module, $name, "sm_75", Some((7, 5))),
            binary!($module, $name, "sm_86", Some((8, 6))),
            binary!($module, $name, "sm_89", Some((8, 9))),
            binary!($module, $name, "sm_90", Some((9, 0))),
            binary!($module, $name, "sm_120", Some((12, 0))),
            binary!($module, $name, "compute_75", None),
        )*]
    };
}

const BINARIES: &[Binary] = binaries!(Basic "basic", Grid "grid", Head "head");
/// More than any module has; what the archive of a module claims is never allocated beyond it.
const MOST_BYTES: usize = 16 << 20;

/// The module for a device, as the driver takes it: a cubin, or PTX, which ends with a 0.
pub(crate) fn image(module: Module, capability: (u32, u32)) -> std::io::Result<Vec<u8>> {
    let mut image = zstd::bulk::decompress(chosen(module, capability).compressed, MOST_BYTES)?;
    image.push(0);
    Ok(image)
}

/// Whether the driver has to compile the kernels for a device, which takes it some seconds at the first time.
pub(crate) fn is_compiled_by_driver(capability: (u32, u32)) -> bool {
    chosen(Module::Basic, capability).capability.is_none()
}

/// Cubins run on devices of the same major version and the same or a later minor one.
fn chosen(module: Module, (major, minor): (u32, u32)) -> Binary {
    let fits = |binary: &&Binary| {
        binary.module == module && binary.capability.is_none_or(|made| made.0 == major && made.1 <= minor)
    };
    // `None` is less than any version.
    let best = BINARIES.iter().filter(fits).max_by_key(|binary| binary.capability);
    *best.unwrap_or_else(|| unreachable!("every module has PTX"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_get_what_they_can_run() {
        for (device, made) in [
            ((7, 5), Some((7, 5))),
            ((8, 0), None),
            ((8, 6), Some((8, 6))),
            ((8, 7), Some((8, 6))),
            ((8, 9), Some((8, 9))),
            ((9, 0), Some((9, 0))),
            ((10, 0), None),
            ((12, 1), Some((12, 0))),
            ((13, 0), None),
        ] {
            for module in Module::ALL {
                assert_eq!(chosen(module, device).capability, made, "{module:?} for {device:?}");
            }
        }
    }

    #[test]
    fn images_are_what_they_are_called() {
        for binary in BINARIES {
            let image = zstd::bulk::decompress(binary.compressed, MOST_BYTES).unwrap();
            match binary.capability {
                // ELF of machine 190, CUDA.
                Some(_) => assert_eq!((&image[..4], image[18]), (b"\x7fELF".as_slice(), 190), "{:?}", binary.module),
                None => {
                    let text = String::from_utf8(image).unwrap();
                    assert!(text.contains(".version 8.0") && text.contains(".target sm_75"), "{:?}", binary.module);
                }
            }
        }
    }
}
