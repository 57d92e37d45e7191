#include "check.h"

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

void decode(const char *path, const char *cases) {
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
