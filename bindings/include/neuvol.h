/*
 * Neuvol: decodes compressed volumes (.neuvol files). The C interface, version 0.2.
 *
 * - Functions give a neuvol_result; neuvol_last_error() has the text, per thread.
 * - Structures begin with struct_size, which the caller sets to sizeof the structure. Fields are only ever added at the
 *   end, so that hosts and libraries of different minor versions work together. Reserved fields must be 0.
 * - Strings are UTF-8. Those that go in are a pointer and a length; those that come out are static or fill a buffer of
 *   the caller, whose needed length is told.
 * - Handles are numbers. Using a closed one is an error, never a crash.
 * - Every function may be called from any thread, and none calls the host back.
 * - Axes stand in the order x, y, z; arrays have x fastest.
 *
 * NEUVOL_STATIC, defined before this header, is for linking the library statically on Windows.
 */

#ifndef NEUVOL_H
#define NEUVOL_H

/* Written by `cargo xtask header` from native/capi. Do not edit. */

#include <stddef.h>
#include <stdint.h>

/* Calling convention of the functions, for hosts that load them by name and need the type of a pointer to them. */
#if defined(_WIN32)
#  define NEUVOL_CALL __cdecl
#  if defined(NEUVOL_STATIC)
#    define NEUVOL_API
#  else
#    define NEUVOL_API __declspec(dllimport)
#  endif
#else
#  define NEUVOL_CALL
#  if defined(__GNUC__)
#    define NEUVOL_API __attribute__((visibility("default")))
#  else
#    define NEUVOL_API
#  endif
#endif

/**
 * Major version of this interface: changes with every incompatible change.
 */
#define NEUVOL_ABI_MAJOR 0

/**
 * Minor version of this interface: changes with additions.
 */
#define NEUVOL_ABI_MINOR 2

/**
 * Both in one number.
 */
#define NEUVOL_ABI_VERSION ((NEUVOL_ABI_MAJOR << 16) | NEUVOL_ABI_MINOR)

/**
 * As cache_bytes of the open description: keep nothing between two decodes.
 */
#define NEUVOL_CACHE_NONE UINT64_MAX

/**
 * The variable has a time axis.
 */
#define NEUVOL_VARIABLE_HAS_TIME 1

/**
 * Most axes of a coordinate that this interface shows.
 */
#define NEUVOL_MAX_RANK 8

/**
 * value_min and value_max of the decode description are used instead of the variable's range.
 */
#define NEUVOL_DECODE_VALUE_RANGE 1

/**
 * The host has enabled shaderStorageImageExtendedFormats: R8, R16, R16F and RG16F images can be stored to.
 */
#define NEUVOL_VULKAN_EXTENDED_FORMATS 1

/**
 * The host has enabled shaderFloat16.
 */
#define NEUVOL_VULKAN_FLOAT16 2

/**
 * The host has enabled shaderIntegerDotProduct. It gains nothing on devices without
 * integerDotProduct4x8BitPackedSignedAccelerated.
 */
#define NEUVOL_VULKAN_INTEGER_DOT_PRODUCT 4

/**
 * The host has enabled VK_KHR_cooperative_matrix with cooperativeMatrix, and shaderFloat16, vulkanMemoryModel and
 * vulkanMemoryModelDeviceScope, on an instance and a device of Vulkan 1.3.
 */
#define NEUVOL_VULKAN_COOPERATIVE_MATRIX 8

/**
 * The host has enabled VK_KHR_external_memory_fd, on Windows VK_KHR_external_memory_win32: what CUDA decodes reaches the
 * textures without a way through the processor's memory.
 */
#define NEUVOL_VULKAN_EXTERNAL_MEMORY 16

/**
 * The host has enabled VK_KHR_external_semaphore_fd, on Windows VK_KHR_external_semaphore_win32, and timelineSemaphore.
 */
#define NEUVOL_VULKAN_EXTERNAL_SEMAPHORE 32

/**
 * Not a feature of the device: decode with CUDA where the device is NVIDIA's and its driver is there, as
 * neuvol_context_get_backend() tells. Textures must take copies (NEUVOL_WRITE_PATH_COPY). Without NEUVOL_VULKAN_EXTERNAL_MEMORY
 * texels go by way of the processor's memory.
 */
#define NEUVOL_VULKAN_USE_CUDA 65536

/**
 * value_min and value_max are used instead of the variable's range.
 */
#define NEUVOL_SUBMIT_VALUE_RANGE 1

/**
 * Decodes into the same texture that still wait are cancelled: for players that go on before all is there.
 */
#define NEUVOL_SUBMIT_REPLACE 2

/**
 * What a function says about its success: 0 or more is success, less is an error. Numbers are never used again for
 * anything else. A host must take negative numbers that it does not know as errors.
 */
typedef int32_t neuvol_result;

/**
 * How a volume is opened. 0 in an option is the usual choice, as is null instead of the description.
 */
typedef struct neuvol_open_desc {
  /**
   * sizeof(neuvol_open_desc).
   */
  uint32_t struct_size;
  /**
   * NEUVOL_ABI_VERSION of the header that the host was compiled with.
   */
  uint32_t abi_version;
  /**
   * Threads that share the blocks of one decode; 0 = one per core, 1 = the calling thread only, at most 1024.
   */
  uint32_t threads;
  /**
   * Must be 0.
   */
  uint32_t reserved0;
  /**
   * Since 0.2: bytes of memory for blocks that stay prepared from one decode to the next, so that another time step of
   * a block that was decoded is much cheaper than the first. 0 = 256 MiB, NEUVOL_CACHE_NONE = none. The least recently
   * used blocks go first, and a block larger than all this is not kept.
   */
  uint64_t cache_bytes;
} neuvol_open_desc;

/**
 * An open volume. A number, not an address: after neuvol_volume_close() it names nothing for ever, and using it is
 * NEUVOL_ERROR_INVALID_HANDLE. Handles may be copied freely. An id of 0 names nothing.
 */
