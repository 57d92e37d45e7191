// Written by `cargo xtask header` from bindings/include/neuvol.h. Do not edit.

using System;
using System.Runtime.InteropServices;

namespace Neuvol
{
    /// <summary>The C interface of Neuvol as it is: see the header for its rules. Texts are UTF-8.</summary>
    public static unsafe partial class NeuvolNative
    {
        const string Library = "neuvol";

        /// <summary>Major version of this interface: changes with every incompatible change.</summary>
        public const int NEUVOL_ABI_MAJOR = 0;

        /// <summary>Minor version of this interface: changes with additions.</summary>
        public const int NEUVOL_ABI_MINOR = 2;

        /// <summary>Both in one number.</summary>
        public const int NEUVOL_ABI_VERSION = ((NEUVOL_ABI_MAJOR << 16) | NEUVOL_ABI_MINOR);

        /// <summary>As cache_bytes of the open description: keep nothing between two decodes.</summary>
        public const ulong NEUVOL_CACHE_NONE = ulong.MaxValue;

        /// <summary>The variable has a time axis.</summary>
        public const int NEUVOL_VARIABLE_HAS_TIME = 1;

        /// <summary>Most axes of a coordinate that this interface shows.</summary>
        public const int NEUVOL_MAX_RANK = 8;

        /// <summary>value_min and value_max of the decode description are used instead of the variable's range.</summary>
        public const int NEUVOL_DECODE_VALUE_RANGE = 1;

        /// <summary>The host has enabled shaderStorageImageExtendedFormats: R8, R16, R16F and RG16F images can be stored to.</summary>
        public const int NEUVOL_VULKAN_EXTENDED_FORMATS = 1;

        /// <summary>The host has enabled shaderFloat16.</summary>
        public const int NEUVOL_VULKAN_FLOAT16 = 2;

        /// <summary>
        /// The host has enabled shaderIntegerDotProduct. It gains nothing on devices without
        /// integerDotProduct4x8BitPackedSignedAccelerated.
        /// </summary>
        public const int NEUVOL_VULKAN_INTEGER_DOT_PRODUCT = 4;

        /// <summary>
        /// The host has enabled VK_KHR_cooperative_matrix with cooperativeMatrix, and shaderFloat16, vulkanMemoryModel and
        /// vulkanMemoryModelDeviceScope, on an instance and a device of Vulkan 1.3.
        /// </summary>
        public const int NEUVOL_VULKAN_COOPERATIVE_MATRIX = 8;

        /// <summary>
        /// The host has enabled VK_KHR_external_memory_fd, on Windows VK_KHR_external_memory_win32: what CUDA decodes reaches the
        /// textures without a way through the processor's memory.
        /// </summary>
        public const int NEUVOL_VULKAN_EXTERNAL_MEMORY = 16;

        /// <summary>The host has enabled VK_KHR_external_semaphore_fd, on Windows VK_KHR_external_semaphore_win32, and timelineSemaphore.</summary>
        public const int NEUVOL_VULKAN_EXTERNAL_SEMAPHORE = 32;

        /// <summary>
        /// Not a feature of the device: decode with CUDA where the device is NVIDIA's and its driver is there, as
        /// neuvol_context_get_backend() tells. Textures must take copies (NEUVOL_WRITE_PATH_COPY). Without NEUVOL_VULKAN_EXTERNAL_MEMORY
        /// texels go by way of the processor's memory.
        /// </summary>
        public const int NEUVOL_VULKAN_USE_CUDA = 65536;

        /// <summary>value_min and value_max are used instead of the variable's range.</summary>
        public const int NEUVOL_SUBMIT_VALUE_RANGE = 1;

        /// <summary>Decodes into the same texture that still wait are cancelled: for players that go on before all is there.</summary>
        public const int NEUVOL_SUBMIT_REPLACE = 2;

        /// <summary>Success.</summary>
        public const int NEUVOL_OK = 0;

        /// <summary>Since 0.2: nothing is wrong, but it is not finished, or there is nothing to do.</summary>
        public const int NEUVOL_NOT_READY = 1;

        /// <summary>Since 0.2: it was cancelled.</summary>
        public const int NEUVOL_CANCELLED = 2;

        /// <summary>An argument is out of range, contradicts another one, or a reserved field or unknown flag is not 0.</summary>
        public const int NEUVOL_ERROR_INVALID_ARGUMENT = -1;

        /// <summary>A pointer that must not be null is null.</summary>
        public const int NEUVOL_ERROR_NULL_POINTER = -2;

        /// <summary>The struct_size of a structure is not one that any version had.</summary>
        public const int NEUVOL_ERROR_STRUCT_SIZE = -3;

        /// <summary>The host was compiled against a header of another major version.</summary>
        public const int NEUVOL_ERROR_ABI_MISMATCH = -4;

        /// <summary>A bug in the library was caught before it could reach the host. The library can be used on.</summary>
        public const int NEUVOL_ERROR_PANIC = -5;

        /// <summary>The handle names nothing (any more).</summary>
        public const int NEUVOL_ERROR_INVALID_HANDLE = -8;

        /// <summary>The caller's buffer is too small.</summary>
        public const int NEUVOL_ERROR_BUFFER_TOO_SMALL = -9;

        /// <summary>The operating system refused to open or read the file.</summary>
        public const int NEUVOL_ERROR_IO = -20;

        /// <summary>The file is damaged, or no Neuvol file.</summary>
        public const int NEUVOL_ERROR_FORMAT = -21;

        /// <summary>The file has a major version that this library does not read.</summary>
        public const int NEUVOL_ERROR_FORMAT_VERSION = -22;

        /// <summary>A checksum is wrong: the file is damaged.</summary>
        public const int NEUVOL_ERROR_CHECKSUM = -23;

