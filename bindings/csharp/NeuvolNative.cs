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

        /// <summary>Success.</summary>
        public const int NEUVOL_OK = 0;

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

        /// <summary>The fastest that the CPU has (bfloat16 or 8-bit integers), at some loss of accuracy.</summary>
        public const int NEUVOL_PRECISION_FAST = 1;

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
        /// NEUVOL_ERROR_INVALID_HANDLE.
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
    }
}
