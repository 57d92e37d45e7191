#include "check.h"

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

void misuse(const char *path) {
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