        /// <summary>The file ends too early.</summary>
        public const int NEUVOL_ERROR_TRUNCATED = -24;

        /// <summary>The file uses something that needs a newer library.</summary>
        public const int NEUVOL_ERROR_UNSUPPORTED = -30;

        /// <summary>Since 0.2: the graphics device cannot do it, or the host has not enabled what it takes; the text says what.</summary>
        public const int NEUVOL_ERROR_NO_VULKAN = -32;

        /// <summary>Since 0.2: the graphics device is lost. Destroy the context and make one on the new device.</summary>
        public const int NEUVOL_ERROR_DEVICE_LOST = -33;

        /// <summary>Since 0.2: the memory on the graphics device that the context may use is full.</summary>
        public const int NEUVOL_ERROR_OUT_OF_MEMORY = -34;

        /// <summary>The system could not give what is needed, for example threads.</summary>
        public const int NEUVOL_ERROR_RESOURCES = -35;

        /// <summary>The fastest spatial axis.</summary>
        public const int NEUVOL_AXIS_X = 0;

        /// <summary>The second spatial axis.</summary>
        public const int NEUVOL_AXIS_Y = 1;

        /// <summary>The slowest spatial axis.</summary>
        public const int NEUVOL_AXIS_Z = 2;

        /// <summary>Time steps.</summary>
        public const int NEUVOL_AXIS_TIME = 3;

        /// <summary>32-bit floats.</summary>
        public const int NEUVOL_FORMAT_F32 = 1;

        /// <summary>16-bit floats; values beyond +-65504 become infinite.</summary>
        public const int NEUVOL_FORMAT_F16 = 2;

        /// <summary>Unsigned 8-bit integers, 0 to 255.</summary>
        public const int NEUVOL_FORMAT_U8 = 3;

        /// <summary>Unsigned 16-bit integers, 0 to 65535.</summary>
        public const int NEUVOL_FORMAT_U16 = 4;

        /// <summary>32-bit floats: the file's errors are the ones that were measured.</summary>
        public const int NEUVOL_PRECISION_EXACT = 0;

        /// <summary>
        /// The fastest that the CPU (bfloat16 or 8-bit integers) or the graphics device has (16-bit floats, 8-bit integers, matrix units),
        /// at some loss of accuracy. Blocks with a guaranteed error are decoded in 32-bit floats all the same on graphics devices.
        /// </summary>
        public const int NEUVOL_PRECISION_FAST = 1;

        /// <summary>Kernels on the host's Vulkan device.</summary>
        public const int NEUVOL_BACKEND_VULKAN = 1;

        /// <summary>CUDA, into memory of the Vulkan device.</summary>
        public const int NEUVOL_BACKEND_CUDA = 2;

        /// <summary>CUDA, by way of the processor's memory, as the Vulkan device cannot share its own.</summary>
        public const int NEUVOL_BACKEND_CUDA_STAGED = 3;

        /// <summary>VK_FORMAT_R32_SFLOAT: the value.</summary>
        public const int NEUVOL_TEXEL_R32F = 1;

        /// <summary>VK_FORMAT_R16_SFLOAT: the value, rounded.</summary>
        public const int NEUVOL_TEXEL_R16F = 2;

        /// <summary>VK_FORMAT_R8_UNORM: the value in its range.</summary>
        public const int NEUVOL_TEXEL_R8 = 3;

        /// <summary>VK_FORMAT_R16_UNORM: the value in its range.</summary>
        public const int NEUVOL_TEXEL_R16 = 4;

        /// <summary>VK_FORMAT_R16G16_SFLOAT: the value, and 1 where it is valid, else 0.</summary>
        public const int NEUVOL_TEXEL_RG16F = 5;

        /// <summary>
        /// VK_FORMAT_R16G16B16A16_SFLOAT: the value, and its slope along z, y and x per voxel, for lighting. At the faces of a block
        /// the slope is that towards its inside.
        /// </summary>
        public const int NEUVOL_TEXEL_RGBA16F = 6;

        /// <summary>Stores from a shader: the image has VK_IMAGE_USAGE_STORAGE_BIT; written in the layout GENERAL.</summary>
        public const int NEUVOL_WRITE_PATH_STORE = 1;

        /// <summary>Copies from a buffer: the image has VK_IMAGE_USAGE_TRANSFER_DST_BIT; written in the layout TRANSFER_DST_OPTIMAL.</summary>
        public const int NEUVOL_WRITE_PATH_COPY = 2;

        /// <summary>How a volume is opened. 0 in an option is the usual choice, as is null instead of the description.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_open_desc
        {
            /// <summary>sizeof(neuvol_open_desc).</summary>
            public uint struct_size;
            /// <summary>NEUVOL_ABI_VERSION of the header that the host was compiled with.</summary>
            public uint abi_version;
            /// <summary>Threads that share the blocks of one decode; 0 = one per core, 1 = the calling thread only, at most 1024.</summary>
            public uint threads;
            /// <summary>Must be 0.</summary>
            public uint reserved0;
            /// <summary>
            /// Since 0.2: bytes of memory for blocks that stay prepared from one decode to the next, so that another time step of
            /// a block that was decoded is much cheaper than the first. 0 = 256 MiB, NEUVOL_CACHE_NONE = none. The least recently
            /// used blocks go first, and a block larger than all this is not kept.
            /// </summary>
            public ulong cache_bytes;
        }

        /// <summary>
        /// An open volume. A number, not an address: after neuvol_volume_close() it names nothing for ever, and using it is
        /// NEUVOL_ERROR_INVALID_HANDLE. Handles may be copied freely. An id of 0 names nothing.
        /// </summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_volume
        {
            /// <summary>The number.</summary>
            public ulong id;
        }

