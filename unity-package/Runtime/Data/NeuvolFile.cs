using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using UnityEngine;

namespace Neuvol
{
    /// <summary>
    /// An open <c>.neuvol</c> file: what it holds, where and when, and its values. It is mapped, not read: opening takes
    /// milliseconds, whatever the size.
    /// </summary>
    /// <remarks>
    /// Any thread, several at once too. <see cref="Dispose"/> waits until calls on other threads have returned; a file that
    /// is forgotten is closed by the garbage collector, or when Unity loads the scripts again.
    /// </remarks>
    public sealed unsafe class NeuvolFile : IDisposable
    {
        static readonly Dictionary<ulong, WeakReference> open = new Dictionary<ulong, WeakReference>();

        NeuvolNative.neuvol_volume handle;
        GCHandle memory;
        NeuvolVariable[] variables;
        NeuvolCoordinate[] coordinates;

        NeuvolFile(string name)
        {
            Name = name;
        }

        /// <summary>Opens a file.</summary>
        /// <param name="path">An absolute path, or one relative to the working directory. The file must not be written to
        /// while it is open; replacing it by renaming another one is safe.</param>
        /// <param name="threads">Threads that share the blocks of one decode; 0 = one per core.</param>
        /// <exception cref="NeuvolException">If it cannot be opened; the text says why.</exception>
        public static NeuvolFile Open(string path, int threads = 0)
        {
            if (string.IsNullOrEmpty(path)) throw new NeuvolException("path is empty: name a .neuvol file");
            NativeLibrary.Require();
            var file = new NeuvolFile(path);
            var bytes = Encoding.UTF8.GetBytes(path);
            var desc = Options(threads);
            NeuvolNative.neuvol_volume volume;
            int result;
            fixed (byte* text = bytes)
            {
                result = NeuvolNative.neuvol_volume_open_file(text, (UIntPtr)bytes.Length, &desc, &volume);
            }
            if (result < 0) throw Named(path, NativeCall.Error(result));
            return file.Opened(volume);
        }

        /// <summary>Opens a file that lies in memory, for example one that was downloaded.</summary>
        /// <param name="content">The bytes of the file. They are pinned, and must not change while it is open.</param>
        /// <param name="name">What errors call it.</param>
        /// <param name="threads">As for <see cref="Open"/>.</param>
        /// <exception cref="NeuvolException">If it is no valid file; the text says why.</exception>
        public static NeuvolFile OpenMemory(byte[] content, string name, int threads = 0)
        {
            if (content == null) throw new ArgumentNullException(nameof(content));
            NativeLibrary.Require();
            var file = new NeuvolFile(name) { memory = GCHandle.Alloc(content, GCHandleType.Pinned) };
            var desc = Options(threads);
            NeuvolNative.neuvol_volume volume;
            int result = NeuvolNative.neuvol_volume_open_memory(file.memory.AddrOfPinnedObject(), (UIntPtr)content.Length,
                &desc, &volume);
            if (result < 0)
            {
                var error = NativeCall.Error(result);
                file.Dispose();
                throw Named(name, error);
            }
            return file.Opened(volume);
        }

        /// An error that names the file: not all of the library's do.
        static NeuvolException Named(string name, NeuvolException error)
        {
            return error.Message.Contains(name) ? error : new NeuvolException(name + ": " + error.Message, error.Result);
        }

        static NeuvolNative.neuvol_open_desc Options(int threads)
        {
            if (threads < 0) throw new NeuvolException("threads is " + threads + ": it must be 0 (one per core) or more");
            return new NeuvolNative.neuvol_open_desc
            {
                struct_size = (uint)sizeof(NeuvolNative.neuvol_open_desc),
                abi_version = NeuvolNative.NEUVOL_ABI_VERSION,
                threads = (uint)threads,
            };
        }