typedef struct neuvol_volume {
  /**
   * The number.
   */
  uint64_t id;
} neuvol_volume;

/**
 * What an open file is.
 */
typedef struct neuvol_volume_info {
  /**
   * sizeof(neuvol_volume_info), set by the caller.
   */
  uint32_t struct_size;
  /**
   * Major version of the file's format.
   */
  uint32_t format_major;
  /**
   * Minor version of the file's format.
   */
  uint32_t format_minor;
  /**
   * Number of variables.
   */
  uint32_t variable_count;
  /**
   * Number of coordinates.
   */
  uint32_t coordinate_count;
  /**
   * 0.
   */
  uint32_t reserved0;
  /**
   * Length of the file in bytes.
   */
  uint64_t file_bytes;
  /**
   * SHA-256 of the content as the file states it: names the model, for caches. Not checked at opening.
   */
  uint8_t content_hash[32];
} neuvol_volume_info;

/**
 * What a volume has done since it was opened.
 */
typedef struct neuvol_volume_stats {
  /**
   * sizeof(neuvol_volume_stats), set by the caller.
   */
  uint32_t struct_size;
  /**
   * 0.
   */
  uint32_t reserved0;
  /**
   * Length of the file in bytes (mapped, not necessarily in memory).
   */
  uint64_t file_bytes;
  /**
   * Blocks decoded.
   */
  uint64_t blocks_decoded;
  /**
   * Voxels written.
   */
  uint64_t voxels_decoded;
  /**
   * Bytes of payloads read. Blocks that were still prepared read none.
   */
  uint64_t payload_bytes;
  /**
   * Wall time spent in decodes, in seconds; calls that ran at once count one by one.
   */
  double decode_seconds;
  /**
   * Since 0.2: times that a block was found prepared. Blocks of one value and empty ones do not count.
   */
  uint64_t cache_hits;
  /**
   * Since 0.2: times that a block had to be read and prepared.
   */
  uint64_t cache_misses;
  /**
   * Since 0.2: bytes of memory that prepared blocks and masks hold now.
   */
  uint64_t cache_bytes;
} neuvol_volume_stats;

/**
 * The grid of a variable and what is known of its values.
 */
typedef struct neuvol_variable_info {
  /**
   * sizeof(neuvol_variable_info), set by the caller.
   */
  uint32_t struct_size;
  /**
   * NEUVOL_VARIABLE_HAS_TIME or 0.
   */
  uint32_t flags;
  /**
   * Voxels x, y, z on level 0; level k has dims / 2^k, rounded up.
   */
  uint32_t dims[3];
  /**
   * Voxels x, y, z of a block on level 0.
   */
  uint32_t block_dims[3];
  /**
   * Blocks x, y, z. Block (bx, by, bz) has the number bx + blocks.x * (by + blocks.y * bz).
   */
  uint32_t block_counts[3];
  /**
   * Levels of detail, 1 to 4; level 0 is the finest.
   */
  uint32_t level_count;
  /**
   * Quality layers, 1 to 8; layer 0 is the best.
   */
  uint32_t quality_count;
  /**
   * Time steps, at least 1.
   */
  uint32_t step_count;
  /**
   * Smallest valid value of the source; NaN if it has none.
   */
  float value_min;
  /**
   * Largest valid value of the source; NaN if it has none.
   */
  float value_max;
  /**
   * Valid values in the source, all steps together.
   */
  uint64_t valid_count;
  /**
   * Largest absolute error at quality 0, in units of the variable; NaN if it was not measured.
   */
  float max_abs_error;
  /**
   * Root mean square error at quality 0, in units of the variable; NaN if it was not measured.
   */
  float rmse;
} neuvol_variable_info;

/**
 * Which axis of a variable.
 */
typedef int32_t neuvol_axis;

/**
 * The shape of a coordinate.
 */
typedef struct neuvol_coordinate_info {
  /**
   * sizeof(neuvol_coordinate_info), set by the caller.
   */
  uint32_t struct_size;
  /**
   * Number of axes, 0 for a scalar.
   */
  uint32_t rank;
  /**
   * Number of values: the product of the shape.
   */
  uint64_t value_count;
  /**
   * Length of each axis in the order of the file, slowest first; 0 beyond the rank.
   */
  uint64_t shape[NEUVOL_MAX_RANK];
} neuvol_coordinate_info;

/**
 * Format of decoded voxels. Floats hold physical values, and NaN where a voxel is not valid. Integers spread a range of
 * values over 0 to their maximum (rounded, limited to it), and hold 0 where a voxel is not valid.
 */
typedef int32_t neuvol_format;

/**
 * Arithmetic of a decode.
 */
typedef int32_t neuvol_precision;

/**
 * What to decode: one box of one variable at one time, level and quality.
 */
typedef struct neuvol_decode_desc {
  /**
   * sizeof(neuvol_decode_desc).
   */
  uint32_t struct_size;
  /**
   * NEUVOL_DECODE_VALUE_RANGE or 0.
   */
  uint32_t flags;
  /**
   * Format of the voxels in memory.
   */
  neuvol_format format;
  /**
   * Arithmetic.
   */
  neuvol_precision precision;
  /**
   * Number of the variable.
   */
  uint32_t variable;
  /**
   * Level of detail.
   */
  uint32_t level;
  /**
   * Quality layer.
   */
  uint32_t quality;
  /**
   * Must be 0.
   */
  uint32_t reserved0;
  /**
   * Time in steps, 0 to step_count - 1; a fraction is a time between two steps.
   */
  double time;
  /**
   * First voxel x, y, z of the box, counted in voxels of the level.
   */
  uint32_t box_min[3];
  /**
   * One past the last voxel x, y, z.
   */
  uint32_t box_max[3];
  /**
   * Elements from one row (run along x) to the next; 0 = rows without gaps.
   */
  uint64_t row_pitch;
  /**
   * Elements from one z plane to the next; 0 = planes without gaps. Gaps are not written.
   */
  uint64_t slice_pitch;
  /**
   * With NEUVOL_DECODE_VALUE_RANGE, for integers: the value that becomes 0. Otherwise 0.
   */
  float value_min;
  /**
   * With NEUVOL_DECODE_VALUE_RANGE, for integers: the value that becomes the format's maximum. Otherwise 0.
   */
  float value_max;
} neuvol_decode_desc;