        /// <summary>What an open file is.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_volume_info
        {
            /// <summary>sizeof(neuvol_volume_info), set by the caller.</summary>
            public uint struct_size;
            /// <summary>Major version of the file's format.</summary>
            public uint format_major;
            /// <summary>Minor version of the file's format.</summary>
            public uint format_minor;
            /// <summary>Number of variables.</summary>
            public uint variable_count;
            /// <summary>Number of coordinates.</summary>
            public uint coordinate_count;
            /// <summary>0.</summary>
            public uint reserved0;
            /// <summary>Length of the file in bytes.</summary>
            public ulong file_bytes;
            /// <summary>SHA-256 of the content as the file states it: names the model, for caches. Not checked at opening.</summary>
            public fixed byte content_hash[32];
        }

        /// <summary>What a volume has done since it was opened.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_volume_stats
        {
            /// <summary>sizeof(neuvol_volume_stats), set by the caller.</summary>
            public uint struct_size;
            /// <summary>0.</summary>
            public uint reserved0;
            /// <summary>Length of the file in bytes (mapped, not necessarily in memory).</summary>
            public ulong file_bytes;
            /// <summary>Blocks decoded.</summary>
            public ulong blocks_decoded;
            /// <summary>Voxels written.</summary>
            public ulong voxels_decoded;
            /// <summary>Bytes of payloads read. Blocks that were still prepared read none.</summary>
            public ulong payload_bytes;
            /// <summary>Wall time spent in decodes, in seconds; calls that ran at once count one by one.</summary>
            public double decode_seconds;
            /// <summary>Since 0.2: times that a block was found prepared. Blocks of one value and empty ones do not count.</summary>
            public ulong cache_hits;
            /// <summary>Since 0.2: times that a block had to be read and prepared.</summary>
            public ulong cache_misses;
            /// <summary>Since 0.2: bytes of memory that prepared blocks and masks hold now.</summary>
            public ulong cache_bytes;
        }

        /// <summary>The grid of a variable and what is known of its values.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_variable_info
        {
            /// <summary>sizeof(neuvol_variable_info), set by the caller.</summary>
            public uint struct_size;
            /// <summary>NEUVOL_VARIABLE_HAS_TIME or 0.</summary>
            public uint flags;
            /// <summary>Voxels x, y, z on level 0; level k has dims / 2^k, rounded up.</summary>
            public fixed uint dims[3];
            /// <summary>Voxels x, y, z of a block on level 0.</summary>
            public fixed uint block_dims[3];
            /// <summary>Blocks x, y, z. Block (bx, by, bz) has the number bx + blocks.x * (by + blocks.y * bz).</summary>
            public fixed uint block_counts[3];
            /// <summary>Levels of detail, 1 to 4; level 0 is the finest.</summary>
            public uint level_count;
            /// <summary>Quality layers, 1 to 8; layer 0 is the best.</summary>
            public uint quality_count;
            /// <summary>Time steps, at least 1.</summary>
            public uint step_count;
            /// <summary>Smallest valid value of the source; NaN if it has none.</summary>
            public float value_min;
            /// <summary>Largest valid value of the source; NaN if it has none.</summary>
            public float value_max;
            /// <summary>Valid values in the source, all steps together.</summary>
            public ulong valid_count;
            /// <summary>Largest absolute error at quality 0, in units of the variable; NaN if it was not measured.</summary>
            public float max_abs_error;
            /// <summary>Root mean square error at quality 0, in units of the variable; NaN if it was not measured.</summary>
            public float rmse;
        }

        /// <summary>The shape of a coordinate.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_coordinate_info
        {
            /// <summary>sizeof(neuvol_coordinate_info), set by the caller.</summary>
            public uint struct_size;
            /// <summary>Number of axes, 0 for a scalar.</summary>
            public uint rank;
            /// <summary>Number of values: the product of the shape.</summary>
            public ulong value_count;
            /// <summary>Length of each axis in the order of the file, slowest first; 0 beyond the rank.</summary>
            public fixed ulong shape[NEUVOL_MAX_RANK];
        }

        /// <summary>What to decode: one box of one variable at one time, level and quality.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_decode_desc
        {
            /// <summary>sizeof(neuvol_decode_desc).</summary>
            public uint struct_size;
            /// <summary>NEUVOL_DECODE_VALUE_RANGE or 0.</summary>
            public uint flags;
            /// <summary>Format of the voxels in memory.</summary>
            public int format;
            /// <summary>Arithmetic.</summary>
            public int precision;
            /// <summary>Number of the variable.</summary>
            public uint variable;
            /// <summary>Level of detail.</summary>
            public uint level;
            /// <summary>Quality layer.</summary>
            public uint quality;
            /// <summary>Must be 0.</summary>
            public uint reserved0;
            /// <summary>Time in steps, 0 to step_count - 1; a fraction is a time between two steps.</summary>
            public double time;
            /// <summary>First voxel x, y, z of the box, counted in voxels of the level.</summary>
            public fixed uint box_min[3];
            /// <summary>One past the last voxel x, y, z.</summary>
            public fixed uint box_max[3];
            /// <summary>Elements from one row (run along x) to the next; 0 = rows without gaps.</summary>
            public ulong row_pitch;
            /// <summary>Elements from one z plane to the next; 0 = planes without gaps. Gaps are not written.</summary>
            public ulong slice_pitch;
            /// <summary>With NEUVOL_DECODE_VALUE_RANGE, for integers: the value that becomes 0. Otherwise 0.</summary>
            public float value_min;
            /// <summary>With NEUVOL_DECODE_VALUE_RANGE, for integers: the value that becomes the format's maximum. Otherwise 0.</summary>
            public float value_max;
        }

