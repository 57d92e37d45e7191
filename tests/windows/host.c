/* Decodes a file on the processor and on a Vulkan device, opens what cannot be opened, and lets the library panic.
 *
 *   host LIBRARY decode FILE OUT   all that the first variable of FILE has, into the file OUT
 *   host LIBRARY vulkan FILE       the same step on a Vulkan device and on the processor must be the same
 *   host LIBRARY errors FOLDER     what cannot be opened is an error with a text
 *   host LIBRARY layout            prints the sizes and places of all structures of the header
 *   host LIBRARY panic             a library with hooks for tests: its panics become NEUVOL_ERROR_PANIC
 *
 * Exit codes: 0 all is well, 1 something is not, 2 the host could not run.
 */
#include "host.h"
#include "layout.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#include <time.h>
#endif

void host_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

void *host_memory(size_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL) host_fail("not enough memory for %lu bytes", (unsigned long)bytes);
  return memory;
}

#ifdef _WIN32
/* Paths are UTF-8 in this program and in the library, and UTF-16 in Windows. */
static wchar_t *wide(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
  wchar_t *result;
  if (length <= 0) host_fail("%s is not UTF-8", text);
  result = host_memory((size_t)length * sizeof *result);
  MultiByteToWideChar(CP_UTF8, 0, text, -1, result, length);
  return result;
}

static char *narrow(const wchar_t *text) {
  int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *result = host_memory((size_t)length);
  WideCharToMultiByte(CP_UTF8, 0, text, -1, result, length, NULL, NULL);
  return result;
}

void *host_load(const char *path) {
  HMODULE library = LoadLibraryW(wide(path));
  if (library == NULL) host_fail("%s cannot be loaded: error %lu", path, GetLastError());
  return library;
}

void *host_symbol(void *library, const char *name) { return (void *)GetProcAddress(library, name); }
void host_sleep_ms(unsigned milliseconds) { Sleep(milliseconds); }
static FILE *open_for_writing(const char *path) { return _wfopen(wide(path), L"wb"); }
#else
void *host_load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) host_fail("%s", dlerror());
  return library;
}

void *host_symbol(void *library, const char *name) { return dlsym(library, name); }
void host_sleep_ms(unsigned milliseconds) {
  struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
  nanosleep(&time, NULL);
}
static FILE *open_for_writing(const char *path) { return fopen(path, "wb"); }
#endif

static void text_of(const host_library *library, char text[1024]) { library->neuvol_last_error(text, 1024); }

void host_require(const host_library *library, neuvol_result result, const char *what) {
  char text[1024];
  if (result >= 0) return;
  text_of(library, text);
  host_fail("%s: %s: %s", what, library->neuvol_result_name(result), text);
}

static neuvol_volume open_file(const host_library *library, const char *path) {
  neuvol_volume volume;
  host_require(library, library->neuvol_volume_open_file(path, strlen(path), NULL, &volume), path);
  return volume;
}

static neuvol_variable_info describe(const host_library *library, neuvol_volume volume) {
  neuvol_variable_info info;
  memset(&info, 0, sizeof info);
  info.struct_size = sizeof info;
  host_require(library, library->neuvol_variable_get_info(volume, 0, &info), "variable 0");
  return info;
}

static size_t count_of(const neuvol_variable_info *info) {
  return (size_t)info->dims[0] * info->dims[1] * info->dims[2];
}

/* Variable 0 at a time, in a format, into `values`; and which voxels are valid. */
static void decode(const host_library *library, neuvol_volume volume, const neuvol_variable_info *info, double time,
                   neuvol_format format, uint32_t quality, void *values, uint8_t *coverage) {
  size_t count = count_of(info);
  size_t size = format == NEUVOL_FORMAT_F32 ? 4 : format == NEUVOL_FORMAT_U8 ? 1 : 2;
  neuvol_decode_desc desc;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = sizeof desc;
  desc.format = format;
  desc.time = time;
  desc.quality = quality;
  memcpy(desc.box_max, info->dims, sizeof desc.box_max);
  host_require(library, library->neuvol_decode_to_host(volume, &desc, values, count * size, coverage, count), "decode");
}

static int decode_to_file(const host_library *library, const char *path, const char *output) {
  static const neuvol_format formats[] = {NEUVOL_FORMAT_F32, NEUVOL_FORMAT_F16, NEUVOL_FORMAT_U8, NEUVOL_FORMAT_U16};
  static const size_t sizes[] = {4, 2, 1, 2};
  neuvol_volume volume = open_file(library, path);
  neuvol_variable_info info = describe(library, volume);
  size_t count = count_of(&info), written = 0;
  void *values = host_memory(count * 4);
  uint8_t *coverage = host_memory(count);
  FILE *file = open_for_writing(output);
  uint32_t step, half;
  if (file == NULL) host_fail("%s cannot be written", output);
  for (step = 0; step < info.step_count; step++) {
    for (half = 0; half < 2 && (half == 0 || step + 1 < info.step_count); half++) {
      size_t kind = (step + half) % 4;
      /* Whole steps in floats; between two steps each format has its turn. */
      if (half == 0) kind = 0;
      decode(library, volume, &info, step + 0.5 * half, formats[kind], 0, values, coverage);
      written += fwrite(values, sizes[kind], count, file) * sizes[kind];
      written += fwrite(coverage, 1, count, file);
    }
  }
  if (fclose(file) != 0) host_fail("%s cannot be written", output);
  host_require(library, library->neuvol_volume_close(volume), "close");
  printf("%s: %u steps of %u x %u x %u voxels, %lu bytes\n", library->neuvol_version_string(), info.step_count,
         info.dims[0], info.dims[1], info.dims[2], (unsigned long)written);
  free(values);
  free(coverage);
  return 0;
}