/**
 * A Vulkan device of the host, and how a context may use it.
 */
typedef struct neuvol_vulkan_desc {
  /**
   * sizeof(neuvol_vulkan_desc).
   */
  uint32_t struct_size;
  /**
   * NEUVOL_ABI_VERSION of the header that the host was compiled with.
   */
  uint32_t abi_version;
  /**
   * NEUVOL_VULKAN_*: what the host has ENABLED on its device, not what the device could do; and NEUVOL_VULKAN_USE_CUDA.
   */
  uint32_t flags;
  /**
   * Queue family of the command buffers that neuvol_context_record() gets. It must have compute.
   */
  uint32_t queue_family;
  /**
   * VkInstance.
   */
  void *instance;
  /**
   * VkPhysicalDevice.
   */
  void *physical_device;
  /**
   * VkDevice. Vulkan 1.1 or later.
   */
  void *device;
  /**
   * PFN_vkGetInstanceProcAddr of the host's loader: everything else is loaded through it.
   */
  void *get_instance_proc_addr;
  /**
   * Threads that read models and prepare frames; 0 = one less than there are cores, 1 to 8. At most 64.
   */
  uint32_t threads;
  /**
   * Frames of the host that may be on their way to the device at the same time; 0 = 3. At most 16.
   */
  uint32_t frames;
  /**
   * Device memory for models in bytes, at most 128 MiB; 0 = 64 MiB. The least recently used go first.
   */
  uint64_t model_bytes;
  /**
   * Device memory to work in, in bytes, at most 128 MiB; 0 = 64 MiB. A block needs some 4 to 20 bytes per voxel.
   */
  uint64_t work_bytes;
  /**
   * Device memory for texels on their way to textures of NEUVOL_WRITE_PATH_COPY, at most 128 MiB; 0 = 16 MiB.
   */
  uint64_t texel_bytes;
} neuvol_vulkan_desc;

/**
 * A graphics device of the host, and what is decoded on it. A number like neuvol_volume.
 */
typedef struct neuvol_context {
  /**
   * The number.
   */
  uint64_t id;
} neuvol_context;

/**
 * What decodes.
 */
typedef int32_t neuvol_backend;

/**
 * What a frame may take.
 */
typedef struct neuvol_budget {
  /**
   * sizeof(neuvol_budget).
   */
  uint32_t struct_size;
  /**
   * Time on the device in µs; 0 = decode nothing for now. 1000 before it is set. At least one block is decoded, however
   * long it takes.
   */
  uint32_t gpu_us;
  /**
   * Most blocks; 0 = 256.
   */
  uint32_t max_blocks;
  /**
   * Must be 0.
   */
  uint32_t reserved0;
  /**
   * Most bytes of models that a frame copies to the device, but at least one model; 0 = 4 MiB.
   */
  uint64_t max_upload_bytes;
} neuvol_budget;

/**
 * What a context has done so far.
 */
typedef struct neuvol_context_stats {
  /**
   * sizeof(neuvol_context_stats), set by the caller.
   */
  uint32_t struct_size;
  /**
   * Blocks that wait to be decoded.
   */
  uint32_t blocks_waiting;
  /**
   * Frames with work.
   */
  uint64_t frames;
  /**
   * Frames whose time on the device was measured.
   */
  uint64_t frames_measured;
  /**
   * Frames that took longer on the device than their budget.
   */
  uint64_t frames_overrun;
  /**
   * Frames that did without work because a worker was just handing it over.
   */
  uint64_t frames_missed;
  /**
   * Blocks decoded.
   */
  uint64_t blocks_decoded;
  /**
   * Voxels of them.
   */
  uint64_t voxels_decoded;
  /**
   * Bytes of models that frames copied to the device.
   */
  uint64_t upload_bytes;
  /**
   * Bytes of models on the device.
   */
  uint64_t model_bytes;
  /**
   * Models that were read and parsed.
   */
  uint64_t models_loaded;
  /**
   * Models on the device.
   */
  uint32_t models;
  /**
   * Median of the time on the device of the last 512 frames with work, in µs.
   */
  float gpu_us_p50;
  /**
   * 99th percentile of them, in µs.
   */
  float gpu_us_p99;
  /**
   * 0.
   */
  uint32_t reserved0;
} neuvol_context_stats;

/**
 * What a texel is, and the VkFormat that the image must have.
 */
typedef int32_t neuvol_texel;

/**
 * How texels reach a texture.
 */
typedef int32_t neuvol_write_path;

/**
 * A 3D texture of the host, with one mip level, owned by the queue family of the context.
 */
typedef struct neuvol_texture_desc {
  /**
   * sizeof(neuvol_texture_desc).
   */
  uint32_t struct_size;
  /**
   * What a texel is.
   */
  neuvol_texel texel;
  /**
   * How texels reach it.
   */
  neuvol_write_path path;
  /**
   * VkImageLayout in which the host keeps the image: neuvol_context_record() brings it to the layout of the path and back,
   * with barriers against everything before and behind. 0 = the host has it in the layout of the path at every
   * neuvol_context_record(), and records the barriers.
   */
  int32_t layout;
  /**
   * Texels x, y, z.
   */
  uint32_t dims[3];
  /**
   * Must be 0.
   */
  uint32_t reserved0;
  /**
   * VkImage.
   */
  uint64_t image;
} neuvol_texture_desc;

/**
 * A texture of the host that a context writes to. A number like neuvol_volume.
 */
typedef struct neuvol_texture {
  /**
   * The number.
   */
  uint64_t id;
} neuvol_texture;

/**
 * What to decode into a texture: one box of one variable at one time, level and quality.
 */
