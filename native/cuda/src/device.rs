//! The devices that there are.

use crate::driver::{self, call};
use crate::{Error, Unavailable};
use cudarc::driver::sys::{CUdevice, CUdevice_attribute, CUuuid};

/// The oldest driver that reads the embedded PTX: CUDA 12.0, release 525.
pub const MINIMUM_DRIVER: i32 = 12_000;
/// The oldest compute capability that there are kernels for: Turing.
pub const MINIMUM_CAPABILITY: (u32, u32) = (7, 5);

/// A device of CUDA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub(crate) handle: CUdevice,
    /// Its number.
    pub ordinal: u32,
    /// Its name.
    pub name: String,
    /// As `VkPhysicalDeviceIDProperties::deviceUUID`.
    pub uuid: [u8; 16],
    /// Compute capability, major and minor.
    pub capability: (u32, u32),
    /// Bytes of device memory.
    pub memory: u64,
    /// Multiprocessors.
    pub multiprocessors: u32,
    /// Bytes of shared memory that a block of threads may ask for.
    pub shared_memory: u32,
    /// Bytes of the cache of level 2.
    pub l2_cache: u32,
    /// Of the driver: 1000 major + 10 minor.
    pub driver: i32,
}

/// All devices that the kernels run on, or why there is none. Looks for the driver's library first; may take some
/// 100 ms when the driver starts. Any thread.
///
/// # Errors
/// Each reason is a case of [`Unavailable`].
pub fn devices() -> Result<Vec<Device>, Unavailable> {
    driver::is_complete()?;
    let not_started = |error: Error| match error {
        Error::Cuda { call, result } => match result {
            cudarc::driver::sys::CUresult::CUDA_ERROR_NO_DEVICE => Unavailable::NoDevice,
            result => Unavailable::NotStarted { call, code: driver::name(result) },
        },
        other => Unavailable::NotStarted { call: "cuInit", code: other.to_string() },
    };
    let mut version = 0;
    // SAFETY: all functions are there; the version may be asked for before the start.
    unsafe { call!(cuDriverGetVersion(&raw mut version)) }.map_err(not_started)?;
    if version < MINIMUM_DRIVER {
        return Err(Unavailable::DriverTooOld { version });
    }
    let mut count = 0;
    // SAFETY: as above.
    unsafe { call!(cuInit(0)).and_then(|()| call!(cuDeviceGetCount(&raw mut count))) }.map_err(not_started)?;
    if count <= 0 {
        return Err(Unavailable::NoDevice);
    }
    let all: Result<Vec<_>, Error> = (0..count).map(|ordinal| device(ordinal, version)).collect();
    let all = all.map_err(not_started)?;
    let mut too_old = None;
    let usable: Vec<_> = all
        .into_iter()
        .filter(|device| {
            let usable = device.capability >= MINIMUM_CAPABILITY;
            if !usable {
                too_old = Some(Unavailable::DeviceTooOld { name: device.name.clone(), capability: device.capability });
            }
            usable
        })
        .collect();
    match too_old {
        Some(reason) if usable.is_empty() => Err(reason),
        _ => Ok(usable),
    }
}

/// The device that a host draws on, by the UUID that Vulkan gives.
///
/// # Errors
/// As [`devices`]; [`Unavailable::NoMatch`] if the host draws on another device.
pub fn matching(uuid: [u8; 16]) -> Result<Device, Unavailable> {
    let devices = devices()?;
    let found = devices.len();
    devices
        .into_iter()
        .find(|device| device.uuid == uuid)
        .ok_or_else(|| Unavailable::NoMatch { uuid: uuid.iter().map(|byte| format!("{byte:02x}")).collect(), found })
}

fn device(ordinal: i32, driver: i32) -> Result<Device, Error> {
    let mut handle = 0;
    let mut name = [0u8; 256];
    let mut uuid = CUuuid { bytes: [0; 16] };
    let mut memory = 0;
    // SAFETY: the driver has started, and each pointer is to a value of the type that it is described with.
    unsafe {
        call!(cuDeviceGet(&raw mut handle, ordinal))?;
        call!(cuDeviceGetName(name.as_mut_ptr().cast(), name.len() as i32, handle))?;
        call!(cuDeviceGetUuid_v2(&raw mut uuid, handle))?;
        call!(cuDeviceTotalMem_v2(&raw mut memory, handle))?;
    }
    let attribute = |which: CUdevice_attribute| {
        let mut value = 0;
        // SAFETY: as above.
        unsafe { call!(cuDeviceGetAttribute(&raw mut value, which, handle)) }.map(|()| value.unsigned_abs())
    };
    let name = std::ffi::CStr::from_bytes_until_nul(&name).map(|name| name.to_string_lossy().into_owned());
    Ok(Device {
        handle,
        ordinal: ordinal.unsigned_abs(),
        name: name.unwrap_or_default(),
        uuid: uuid.bytes.map(|byte| byte as u8),
        capability: (
            attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
            attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
        ),
        memory: memory as u64,
        multiprocessors: attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?,
        shared_memory: attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?,
        l2_cache: attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE)?,
        driver,
    })
}
