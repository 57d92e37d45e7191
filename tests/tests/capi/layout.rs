//! Sizes and offsets of all structures: C and C++ agree with Rust.

use crate::library;
use neuvol_capi::{
    neuvol_budget, neuvol_context, neuvol_context_stats, neuvol_coordinate_info, neuvol_decode_desc, neuvol_open_desc,
    neuvol_progress, neuvol_submit_desc, neuvol_texture, neuvol_texture_desc, neuvol_ticket, neuvol_unity_texture_desc,
    neuvol_variable_info, neuvol_volume, neuvol_volume_info, neuvol_volume_stats, neuvol_vulkan_desc,
};
use neuvol_tests::native::{self, Language, succeed};
use std::mem::offset_of;
use std::process::Command;

/// The table of one structure. Naming all fields in a pattern makes the compiler complain when one is missing here.
macro_rules! layout {
    ($table:ident, $name:ident { $($field:ident),* $(,)? }) => {
        $table.push_str(&format!("{} {}\n", stringify!($name), size_of::<$name>()));
        let fields = |value: $name| {
            let $name { $($field),* } = value;
            [$(size_of_val(&$field)),*]
        };
        // SAFETY: every pattern of bits is a value of these structures.
        let sizes = fields(unsafe { std::mem::zeroed() });
        let places = [$((stringify!($field), offset_of!($name, $field))),*];
        for ((field, offset), size) in places.into_iter().zip(sizes) {
            $table.push_str(&format!("{}.{field} {offset} {size}\n", stringify!($name)));
        }
        assert_eq!(sizes.iter().sum::<usize>(), size_of::<$name>(), "padding in {}", stringify!($name));
    };
}

fn table() -> String {
    let mut table = String::new();
    layout!(table, neuvol_volume { id });
    layout!(table, neuvol_open_desc { struct_size, abi_version, threads, reserved0, cache_bytes });
    layout!(
        table,
        neuvol_volume_info {
            struct_size,
            format_major,
            format_minor,
            variable_count,
            coordinate_count,
            reserved0,
            file_bytes,
            content_hash,
        }
    );
    layout!(
        table,
        neuvol_variable_info {
            struct_size,
            flags,
            dims,
            block_dims,
            block_counts,
            level_count,
            quality_count,
            step_count,
            value_min,
            value_max,
            valid_count,
            max_abs_error,
            rmse,
        }
    );
    layout!(table, neuvol_coordinate_info { struct_size, rank, value_count, shape });
    layout!(
        table,
        neuvol_decode_desc {
            struct_size,
            flags,
            format,
            precision,
            variable,
            level,
            quality,
            reserved0,
            time,
            box_min,
            box_max,
            row_pitch,
            slice_pitch,
            value_min,
            value_max,
        }
    );
    layout!(
        table,
        neuvol_volume_stats {
            struct_size,
            reserved0,
            file_bytes,
            blocks_decoded,
            voxels_decoded,
            payload_bytes,
            decode_seconds,
            cache_hits,
            cache_misses,
            cache_bytes,
        }
    );
    layout!(table, neuvol_context { id });
    layout!(table, neuvol_texture { id });
    layout!(table, neuvol_ticket { id });
    layout!(
        table,
        neuvol_vulkan_desc {
            struct_size,
            abi_version,
            flags,
            queue_family,
            instance,
            physical_device,
            device,
            get_instance_proc_addr,
            threads,
            frames,
            model_bytes,
            work_bytes,
            texel_bytes
        }
    );
    layout!(table, neuvol_texture_desc { struct_size, texel, path, layout, dims, reserved0, image });
    layout!(
        table,
        neuvol_submit_desc {
            struct_size,
            flags,
            volume,
            texture,
            variable,
            level,
            quality,
            precision,
            time,
            time_velocity,
            box_min,
            box_max,
            texel_min,
            priority,
            value_min,
            value_max,
            invalid,
            reserved0
        }
    );
    layout!(table, neuvol_budget { struct_size, gpu_us, max_blocks, reserved0, max_upload_bytes });
    layout!(
        table,
        neuvol_context_stats {
            struct_size,
            blocks_waiting,
            frames,
            frames_measured,
            frames_overrun,
            frames_missed,
            blocks_decoded,
            voxels_decoded,
            upload_bytes,
            model_bytes,
            models_loaded,
            models,
            gpu_us_p50,
            gpu_us_p99,
            reserved0
        }
    );
    layout!(table, neuvol_progress { struct_size, blocks_missing, blocks, reserved0, frame });
    layout!(table, neuvol_unity_texture_desc { struct_size, texel, dims, reserved0, native_texture });
    table
}

#[test]
fn c_and_cpp_agree_with_rust() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = library();
    for (language, source) in [(Language::C99, "check"), (Language::Cpp17, "check.cpp")] {
        let program = folder.path().join(source).with_extension("program");
        native::program(language, source, &library, &program, &[]);
        assert_eq!(succeed(Command::new(&program).arg("layout")), table(), "{language:?}");
    }
}