typedef struct neuvol_submit_desc {
  /**
   * sizeof(neuvol_submit_desc).
   */
  uint32_t struct_size;
  /**
   * NEUVOL_SUBMIT_*.
   */
  uint32_t flags;
  /**
   * The volume.
   */
  struct neuvol_volume volume;
  /**
   * The texture; an id of 0 only brings the models to the device.
   */
  struct neuvol_texture texture;
  /**
   * Number of the variable.
   */
  uint32_t variable;
  /**
   * Level of detail.
   */
  uint32_t level;
  /**
   * Quality layer.
   */
  uint32_t quality;
  /**
   * Arithmetic.
   */
  neuvol_precision precision;
  /**
   * Time in steps, 0 to step_count - 1; a fraction is a time between two steps.
   */
  double time;
  /**
   * Steps per second in which a player moves: the models of the next second are brought to the device, too. 0 = none.
   */
  double time_velocity;
  /**
   * First voxel x, y, z of the box, counted in voxels of the level.
   */
  uint32_t box_min[3];
  /**
   * One past the last voxel x, y, z.
   */
  uint32_t box_max[3];
  /**
   * Texel x, y, z of the first voxel.
   */
  uint32_t texel_min[3];
  /**
   * How much it is wanted, from 0 on; larger comes first, and all the longer a block has waited.
   */
  float priority;
  /**
   * With NEUVOL_SUBMIT_VALUE_RANGE, for R8 and R16: the value that becomes 0. Otherwise 0.
   */
  float value_min;
  /**
   * With NEUVOL_SUBMIT_VALUE_RANGE, for R8 and R16: the value that becomes 1. Otherwise 0.
   */
  float value_max;
  /**
   * What voxels get that are not valid; in R8 and R16 textures as it is stored there, 0 to 1.
   */
  float invalid;
  /**
   * Must be 0.
   */
  uint32_t reserved0;
} neuvol_submit_desc;

/**
 * A decode that was asked for. A number like neuvol_volume; finished ones are known until 4096 younger ones exist.
 */
typedef struct neuvol_ticket {
  /**
   * The number.
   */
  uint64_t id;
} neuvol_ticket;

/**
 * How far a decode into a texture is.
 */
typedef struct neuvol_progress {
  /**
   * sizeof(neuvol_progress), set by the caller.
   */
  uint32_t struct_size;
  /**
   * Blocks that are not recorded yet.
   */
  uint32_t blocks_missing;
  /**
   * Blocks of the box.
   */
  uint32_t blocks;
  /**
   * 0.
   */
  uint32_t reserved0;
  /**
   * The frame in which the last block was recorded; 0 before.
   */
  uint64_t frame;
} neuvol_progress;

/**
 * A texture of Unity.
 */
typedef struct neuvol_unity_texture_desc {
  /**
   * sizeof(neuvol_unity_texture_desc).
   */
  uint32_t struct_size;
  /**
   * What a texel holds; must be the texture's format.
   */
  neuvol_texel texel;
  /**
   * Texels x, y, z.
   */
  uint32_t dims[3];
  /**
   * Must be 0.
   */
  uint32_t reserved0;
  /**
   * What GetNativeTexturePtr() of the texture gives. Call it once and keep it: it waits for the render thread.
   */
  void *native_texture;
} neuvol_unity_texture_desc;

/**
 * Success.
 */
#define NEUVOL_OK 0

/**
 * Since 0.2: nothing is wrong, but it is not finished, or there is nothing to do.
 */
#define NEUVOL_NOT_READY 1

/**
 * Since 0.2: it was cancelled.
 */
#define NEUVOL_CANCELLED 2

/**
 * An argument is out of range, contradicts another one, or a reserved field or unknown flag is not 0.
 */
#define NEUVOL_ERROR_INVALID_ARGUMENT -1

/**
 * A pointer that must not be null is null.
 */
#define NEUVOL_ERROR_NULL_POINTER -2

/**
 * The struct_size of a structure is not one that any version had.
 */
#define NEUVOL_ERROR_STRUCT_SIZE -3

/**
 * The host was compiled against a header of another major version.
 */
#define NEUVOL_ERROR_ABI_MISMATCH -4

/**
 * A bug in the library was caught before it could reach the host. The library can be used on.
 */
#define NEUVOL_ERROR_PANIC -5

/**
 * The handle names nothing (any more).
 */
#define NEUVOL_ERROR_INVALID_HANDLE -8

/**
 * The caller's buffer is too small.
 */
#define NEUVOL_ERROR_BUFFER_TOO_SMALL -9

/**
 * The operating system refused to open or read the file.
 */
#define NEUVOL_ERROR_IO -20

/**
 * The file is damaged, or no Neuvol file.
 */
#define NEUVOL_ERROR_FORMAT -21

/**
 * The file has a major version that this library does not read.
 */
#define NEUVOL_ERROR_FORMAT_VERSION -22

/**
 * A checksum is wrong: the file is damaged.
 */
#define NEUVOL_ERROR_CHECKSUM -23

/**
 * The file ends too early.
 */
#define NEUVOL_ERROR_TRUNCATED -24

/**
 * The file uses something that needs a newer library.
 */
#define NEUVOL_ERROR_UNSUPPORTED -30

/**
 * Since 0.2: the graphics device cannot do it, or the host has not enabled what it takes; the text says what.
 */
#define NEUVOL_ERROR_NO_VULKAN -32

/**
 * Since 0.2: the graphics device is lost. Destroy the context and make one on the new device.
 */
#define NEUVOL_ERROR_DEVICE_LOST -33

/**
 * Since 0.2: the memory on the graphics device that the context may use is full.
 */
#define NEUVOL_ERROR_OUT_OF_MEMORY -34

/**
 * The system could not give what is needed, for example threads.
 */
#define NEUVOL_ERROR_RESOURCES -35

/**
 * The fastest spatial axis.
 */
#define NEUVOL_AXIS_X 0

/**
 * The second spatial axis.
 */
#define NEUVOL_AXIS_Y 1

/**
 * The slowest spatial axis.
 */
#define NEUVOL_AXIS_Z 2

/**
 * Time steps.
 */
