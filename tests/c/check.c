/* Tests of the C interface from C. Exit code 0: all well. Otherwise the first failure is on stderr.
 *
 *   check layout                 print the layout of all structures
 *   check describe MODEL         print everything that the interface tells about a model
 *   check decode MODEL CASES     decode and compare with a file of expected values (tests/src/cases.rs)
 *   check misuse MODEL           call everything wrongly
 *   check cache MODEL            decode step after step with and without prepared blocks
 *   check threads MODEL          decode on 8 threads, and close meanwhile
 *   check panic                  panics inside the library (with test hooks only)
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "neuvol.h"

#define THREADS 8

static void fail(const char *file, int line, const char *format, ...) {
  char error[512];
  va_list arguments;
  fprintf(stderr, "%s:%d: ", file, line);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  neuvol_last_error(error, sizeof error);
  fprintf(stderr, "\nlast error: %s\n", error);
  exit(1);
}

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) fail(__FILE__, __LINE__, "%s", #condition); \
  } while (0)
#define CHECK_RESULT(call, expected) check_result(__FILE__, __LINE__, #call, call, expected)
#define OK(call) CHECK_RESULT(call, NEUVOL_OK)

static void check_result(const char *file, int line, const char *call, neuvol_result result, neuvol_result expected) {
  if (result != expected) {
    fail(file, line, "%s gave %s, expected %s", call, neuvol_result_name(result), neuvol_result_name(expected));
  }
}

/* The text of the last error must contain this. */
static void check_error_text(int line, const char *part) {
  char error[512];
  neuvol_last_error(error, sizeof error);
  if (strstr(error, part) == NULL) fail(__FILE__, line, "the last error does not say \"%s\"", part);
}
#define CHECK_TEXT(part) check_error_text(__LINE__, part)

static void *allocate(size_t bytes) {
  void *memory = malloc(bytes > 0 ? bytes : 1);
  CHECK(memory != NULL);
  return memory;
}

static neuvol_volume open_file(const char *path) {
  neuvol_volume volume = {0};
  OK(neuvol_volume_open_file(path, strlen(path), NULL, &volume));
  CHECK(volume.id != 0);
  return volume;
}

