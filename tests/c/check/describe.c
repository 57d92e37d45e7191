#include "check.h"

typedef neuvol_result (*text_function)(neuvol_volume, uint32_t, char *, size_t, size_t *);

/* Asks for the length, then for the text. */
static void print_text(const char *what, text_function function, neuvol_volume volume, uint32_t index) {
  size_t needed = 99, again = 99;
  char *text;
  OK(function(volume, index, NULL, 0, &needed));
  text = allocate(needed + 1);
  OK(function(volume, index, text, needed + 1, &again));
  CHECK(again == needed && strlen(text) == needed);
  printf("%s %s\n", what, text);
  free(text);
}

static neuvol_result dimension_x(neuvol_volume v, uint32_t i, char *buffer, size_t capacity, size_t *needed) {
  return neuvol_variable_get_dimension(v, i, NEUVOL_AXIS_X, buffer, capacity, needed);
}
static neuvol_result dimension_y(neuvol_volume v, uint32_t i, char *buffer, size_t capacity, size_t *needed) {
  return neuvol_variable_get_dimension(v, i, NEUVOL_AXIS_Y, buffer, capacity, needed);
}
static neuvol_result dimension_z(neuvol_volume v, uint32_t i, char *buffer, size_t capacity, size_t *needed) {
  return neuvol_variable_get_dimension(v, i, NEUVOL_AXIS_Z, buffer, capacity, needed);
}
static neuvol_result dimension_time(neuvol_volume v, uint32_t i, char *buffer, size_t capacity, size_t *needed) {
  return neuvol_variable_get_dimension(v, i, NEUVOL_AXIS_TIME, buffer, capacity, needed);
}
static neuvol_result metadata(neuvol_volume v, uint32_t i, char *buffer, size_t capacity, size_t *needed) {
  (void)i;
  return neuvol_volume_get_metadata(v, buffer, capacity, needed);
}

static void describe_variable(neuvol_volume volume, uint32_t index) {
  neuvol_variable_info info;
  uint32_t block, blocks, found = 99;
  char name[64];
  info.struct_size = sizeof info;
  OK(neuvol_variable_get_info(volume, index, &info));
  OK(neuvol_variable_get_name(volume, index, name, sizeof name, NULL));
  OK(neuvol_variable_find(volume, name, strlen(name), &found));
  CHECK(found == index);
  print_text("variable", neuvol_variable_get_name, volume, index);
  print_text("units", neuvol_variable_get_units, volume, index);
  print_text("x", dimension_x, volume, index);
  print_text("y", dimension_y, volume, index);
  print_text("z", dimension_z, volume, index);
  print_text("time", dimension_time, volume, index);
  printf("grid %u %u %u blocks of %u %u %u: %u %u %u\n", info.dims[0], info.dims[1], info.dims[2], info.block_dims[0],
         info.block_dims[1], info.block_dims[2], info.block_counts[0], info.block_counts[1], info.block_counts[2]);
  printf("flags %u levels %u qualities %u steps %u valid %" PRIu64 "\n", info.flags, info.level_count,
         info.quality_count, info.step_count, info.valid_count);
  printf("values %08" PRIx32 " %08" PRIx32 " errors %08" PRIx32 " %08" PRIx32 "\n", bits_of(info.value_min),
         bits_of(info.value_max), bits_of(info.max_abs_error), bits_of(info.rmse));
  blocks = info.block_counts[0] * info.block_counts[1] * info.block_counts[2];
  for (block = 0; block < blocks; block++) {
    float low = 0, high = 0;
    OK(neuvol_block_get_range(volume, index, info.quality_count - 1, info.step_count - 1, block, &low, &high));
    printf("block %u %08" PRIx32 " %08" PRIx32 "\n", block, bits_of(low), bits_of(high));
  }
}

static void describe_coordinate(neuvol_volume volume, uint32_t index) {
  neuvol_coordinate_info info;
  size_t needed = 0, i;
  uint32_t found = 99;
  double *values;
  char name[64];
  info.struct_size = sizeof info;
  OK(neuvol_coordinate_get_info(volume, index, &info));
  OK(neuvol_coordinate_get_name(volume, index, name, sizeof name, NULL));
  OK(neuvol_coordinate_find(volume, name, strlen(name), &found));
  CHECK(found == index);
  print_text("coordinate", neuvol_coordinate_get_name, volume, index);
  print_text("units", neuvol_coordinate_get_units, volume, index);
  printf("shape");
  for (i = 0; i < NEUVOL_MAX_RANK; i++) {
    if (i < info.rank) {
      printf(" %" PRIu64, info.shape[i]);
    } else {
      CHECK(info.shape[i] == 0);
    }
  }
  OK(neuvol_coordinate_get_values(volume, index, NULL, 0, &needed));
  CHECK(needed == info.value_count);
  values = allocate(needed * sizeof *values);
  OK(neuvol_coordinate_get_values(volume, index, values, needed, NULL));
  printf("\nvalues");
  for (i = 0; i < needed; i++) printf(" %" PRIx64, bits_of_double(values[i]));
  printf("\n");
  free(values);
}

void describe(const char *path) {
  neuvol_volume volume = open_file(path);
  neuvol_volume_info info;
  uint32_t i;
  char log[4096];
  info.struct_size = sizeof info;
  OK(neuvol_volume_get_info(volume, &info));
  CHECK(neuvol_abi_version() == NEUVOL_ABI_VERSION);
  printf("library %s\n", neuvol_version_string());
  printf("format %u.%u bytes %" PRIu64 " hash ", info.format_major, info.format_minor, info.file_bytes);
  for (i = 0; i < 32; i++) printf("%02x", info.content_hash[i]);
  printf("\n");
  for (i = 0; i < info.variable_count; i++) describe_variable(volume, i);
  for (i = 0; i < info.coordinate_count; i++) describe_coordinate(volume, i);
  print_text("metadata", metadata, volume, 0);
  OK(neuvol_volume_close(volume));
  /* The log tells of the file that was opened, once. */
  CHECK(neuvol_log_drain(NULL, 0) > 0);
  CHECK(neuvol_log_drain(log, sizeof log) == strlen(log));
  CHECK(strncmp(log, "INFO ", 5) == 0 && strstr(log, path) != NULL && log[strlen(log) - 1] == '\n');
  CHECK(neuvol_log_drain(log, sizeof log) == 0 && log[0] == 0);
}
