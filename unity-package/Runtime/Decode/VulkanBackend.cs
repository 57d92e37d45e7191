using System;
using UnityEngine;

namespace Neuvol
{
    /// Decodes on Unity's Vulkan device, into two render textures in turn.
    internal sealed unsafe class VulkanBackend : IDecodeBackend
    {
        readonly string name;
        readonly NeuvolTexelFormat texel;
        NeuvolNative.neuvol_context context;
        VulkanTarget front, back;
        NeuvolNative.neuvol_ticket ticket;
        RequestQueue queue;
        int rebuilds;

        internal VulkanBackend(string name, NeuvolTexelFormat texel)
        {
            this.name = name;
            this.texel = texel;
            context = VulkanDevice.Context();
            VulkanDevice.Add(this);
        }

        public NeuvolBackend Kind => NeuvolBackend.Vulkan;

        public Texture Texture => front == null ? null : front.Texture;

        public DecodeRequest Shown { get; private set; }

        public bool IsBusy => queue.IsBusy;

        public float Progress { get; private set; }

        public string Activity => !IsBusy ? "" : "decoding on the graphics device";

        public long TextureBytes => (front == null ? 0 : front.Bytes) + (back == null ? 0 : back.Bytes);

        public void Request(DecodeRequest request)
        {
            if (queue.Add(request, Progress)) Cancel();
        }

        void Cancel()
        {
            if (ticket.id != 0) NeuvolNative.neuvol_decode_cancel(context, ticket);
            ticket.id = 0;
            Progress = 0;
            queue.Cancelled();
        }

        public bool Update(float budgetMilliseconds)
        {
            try
            {
                Follow();
                if (queue.Next()) Begin();
                if (!queue.HasCurrent) return false;
                VulkanDevice.Pump(this, budgetMilliseconds);
                return Poll();
            }
            catch (NeuvolException error) when (IsWorthAnotherTry(error))
            {
                rebuilds++;
                if (error.Result == NeuvolNative.NEUVOL_ERROR_DEVICE_LOST) VulkanDevice.Lost();
                Again();
                return false;
            }
            catch
            {
                queue.Clear();
                ticket.id = 0;
                Progress = 0;
                throw;
            }
        }

        /// Textures and the device may be lost, for example when a computer has slept: then all is made again, from where the
        /// request was.
        void Follow()
        {
            var current = VulkanDevice.Context();
            bool isLost = current.id != context.id || (front != null && !front.IsAlive) || (back != null && !back.IsAlive);
            context = current;
            if (isLost) Again();
        }

        void Again()
        {
            if (front != null && !queue.IsBusy) queue.Add(Shown, 0);
            Free();
            ticket.id = 0;
            queue.Restart();
        }

        void Begin()
        {
            var request = queue.Current;
            var size = request.Variable.SizeAt(request.Level);
            if (back == null || back.Size != size) Allocate(size);
            var desc = new NeuvolNative.neuvol_submit_desc
            {
                struct_size = (uint)sizeof(NeuvolNative.neuvol_submit_desc),
                volume = request.Variable.File.Handle,
                texture = back.Handle,
                variable = (uint)request.Variable.Index,
                level = (uint)request.Level,
                quality = (uint)request.Quality,
                precision = request.NativePrecision,
                time = request.Time,
                time_velocity = request.Velocity,
                priority = 1,
                invalid = Texels.IsFloat(texel) ? float.NaN : 0,
            };
            for (int axis = 0; axis < 3; axis++) desc.box_max[axis] = (uint)size[axis];
            NeuvolNative.neuvol_ticket submitted;
            NativeCall.Check(NeuvolNative.neuvol_decode_submit(context, &desc, &submitted));
            ticket = submitted;
            Progress = 0;
        }

        bool Poll()
        {
            var progress = new NeuvolNative.neuvol_progress { struct_size = (uint)sizeof(NeuvolNative.neuvol_progress) };
            int result = NeuvolNative.neuvol_decode_get_progress(context, ticket, &progress);
            if (result == NeuvolNative.NEUVOL_NOT_READY)
            {
                if (progress.blocks > 0) Progress = 1 - (float)progress.blocks_missing / progress.blocks;
                // A texture that is refused has the better words.
                NativeCall.Check(back.Status());
                return false;
            }
            if (result == NeuvolNative.NEUVOL_CANCELLED) throw new NeuvolException("the decode was cancelled by the library");
            NativeCall.Check(result);
            var old = front;
            front = back;
            back = old;
            Shown = queue.Current;
            ticket.id = 0;
            Progress = 0;
            rebuilds = 0;
            queue.Finished();
            return true;
        }

        /// A lost device or texture is, once; what is wrong with the file is not.
        bool IsWorthAnotherTry(NeuvolException error)
        {
            bool isLost = error.Result == NeuvolNative.NEUVOL_ERROR_DEVICE_LOST || (back != null && back.Status() < 0);
            return isLost && rebuilds < 1;
        }

        void Allocate(Vector3Int size)
        {
            Texels.CheckSize(size);
            if (back != null) back.Dispose();
            back = null;
            back = new VulkanTarget(context, size, texel, name);
        }

        void Free()
        {
            if (front != null) front.Dispose();
            if (back != null) back.Dispose();
            front = back = null;
        }

        public void Dispose()
        {
            if (ticket.id != 0) NeuvolNative.neuvol_decode_cancel(context, ticket);
            ticket.id = 0;
            queue.Clear();
            try
            {
                Free();
            }
            finally
            {
                VulkanDevice.Remove(this);
            }
        }
    }
}
