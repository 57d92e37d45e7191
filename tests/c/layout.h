/* Prints the size of every structure of the header and the place of every field, for a comparison with Rust. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stddef.h>
#include <stdio.h>

#include "neuvol.h"

#define LAYOUT_SIZE(type) printf("%s %lu\n", #type, (unsigned long)sizeof(type))
#define LAYOUT_FIELD(type, field) \
  printf("%s.%s %lu %lu\n", #type, #field, (unsigned long)offsetof(type, field), (unsigned long)sizeof(((type *)0)->field))

static void print_layout(void) {
  LAYOUT_SIZE(neuvol_volume);
  LAYOUT_FIELD(neuvol_volume, id);

  LAYOUT_SIZE(neuvol_open_desc);
  LAYOUT_FIELD(neuvol_open_desc, struct_size);
  LAYOUT_FIELD(neuvol_open_desc, abi_version);
  LAYOUT_FIELD(neuvol_open_desc, threads);
  LAYOUT_FIELD(neuvol_open_desc, reserved0);
  LAYOUT_FIELD(neuvol_open_desc, cache_bytes);

  LAYOUT_SIZE(neuvol_volume_info);
  LAYOUT_FIELD(neuvol_volume_info, struct_size);
  LAYOUT_FIELD(neuvol_volume_info, format_major);
  LAYOUT_FIELD(neuvol_volume_info, format_minor);
  LAYOUT_FIELD(neuvol_volume_info, variable_count);
  LAYOUT_FIELD(neuvol_volume_info, coordinate_count);
  LAYOUT_FIELD(neuvol_volume_info, reserved0);
  LAYOUT_FIELD(neuvol_volume_info, file_bytes);
  LAYOUT_FIELD(neuvol_volume_info, content_hash);

  LAYOUT_SIZE(neuvol_variable_info);
  LAYOUT_FIELD(neuvol_variable_info, struct_size);
  LAYOUT_FIELD(neuvol_variable_info, flags);
  LAYOUT_FIELD(neuvol_variable_info, dims);
  LAYOUT_FIELD(neuvol_variable_info, block_dims);
  LAYOUT_FIELD(neuvol_variable_info, block_counts);
  LAYOUT_FIELD(neuvol_variable_info, level_count);
  LAYOUT_FIELD(neuvol_variable_info, quality_count);
  LAYOUT_FIELD(neuvol_variable_info, step_count);
  LAYOUT_FIELD(neuvol_variable_info, value_min);
  LAYOUT_FIELD(neuvol_variable_info, value_max);
  LAYOUT_FIELD(neuvol_variable_info, valid_count);
  LAYOUT_FIELD(neuvol_variable_info, max_abs_error);
  LAYOUT_FIELD(neuvol_variable_info, rmse);

  LAYOUT_SIZE(neuvol_coordinate_info);
  LAYOUT_FIELD(neuvol_coordinate_info, struct_size);
  LAYOUT_FIELD(neuvol_coordinate_info, rank);
  LAYOUT_FIELD(neuvol_coordinate_info, value_count);
  LAYOUT_FIELD(neuvol_coordinate_info, shape);

  LAYOUT_SIZE(neuvol_decode_desc);
  LAYOUT_FIELD(neuvol_decode_desc, struct_size);
  LAYOUT_FIELD(neuvol_decode_desc, flags);
  LAYOUT_FIELD(neuvol_decode_desc, format);
  LAYOUT_FIELD(neuvol_decode_desc, precision);
  LAYOUT_FIELD(neuvol_decode_desc, variable);
  LAYOUT_FIELD(neuvol_decode_desc, level);
  LAYOUT_FIELD(neuvol_decode_desc, quality);
  LAYOUT_FIELD(neuvol_decode_desc, reserved0);
  LAYOUT_FIELD(neuvol_decode_desc, time);
  LAYOUT_FIELD(neuvol_decode_desc, box_min);
  LAYOUT_FIELD(neuvol_decode_desc, box_max);
  LAYOUT_FIELD(neuvol_decode_desc, row_pitch);
  LAYOUT_FIELD(neuvol_decode_desc, slice_pitch);
  LAYOUT_FIELD(neuvol_decode_desc, value_min);
  LAYOUT_FIELD(neuvol_decode_desc, value_max);

  LAYOUT_SIZE(neuvol_volume_stats);
  LAYOUT_FIELD(neuvol_volume_stats, struct_size);
  LAYOUT_FIELD(neuvol_volume_stats, reserved0);
  LAYOUT_FIELD(neuvol_volume_stats, file_bytes);
  LAYOUT_FIELD(neuvol_volume_stats, blocks_decoded);
  LAYOUT_FIELD(neuvol_volume_stats, voxels_decoded);
  LAYOUT_FIELD(neuvol_volume_stats, payload_bytes);
  LAYOUT_FIELD(neuvol_volume_stats, decode_seconds);
  LAYOUT_FIELD(neuvol_volume_stats, cache_hits);
  LAYOUT_FIELD(neuvol_volume_stats, cache_misses);
  LAYOUT_FIELD(neuvol_volume_stats, cache_bytes);

  LAYOUT_SIZE(neuvol_context);
  LAYOUT_FIELD(neuvol_context, id);

  LAYOUT_SIZE(neuvol_texture);
  LAYOUT_FIELD(neuvol_texture, id);

  LAYOUT_SIZE(neuvol_ticket);
  LAYOUT_FIELD(neuvol_ticket, id);

  LAYOUT_SIZE(neuvol_vulkan_desc);
  LAYOUT_FIELD(neuvol_vulkan_desc, struct_size);
  LAYOUT_FIELD(neuvol_vulkan_desc, abi_version);
  LAYOUT_FIELD(neuvol_vulkan_desc, flags);
  LAYOUT_FIELD(neuvol_vulkan_desc, queue_family);
  LAYOUT_FIELD(neuvol_vulkan_desc, instance);
  LAYOUT_FIELD(neuvol_vulkan_desc, physical_device);
  LAYOUT_FIELD(neuvol_vulkan_desc, device);
  LAYOUT_FIELD(neuvol_vulkan_desc, get_instance_proc_addr);
  LAYOUT_FIELD(neuvol_vulkan_desc, threads);
  LAYOUT_FIELD(neuvol_vulkan_desc, frames);
  LAYOUT_FIELD(neuvol_vulkan_desc, model_bytes);
  LAYOUT_FIELD(neuvol_vulkan_desc, work_bytes);
  LAYOUT_FIELD(neuvol_vulkan_desc, texel_bytes);

  LAYOUT_SIZE(neuvol_texture_desc);
  LAYOUT_FIELD(neuvol_texture_desc, struct_size);
  LAYOUT_FIELD(neuvol_texture_desc, texel);
  LAYOUT_FIELD(neuvol_texture_desc, path);
  LAYOUT_FIELD(neuvol_texture_desc, layout);
  LAYOUT_FIELD(neuvol_texture_desc, dims);
  LAYOUT_FIELD(neuvol_texture_desc, reserved0);
  LAYOUT_FIELD(neuvol_texture_desc, image);

  LAYOUT_SIZE(neuvol_submit_desc);
  LAYOUT_FIELD(neuvol_submit_desc, struct_size);
  LAYOUT_FIELD(neuvol_submit_desc, flags);
  LAYOUT_FIELD(neuvol_submit_desc, volume);
  LAYOUT_FIELD(neuvol_submit_desc, texture);
  LAYOUT_FIELD(neuvol_submit_desc, variable);
  LAYOUT_FIELD(neuvol_submit_desc, level);
  LAYOUT_FIELD(neuvol_submit_desc, quality);
  LAYOUT_FIELD(neuvol_submit_desc, precision);
  LAYOUT_FIELD(neuvol_submit_desc, time);
  LAYOUT_FIELD(neuvol_submit_desc, time_velocity);
  LAYOUT_FIELD(neuvol_submit_desc, box_min);
  LAYOUT_FIELD(neuvol_submit_desc, box_max);
  LAYOUT_FIELD(neuvol_submit_desc, texel_min);
  LAYOUT_FIELD(neuvol_submit_desc, priority);
  LAYOUT_FIELD(neuvol_submit_desc, value_min);
  LAYOUT_FIELD(neuvol_submit_desc, value_max);
  LAYOUT_FIELD(neuvol_submit_desc, invalid);
  LAYOUT_FIELD(neuvol_submit_desc, reserved0);

  LAYOUT_SIZE(neuvol_budget);
  LAYOUT_FIELD(neuvol_budget, struct_size);
  LAYOUT_FIELD(neuvol_budget, gpu_us);
  LAYOUT_FIELD(neuvol_budget, max_blocks);
  LAYOUT_FIELD(neuvol_budget, reserved0);
  LAYOUT_FIELD(neuvol_budget, max_upload_bytes);

  LAYOUT_SIZE(neuvol_context_stats);
  LAYOUT_FIELD(neuvol_context_stats, struct_size);
  LAYOUT_FIELD(neuvol_context_stats, blocks_waiting);
  LAYOUT_FIELD(neuvol_context_stats, frames);
  LAYOUT_FIELD(neuvol_context_stats, frames_measured);
  LAYOUT_FIELD(neuvol_context_stats, frames_overrun);
  LAYOUT_FIELD(neuvol_context_stats, frames_missed);
  LAYOUT_FIELD(neuvol_context_stats, blocks_decoded);
  LAYOUT_FIELD(neuvol_context_stats, voxels_decoded);
  LAYOUT_FIELD(neuvol_context_stats, upload_bytes);
  LAYOUT_FIELD(neuvol_context_stats, model_bytes);
  LAYOUT_FIELD(neuvol_context_stats, models_loaded);
  LAYOUT_FIELD(neuvol_context_stats, models);
  LAYOUT_FIELD(neuvol_context_stats, gpu_us_p50);
  LAYOUT_FIELD(neuvol_context_stats, gpu_us_p99);
  LAYOUT_FIELD(neuvol_context_stats, reserved0);

  LAYOUT_SIZE(neuvol_progress);
  LAYOUT_FIELD(neuvol_progress, struct_size);
  LAYOUT_FIELD(neuvol_progress, blocks_missing);
  LAYOUT_FIELD(neuvol_progress, blocks);
  LAYOUT_FIELD(neuvol_progress, reserved0);
  LAYOUT_FIELD(neuvol_progress, frame);

  LAYOUT_SIZE(neuvol_unity_texture_desc);
  LAYOUT_FIELD(neuvol_unity_texture_desc, struct_size);
  LAYOUT_FIELD(neuvol_unity_texture_desc, texel);
  LAYOUT_FIELD(neuvol_unity_texture_desc, dims);
  LAYOUT_FIELD(neuvol_unity_texture_desc, reserved0);
  LAYOUT_FIELD(neuvol_unity_texture_desc, native_texture);
}

#endif
