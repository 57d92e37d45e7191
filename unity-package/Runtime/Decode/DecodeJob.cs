using System;
using System.Threading;
using UnityEngine;

namespace Neuvol
{
    /// One decode on the worker's thread into memory of the caller, slab by slab along z, so that giving it up takes one slab.
    internal sealed class DecodeJob
    {
        readonly DecodeRequest request;
        readonly int format;
        readonly IntPtr memory;
        readonly long sliceBytes;
        readonly Vector3Int size;
        readonly int slab;
        readonly ManualResetEvent ended = new ManualResetEvent(false);
        volatile bool isCancelled;
        volatile int slicesDone;
        volatile Exception failure;
        volatile bool hasEnded;

        internal DecodeJob(DecodeRequest request, NeuvolTexelFormat texel, IntPtr memory)
        {
            this.request = request;
            this.memory = memory;
            format = Texels.NativeFormat(texel);
            size = request.Variable.SizeAt(request.Level);
            sliceBytes = (long)size.x * size.y * Texels.BytesOf(texel);
            // A layer of blocks: half of one would prepare its blocks twice.
            slab = Math.Max(1, request.Variable.BlockSize.z >> request.Level);
        }

        /// Whether the memory is not touched any more.
        internal bool HasEnded => hasEnded;

        internal bool IsCancelled => isCancelled;

        /// What went wrong, or null.
        internal Exception Failure => failure;

        internal float Progress => (float)slicesDone / size.z;

        /// Asks it to end soon; what is decoded is of no use then.
        internal void Cancel()
        {
            isCancelled = true;
        }

        /// Waits until the memory is not touched any more: for one slab at most, if it was cancelled.
        internal void Wait()
        {
            ended.WaitOne();
        }

        /// It will never run.
        internal void Abandon()
        {
            isCancelled = true;
            End();
        }

        void End()
        {
            hasEnded = true;
            ended.Set();
        }

        /// Nothing escapes: an exception on this thread would end the player.
        internal void Run()
        {
            try
            {
                var desc = request.Desc(format);
                for (int z = 0; z < size.z && !isCancelled; z += slab)
                {
                    int end = Math.Min(size.z, z + slab);
                    NeuvolFile.SetBox(ref desc, new Vector3Int(0, 0, z), new Vector3Int(size.x, size.y, end));
                    var to = new IntPtr(memory.ToInt64() + z * sliceBytes);
                    request.Variable.File.DecodeTo(ref desc, to, (end - z) * sliceBytes);
                    slicesDone = end;
                }
            }
            catch (Exception error)
            {
                failure = error;
            }
            finally
            {
                End();
            }
        }
    }
}