#define NEUVOL_AXIS_TIME 3

/**
 * 32-bit floats.
 */
#define NEUVOL_FORMAT_F32 1

/**
 * 16-bit floats; values beyond +-65504 become infinite.
 */
#define NEUVOL_FORMAT_F16 2

/**
 * Unsigned 8-bit integers, 0 to 255.
 */
#define NEUVOL_FORMAT_U8 3

/**
 * Unsigned 16-bit integers, 0 to 65535.
 */
#define NEUVOL_FORMAT_U16 4

/**
 * 32-bit floats: the file's errors are the ones that were measured.
 */
#define NEUVOL_PRECISION_EXACT 0

/**
 * The fastest that the CPU (bfloat16 or 8-bit integers) or the graphics device has (16-bit floats, 8-bit integers, matrix units),
 * at some loss of accuracy. Blocks with a guaranteed error are decoded in 32-bit floats all the same on graphics devices.
 */
#define NEUVOL_PRECISION_FAST 1

/**
 * Kernels on the host's Vulkan device.
 */
#define NEUVOL_BACKEND_VULKAN 1

/**
 * CUDA, into memory of the Vulkan device.
 */
#define NEUVOL_BACKEND_CUDA 2

/**
 * CUDA, by way of the processor's memory, as the Vulkan device cannot share its own.
 */
#define NEUVOL_BACKEND_CUDA_STAGED 3

/**
 * VK_FORMAT_R32_SFLOAT: the value.
 */
#define NEUVOL_TEXEL_R32F 1

/**
 * VK_FORMAT_R16_SFLOAT: the value, rounded.
 */
#define NEUVOL_TEXEL_R16F 2

/**
 * VK_FORMAT_R8_UNORM: the value in its range.
 */
#define NEUVOL_TEXEL_R8 3

/**
 * VK_FORMAT_R16_UNORM: the value in its range.
 */
#define NEUVOL_TEXEL_R16 4

/**
 * VK_FORMAT_R16G16_SFLOAT: the value, and 1 where it is valid, else 0.
 */
#define NEUVOL_TEXEL_RG16F 5

/**
 * VK_FORMAT_R16G16B16A16_SFLOAT: the value, and its slope along z, y and x per voxel, for lighting. At the faces of a block
 * the slope is that towards its inside.
 */
#define NEUVOL_TEXEL_RGBA16F 6

/**
 * Stores from a shader: the image has VK_IMAGE_USAGE_STORAGE_BIT; written in the layout GENERAL.
 */
#define NEUVOL_WRITE_PATH_STORE 1

/**
 * Copies from a buffer: the image has VK_IMAGE_USAGE_TRANSFER_DST_BIT; written in the layout TRANSFER_DST_OPTIMAL.
 */
#define NEUVOL_WRITE_PATH_COPY 2

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface that the loaded library has: major in the upper 16 bits, minor in the lower.
 *
 * Any thread. A host compares the major number with NEUVOL_ABI_MAJOR before it calls anything else.
 */
NEUVOL_API uint32_t neuvol_abi_version(void);

/**
 * The version of the library, for example "0.1.0".
 *
 * Any thread. The text is static, NUL-terminated, and must not be freed.
 */
NEUVOL_API const char *neuvol_version_string(void);

/**
 * The name of a result, for example "NEUVOL_ERROR_IO"; "NEUVOL_ERROR_UNKNOWN" for a number without a name.
 *
 * Any thread. The text is static, NUL-terminated, and must not be freed.
 */
NEUVOL_API const char *neuvol_result_name(neuvol_result result);

/**
 * Copies the text of the calling thread's last error: which function, which argument or file, the cause.
 *
 * Any thread; each has its own text. It stays until the next error of this thread; a success does not change it.
 *
 * @param buffer Receives UTF-8 with a NUL at its end, cut between two characters if it does not fit. May be null.
 * @param capacity Bytes of `buffer`, the NUL included. May be 0.
 * @return Bytes of the whole text without the NUL; 0 if there was no error.
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes.
 */
NEUVOL_API size_t neuvol_last_error(char *buffer, size_t capacity);

/**
 * Takes log records that wait, oldest first, one per line: "LEVEL module: text". A host calls this now and then, for
 * example once per frame. At most 64 KiB wait; then the oldest are dropped, which a record says.
 *
 * Any thread. Levels are ERROR, WARN and INFO.
 *
 * @param buffer Receives whole lines of UTF-8 with a NUL at the end; a line longer than the buffer is cut. May be null.
 * @param capacity Bytes of `buffer`, the NUL included; at least 2 to get anything.
 * @return Bytes written without the NUL; 0 if nothing waits. With a null buffer: bytes that wait, and nothing is taken.
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes.
 */
NEUVOL_API size_t neuvol_log_drain(char *buffer, size_t capacity);

/**
 * Opens a file. It is mapped, and only its front (header, directory, metadata) is read and checked; blocks are read and
 * checked when they are decoded.
 *
 * Any thread. The library owns the volume until neuvol_volume_close(). The file must not be truncated or written to
 * while it is open; replacing it by renaming another one is safe.
 *
 * @param path Name of the file in UTF-8; needs no NUL.
 * @param path_len Bytes of `path`.
 * @param desc Options, or null for the usual ones.
 * @param out Receives the handle; an id of 0 on an error.
 *
 * # Safety
 * `path` is valid for reading `path_len` bytes, `desc` null or valid for reading its size, `out` null or valid for
 * writing.
 */
NEUVOL_API
neuvol_result neuvol_volume_open_file(const char *path,
                                      size_t path_len,
                                      const struct neuvol_open_desc *desc,
                                      struct neuvol_volume *out);

