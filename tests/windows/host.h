/* A host that loads the library as engines do, at run time and by name. It is built for Windows and for Linux from the same
 * sources, so that what it does on one can be compared with the other. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "neuvol.h"

/* The functions that the host uses, with the types of the header. */
#define HOST_FUNCTIONS(X)        \
  X(neuvol_abi_version)          \
  X(neuvol_version_string)       \
  X(neuvol_result_name)          \
  X(neuvol_last_error)           \
  X(neuvol_log_drain)            \
  X(neuvol_volume_open_file)     \
  X(neuvol_volume_close)         \
  X(neuvol_volume_get_info)      \
  X(neuvol_variable_get_info)    \
  X(neuvol_decode_to_host)       \
  X(neuvol_context_create_vulkan) \
  X(neuvol_context_destroy)      \
  X(neuvol_context_set_budget)   \
  X(neuvol_context_record)       \
  X(neuvol_context_get_stats)    \
  X(neuvol_texture_register)     \
  X(neuvol_texture_unregister)   \
  X(neuvol_decode_submit)        \
  X(neuvol_decode_status)

typedef struct {
#define HOST_MEMBER(name) __typeof__(name) *name;
  HOST_FUNCTIONS(HOST_MEMBER)
#undef HOST_MEMBER
} host_library;

/* Loads a library or ends the program; a symbol of it, or NULL. */
void *host_load(const char *path);
void *host_symbol(void *library, const char *name);
void host_sleep_ms(unsigned milliseconds);

/* Prints a message and ends the program. */
void host_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Ends the program with the library's text unless a call succeeded. */
void host_require(const host_library *library, neuvol_result result, const char *what);
/* The memory, or the end of the program. */
void *host_memory(size_t bytes);

/* Decodes the volume on a Vulkan device of the host, through both ways into a texture, and compares it with `wanted`: the values
 * of its variable 0 at `time`, NaN where it has none. `range` is the largest value less the smallest. */
bool host_vulkan(const host_library *library, neuvol_volume volume, const neuvol_variable_info *info, double time,
                 const float *wanted, double range);

#endif