static int compare_with_vulkan(const host_library *library, const char *path) {
  neuvol_volume volume = open_file(library, path);
  neuvol_variable_info info = describe(library, volume);
  size_t count = count_of(&info), i;
  float *wanted = host_memory(count * sizeof *wanted);
  uint8_t *coverage = host_memory(count);
  double time = info.step_count > 1 ? 0.5 * (info.step_count - 1) : 0;
  bool is_same;
  decode(library, volume, &info, time, NEUVOL_FORMAT_F32, 0, wanted, coverage);
  for (i = 0; i < count; i++) {
    if (coverage[i] == 0) wanted[i] = NAN;
  }
  is_same = host_vulkan(library, volume, &info, time, wanted, (double)info.value_max - (double)info.value_min);
  host_require(library, library->neuvol_volume_close(volume), "close");
  free(wanted);
  free(coverage);
  return is_same ? 0 : 1;
}

/* Opens `path` and wants `expected` with a text that names the path. */
static bool is_refused(const host_library *library, const char *path, neuvol_result expected) {
  neuvol_volume volume = {7};
  char text[1024];
  neuvol_result result = library->neuvol_volume_open_file(path, strlen(path), NULL, &volume);
  text_of(library, text);
  printf("%s: %s\n", library->neuvol_result_name(result), text);
  return result == expected && volume.id == 0 && strstr(text, path) != NULL;
}

static int open_what_cannot_be_opened(const host_library *library, const char *folder) {
  char path[1024];
  bool good = is_refused(library, folder, NEUVOL_ERROR_IO);
  snprintf(path, sizeof path, "%s/nicht da 模型.neuvol", folder);
  return is_refused(library, path, NEUVOL_ERROR_IO) && good ? 0 : 1;
}

static int panic(const host_library *library, void *handle) {
  typedef neuvol_result NEUVOL_CALL hook(int32_t);
  static const char *const texts[] = {"boom 1: Größe", "index out of bounds", "(no text)", "on a worker"};
  hook *test_panic = (hook *)host_symbol(handle, "neuvol_test_panic");
  int32_t kind, round;
  if (test_panic == NULL) host_fail("the library has no hooks for tests");
  for (round = 0; round < 100; round++) {
    for (kind = 1; kind <= 4; kind++) {
      neuvol_result result = test_panic(kind);
      char text[1024];
      text_of(library, text);
      if (round == 0) printf("%s: %s\n", library->neuvol_result_name(result), text);
      if (result != NEUVOL_ERROR_PANIC || strstr(text, texts[kind - 1]) == NULL) return 1;
    }
    if (test_panic(0) != NEUVOL_OK) return 1;
  }
  printf("400 panics were caught\n");
  return 0;
}

static int run(int argc, char **argv) {
  host_library library;
  void *handle;
  if (argc < 3) {
    fprintf(stderr, "usage: host LIBRARY decode|vulkan|errors|layout|panic ...\n");
    return 2;
  }
  handle = host_load(argv[1]);
#define HOST_FIND(name)                                                      \
  library.name = (__typeof__(library.name))host_symbol(handle, #name);       \
  if (library.name == NULL) host_fail("%s has no function " #name, argv[1]);
  HOST_FUNCTIONS(HOST_FIND)
#undef HOST_FIND
  if (library.neuvol_abi_version() != NEUVOL_ABI_VERSION) host_fail("the library has another version than the header");
  if (strcmp(argv[2], "decode") == 0 && argc == 5) return decode_to_file(&library, argv[3], argv[4]);
  if (strcmp(argv[2], "vulkan") == 0 && argc == 4) return compare_with_vulkan(&library, argv[3]);
  if (strcmp(argv[2], "errors") == 0 && argc == 4) return open_what_cannot_be_opened(&library, argv[3]);
  if (strcmp(argv[2], "layout") == 0 && argc == 3) {
    print_layout();
    return 0;
  }
  if (strcmp(argv[2], "panic") == 0 && argc == 3) return panic(&library, handle);
  fprintf(stderr, "wrong arguments\n");
  return 2;
}

#ifdef _WIN32
int wmain(int argc, wchar_t **wide_argv) {
  char **argv = host_memory(((size_t)argc + 1) * sizeof *argv);
  int i;
  for (i = 0; i < argc; i++) argv[i] = narrow(wide_argv[i]);
  argv[argc] = NULL;
  return run(argc, argv);
}
#else
int main(int argc, char **argv) { return run(argc, argv); }
#endif