/**
 * Opens a file that lies in memory. As neuvol_volume_open_file() otherwise.
 *
 * Any thread. The memory is borrowed: it must stay valid and unchanged until neuvol_volume_close() returns.
 *
 * @param data The bytes of the file; any alignment.
 * @param len How many.
 * @param desc Options, or null for the usual ones.
 * @param out Receives the handle; an id of 0 on an error.
 *
 * # Safety
 * `data` is valid for reading `len` bytes until the volume is closed, `desc` null or valid for reading its size, `out`
 * null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_volume_open_memory(const void *data,
                                        size_t len,
                                        const struct neuvol_open_desc *desc,
                                        struct neuvol_volume *out);

/**
 * Closes a volume. Waits until the calls that use it on other threads have returned; calls that begin later fail with
 * NEUVOL_ERROR_INVALID_HANDLE. Decodes into textures that are not recorded yet are cancelled.
 *
 * Any thread. An id of 0 is fine and does nothing; a handle that is closed already is NEUVOL_ERROR_INVALID_HANDLE.
 */
NEUVOL_API neuvol_result neuvol_volume_close(struct neuvol_volume volume);

/**
 * Describes an open file.
 *
 * Any thread.
 *
 * @param info Its struct_size must be set; receives the rest.
 *
 * # Safety
 * `info` is null or valid for reading and writing its size.
 */
NEUVOL_API neuvol_result neuvol_volume_get_info(struct neuvol_volume volume, struct neuvol_volume_info *info);

/**
 * Gives all metadata of the file as one JSON object in UTF-8: attributes, variables, coordinates, settings of the
 * encoder. Section 5 of the format's description says what is in it.
 *
 * Any thread. Call it with a null buffer and a capacity of 0 to learn the length.
 *
 * @param buffer Receives the text and a NUL. May be null.
 * @param capacity Bytes of `buffer`; with too few nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.
 * @param needed Receives the bytes of the text without the NUL. May be null.
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_volume_get_metadata(struct neuvol_volume volume,
                                         char *buffer,
                                         size_t capacity,
                                         size_t *needed);

/**
 * Gives sums over all decodes since the volume was opened.
 *
 * Any thread.
 *
 * @param stats Its struct_size must be set; receives the rest.
 *
 * # Safety
 * `stats` is null or valid for reading and writing its size.
 */
NEUVOL_API neuvol_result neuvol_volume_get_stats(struct neuvol_volume volume, struct neuvol_volume_stats *stats);

/**
 * Finds a variable by its name.
 *
 * Any thread.
 *
 * @param name UTF-8; needs no NUL.
 * @param name_len Bytes of `name`.
 * @param variable Receives its number.
 *
 * # Safety
 * `name` is valid for reading `name_len` bytes, `variable` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_variable_find(struct neuvol_volume volume,
                                   const char *name,
                                   size_t name_len,
                                   uint32_t *variable);

/**
 * Describes the grid and the values of a variable.
 *
 * Any thread.
 *
 * @param variable Its number, from 0.
 * @param info Its struct_size must be set; receives the rest.
 *
 * # Safety
 * `info` is null or valid for reading and writing its size.
 */
NEUVOL_API
neuvol_result neuvol_variable_get_info(struct neuvol_volume volume,
                                       uint32_t variable,
                                       struct neuvol_variable_info *info);

/**
 * Gives the name of a variable in UTF-8.
 *
 * Any thread. Call it with a null buffer and a capacity of 0 to learn the length.
 *
 * @param variable Its number, from 0.
 * @param buffer Receives the text and a NUL. May be null.
 * @param capacity Bytes of `buffer`; with too few nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.
 * @param needed Receives the bytes of the text without the NUL. May be null.
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_variable_get_name(struct neuvol_volume volume,
                                       uint32_t variable,
                                       char *buffer,
                                       size_t capacity,
                                       size_t *needed);

/**
 * Gives the units of a variable, as its source states them; empty if it does not.
 *
 * Any thread. Buffer and lengths as for neuvol_variable_get_name().
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_variable_get_units(struct neuvol_volume volume,
                                        uint32_t variable,
                                        char *buffer,
                                        size_t capacity,
                                        size_t *needed);

/**
 * Gives the name of the dimension along an axis of a variable; empty if the variable does not have that axis. A
 * coordinate with the name of a dimension holds the positions along it.
 *
 * Any thread. Buffer and lengths as for neuvol_variable_get_name().
 *
 * @param axis One of NEUVOL_AXIS_X, _Y, _Z, _TIME.
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_variable_get_dimension(struct neuvol_volume volume,
                                            uint32_t variable,
                                            neuvol_axis axis,
                                            char *buffer,
                                            size_t capacity,
                                            size_t *needed);

/**
 * Gives bounds of the valid values of a block around a time, for example to skip empty space. They hold on every level
 * of detail. A block without valid voxels has an empty range: minimum +infinity, maximum -infinity.
 *
 * Any thread. Reads only the index of the file.
 *
 * @param variable Number of the variable.
 * @param quality Quality layer.
 * @param time Time in steps; the bounds hold for the steps around it and all times between them.
 * @param block Number of the block: bx + blocks.x * (by + blocks.y * bz).
 * @param out_min Receives the lower bound.
 * @param out_max Receives the upper bound.
 *
 * # Safety
 * `out_min` and `out_max` are null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_block_get_range(struct neuvol_volume volume,
                                     uint32_t variable,
                                     uint32_t quality,
                                     double time,
                                     uint32_t block,
                                     float *out_min,
                                     float *out_max);

/**
 * Finds a coordinate by its name, which for the positions along a dimension is the name of the dimension.
 *
 * Any thread.
 *
 * @param name UTF-8; needs no NUL.
 * @param name_len Bytes of `name`.
 * @param coordinate Receives its number.
 *
 * # Safety
 * `name` is valid for reading `name_len` bytes, `coordinate` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_coordinate_find(struct neuvol_volume volume,
                                     const char *name,
                                     size_t name_len,
                                     uint32_t *coordinate);

/**
 * Describes the shape of a coordinate.
 *
 * Any thread. NEUVOL_ERROR_UNSUPPORTED if it has more than NEUVOL_MAX_RANK axes.
 *
 * @param coordinate Its number, from 0.
 * @param info Its struct_size must be set; receives the rest.
 *
 * # Safety
 * `info` is null or valid for reading and writing its size.
 */