        NeuvolFile Opened(NeuvolNative.neuvol_volume volume)
        {
            handle = volume;
            lock (open) open[volume.id] = new WeakReference(this);
            try
            {
                Describe();
                return this;
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        void Describe()
        {
            var info = new NeuvolNative.neuvol_volume_info { struct_size = (uint)sizeof(NeuvolNative.neuvol_volume_info) };
            NativeCall.Check(NeuvolNative.neuvol_volume_get_info(handle, &info));
            Bytes = (long)info.file_bytes;
            var hash = new StringBuilder(64);
            for (int i = 0; i < 32; i++) hash.Append(info.content_hash[i].ToString("x2"));
            ContentHash = hash.ToString();
            MetadataJson = NativeCall.Text((b, c, n) => NeuvolNative.neuvol_volume_get_metadata(handle, b, c, n));
            var metadata = Json.Parse(MetadataJson) as Dictionary<string, object>;
            if (metadata == null) throw new NeuvolException(Name + ": the metadata is not a JSON object");
            Title = Attributes.Text(metadata, "title");
            coordinates = new NeuvolCoordinate[info.coordinate_count];
            for (uint i = 0; i < info.coordinate_count; i++) coordinates[i] = NeuvolCoordinate.Read(handle, i, metadata);
            variables = new NeuvolVariable[info.variable_count];
            for (uint i = 0; i < info.variable_count; i++) variables[i] = NeuvolVariable.Read(this, i, metadata);
        }

        /// <summary>The path, or the name that was given for memory.</summary>
        public string Name { get; }

        /// <summary>The attribute <c>title</c> of the file, or "".</summary>
        public string Title { get; private set; }

        /// <summary>Length of the file in bytes.</summary>
        public long Bytes { get; private set; }

        /// <summary>SHA-256 of the content as the file states it, in hexadecimal.</summary>
        public string ContentHash { get; private set; }

        /// <summary>All metadata as JSON, attributes of the source verbatim; section 5 of the format's description says what
        /// is in it.</summary>
        public string MetadataJson { get; private set; }

        /// <summary>Whether it was closed.</summary>
        public bool IsClosed => handle.id == 0;

        /// <summary>The variables, in the order of the file.</summary>
        public IReadOnlyList<NeuvolVariable> Variables => variables;

        /// <summary>The coordinates, in the order of the file.</summary>
        public IReadOnlyList<NeuvolCoordinate> Coordinates => coordinates;

        /// <summary>Finds a variable.</summary>
        /// <param name="name">Its name; null or "" is the first variable.</param>
        /// <exception cref="NeuvolException">If there is none of this name; the text lists those that are there.</exception>
        public NeuvolVariable Variable(string name)
        {
            if (variables.Length == 0) throw new NeuvolException(Name + " has no variables");
            if (string.IsNullOrEmpty(name)) return variables[0];
            foreach (var variable in variables) if (variable.Name == name) return variable;
            var names = new List<string>();
            foreach (var variable in variables) names.Add(variable.Name);
            throw new NeuvolException(Name + " has no variable \"" + name + "\", only " + string.Join(", ", names));
        }

        /// <summary>Finds a coordinate by its name, which for positions along a dimension is the dimension's name.</summary>
        /// <param name="name">Its name.</param>
        /// <returns>The coordinate, or null.</returns>
        public NeuvolCoordinate Coordinate(string name)
        {
            foreach (var coordinate in coordinates) if (coordinate.Name == name) return coordinate;
            return null;
        }

        /// <summary>What was done since the file was opened.</summary>
        /// <exception cref="NeuvolException">If the file is closed.</exception>
        public NeuvolFileStatistics Statistics()
        {
            var stats = new NeuvolNative.neuvol_volume_stats { struct_size = (uint)sizeof(NeuvolNative.neuvol_volume_stats) };
            NativeCall.Check(NeuvolNative.neuvol_volume_get_stats(handle, &stats));
            return new NeuvolFileStatistics(stats);
        }

        /// <summary>Decodes a box into an array.</summary>
        /// <param name="variable">A variable of this file.</param>
        /// <param name="time">Time in steps, 0 to <see cref="NeuvolVariable.StepCount"/> - 1; a fraction is a time between
        /// two steps.</param>
        /// <param name="min">First voxel x, y, z of the box, counted in voxels of the level.</param>
        /// <param name="max">One past the last voxel.</param>
        /// <param name="level">Level of detail, 0 is the finest.</param>
        /// <param name="quality">Quality layer, 0 is the best.</param>
        /// <returns>Values in the variable's units, x fastest, then y, then z; NaN where a voxel is not valid.</returns>
        /// <exception cref="NeuvolException">If an argument is out of range, or the file is damaged or closed.</exception>
        public float[] Decode(NeuvolVariable variable, double time, Vector3Int min, Vector3Int max, int level = 0,
            int quality = 0)
        {
            if (variable == null) throw new ArgumentNullException(nameof(variable));
            var size = max - min;
            if (min.x < 0 || min.y < 0 || min.z < 0 || size.x <= 0 || size.y <= 0 || size.z <= 0)
            {
                throw new NeuvolException("the box " + min + " to " + max + " is empty or begins below 0");
            }
            var values = new float[checked(size.x * size.y * size.z)];
            var desc = new DecodeRequest(variable, time, level, quality).Desc(NeuvolNative.NEUVOL_FORMAT_F32);
            SetBox(ref desc, min, max);
            fixed (float* to = values) DecodeTo(ref desc, (IntPtr)to, 4L * values.Length);
            return values;
        }

        internal static void SetBox(ref NeuvolNative.neuvol_decode_desc desc, Vector3Int min, Vector3Int max)
        {
            fixed (NeuvolNative.neuvol_decode_desc* d = &desc)
            {
                for (int axis = 0; axis < 3; axis++)
                {
                    d->box_min[axis] = (uint)min[axis];
                    d->box_max[axis] = (uint)max[axis];
                }
            }
        }

        internal void DecodeTo(ref NeuvolNative.neuvol_decode_desc desc, IntPtr to, long bytes)
        {
            fixed (NeuvolNative.neuvol_decode_desc* d = &desc)
            {
                NativeCall.Check(NeuvolNative.neuvol_decode_to_host(handle, d, to, (UIntPtr)bytes, null, UIntPtr.Zero));
            }
        }

        internal NeuvolNative.neuvol_volume Handle => handle;

        /// <summary>Closes the file. Decodes into textures that are not finished are cancelled.</summary>
        public void Dispose()
        {
            Close();
            GC.SuppressFinalize(this);
        }

        /// <summary>Closes the file.</summary>
        ~NeuvolFile()
        {
            Close();
        }

        void Close()
        {
            ulong id;
            lock (open)
            {
                id = handle.id;
                handle.id = 0;
                if (id != 0) open.Remove(id);
            }
            if (id != 0) NeuvolNative.neuvol_volume_close(new NeuvolNative.neuvol_volume { id = id });
            if (memory.IsAllocated) memory.Free();
        }

        /// Files that are open now.
        internal static int OpenCount
        {
            get { lock (open) return open.Count; }
        }

        /// Closes whatever was left open: the scripts are about to be unloaded.
        internal static void CloseAll()
        {
            var left = new List<NeuvolFile>();
            lock (open)
            {
                foreach (var reference in open.Values)
                {
                    if (reference.Target is NeuvolFile file) left.Add(file);
                }
            }
            foreach (var file in left) file.Dispose();
        }
    }
}
