using System;
using System.Runtime.InteropServices;
using Neuvol.Fakes;

namespace Unity.Collections
{
    public enum Allocator
    {
        Persistent = 4,
    }

    public enum NativeArrayOptions
    {
        UninitializedMemory,
    }

    public struct NativeArray<T> : IDisposable where T : struct
    {
        internal IntPtr Memory;

        public NativeArray(int length, Allocator allocator, NativeArrayOptions options)
        {
            Faults.Call("new NativeArray");
            Length = length;
            Memory = Marshal.AllocHGlobal(length * Marshal.SizeOf(typeof(T)));
            World.NativeArrays++;
        }

        public int Length { get; }
        public bool IsCreated => Memory != IntPtr.Zero;

        public void Dispose()
        {
            if (!IsCreated) throw new ObjectDisposedException("NativeArray");
            World.NativeArrays--;
            Marshal.FreeHGlobal(Memory);
            Memory = IntPtr.Zero;
        }

        internal void CopyTo(int first, byte[] bytes)
        {
            int size = Marshal.SizeOf(typeof(T));
            if (!IsCreated || first < 0 || (Length - first) * size < bytes.Length)
            {
                throw new UnityEngine.UnityException("SetPixelData: not enough data");
            }
            Marshal.Copy(new IntPtr(Memory.ToInt64() + first * size), bytes, 0, bytes.Length);
        }
    }
}

namespace Unity.Collections.LowLevel.Unsafe
{
    public static unsafe class NativeArrayUnsafeUtility
    {
        public static void* GetUnsafePtr<T>(NativeArray<T> nativeArray) where T : struct
        {
            if (!nativeArray.IsCreated) throw new ObjectDisposedException("NativeArray");
            return (void*)nativeArray.Memory;
        }
    }
}