NEUVOL_API
neuvol_result neuvol_coordinate_get_info(struct neuvol_volume volume,
                                         uint32_t coordinate,
                                         struct neuvol_coordinate_info *info);

/**
 * Gives the name of a coordinate.
 *
 * Any thread. Buffer and lengths as for neuvol_variable_get_name().
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_coordinate_get_name(struct neuvol_volume volume,
                                         uint32_t coordinate,
                                         char *buffer,
                                         size_t capacity,
                                         size_t *needed);

/**
 * Gives the units of a coordinate, as its source states them, for example "degrees_north"; empty if it does not.
 *
 * Any thread. Buffer and lengths as for neuvol_variable_get_name().
 *
 * # Safety
 * `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_coordinate_get_units(struct neuvol_volume volume,
                                          uint32_t coordinate,
                                          char *buffer,
                                          size_t capacity,
                                          size_t *needed);

/**
 * Gives the values of a coordinate as doubles, its last axis fastest; integers beyond 2^53 are rounded.
 *
 * Any thread. Call it with null values and a capacity of 0 to learn the count.
 *
 * @param coordinate Its number, from 0.
 * @param values Receives all values. May be null.
 * @param capacity Room in `values`; with too little nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.
 * @param needed Receives the count. May be null.
 *
 * # Safety
 * `values` is null or valid for writing `capacity` doubles, `needed` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_coordinate_get_values(struct neuvol_volume volume,
                                           uint32_t coordinate,
                                           double *values,
                                           size_t capacity,
                                           size_t *needed);

/**
 * Decodes a box into memory of the caller. Returns when all of it is there; blocks are shared among the volume's threads.
 *
 * Any thread, several at once too. On an error the content of `dst` and `coverage` is undefined, but only voxels of the
 * box are ever written.
 *
 * @param desc What to decode, and how it lies in memory.
 * @param dst Receives the voxels, x fastest, then y, then z; aligned to the size of one element of the format.
 * @param dst_bytes Bytes of `dst`.
 * @param coverage Receives one byte per voxel, with the same pitches (in bytes): 255 where the voxel is valid, 0 where
 * it is not. Null if it is not wanted. Must not overlap `dst`.
 * @param coverage_bytes Bytes of `coverage`, 0 without.
 *
 * # Safety
 * `desc` is null or valid for reading its size, `dst` null or valid for writing `dst_bytes`, `coverage` null or valid for
 * writing `coverage_bytes`; nothing else touches them during the call.
 */
NEUVOL_API
neuvol_result neuvol_decode_to_host(struct neuvol_volume volume,
                                    const struct neuvol_decode_desc *desc,
                                    void *dst,
                                    size_t dst_bytes,
                                    uint8_t *coverage,
                                    size_t coverage_bytes);

/**
 * Makes a context on a Vulkan device of the host: pipelines, memories, and threads that read models. Takes up to seconds: to be
 * called while a scene is loaded.
 *
 * Any thread. The device belongs to the host and must live until neuvol_context_destroy(). The library loads nothing itself
 * and submits nothing: it records into command buffers of the host.
 *
 * @param desc The device, and how it may be used.
 * @param out Receives the handle; an id of 0 on an error.
 *
 * # Safety
 * `desc` is null or valid for reading its size, its handles alive and of one device; `out` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_context_create_vulkan(const struct neuvol_vulkan_desc *desc,
                                           struct neuvol_context *out);

/**
 * Ends a context: waits for its threads, cancels what was asked for, gives all memory back. Its textures are forgotten.
 *
 * Any thread, but not while another one is in neuvol_context_record(). All command buffers that were recorded must be
 * finished, unless the device is lost. An id of 0 is fine and does nothing.
 */
NEUVOL_API neuvol_result neuvol_context_destroy(struct neuvol_context context);

/**
 * Tells what decodes, and the CUDA device, or why CUDA is not used. A context changes from CUDA to Vulkan when CUDA fails or a
 * texture turns out to take no copies; nothing that was asked for is lost.
 *
 * Any thread. Buffer and lengths as for neuvol_variable_get_name().
 *
 * @param backend Receives one of NEUVOL_BACKEND_*.
 * @param buffer Receives a text for a person.
 *
 * # Safety
 * `backend` is null or valid for writing, `buffer` null or valid for writing `capacity` bytes, `needed` null or valid for
 * writing.
 */
NEUVOL_API
neuvol_result neuvol_context_get_backend(struct neuvol_context context,
                                         neuvol_backend *backend,
                                         char *buffer,
                                         size_t capacity,
                                         size_t *needed);

/**
 * Says that the device is lost. Nothing more is done on it, and everything that is asked for fails with
 * NEUVOL_ERROR_DEVICE_LOST; decoding to host memory goes on working.
 *
 * Any thread. Destroy the context and make one on the new device.
 */
NEUVOL_API neuvol_result neuvol_context_device_lost(struct neuvol_context context);

/**
 * Says what later frames may take. May be called in every frame.
 *
 * Any thread.
 *
 * # Safety
 * `budget` is null or valid for reading its size.
 */
NEUVOL_API neuvol_result neuvol_context_set_budget(struct neuvol_context context, const struct neuvol_budget *budget);

/**
 * Records what the next frame decodes. Never waits, allocates or logs; if a worker is just handing work over, this frame does
 * without. What is recorded is finished for all commands behind it, if the textures' layouts are left to this.
 *
 * The render thread, or whichever owns the command buffer; one at a time.
 *
 * @param command_buffer VkCommandBuffer in the recording state, of the context's queue family, outside of a render pass.
 * @param frame Number of the frame; counts up.
 * @param safe_frame The last frame of which all commands are finished on the device; less than `frame`.
 * @return NEUVOL_OK if something was recorded, NEUVOL_NOT_READY if there is nothing to do.
 *
 * # Safety
 * As said; all registered textures alive.
 */
NEUVOL_API
neuvol_result neuvol_context_record(struct neuvol_context context,
                                    void *command_buffer,
                                    uint64_t frame,
                                    uint64_t safe_frame);