static unsigned char *read_file(const char *path, size_t *len) {
  FILE *file = fopen(path, "rb");
  unsigned char *bytes;
  long end;
  CHECK(file != NULL);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  end = ftell(file);
  CHECK(end > 0 && fseek(file, 0, SEEK_SET) == 0);
  *len = (size_t)end;
  bytes = allocate(*len);
  CHECK(fread(bytes, 1, *len, file) == *len);
  fclose(file);
  return bytes;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t bits_of_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* ---- describe ---- */

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

static void describe(const char *path) {
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

/* ---- decode ---- */

struct decode_case {
  neuvol_decode_desc desc;
  float *expected;
  size_t count;
  float tolerance;
};

static int read_case(FILE *file, struct decode_case *out) {
  neuvol_decode_desc *desc = &out->desc;
  uint64_t time;
  uint32_t value_min, value_max, tolerance, bits;
  uint64_t count;
  size_t i;
  int fields;
  memset(desc, 0, sizeof *desc);
  desc->struct_size = sizeof *desc;
  fields = fscanf(file, "%u %u %u %" SCNx64 " %u %u %u %u %u %u %d %d %" SCNu64 " %" SCNu64 " %u", &desc->variable,
                  &desc->quality, &desc->level, &time, &desc->box_min[0], &desc->box_min[1], &desc->box_min[2],
                  &desc->box_max[0], &desc->box_max[1], &desc->box_max[2], &desc->format, &desc->precision,
                  &desc->row_pitch, &desc->slice_pitch, &desc->flags);
  if (fields == EOF) return 0;
  CHECK(fields == 15);
  fields = fscanf(file, "%" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNu64, &value_min, &value_max, &tolerance, &count);
  CHECK(fields == 4);
  memcpy(&desc->time, &time, sizeof time);
  desc->value_min = float_of(value_min);
  desc->value_max = float_of(value_max);
  out->tolerance = float_of(tolerance);
  out->count = (size_t)count;
  out->expected = allocate(out->count * sizeof(float));
  for (i = 0; i < out->count; i++) {
    CHECK(fscanf(file, "%" SCNx32, &bits) == 1);
    out->expected[i] = float_of(bits);
  }
  return 1;
}

static float half_to_float(uint16_t half) {
  float sign = half & 0x8000 ? -1.0f : 1.0f;
  int exponent = half >> 10 & 31;
  int fraction = half & 1023;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * ldexpf((float)fraction, -24);
  return sign * ldexpf((float)(fraction + 1024), exponent - 25);
}

static size_t element_size(neuvol_format format) {
  return format == NEUVOL_FORMAT_F32 ? 4 : format == NEUVOL_FORMAT_U8 ? 1 : 2;
}

/* Compares one voxel with its expected value; `low` and `high` are the range of the integer formats. */
static int matches(const struct decode_case *c, const unsigned char *voxel, float expected, float low, float high) {
  float value = 0;
  uint16_t word;
  memcpy(&word, voxel, c->desc.format == NEUVOL_FORMAT_U8 ? 1 : 2);
  switch (c->desc.format) {
    case NEUVOL_FORMAT_F32:
      memcpy(&value, voxel, sizeof value);
      return isnan(expected) ? isnan(value) : fabsf(value - expected) <= c->tolerance;
    case NEUVOL_FORMAT_F16:
      value = half_to_float(word);
      return isnan(expected) ? isnan(value) : fabsf(value - expected) <= c->tolerance + fabsf(expected) / 1024;
    default: {
      float most = c->desc.format == NEUVOL_FORMAT_U8 ? 255 : 65535;
      float code = c->desc.format == NEUVOL_FORMAT_U8 ? voxel[0] : word;
      float unit = (expected - low) / (high - low);
      if (isnan(expected)) return code == 0;
      unit = unit < 0 ? 0 : unit > 1 ? 1 : unit;
      return fabsf(code - floorf(unit * most + 0.5f)) <= 1 + c->tolerance / (high - low) * most;
    }
  }
}

static void run_case(neuvol_volume volume, const struct decode_case *c, int number) {
  const neuvol_decode_desc *desc = &c->desc;
  size_t nx = desc->box_max[0] - desc->box_min[0];
  size_t ny = desc->box_max[1] - desc->box_min[1];
  size_t nz = desc->box_max[2] - desc->box_min[2];
  size_t row = desc->row_pitch ? (size_t)desc->row_pitch : nx;
  size_t slice = desc->slice_pitch ? (size_t)desc->slice_pitch : ny * row;
  size_t size = element_size(desc->format);
  size_t elements = (nz - 1) * slice + (ny - 1) * row + nx;
  /* Exactly as much as is needed, so that memory checkers see every byte too far. */
  unsigned char *voxels = allocate(elements * size);
  unsigned char *coverage = allocate(elements);
  unsigned char *second = allocate(elements * size);
  neuvol_variable_info info;
  size_t x, y, z, i;
  float low, high;
  info.struct_size = sizeof info;
  OK(neuvol_variable_get_info(volume, desc->variable, &info));
  low = desc->flags & NEUVOL_DECODE_VALUE_RANGE ? desc->value_min : info.value_min;
  high = desc->flags & NEUVOL_DECODE_VALUE_RANGE ? desc->value_max : info.value_max;
  memset(voxels, 0x5a, elements * size);
  memset(coverage, 0x5a, elements);
  memset(second, 0x5a, elements * size);
  OK(neuvol_decode_to_host(volume, desc, voxels, elements * size, coverage, elements));
  OK(neuvol_decode_to_host(volume, desc, second, elements * size, NULL, 0));
  CHECK(memcmp(voxels, second, elements * size) == 0);
  CHECK(c->count == nx * ny * nz);
  i = 0;
  for (z = 0; z < nz; z++) {
    for (y = 0; y < ny; y++) {
      for (x = 0; x < nx; x++, i++) {
        size_t at = z * slice + y * row + x;
        if (!matches(c, voxels + at * size, c->expected[i], low, high)) {
          fail(__FILE__, __LINE__, "case %d (format %d, level %u, time %g): voxel %u %u %u should be %g", number,
               desc->format, desc->level, desc->time, (unsigned)x, (unsigned)y, (unsigned)z, (double)c->expected[i]);
        }
        CHECK(coverage[at] == (isnan(c->expected[i]) ? 0 : 255));
        coverage[at] = 1;
      }
    }
  }
  /* Gaps are not touched. */
  for (i = 0; i < elements; i++) {
    if (coverage[i] != 1) {
      size_t byte;
      CHECK(coverage[i] == 0x5a);
      for (byte = 0; byte < size; byte++) CHECK(voxels[i * size + byte] == 0x5a);
    }
  }
  /* One byte less is refused. */
  CHECK_RESULT(neuvol_decode_to_host(volume, desc, voxels, elements * size - 1, NULL, 0), NEUVOL_ERROR_BUFFER_TOO_SMALL);
  CHECK_RESULT(neuvol_decode_to_host(volume, desc, voxels, elements * size, coverage, elements - 1),
               NEUVOL_ERROR_BUFFER_TOO_SMALL);
  free(voxels);
  free(coverage);
  free(second);
}

static void decode(const char *path, const char *cases) {
  neuvol_volume mapped = open_file(path);
  neuvol_volume borrowed = {0};
  neuvol_volume_stats stats;
  neuvol_open_desc desc = {sizeof(neuvol_open_desc), NEUVOL_ABI_VERSION, 1, 0, 0};
  size_t len;
  unsigned char *bytes = read_file(path, &len);
  FILE *file = fopen(cases, "r");
  struct decode_case c;
  int number = 0;
  CHECK(file != NULL);
  /* Once from a mapped file with all cores, once from memory with the calling thread only. */
  OK(neuvol_volume_open_memory(bytes, len, &desc, &borrowed));
  while (read_case(file, &c)) {
    run_case(mapped, &c, number);
    run_case(borrowed, &c, number);
    free(c.expected);
    number++;
  }
  CHECK(number > 0);
  fclose(file);
  stats.struct_size = sizeof stats;
  OK(neuvol_volume_get_stats(mapped, &stats));
  CHECK(stats.file_bytes == len && stats.voxels_decoded > 0 && stats.payload_bytes > 0 && stats.decode_seconds > 0);
  CHECK(stats.blocks_decoded >= (uint64_t)number);
  OK(neuvol_volume_close(mapped));
  OK(neuvol_volume_close(borrowed));
  memset(bytes, 0, len);
  free(bytes);
  printf("%d cases\n", number);
}

/* ---- misuse ---- */

static void misuse_handles(const char *path) {
  neuvol_volume none = {0}, wild = {0x123456789abcdefu}, volume = open_file(path), next;
  neuvol_volume_info info;
  neuvol_decode_desc desc = {0};
  size_t needed;
  uint32_t index;
  float low, high;
  char byte;
  int i;
  CHECK(neuvol_volume_close(none) == NEUVOL_OK);
  OK(neuvol_volume_close(volume));
  next = open_file(path);
  CHECK(next.id != volume.id);
  info.struct_size = sizeof info;
  desc.struct_size = sizeof desc;
  for (i = 0; i < 3; i++) {
    neuvol_volume v = i == 0 ? none : i == 1 ? wild : volume;
    if (i > 0) CHECK_RESULT(neuvol_volume_close(v), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_volume_get_info(v, &info), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_TEXT("neuvol_volume_get_info: volume: ");
    CHECK_RESULT(neuvol_volume_get_metadata(v, &byte, 1, &needed), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_volume_get_stats(v, NULL), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_variable_find(v, "theta", 5, &index), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_variable_get_info(v, 0, NULL), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_variable_get_name(v, 0, &byte, 1, &needed), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_variable_get_units(v, 0, &byte, 1, &needed), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_variable_get_dimension(v, 0, 0, &byte, 1, &needed), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_coordinate_find(v, "lat", 3, &index), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_coordinate_get_info(v, 0, NULL), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_coordinate_get_name(v, 0, &byte, 1, &needed), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_coordinate_get_units(v, 0, &byte, 1, &needed), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_coordinate_get_values(v, 0, NULL, 0, &needed), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_block_get_range(v, 0, 0, 0, 0, &low, &high), NEUVOL_ERROR_INVALID_HANDLE);
    CHECK_RESULT(neuvol_decode_to_host(v, &desc, &byte, 1, NULL, 0), NEUVOL_ERROR_INVALID_HANDLE);
  }
  OK(neuvol_volume_close(next));
}

static void misuse_open(const char *path) {
  neuvol_open_desc desc = {sizeof(neuvol_open_desc), NEUVOL_ABI_VERSION, 0, 0, 0};
  neuvol_volume volume = {7};
  const char latin1[] = {'/', 't', 'm', 'p', '/', (char)0xfc};
  unsigned char byte = 0;
  size_t len = strlen(path);
  CHECK_RESULT(neuvol_volume_open_file(NULL, 3, NULL, &volume), NEUVOL_ERROR_NULL_POINTER);
  CHECK(volume.id == 0);
  CHECK_TEXT("path: is null");
  CHECK_RESULT(neuvol_volume_open_file(path, len, NULL, NULL), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_volume_open_file(latin1, sizeof latin1, NULL, &volume), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_TEXT("not UTF-8 (byte 5");
  CHECK_RESULT(neuvol_volume_open_file(path, len + 1, NULL, &volume), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_TEXT("NUL");
  CHECK_RESULT(neuvol_volume_open_file(path, SIZE_MAX, NULL, &volume), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_volume_open_file("", 0, NULL, &volume), NEUVOL_ERROR_IO);
  CHECK_RESULT(neuvol_volume_open_file("/no/such/file", 13, NULL, &volume), NEUVOL_ERROR_IO);
  CHECK_TEXT("/no/such/file");
  CHECK_RESULT(neuvol_volume_open_file("/", 1, NULL, &volume), NEUVOL_ERROR_IO);
  CHECK_RESULT(neuvol_volume_open_memory(NULL, 1, NULL, &volume), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_volume_open_memory(&byte, 0, NULL, &volume), NEUVOL_ERROR_TRUNCATED);
  CHECK_RESULT(neuvol_volume_open_memory(&byte, 1, NULL, NULL), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_volume_open_memory(&byte, SIZE_MAX, NULL, &volume), NEUVOL_ERROR_INVALID_ARGUMENT);
  desc.struct_size = 0;
  CHECK_RESULT(neuvol_volume_open_file(path, len, &desc, &volume), NEUVOL_ERROR_STRUCT_SIZE);
  CHECK_TEXT("desc.struct_size: is 0");
  desc.struct_size = 15;
  CHECK_RESULT(neuvol_volume_open_file(path, len, &desc, &volume), NEUVOL_ERROR_STRUCT_SIZE);
  desc.struct_size = UINT32_MAX;
  CHECK_RESULT(neuvol_volume_open_file(path, len, &desc, &volume), NEUVOL_ERROR_STRUCT_SIZE);
  desc.struct_size = sizeof desc;
  desc.abi_version = 0;
  CHECK_RESULT(neuvol_volume_open_file(path, len, &desc, &volume), NEUVOL_ERROR_ABI_MISMATCH);
  desc.abi_version = (NEUVOL_ABI_MAJOR + 1) << 16;
  CHECK_RESULT(neuvol_volume_open_file(path, len, &desc, &volume), NEUVOL_ERROR_ABI_MISMATCH);
  /* A later minor version of the header is fine. */
  desc.abi_version = NEUVOL_ABI_VERSION + 1;
  OK(neuvol_volume_open_file(path, len, &desc, &volume));
  OK(neuvol_volume_close(volume));
  desc.reserved0 = 1;
  CHECK_RESULT(neuvol_volume_open_file(path, len, &desc, &volume), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_TEXT("reserved0");
  desc.reserved0 = 0;
  desc.threads = 1025;
  CHECK_RESULT(neuvol_volume_open_file(path, len, &desc, &volume), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_TEXT("threads: 1025");
  CHECK(volume.id == 0);
}

/* A structure of a newer header: what the library does not know is ignored in what it reads, and 0 in what it writes. */
static void newer_structures(neuvol_volume volume) {
  struct {
    neuvol_volume_info known;
    uint64_t later[2];
  } info;
  struct {
    neuvol_decode_desc known;
    uint64_t later;
  } desc;
  float value = 0;
  memset(&info, 0xff, sizeof info);
  info.known.struct_size = sizeof info;
  OK(neuvol_volume_get_info(volume, &info.known));
  CHECK(info.known.struct_size == sizeof info && info.known.variable_count == 3 && info.known.reserved0 == 0);
  CHECK(info.later[0] == 0 && info.later[1] == 0);
  info.known.struct_size = sizeof info.known - 8;
  CHECK_RESULT(neuvol_volume_get_info(volume, &info.known), NEUVOL_ERROR_STRUCT_SIZE);
  memset(&desc, 0, sizeof desc);
  desc.known.struct_size = sizeof desc;
  desc.known.format = NEUVOL_FORMAT_F32;
  desc.known.box_max[0] = desc.known.box_max[1] = desc.known.box_max[2] = 1;
  desc.later = 99;
  OK(neuvol_decode_to_host(volume, &desc.known, &value, sizeof value, NULL, 0));
  CHECK(value == 280.5f);
}

static void misuse_texts(neuvol_volume volume) {
  char name[8] = "xxxxxxx";
  char cut[16];
  size_t needed = 0;
  uint32_t index = 0;
  double values[4];
  CHECK_RESULT(neuvol_variable_get_name(volume, 0, name, 5, &needed), NEUVOL_ERROR_BUFFER_TOO_SMALL);
  CHECK(needed == 5 && name[0] == 0);
  OK(neuvol_variable_get_name(volume, 0, name, 6, NULL));
  CHECK(strcmp(name, "theta") == 0 && name[6] == 'x');
  CHECK_RESULT(neuvol_variable_get_name(volume, 0, NULL, 6, NULL), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_variable_get_name(volume, 0, NULL, 0, NULL), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_variable_get_name(volume, 3, name, 8, &needed), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_variable_get_units(volume, UINT32_MAX, name, 8, &needed), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_variable_get_dimension(volume, 0, 4, name, 8, &needed), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_variable_get_dimension(volume, 0, -1, name, 8, &needed), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_variable_find(volume, "thet", 4, &index), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_TEXT("\"theta\"");
  CHECK_RESULT(neuvol_variable_find(volume, NULL, 0, &index), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_variable_find(volume, "theta", 5, NULL), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_coordinate_find(volume, "", 0, &index), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_coordinate_get_info(volume, 5, NULL), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_coordinate_get_info(volume, 0, NULL), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_coordinate_get_values(volume, 0, values, 4, &needed), NEUVOL_ERROR_BUFFER_TOO_SMALL);
  CHECK(needed == 5);
  CHECK_RESULT(neuvol_coordinate_get_values(volume, 0, NULL, 5, NULL), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_volume_get_stats(volume, NULL), NEUVOL_ERROR_NULL_POINTER);
  /* The text of an error is cut, and its whole length told. */
  memset(cut, 'x', sizeof cut);
  CHECK(neuvol_last_error(cut, 12) > 12);
  CHECK(strcmp(cut, "neuvol_volu") == 0 && cut[12] == 'x');
  CHECK(neuvol_last_error(NULL, 0) == neuvol_last_error(cut, 0) && cut[0] == 'n');
}

static void misuse_decode(neuvol_volume volume) {
  const neuvol_decode_desc good = {sizeof(neuvol_decode_desc), 0, NEUVOL_FORMAT_F32, NEUVOL_PRECISION_EXACT, 0, 0, 0, 0,
                                   0.0, {0, 0, 0}, {2, 2, 2}, 0, 0, 0.0f, 0.0f};
  neuvol_decode_desc d = good;
  float dst[64];
  float low, high;
  unsigned char *bytes = (unsigned char *)dst;
  OK(neuvol_decode_to_host(volume, &d, dst, sizeof dst, NULL, 0));
  CHECK_RESULT(neuvol_decode_to_host(volume, NULL, dst, sizeof dst, NULL, 0), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, NULL, sizeof dst, NULL, 0), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, 0, NULL, 0), NEUVOL_ERROR_BUFFER_TOO_SMALL);
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, SIZE_MAX, NULL, 0), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, bytes + 1, 32, NULL, 0), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_TEXT("aligned");
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, 32, NULL, 8), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, 32, bytes + 31, 8), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_TEXT("overlaps");
  OK(neuvol_decode_to_host(volume, &d, dst, 32, bytes + 32, 8));

#define WRONG(field, value, text)                                                                          \
  do {                                                                                                     \
    d = good;                                                                                              \
    d.field = value;                                                                                       \
    CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, sizeof dst, NULL, 0), NEUVOL_ERROR_INVALID_ARGUMENT); \
    CHECK_TEXT(text);                                                                                      \
  } while (0)
  WRONG(flags, 2, "flags");
  WRONG(flags, NEUVOL_DECODE_VALUE_RANGE, "integer formats");
  WRONG(format, 0, "format");
  WRONG(format, 5, "format");
  WRONG(precision, 2, "precision");
  WRONG(reserved0, 1, "reserved0");
  WRONG(variable, 3, "variable");
  WRONG(level, 3, "level");
  WRONG(level, 256, "level");
  WRONG(quality, 2, "quality");
  WRONG(quality, UINT32_MAX, "quality");
  WRONG(time, -0.001, "time");
  WRONG(time, 4.001, "time");
  WRONG(time, NAN, "time");
  WRONG(time, INFINITY, "time");
  WRONG(box_max[0], 38, "x range");
  WRONG(box_max[1], 0, "y range");
  WRONG(box_max[2], UINT32_MAX, "z range");
  WRONG(box_min[2], 2, "z range");
  WRONG(row_pitch, 1, "row");
  WRONG(slice_pitch, 3, "slice");
  WRONG(slice_pitch, UINT64_MAX, "slice");
  WRONG(value_max, 1.0f, "NEUVOL_DECODE_VALUE_RANGE");
#undef WRONG
  d = good;
  d.row_pitch = UINT64_MAX;
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, sizeof dst, NULL, 0), NEUVOL_ERROR_INVALID_ARGUMENT);
  d = good;
  d.format = NEUVOL_FORMAT_U8;
  d.flags = NEUVOL_DECODE_VALUE_RANGE;
  d.value_min = d.value_max = 3.0f;
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, sizeof dst, NULL, 0), NEUVOL_ERROR_INVALID_ARGUMENT);
  d.value_max = NAN;
  CHECK_RESULT(neuvol_decode_to_host(volume, &d, dst, sizeof dst, NULL, 0), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_block_get_range(volume, 0, 0, 0, 12, &low, &high), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_block_get_range(volume, 0, 300, 0, 0, &low, &high), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_block_get_range(volume, 0, 0, 5, 0, &low, &high), NEUVOL_ERROR_INVALID_ARGUMENT);
  CHECK_RESULT(neuvol_block_get_range(volume, 0, 0, 0, 0, NULL, &high), NEUVOL_ERROR_NULL_POINTER);
  CHECK_RESULT(neuvol_block_get_range(volume, 0, 0, 0, 0, &low, NULL), NEUVOL_ERROR_NULL_POINTER);
}