        /// <summary>A Vulkan device of the host, and how a context may use it.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_vulkan_desc
        {
            /// <summary>sizeof(neuvol_vulkan_desc).</summary>
            public uint struct_size;
            /// <summary>NEUVOL_ABI_VERSION of the header that the host was compiled with.</summary>
            public uint abi_version;
            /// <summary>NEUVOL_VULKAN_*: what the host has ENABLED on its device, not what the device could do; and NEUVOL_VULKAN_USE_CUDA.</summary>
            public uint flags;
            /// <summary>Queue family of the command buffers that neuvol_context_record() gets. It must have compute.</summary>
            public uint queue_family;
            /// <summary>VkInstance.</summary>
            public IntPtr instance;
            /// <summary>VkPhysicalDevice.</summary>
            public IntPtr physical_device;
            /// <summary>VkDevice. Vulkan 1.1 or later.</summary>
            public IntPtr device;
            /// <summary>PFN_vkGetInstanceProcAddr of the host's loader: everything else is loaded through it.</summary>
            public IntPtr get_instance_proc_addr;
            /// <summary>Threads that read models and prepare frames; 0 = one less than there are cores, 1 to 8. At most 64.</summary>
            public uint threads;
            /// <summary>Frames of the host that may be on their way to the device at the same time; 0 = 3. At most 16.</summary>
            public uint frames;
            /// <summary>Device memory for models in bytes, at most 128 MiB; 0 = 64 MiB. The least recently used go first.</summary>
            public ulong model_bytes;
            /// <summary>Device memory to work in, in bytes, at most 128 MiB; 0 = 64 MiB. A block needs some 4 to 20 bytes per voxel.</summary>
            public ulong work_bytes;
            /// <summary>Device memory for texels on their way to textures of NEUVOL_WRITE_PATH_COPY, at most 128 MiB; 0 = 16 MiB.</summary>
            public ulong texel_bytes;
        }

        /// <summary>A graphics device of the host, and what is decoded on it. A number like neuvol_volume.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_context
        {
            /// <summary>The number.</summary>
            public ulong id;
        }

        /// <summary>What a frame may take.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_budget
        {
            /// <summary>sizeof(neuvol_budget).</summary>
            public uint struct_size;
            /// <summary>
            /// Time on the device in µs; 0 = decode nothing for now. 1000 before it is set. At least one block is decoded, however
            /// long it takes.
            /// </summary>
            public uint gpu_us;
            /// <summary>Most blocks; 0 = 256.</summary>
            public uint max_blocks;
            /// <summary>Must be 0.</summary>
            public uint reserved0;
            /// <summary>Most bytes of models that a frame copies to the device, but at least one model; 0 = 4 MiB.</summary>
            public ulong max_upload_bytes;
        }

        /// <summary>What a context has done so far.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_context_stats
        {
            /// <summary>sizeof(neuvol_context_stats), set by the caller.</summary>
            public uint struct_size;
            /// <summary>Blocks that wait to be decoded.</summary>
            public uint blocks_waiting;
            /// <summary>Frames with work.</summary>
            public ulong frames;
            /// <summary>Frames whose time on the device was measured.</summary>
            public ulong frames_measured;
            /// <summary>Frames that took longer on the device than their budget.</summary>
            public ulong frames_overrun;
            /// <summary>Frames that did without work because a worker was just handing it over.</summary>
            public ulong frames_missed;
            /// <summary>Blocks decoded.</summary>
            public ulong blocks_decoded;
            /// <summary>Voxels of them.</summary>
            public ulong voxels_decoded;
            /// <summary>Bytes of models that frames copied to the device.</summary>
            public ulong upload_bytes;
            /// <summary>Bytes of models on the device.</summary>
            public ulong model_bytes;
            /// <summary>Models that were read and parsed.</summary>
            public ulong models_loaded;
            /// <summary>Models on the device.</summary>
            public uint models;
            /// <summary>Median of the time on the device of the last 512 frames with work, in µs.</summary>
            public float gpu_us_p50;
            /// <summary>99th percentile of them, in µs.</summary>
            public float gpu_us_p99;
            /// <summary>0.</summary>
            public uint reserved0;
        }

        /// <summary>A 3D texture of the host, with one mip level, owned by the queue family of the context.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_texture_desc
        {
            /// <summary>sizeof(neuvol_texture_desc).</summary>
            public uint struct_size;
            /// <summary>What a texel is.</summary>
            public int texel;
            /// <summary>How texels reach it.</summary>
            public int path;
            /// <summary>
            /// VkImageLayout in which the host keeps the image: neuvol_context_record() brings it to the layout of the path and back,
            /// with barriers against everything before and behind. 0 = the host has it in the layout of the path at every
            /// neuvol_context_record(), and records the barriers.
            /// </summary>
            public int layout;
            /// <summary>Texels x, y, z.</summary>
            public fixed uint dims[3];
            /// <summary>Must be 0.</summary>
            public uint reserved0;
            /// <summary>VkImage.</summary>
            public ulong image;
        }

        /// <summary>A texture of the host that a context writes to. A number like neuvol_volume.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_texture
        {
            /// <summary>The number.</summary>
            public ulong id;
        }

