using System;
using System.Diagnostics;
using Unity.Collections;
using Unity.Collections.LowLevel.Unsafe;
using UnityEngine;

namespace Neuvol
{
    /// Decodes on the CPU into memory that stays, and uploads it within the budget of each frame, into two textures in turn.
    internal sealed unsafe class CpuUploadBackend : IDecodeBackend
    {
        readonly string name;
        readonly NeuvolTexelFormat texel;
        readonly Stopwatch clock = new Stopwatch();
        readonly Func<bool> isOver;
        NativeArray<byte> staging;
        UploadTarget front, back;
        RequestQueue queue;
        DecodeJob job;
        int slicesUploaded;
        float budget;

        internal CpuUploadBackend(string name, NeuvolTexelFormat texel)
        {
            NativeLibrary.Require();
            this.name = name;
            this.texel = texel;
            // Once, not in every frame.
            isOver = () => clock.Elapsed.TotalMilliseconds >= budget;
        }

        public NeuvolBackend Kind => NeuvolBackend.CpuUpload;

        public Texture Texture => front == null ? null : front.Texture;

        public DecodeRequest Shown { get; private set; }

        public bool IsBusy => queue.IsBusy;

        /// Nine tenths are the decode, which takes the time.
        public float Progress =>
            job == null ? 0 : 0.9f * job.Progress + (back == null ? 0 : 0.1f * slicesUploaded / back.Size.z);

        public string Activity
        {
            get
            {
                if (!IsBusy) return "";
                return job != null && job.HasEnded ? "uploading" : "decoding on the CPU";
            }
        }

        public long TextureBytes =>
            (front == null ? 0 : front.Bytes) + (back == null ? 0 : back.Bytes) + (staging.IsCreated ? staging.Length : 0);

        public void Request(DecodeRequest request)
        {
            if (!queue.Add(request, Progress)) return;
            if (job != null) job.Cancel();
        }

        public bool Update(float budgetMilliseconds)
        {
            try
            {
                budget = budgetMilliseconds;
                if (job != null && job.HasEnded && job.IsCancelled)
                {
                    job = null;
                    queue.Cancelled();
                }
                if (job == null && queue.Next()) Begin();
                if (job == null || !job.HasEnded || job.IsCancelled) return false;
                if (job.Failure != null) throw Reason(job.Failure);
                return Upload();
            }
            catch
            {
                End();
                queue.Clear();
                throw;
            }
        }

        static NeuvolException Reason(Exception failure)
        {
            return failure as NeuvolException ?? new NeuvolException("decoding failed: " + failure.Message, failure);
        }

        void Begin()
        {
            var request = queue.Current;
            var size = request.Variable.SizeAt(request.Level);
            if (back == null || back.Size != size)
            {
                Texels.CheckSize(size);
                if (back != null) back.Dispose();
                back = null;
                back = new UploadTarget(size, texel, name);
            }
            Stage(back.Bytes);
            slicesUploaded = 0;
            var memory = (IntPtr)NativeArrayUnsafeUtility.GetUnsafePtr(staging);
            job = new DecodeJob(request, texel, memory);
            DecodeWorker.Add(job);
        }

        void Stage(long bytes)
        {
            if (staging.IsCreated && staging.Length == bytes) return;
            Unstage();
            staging = new NativeArray<byte>((int)bytes, Allocator.Persistent, NativeArrayOptions.UninitializedMemory);
            LiveObjects.StagingBytes += bytes;
        }

        void Unstage()
        {
            if (!staging.IsCreated) return;
            LiveObjects.StagingBytes -= staging.Length;
            staging.Dispose();
        }

        bool Upload()
        {
            clock.Restart();
            slicesUploaded = back.Upload(staging, slicesUploaded, isOver);
            if (slicesUploaded < back.Size.z) return false;
            var old = front;
            front = back;
            back = old;
            Shown = queue.Current;
            job = null;
            queue.Finished();
            return true;
        }

        /// Ends the decode under way, so that its memory may go.
        void End()
        {
            if (job == null) return;
            job.Cancel();
            job.Wait();
            job = null;
        }

        public void Dispose()
        {
            End();
            queue.Clear();
            Unstage();
            if (front != null) front.Dispose();
            if (back != null) back.Dispose();
            front = back = null;
        }
    }
}
