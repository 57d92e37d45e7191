#include "check.h"

void fail(const char *file, int line, const char *format, ...) {
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

void check_result(const char *file, int line, const char *call, neuvol_result result, neuvol_result expected) {
  if (result != expected) {
    fail(file, line, "%s gave %s, expected %s", call, neuvol_result_name(result), neuvol_result_name(expected));
  }
}

void check_error_text(const char *file, int line, const char *part) {
  char error[512];
  neuvol_last_error(error, sizeof error);
  if (strstr(error, part) == NULL) fail(file, line, "the last error does not say \"%s\"", part);
}

void *allocate(size_t bytes) {
  void *memory = malloc(bytes > 0 ? bytes : 1);
  CHECK(memory != NULL);
  return memory;
}

neuvol_volume open_file(const char *path) {
  neuvol_volume volume = {0};
  OK(neuvol_volume_open_file(path, strlen(path), NULL, &volume));
  CHECK(volume.id != 0);
  return volume;
}

unsigned char *read_file(const char *path, size_t *len) {
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

uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

uint64_t bits_of_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