        /// <summary>What to decode into a texture: one box of one variable at one time, level and quality.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_submit_desc
        {
            /// <summary>sizeof(neuvol_submit_desc).</summary>
            public uint struct_size;
            /// <summary>NEUVOL_SUBMIT_*.</summary>
            public uint flags;
            /// <summary>The volume.</summary>
            public neuvol_volume volume;
            /// <summary>The texture; an id of 0 only brings the models to the device.</summary>
            public neuvol_texture texture;
            /// <summary>Number of the variable.</summary>
            public uint variable;
            /// <summary>Level of detail.</summary>
            public uint level;
            /// <summary>Quality layer.</summary>
            public uint quality;
            /// <summary>Arithmetic.</summary>
            public int precision;
            /// <summary>Time in steps, 0 to step_count - 1; a fraction is a time between two steps.</summary>
            public double time;
            /// <summary>Steps per second in which a player moves: the models of the next second are brought to the device, too. 0 = none.</summary>
            public double time_velocity;
            /// <summary>First voxel x, y, z of the box, counted in voxels of the level.</summary>
            public fixed uint box_min[3];
            /// <summary>One past the last voxel x, y, z.</summary>
            public fixed uint box_max[3];
            /// <summary>Texel x, y, z of the first voxel.</summary>
            public fixed uint texel_min[3];
            /// <summary>How much it is wanted, from 0 on; larger comes first, and all the longer a block has waited.</summary>
            public float priority;
            /// <summary>With NEUVOL_SUBMIT_VALUE_RANGE, for R8 and R16: the value that becomes 0. Otherwise 0.</summary>
            public float value_min;
            /// <summary>With NEUVOL_SUBMIT_VALUE_RANGE, for R8 and R16: the value that becomes 1. Otherwise 0.</summary>
            public float value_max;
            /// <summary>What voxels get that are not valid; in R8 and R16 textures as it is stored there, 0 to 1.</summary>
            public float invalid;
            /// <summary>Must be 0.</summary>
            public uint reserved0;
        }

        /// <summary>A decode that was asked for. A number like neuvol_volume; finished ones are known until 4096 younger ones exist.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_ticket
        {
            /// <summary>The number.</summary>
            public ulong id;
        }

        /// <summary>How far a decode into a texture is.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_progress
        {
            /// <summary>sizeof(neuvol_progress), set by the caller.</summary>
            public uint struct_size;
            /// <summary>Blocks that are not recorded yet.</summary>
            public uint blocks_missing;
            /// <summary>Blocks of the box.</summary>
            public uint blocks;
            /// <summary>0.</summary>
            public uint reserved0;
            /// <summary>The frame in which the last block was recorded; 0 before.</summary>
            public ulong frame;
        }

        /// <summary>A texture of Unity.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct neuvol_unity_texture_desc
        {
            /// <summary>sizeof(neuvol_unity_texture_desc).</summary>
            public uint struct_size;
            /// <summary>What a texel holds; must be the texture's format.</summary>
            public int texel;
            /// <summary>Texels x, y, z.</summary>
            public fixed uint dims[3];
            /// <summary>Must be 0.</summary>
            public uint reserved0;
            /// <summary>What GetNativeTexturePtr() of the texture gives. Call it once and keep it: it waits for the render thread.</summary>
            public IntPtr native_texture;
        }

        /// <summary>
        /// The version of the interface that the loaded library has: major in the upper 16 bits, minor in the lower.
        /// <para/>
        /// Any thread. A host compares the major number with NEUVOL_ABI_MAJOR before it calls anything else.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern uint neuvol_abi_version();

        /// <summary>
        /// The version of the library, for example "0.1.0".
        /// <para/>
        /// Any thread. The text is static, NUL-terminated, and must not be freed.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern byte* neuvol_version_string();

        /// <summary>
        /// The name of a result, for example "NEUVOL_ERROR_IO"; "NEUVOL_ERROR_UNKNOWN" for a number without a name.
        /// <para/>
        /// Any thread. The text is static, NUL-terminated, and must not be freed.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern byte* neuvol_result_name(int result);

        /// <summary>
        /// Copies the text of the calling thread's last error: which function, which argument or file, the cause.
        /// <para/>
        /// Any thread; each has its own text. It stays until the next error of this thread; a success does not change it.
        /// </summary>
        /// <param name="buffer">Receives UTF-8 with a NUL at its end, cut between two characters if it does not fit. May be null.</param>
        /// <param name="capacity">Bytes of `buffer`, the NUL included. May be 0.</param>
        /// <returns>Bytes of the whole text without the NUL; 0 if there was no error.</returns>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern UIntPtr neuvol_last_error(byte* buffer, UIntPtr capacity);

        /// <summary>
        /// Takes log records that wait, oldest first, one per line: "LEVEL module: text". A host calls this now and then, for
        /// example once per frame. At most 64 KiB wait; then the oldest are dropped, which a record says.
        /// <para/>
        /// Any thread. Levels are ERROR, WARN and INFO.
        /// </summary>
        /// <param name="buffer">Receives whole lines of UTF-8 with a NUL at the end; a line longer than the buffer is cut. May be null.</param>
        /// <param name="capacity">Bytes of `buffer`, the NUL included; at least 2 to get anything.</param>
        /// <returns>Bytes written without the NUL; 0 if nothing waits. With a null buffer: bytes that wait, and nothing is taken.</returns>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern UIntPtr neuvol_log_drain(byte* buffer, UIntPtr capacity);

        /// <summary>
        /// Opens a file. It is mapped, and only its front (header, directory, metadata) is read and checked; blocks are read and
        /// checked when they are decoded.
        /// <para/>
        /// Any thread. The library owns the volume until neuvol_volume_close(). The file must not be truncated or written to
        /// while it is open; replacing it by renaming another one is safe.
        /// </summary>
        /// <param name="path">Name of the file in UTF-8; needs no NUL.</param>
        /// <param name="path_len">Bytes of `path`.</param>
        /// <param name="desc">Options, or null for the usual ones.</param>
        /// <param name="out">Receives the handle; an id of 0 on an error.</param>
        /// <remarks>
        /// `path` is valid for reading `path_len` bytes, `desc` null or valid for reading its size, `out` null or valid for
        /// writing.
        /// </remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_volume_open_file(byte* path, UIntPtr path_len, neuvol_open_desc* desc, neuvol_volume* @out);