/**
 * Gives what a context has done so far.
 *
 * Any thread.
 *
 * @param stats Its struct_size must be set; receives the rest.
 *
 * # Safety
 * `stats` is null or valid for reading and writing its size.
 */
NEUVOL_API neuvol_result neuvol_context_get_stats(struct neuvol_context context, struct neuvol_context_stats *stats);

/**
 * Makes a texture of the host known to a context. It is borrowed until neuvol_texture_unregister().
 *
 * Any thread.
 *
 * @param desc The texture.
 * @param out Receives the handle; an id of 0 on an error.
 *
 * # Safety
 * `desc` is null or valid for reading its size, its image alive and as described; `out` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_texture_register(struct neuvol_context context,
                                      const struct neuvol_texture_desc *desc,
                                      struct neuvol_texture *out);

/**
 * Says whether a texture can be written to.
 *
 * Any thread.
 *
 * @return NEUVOL_OK, NEUVOL_NOT_READY if no render event has seen it yet (Unity), or the error why it cannot.
 */
NEUVOL_API neuvol_result neuvol_texture_status(struct neuvol_context context, struct neuvol_texture texture);

/**
 * Forgets a texture. Decodes into it that wait are cancelled, and no later frame writes to it: the host may destroy it as soon
 * as the frames that were recorded before are finished on the device.
 *
 * Any thread. An id of 0 is fine and does nothing.
 */
NEUVOL_API
neuvol_result neuvol_texture_unregister(struct neuvol_context context,
                                        struct neuvol_texture texture);

/**
 * Asks for a box of a volume in a texture. Returns at once: workers read what is needed, and the frames to come decode it, as
 * much as fits the budget of each. Decodes into the same texels keep the order in which they were asked for.
 *
 * Nothing is shown half by this: a host decodes into texels that it does not draw from yet (bricks of an atlas, a second texture)
 * and changes its page table, or the texture, in the frame in which neuvol_decode_status() is NEUVOL_OK.
 *
 * Any thread.
 *
 * @param desc What to decode, and where to.
 * @param out Receives the ticket; an id of 0 on an error. May be null.
 *
 * # Safety
 * `desc` is null or valid for reading its size, `out` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_decode_submit(struct neuvol_context context,
                                   const struct neuvol_submit_desc *desc,
                                   struct neuvol_ticket *out);

/**
 * Says what became of a decode.
 *
 * Any thread.
 *
 * @return NEUVOL_OK once all blocks are recorded (without a texture: all models are on the device), NEUVOL_NOT_READY before,
 * NEUVOL_CANCELLED, or the error that ended it.
 */
NEUVOL_API
neuvol_result neuvol_decode_status(struct neuvol_context context,
                                   struct neuvol_ticket ticket);

/**
 * Says how far a decode is. The result is that of neuvol_decode_status(); the numbers are 0 if it was cancelled or failed.
 *
 * Any thread.
 *
 * @param progress Its struct_size must be set; receives the rest.
 *
 * # Safety
 * `progress` is null or valid for reading and writing its size.
 */
NEUVOL_API
neuvol_result neuvol_decode_get_progress(struct neuvol_context context,
                                         struct neuvol_ticket ticket,
                                         struct neuvol_progress *progress);

/**
 * Takes a decode back. What is not recorded will not be, except for what already stands in the next frame.
 *
 * Any thread.
 *
 * @return NEUVOL_CANCELLED, or NEUVOL_OK if it was finished already, however it ended.
 */
NEUVOL_API neuvol_result neuvol_decode_cancel(struct neuvol_context context, struct neuvol_ticket ticket);

/**
 * Gives the context on Unity's graphics device. It is made by the first call, which takes up to seconds (to be done while a
 * scene is loaded), and is destroyed with Unity's device. A script may destroy it, as other contexts; then the next call makes
 * another one.
 *
 * Any thread but Unity's render thread. NEUVOL_NOT_READY as long as Unity has no graphics device,
 * NEUVOL_ERROR_NO_VULKAN if that is not Vulkan's.
 *
 * @param out Receives the context; an id of 0 if there is none.
 *
 * # Safety
 * `out` is null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_unity_context(struct neuvol_context *out);

/**
 * Lets the context of Unity's device decode with CUDA where that is possible: NEUVOL_VULKAN_USE_CUDA for Unity. Textures that
 * can be copied to are then copied to.
 *
 * Any thread. Before the first neuvol_unity_context(): a context that exists stays as it is, until Unity makes another device.
 *
 * @param enabled 0 or 1.
 */
NEUVOL_API
neuvol_result neuvol_unity_use_cuda(int32_t enabled);

/**
 * Gives the function for CommandBuffer.IssuePluginEvent(), once per frame, with the number that
 * neuvol_unity_event_id() gives. It records what is decoded in this frame.
 *
 * Any thread. The function stays valid as long as the library is loaded, and does nothing while there is no context.
 */
NEUVOL_API void *neuvol_unity_render_event(void);

/**
 * Gives the number of the render event, which Unity has reserved for this library; -1 if Unity has not loaded it.
 *
 * Any thread.
 */
NEUVOL_API int32_t neuvol_unity_event_id(void);

/**
 * Registers a 3D texture of Unity, as neuvol_texture_register() does for other hosts. The render event finds out how it can
 * be written to: a RenderTexture of dimension Tex3D with enableRandomWrite is stored to, others are copied to. Until then
 * neuvol_texture_status() is NEUVOL_NOT_READY; a texture that is not as described is an error then.
 *
 * Any thread. neuvol_unity_context() must have given a context. The texture must live until it is unregistered and the frames
 * recorded before are finished.
 *
 * @param out Receives the texture; an id of 0 on an error.
 *
 * # Safety
 * `desc` is null or valid for reading its size, `out` null or valid for writing.
 */
NEUVOL_API
neuvol_result neuvol_unity_texture_register(const struct neuvol_unity_texture_desc *desc,
                                            struct neuvol_texture *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NEUVOL_H */