static void *last_error_of_fresh_thread(void *unused) {
  char text[4] = "xxx";
  (void)unused;
  CHECK(neuvol_last_error(text, sizeof text) == 0 && text[0] == 0);
  return NULL;
}

static void misuse(const char *path) {
  neuvol_volume volume;
  pthread_t thread;
  misuse_handles(path);
  misuse_open(path);
  volume = open_file(path);
  newer_structures(volume);
  misuse_texts(volume);
  misuse_decode(volume);
  CHECK(pthread_create(&thread, NULL, last_error_of_fresh_thread, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(strcmp(neuvol_result_name(NEUVOL_ERROR_CHECKSUM), "NEUVOL_ERROR_CHECKSUM") == 0);
  CHECK(strcmp(neuvol_result_name(12345), "NEUVOL_ERROR_UNKNOWN") == 0);
  OK(neuvol_volume_close(volume));
}

/* ---- cache ---- */

/* Sizes of the structures in version 0.1. */
#define OPEN_DESC_0_1 16
#define VOLUME_STATS_0_1 48

static neuvol_volume_stats stats_of(neuvol_volume volume) {
  neuvol_volume_stats stats;
  stats.struct_size = sizeof stats;
  OK(neuvol_volume_get_stats(volume, &stats));
  return stats;
}

/* A host that was compiled for version 0.1: what lies behind its structures is neither read nor written. */
static void older_structures(const char *path) {
  neuvol_open_desc desc = {OPEN_DESC_0_1, NEUVOL_ABI_MAJOR << 16 | 1, 1, 0, 12345};
  neuvol_decode_desc box = {sizeof(neuvol_decode_desc), 0, NEUVOL_FORMAT_F32, NEUVOL_PRECISION_EXACT, 0, 0, 0, 0,
                            0.0, {0, 0, 0}, {37, 20, 18}, 0, 0, 0.0f, 0.0f};
  neuvol_volume volume = {0};
  neuvol_volume_stats stats;
  float *values = allocate(37 * 20 * 18 * sizeof(float));
  OK(neuvol_volume_open_file(path, strlen(path), &desc, &volume));
  OK(neuvol_decode_to_host(volume, &box, values, 37 * 20 * 18 * sizeof(float), NULL, 0));
  memset(&stats, 0x5a, sizeof stats);
  stats.struct_size = VOLUME_STATS_0_1;
  OK(neuvol_volume_get_stats(volume, &stats));
  CHECK(stats.struct_size == VOLUME_STATS_0_1 && stats.blocks_decoded > 0 && stats.decode_seconds > 0);
  CHECK(stats.cache_hits == 0x5a5a5a5a5a5a5a5au && stats.cache_bytes == 0x5a5a5a5a5a5a5a5au);
  /* The usual budget: more than the 12345 bytes that version 0.1 does not know of. */
  CHECK(stats_of(volume).cache_bytes > 12345);
  OK(neuvol_volume_close(volume));
  free(values);
}

/* Twice through the time steps and between them, with several budgets: the same bytes. */
static void cache(const char *path) {
  const uint64_t budgets[] = {NEUVOL_CACHE_NONE, 0, 200000, 20000, 1};
  const size_t voxels = 37 * 20 * 18;
  float *expected = allocate(18 * voxels * sizeof(float));
  float *values = allocate(voxels * sizeof(float));
  uint64_t all_misses = 0, all_bytes = 0;
  size_t i, n;
  older_structures(path);
  for (i = 0; i < sizeof budgets / sizeof *budgets; i++) {
    neuvol_open_desc desc = {sizeof(neuvol_open_desc), NEUVOL_ABI_VERSION, 1, 0, 0};
    neuvol_volume volume = {0};
    neuvol_volume_stats stats;
    desc.cache_bytes = budgets[i];
    OK(neuvol_volume_open_file(path, strlen(path), &desc, &volume));
    for (n = 0; n < 36; n++) {
      neuvol_decode_desc box = {sizeof(neuvol_decode_desc), 0, NEUVOL_FORMAT_F32, NEUVOL_PRECISION_EXACT, 0, 0, 0, 0,
                                0.0, {0, 0, 0}, {37, 20, 18}, 0, 0, 0.0f, 0.0f};
      float *known = expected + n % 18 * voxels;
      box.time = (double)(n / 2 % 9) * 0.5;
      box.precision = n % 2 ? NEUVOL_PRECISION_FAST : NEUVOL_PRECISION_EXACT;
      OK(neuvol_decode_to_host(volume, &box, values, voxels * sizeof(float), NULL, 0));
      if (i == 0 && n < 18) memcpy(known, values, voxels * sizeof(float));
      CHECK(memcmp(values, known, voxels * sizeof(float)) == 0);
    }
    stats = stats_of(volume);
    printf("budget %" PRIu64 ": %" PRIu64 " hits, %" PRIu64 " misses, %" PRIu64 " bytes held, %" PRIu64 " read\n",
           budgets[i], stats.cache_hits, stats.cache_misses, stats.cache_bytes, stats.payload_bytes);
    if (i == 0) {
      all_misses = stats.cache_misses;
      all_bytes = stats.payload_bytes;
    }
    CHECK(stats.cache_hits + stats.cache_misses == all_misses && all_misses > 0);
    switch (i) {
      case 1:
        CHECK(stats.cache_hits > 5 * stats.cache_misses && stats.cache_bytes > 0 && stats.payload_bytes < all_bytes / 5);
        break;
      case 2:
      case 3:
        CHECK(stats.cache_bytes <= budgets[i]);
        break;
      default:
        CHECK(stats.cache_hits == 0 && stats.cache_bytes == 0 && stats.payload_bytes == all_bytes);
    }
    OK(neuvol_volume_close(volume));
  }
  free(expected);
  free(values);
}

/* ---- threads ---- */

struct worker {
  neuvol_volume volume;
  const float *expected;
  long decodes;
};

#define SIDE (37 * 20 * 18)

static neuvol_decode_desc whole_grid(void) {
  neuvol_decode_desc desc = {sizeof(neuvol_decode_desc), 0, NEUVOL_FORMAT_F32, NEUVOL_PRECISION_EXACT, 0, 0, 0, 0,
                             1.5, {0, 0, 0}, {37, 20, 18}, 0, 0, 0.0f, 0.0f};
  return desc;
}

/* Decodes until the volume is closed. */
static void *work(void *argument) {
  struct worker *worker = argument;
  neuvol_decode_desc desc = whole_grid();
  float *values = allocate(SIDE * sizeof(float));
  for (;;) {
    neuvol_result result = neuvol_decode_to_host(worker->volume, &desc, values, SIDE * sizeof(float), NULL, 0);
    if (result == NEUVOL_ERROR_INVALID_HANDLE) break;
    OK(result);
    CHECK(memcmp(values, worker->expected, SIDE * sizeof(float)) == 0);
    worker->decodes++;
  }
  free(values);
  return NULL;
}

static void threads(const char *path) {
  neuvol_decode_desc desc = whole_grid();
  float *expected = allocate(SIDE * sizeof(float));
  int round;
  for (round = 0; round < 4; round++) {
    size_t len;
    unsigned char *bytes = read_file(path, &len);
    neuvol_volume volume = {0};
    neuvol_volume_stats stats;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    long decodes = 0;
    int i;
    OK(neuvol_volume_open_memory(bytes, len, NULL, &volume));
    OK(neuvol_decode_to_host(volume, &desc, expected, SIDE * sizeof(float), NULL, 0));
    for (i = 0; i < THREADS; i++) {
      workers[i].volume = volume;
      workers[i].expected = expected;
      workers[i].decodes = 0;
      CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    stats.struct_size = sizeof stats;
    do {
      OK(neuvol_volume_get_stats(volume, &stats));
    } while (stats.voxels_decoded < (uint64_t)(4 + 4 * round) * SIDE);
    OK(neuvol_volume_close(volume));
    /* Closing has waited for all decodes: the memory is ours again. */
    memset(bytes, 0xff, len);
    free(bytes);
    for (i = 0; i < THREADS; i++) {
      CHECK(pthread_join(threads[i], NULL) == 0);
      decodes += workers[i].decodes;
    }
    printf("closed after %ld decodes\n", decodes);
  }
  free(expected);
}

/* ---- panic ---- */

#ifdef NEUVOL_TEST_HOOKS
NEUVOL_API neuvol_result neuvol_test_panic(int32_t kind);

static void panics(void) {
  char text[256], log[4096], cut[64];
  const char *sharp;
  size_t i;
  OK(neuvol_test_panic(0));
  CHECK_RESULT(neuvol_test_panic(1), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("neuvol_test_panic: panic: boom 1: Gr\xc3\xb6\xc3\x9f""e (at ");
  /* Cut in the middle of a character: the whole character goes. */
  neuvol_last_error(text, sizeof text);
  sharp = strstr(text, "\xc3\x9f");
  CHECK(sharp != NULL);
  i = (size_t)(sharp - text);
  CHECK(i + 2 <= sizeof cut);
  neuvol_last_error(cut, i + 2);
  CHECK(strlen(cut) == i && strncmp(cut, text, i) == 0);
  CHECK_RESULT(neuvol_test_panic(2), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("index out of bounds");
  CHECK_RESULT(neuvol_test_panic(3), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("(no text)");
  CHECK_RESULT(neuvol_test_panic(4), NEUVOL_ERROR_PANIC);
  CHECK_TEXT("on a worker");
  OK(neuvol_test_panic(0));
  CHECK(neuvol_log_drain(log, sizeof log) > 0);
  CHECK(strstr(log, "ERROR neuvol_capi::boundary: panic at ") != NULL && strstr(log, "boom 1") != NULL);
}
#endif

int main(int argc, char **argv) {
  const char *command = argc > 1 ? argv[1] : "";
  if (strcmp(command, "layout") == 0 && argc == 2) {
    print_layout();
  } else if (strcmp(command, "describe") == 0 && argc == 3) {
    describe(argv[2]);
  } else if (strcmp(command, "decode") == 0 && argc == 4) {
    decode(argv[2], argv[3]);
  } else if (strcmp(command, "misuse") == 0 && argc == 3) {
    misuse(argv[2]);
  } else if (strcmp(command, "cache") == 0 && argc == 3) {
    cache(argv[2]);
  } else if (strcmp(command, "threads") == 0 && argc == 3) {
    threads(argv[2]);
#ifdef NEUVOL_TEST_HOOKS
  } else if (strcmp(command, "panic") == 0 && argc == 2) {
    panics();
#endif
  } else {
    fprintf(stderr, "usage: see the beginning of check.c\n");
    return 2;
  }
  return 0;
}