        /// <summary>
        /// Opens a file that lies in memory. As neuvol_volume_open_file() otherwise.
        /// <para/>
        /// Any thread. The memory is borrowed: it must stay valid and unchanged until neuvol_volume_close() returns.
        /// </summary>
        /// <param name="data">The bytes of the file; any alignment.</param>
        /// <param name="len">How many.</param>
        /// <param name="desc">Options, or null for the usual ones.</param>
        /// <param name="out">Receives the handle; an id of 0 on an error.</param>
        /// <remarks>
        /// `data` is valid for reading `len` bytes until the volume is closed, `desc` null or valid for reading its size, `out`
        /// null or valid for writing.
        /// </remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_volume_open_memory(IntPtr data, UIntPtr len, neuvol_open_desc* desc, neuvol_volume* @out);

        /// <summary>
        /// Closes a volume. Waits until the calls that use it on other threads have returned; calls that begin later fail with
        /// NEUVOL_ERROR_INVALID_HANDLE. Decodes into textures that are not recorded yet are cancelled.
        /// <para/>
        /// Any thread. An id of 0 is fine and does nothing; a handle that is closed already is NEUVOL_ERROR_INVALID_HANDLE.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_volume_close(neuvol_volume volume);

        /// <summary>
        /// Describes an open file.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="info">Its struct_size must be set; receives the rest.</param>
        /// <remarks>`info` is null or valid for reading and writing its size.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_volume_get_info(neuvol_volume volume, neuvol_volume_info* info);

        /// <summary>
        /// Gives all metadata of the file as one JSON object in UTF-8: attributes, variables, coordinates, settings of the
        /// encoder. Section 5 of the format's description says what is in it.
        /// <para/>
        /// Any thread. Call it with a null buffer and a capacity of 0 to learn the length.
        /// </summary>
        /// <param name="buffer">Receives the text and a NUL. May be null.</param>
        /// <param name="capacity">Bytes of `buffer`; with too few nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.</param>
        /// <param name="needed">Receives the bytes of the text without the NUL. May be null.</param>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_volume_get_metadata(neuvol_volume volume, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Gives sums over all decodes since the volume was opened.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="stats">Its struct_size must be set; receives the rest.</param>
        /// <remarks>`stats` is null or valid for reading and writing its size.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_volume_get_stats(neuvol_volume volume, neuvol_volume_stats* stats);

        /// <summary>
        /// Finds a variable by its name.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="name">UTF-8; needs no NUL.</param>
        /// <param name="name_len">Bytes of `name`.</param>
        /// <param name="variable">Receives its number.</param>
        /// <remarks>`name` is valid for reading `name_len` bytes, `variable` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_variable_find(neuvol_volume volume, byte* name, UIntPtr name_len, uint* variable);

        /// <summary>
        /// Describes the grid and the values of a variable.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="variable">Its number, from 0.</param>
        /// <param name="info">Its struct_size must be set; receives the rest.</param>
        /// <remarks>`info` is null or valid for reading and writing its size.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_variable_get_info(neuvol_volume volume, uint variable, neuvol_variable_info* info);

        /// <summary>
        /// Gives the name of a variable in UTF-8.
        /// <para/>
        /// Any thread. Call it with a null buffer and a capacity of 0 to learn the length.
        /// </summary>
        /// <param name="variable">Its number, from 0.</param>
        /// <param name="buffer">Receives the text and a NUL. May be null.</param>
        /// <param name="capacity">Bytes of `buffer`; with too few nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.</param>
        /// <param name="needed">Receives the bytes of the text without the NUL. May be null.</param>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_variable_get_name(neuvol_volume volume, uint variable, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Gives the units of a variable, as its source states them; empty if it does not.
        /// <para/>
        /// Any thread. Buffer and lengths as for neuvol_variable_get_name().
        /// </summary>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_variable_get_units(neuvol_volume volume, uint variable, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Gives the name of the dimension along an axis of a variable; empty if the variable does not have that axis. A
        /// coordinate with the name of a dimension holds the positions along it.
        /// <para/>
        /// Any thread. Buffer and lengths as for neuvol_variable_get_name().
        /// </summary>
        /// <param name="axis">One of NEUVOL_AXIS_X, _Y, _Z, _TIME.</param>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_variable_get_dimension(neuvol_volume volume, uint variable, int axis, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Gives bounds of the valid values of a block around a time, for example to skip empty space. They hold on every level
        /// of detail. A block without valid voxels has an empty range: minimum +infinity, maximum -infinity.
        /// <para/>
        /// Any thread. Reads only the index of the file.
        /// </summary>
        /// <param name="variable">Number of the variable.</param>
        /// <param name="quality">Quality layer.</param>
        /// <param name="time">Time in steps; the bounds hold for the steps around it and all times between them.</param>
        /// <param name="block">Number of the block: bx + blocks.x * (by + blocks.y * bz).</param>
        /// <param name="out_min">Receives the lower bound.</param>
        /// <param name="out_max">Receives the upper bound.</param>
        /// <remarks>`out_min` and `out_max` are null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_block_get_range(neuvol_volume volume, uint variable, uint quality, double time, uint block, float* out_min, float* out_max);

        /// <summary>
        /// Finds a coordinate by its name, which for the positions along a dimension is the name of the dimension.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="name">UTF-8; needs no NUL.</param>
        /// <param name="name_len">Bytes of `name`.</param>
        /// <param name="coordinate">Receives its number.</param>
        /// <remarks>`name` is valid for reading `name_len` bytes, `coordinate` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_coordinate_find(neuvol_volume volume, byte* name, UIntPtr name_len, uint* coordinate);

