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
}

#endif
