/* What all parts of the program `check` share. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "neuvol.h"

/* Prints where and why, and the last error of the library, and ends the program with 1. */
void fail(const char *file, int line, const char *format, ...);
void check_result(const char *file, int line, const char *call, neuvol_result result, neuvol_result expected);
void check_error_text(const char *file, int line, const char *part);

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) fail(__FILE__, __LINE__, "%s", #condition); \
  } while (0)
#define CHECK_RESULT(call, expected) check_result(__FILE__, __LINE__, #call, call, expected)
#define OK(call) CHECK_RESULT(call, NEUVOL_OK)
/* The text of the last error must contain this. */
#define CHECK_TEXT(part) check_error_text(__FILE__, __LINE__, part)

void *allocate(size_t bytes);
neuvol_volume open_file(const char *path);
unsigned char *read_file(const char *path, size_t *len);
uint32_t bits_of(float value);
float float_of(uint32_t bits);
uint64_t bits_of_double(double value);

/* The commands; each in a file of its name. */
void describe(const char *path);
void decode(const char *path, const char *cases);
void misuse(const char *path);
void cache(const char *path);
void threads(const char *path);
#ifdef NEUVOL_TEST_HOOKS
void panics(void);
#endif

#endif
