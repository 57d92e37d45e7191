//! The functions of the interface, by name. All types are those of the crate behind the shared library, so that nothing is
//! declared twice.

use crate::{Failure, Result};
use neuvol_capi::{
    neuvol_budget, neuvol_context, neuvol_context_stats, neuvol_decode_desc, neuvol_open_desc, neuvol_result,
    neuvol_submit_desc, neuvol_texture, neuvol_texture_desc, neuvol_ticket, neuvol_variable_info, neuvol_volume,
    neuvol_vulkan_desc,
};
use std::ffi::{c_char, c_void};

/// Declares pointers to functions and finds them in a library.
macro_rules! functions {
    ($($name:ident: $type:ty,)*) => {
        /// What the hosts use of the interface.
        #[derive(Clone, Copy)]
        pub(crate) struct Functions {
            $(pub(crate) $name: $type,)*
        }

        // The types are those of the functions, or this does not compile.
        $(const _: $type = neuvol_capi::$name;)*

        impl Functions {
            /// Finds all of them.
            ///
            /// # Safety
            /// The library must be Neuvol's, of the major version whose types are used here.
            pub(crate) unsafe fn find(library: &libloading::Library) -> Result<Self> {
                Ok(Self {
                    $($name: {
                        // SAFETY: the caller promises functions with the types of the interface.
                        let symbol = unsafe { library.get::<$type>(stringify!($name).as_bytes()) };
                        *symbol.map_err(|error| Failure::broken(stringify!($name), error))?
                    },)*
                })
            }
        }
    };
}

functions! {
    neuvol_abi_version: extern "C" fn() -> u32,
    neuvol_last_error: unsafe extern "C" fn(*mut c_char, usize) -> usize,
    neuvol_log_drain: unsafe extern "C" fn(*mut c_char, usize) -> usize,
    neuvol_volume_open_file:
        unsafe extern "C" fn(*const c_char, usize, *const neuvol_open_desc, *mut neuvol_volume) -> neuvol_result,
    neuvol_volume_close: extern "C" fn(neuvol_volume) -> neuvol_result,
    neuvol_variable_get_info: unsafe extern "C" fn(neuvol_volume, u32, *mut neuvol_variable_info) -> neuvol_result,
    neuvol_decode_to_host: unsafe extern "C" fn(
        neuvol_volume,
        *const neuvol_decode_desc,
        *mut c_void,
        usize,
        *mut u8,
        usize,
    ) -> neuvol_result,
    neuvol_context_create_vulkan:
        unsafe extern "C" fn(*const neuvol_vulkan_desc, *mut neuvol_context) -> neuvol_result,
    neuvol_context_destroy: extern "C" fn(neuvol_context) -> neuvol_result,
    neuvol_context_set_budget: unsafe extern "C" fn(neuvol_context, *const neuvol_budget) -> neuvol_result,
    neuvol_context_record: unsafe extern "C" fn(neuvol_context, *mut c_void, u64, u64) -> neuvol_result,
    neuvol_context_get_stats: unsafe extern "C" fn(neuvol_context, *mut neuvol_context_stats) -> neuvol_result,
    neuvol_texture_register:
        unsafe extern "C" fn(neuvol_context, *const neuvol_texture_desc, *mut neuvol_texture) -> neuvol_result,
    neuvol_texture_unregister: extern "C" fn(neuvol_context, neuvol_texture) -> neuvol_result,
    neuvol_decode_submit:
        unsafe extern "C" fn(neuvol_context, *const neuvol_submit_desc, *mut neuvol_ticket) -> neuvol_result,
    neuvol_decode_status: extern "C" fn(neuvol_context, neuvol_ticket) -> neuvol_result,
}