        /// <summary>
        /// Describes the shape of a coordinate.
        /// <para/>
        /// Any thread. NEUVOL_ERROR_UNSUPPORTED if it has more than NEUVOL_MAX_RANK axes.
        /// </summary>
        /// <param name="coordinate">Its number, from 0.</param>
        /// <param name="info">Its struct_size must be set; receives the rest.</param>
        /// <remarks>`info` is null or valid for reading and writing its size.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_coordinate_get_info(neuvol_volume volume, uint coordinate, neuvol_coordinate_info* info);

        /// <summary>
        /// Gives the name of a coordinate.
        /// <para/>
        /// Any thread. Buffer and lengths as for neuvol_variable_get_name().
        /// </summary>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_coordinate_get_name(neuvol_volume volume, uint coordinate, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Gives the units of a coordinate, as its source states them, for example "degrees_north"; empty if it does not.
        /// <para/>
        /// Any thread. Buffer and lengths as for neuvol_variable_get_name().
        /// </summary>
        /// <remarks>`buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_coordinate_get_units(neuvol_volume volume, uint coordinate, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Gives the values of a coordinate as doubles, its last axis fastest; integers beyond 2^53 are rounded.
        /// <para/>
        /// Any thread. Call it with null values and a capacity of 0 to learn the count.
        /// </summary>
        /// <param name="coordinate">Its number, from 0.</param>
        /// <param name="values">Receives all values. May be null.</param>
        /// <param name="capacity">Room in `values`; with too little nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.</param>
        /// <param name="needed">Receives the count. May be null.</param>
        /// <remarks>`values` is null or valid for writing `capacity` doubles, `needed` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_coordinate_get_values(neuvol_volume volume, uint coordinate, double* values, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Decodes a box into memory of the caller. Returns when all of it is there; blocks are shared among the volume's threads.
        /// <para/>
        /// Any thread, several at once too. On an error the content of `dst` and `coverage` is undefined, but only voxels of the
        /// box are ever written.
        /// </summary>
        /// <param name="desc">What to decode, and how it lies in memory.</param>
        /// <param name="dst">Receives the voxels, x fastest, then y, then z; aligned to the size of one element of the format.</param>
        /// <param name="dst_bytes">Bytes of `dst`.</param>
        /// <param name="coverage">
        /// Receives one byte per voxel, with the same pitches (in bytes): 255 where the voxel is valid, 0 where
        /// it is not. Null if it is not wanted. Must not overlap `dst`.
        /// </param>
        /// <param name="coverage_bytes">Bytes of `coverage`, 0 without.</param>
        /// <remarks>
        /// `desc` is null or valid for reading its size, `dst` null or valid for writing `dst_bytes`, `coverage` null or valid for
        /// writing `coverage_bytes`; nothing else touches them during the call.
        /// </remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_decode_to_host(neuvol_volume volume, neuvol_decode_desc* desc, IntPtr dst, UIntPtr dst_bytes, byte* coverage, UIntPtr coverage_bytes);

        /// <summary>
        /// Makes a context on a Vulkan device of the host: pipelines, memories, and threads that read models. Takes up to seconds: to be
        /// called while a scene is loaded.
        /// <para/>
        /// Any thread. The device belongs to the host and must live until neuvol_context_destroy(). The library loads nothing itself
        /// and submits nothing: it records into command buffers of the host.
        /// </summary>
        /// <param name="desc">The device, and how it may be used.</param>
        /// <param name="out">Receives the handle; an id of 0 on an error.</param>
        /// <remarks>`desc` is null or valid for reading its size, its handles alive and of one device; `out` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_context_create_vulkan(neuvol_vulkan_desc* desc, neuvol_context* @out);

        /// <summary>
        /// Ends a context: waits for its threads, cancels what was asked for, gives all memory back. Its textures are forgotten.
        /// <para/>
        /// Any thread, but not while another one is in neuvol_context_record(). All command buffers that were recorded must be
        /// finished, unless the device is lost. An id of 0 is fine and does nothing.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_context_destroy(neuvol_context context);

        /// <summary>
        /// Tells what decodes, and the CUDA device, or why CUDA is not used. A context changes from CUDA to Vulkan when CUDA fails or a
        /// texture turns out to take no copies; nothing that was asked for is lost.
        /// <para/>
        /// Any thread. Buffer and lengths as for neuvol_variable_get_name().
        /// </summary>
        /// <param name="backend">Receives one of NEUVOL_BACKEND_*.</param>
        /// <param name="buffer">Receives a text for a person.</param>
        /// <remarks>
        /// `backend` is null or valid for writing, `buffer` null or valid for writing `capacity` bytes, `needed` null or valid for
        /// writing.
        /// </remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_context_get_backend(neuvol_context context, int* backend, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <summary>
        /// Says that the device is lost. Nothing more is done on it, and everything that is asked for fails with
        /// NEUVOL_ERROR_DEVICE_LOST; decoding to host memory goes on working.
        /// <para/>
        /// Any thread. Destroy the context and make one on the new device.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_context_device_lost(neuvol_context context);

        /// <summary>
        /// Says what later frames may take. May be called in every frame.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <remarks>`budget` is null or valid for reading its size.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_context_set_budget(neuvol_context context, neuvol_budget* budget);

        /// <summary>
        /// Records what the next frame decodes. Never waits, allocates or logs; if a worker is just handing work over, this frame does
        /// without. What is recorded is finished for all commands behind it, if the textures' layouts are left to this.
        /// <para/>
        /// The render thread, or whichever owns the command buffer; one at a time.
        /// </summary>
        /// <param name="command_buffer">VkCommandBuffer in the recording state, of the context's queue family, outside of a render pass.</param>
        /// <param name="frame">Number of the frame; counts up.</param>
        /// <param name="safe_frame">The last frame of which all commands are finished on the device; less than `frame`.</param>
        /// <returns>NEUVOL_OK if something was recorded, NEUVOL_NOT_READY if there is nothing to do.</returns>
        /// <remarks>As said; all registered textures alive.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_context_record(neuvol_context context, IntPtr command_buffer, ulong frame, ulong safe_frame);

