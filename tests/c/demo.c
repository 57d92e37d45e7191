/* Opens a .neuvol file through the C interface, tells what is in it, and decodes one time step of one variable.
 *
 *   demo FILE [VARIABLE [STEP]]      default: the first variable, the first step
 *
 * Build:  cc -std=c99 -I bindings/include tests/c/demo.c -L FOLDER -lneuvol -lm -Wl,-rpath,FOLDER -o demo
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "neuvol.h"

/* Ends the program with the library's text unless a call succeeded. */
static void require(neuvol_result result) {
  if (result < 0) {
    char text[1024];
    neuvol_last_error(text, sizeof text);
    fprintf(stderr, "%s: %s\n", neuvol_result_name(result), text);
    exit(1);
  }
}

static neuvol_variable_info describe(neuvol_volume volume, uint32_t index) {
  neuvol_variable_info info;
  char name[256], units[256];
  info.struct_size = sizeof info;
  require(neuvol_variable_get_info(volume, index, &info));
  require(neuvol_variable_get_name(volume, index, name, sizeof name, NULL));
  require(neuvol_variable_get_units(volume, index, units, sizeof units, NULL));
  printf("  %u  %s: %u x %u x %u voxels (x, y, z), %u steps, %u levels, %g..%g %s\n", index, name, info.dims[0],
         info.dims[1], info.dims[2], info.step_count, info.level_count, (double)info.value_min, (double)info.value_max,
         units);
  return info;
}

static void decode(neuvol_volume volume, uint32_t index, const neuvol_variable_info *info, double step) {
  size_t count = (size_t)info->dims[0] * info->dims[1] * info->dims[2], valid = 0, i;
  float *values = malloc(count * sizeof *values);
  double sum = 0, squares = 0, low = INFINITY, high = -INFINITY;
  neuvol_volume_stats stats;
  neuvol_decode_desc desc;
  if (values == NULL) {
    fprintf(stderr, "not enough memory for %lu voxels\n", (unsigned long)count);
    exit(1);
  }
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  desc.format = NEUVOL_FORMAT_F32;
  desc.variable = index;
  desc.time = step;
  memcpy(desc.box_max, info->dims, sizeof desc.box_max);
  require(neuvol_decode_to_host(volume, &desc, values, count * sizeof *values, NULL, 0));
  for (i = 0; i < count; i++) {
    double value = (double)values[i];
    if (isnan(value)) continue;
    valid++;
    sum += value;
    squares += value * value;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  free(values);
  stats.struct_size = sizeof stats;
  require(neuvol_volume_get_stats(volume, &stats));
  printf("variable %u at step %g: %lu of %lu voxels valid\n", index, step, (unsigned long)valid, (unsigned long)count);
  if (valid > 0) {
    double mean = sum / (double)valid;
    double variance = squares / (double)valid - mean * mean;
    printf("  min %g  max %g  mean %g  standard deviation %g\n", low, high, mean, sqrt(variance > 0 ? variance : 0));
  }
  printf("  %" PRIu64 " blocks in %.2f ms, %.1f million voxels per second\n", stats.blocks_decoded,
         stats.decode_seconds * 1e3, (double)stats.voxels_decoded / stats.decode_seconds * 1e-6);
}

int main(int argc, char **argv) {
  neuvol_volume volume;
  neuvol_volume_info info;
  neuvol_variable_info chosen;
  uint32_t variable = 0, i;
  if (argc < 2 || argc > 4) {
    fprintf(stderr, "usage: %s FILE [VARIABLE [STEP]]\n", argv[0]);
    return 2;
  }
  if (neuvol_abi_version() >> 16 != NEUVOL_ABI_MAJOR) {
    fprintf(stderr, "the library has another version of the interface than this program\n");
    return 1;
  }
  require(neuvol_volume_open_file(argv[1], strlen(argv[1]), NULL, &volume));
  if (argc > 2) require(neuvol_variable_find(volume, argv[2], strlen(argv[2]), &variable));
  info.struct_size = sizeof info;
  require(neuvol_volume_get_info(volume, &info));
  printf("neuvol %s, file format %u.%u, %" PRIu64 " bytes, %u variables\n", neuvol_version_string(), info.format_major,
         info.format_minor, info.file_bytes, info.variable_count);
  for (i = 0; i < info.variable_count; i++) describe(volume, i);
  chosen.struct_size = sizeof chosen;
  require(neuvol_variable_get_info(volume, variable, &chosen));
  decode(volume, variable, &chosen, argc > 3 ? atof(argv[3]) : 0.0);
  require(neuvol_volume_close(volume));
  return 0;
}