        /// <summary>
        /// Gives what a context has done so far.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="stats">Its struct_size must be set; receives the rest.</param>
        /// <remarks>`stats` is null or valid for reading and writing its size.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_context_get_stats(neuvol_context context, neuvol_context_stats* stats);

        /// <summary>
        /// Makes a texture of the host known to a context. It is borrowed until neuvol_texture_unregister().
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="desc">The texture.</param>
        /// <param name="out">Receives the handle; an id of 0 on an error.</param>
        /// <remarks>`desc` is null or valid for reading its size, its image alive and as described; `out` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_texture_register(neuvol_context context, neuvol_texture_desc* desc, neuvol_texture* @out);

        /// <summary>
        /// Says whether a texture can be written to.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <returns>NEUVOL_OK, NEUVOL_NOT_READY if no render event has seen it yet (Unity), or the error why it cannot.</returns>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_texture_status(neuvol_context context, neuvol_texture texture);

        /// <summary>
        /// Forgets a texture. Decodes into it that wait are cancelled, and no later frame writes to it: the host may destroy it as soon
        /// as the frames that were recorded before are finished on the device.
        /// <para/>
        /// Any thread. An id of 0 is fine and does nothing.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_texture_unregister(neuvol_context context, neuvol_texture texture);

        /// <summary>
        /// Asks for a box of a volume in a texture. Returns at once: workers read what is needed, and the frames to come decode it, as
        /// much as fits the budget of each. Decodes into the same texels keep the order in which they were asked for.
        /// <para/>
        /// Nothing is shown half by this: a host decodes into texels that it does not draw from yet (bricks of an atlas, a second texture)
        /// and changes its page table, or the texture, in the frame in which neuvol_decode_status() is NEUVOL_OK.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="desc">What to decode, and where to.</param>
        /// <param name="out">Receives the ticket; an id of 0 on an error. May be null.</param>
        /// <remarks>`desc` is null or valid for reading its size, `out` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_decode_submit(neuvol_context context, neuvol_submit_desc* desc, neuvol_ticket* @out);

        /// <summary>
        /// Says what became of a decode.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <returns>
        /// NEUVOL_OK once all blocks are recorded (without a texture: all models are on the device), NEUVOL_NOT_READY before,
        /// NEUVOL_CANCELLED, or the error that ended it.
        /// </returns>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_decode_status(neuvol_context context, neuvol_ticket ticket);

        /// <summary>
        /// Says how far a decode is. The result is that of neuvol_decode_status(); the numbers are 0 if it was cancelled or failed.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <param name="progress">Its struct_size must be set; receives the rest.</param>
        /// <remarks>`progress` is null or valid for reading and writing its size.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_decode_get_progress(neuvol_context context, neuvol_ticket ticket, neuvol_progress* progress);

        /// <summary>
        /// Takes a decode back. What is not recorded will not be, except for what already stands in the next frame.
        /// <para/>
        /// Any thread.
        /// </summary>
        /// <returns>NEUVOL_CANCELLED, or NEUVOL_OK if it was finished already, however it ended.</returns>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_decode_cancel(neuvol_context context, neuvol_ticket ticket);

        /// <summary>
        /// Gives the context on Unity's graphics device. It is made by the first call, which takes up to seconds (to be done while a
        /// scene is loaded), and is destroyed with Unity's device. A script may destroy it, as other contexts; then the next call makes
        /// another one.
        /// <para/>
        /// Any thread but Unity's render thread. NEUVOL_NOT_READY as long as Unity has no graphics device,
        /// NEUVOL_ERROR_NO_VULKAN if that is not Vulkan's.
        /// </summary>
        /// <param name="out">Receives the context; an id of 0 if there is none.</param>
        /// <remarks>`out` is null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_unity_context(neuvol_context* @out);

        /// <summary>
        /// Lets the context of Unity's device decode with CUDA where that is possible: NEUVOL_VULKAN_USE_CUDA for Unity. Textures that
        /// can be copied to are then copied to.
        /// <para/>
        /// Any thread. Before the first neuvol_unity_context(): a context that exists stays as it is, until Unity makes another device.
        /// </summary>
        /// <param name="enabled">0 or 1.</param>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_unity_use_cuda(int enabled);

        /// <summary>
        /// Gives the function for CommandBuffer.IssuePluginEvent(), once per frame, with the number that
        /// neuvol_unity_event_id() gives. It records what is decoded in this frame.
        /// <para/>
        /// Any thread. The function stays valid as long as the library is loaded, and does nothing while there is no context.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern IntPtr neuvol_unity_render_event();

        /// <summary>
        /// Gives the number of the render event, which Unity has reserved for this library; -1 if Unity has not loaded it.
        /// <para/>
        /// Any thread.
        /// </summary>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_unity_event_id();

        /// <summary>
        /// Registers a 3D texture of Unity, as neuvol_texture_register() does for other hosts. The render event finds out how it can
        /// be written to: a RenderTexture of dimension Tex3D with enableRandomWrite is stored to, others are copied to. Until then
        /// neuvol_texture_status() is NEUVOL_NOT_READY; a texture that is not as described is an error then.
        /// <para/>
        /// Any thread. neuvol_unity_context() must have given a context. The texture must live until it is unregistered and the frames
        /// recorded before are finished.
        /// </summary>
        /// <param name="out">Receives the texture; an id of 0 on an error.</param>
        /// <remarks>`desc` is null or valid for reading its size, `out` null or valid for writing.</remarks>
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        public static extern int neuvol_unity_texture_register(neuvol_unity_texture_desc* desc, neuvol_texture* @out);
    }
}
