using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.Rendering;

namespace Neuvol
{
    /// The library's context on Unity's Vulkan device, which all volumes share: its budget, and the event that lets it record
    /// once per frame on the render thread.
    internal static unsafe class VulkanDevice
    {
        static NeuvolNative.neuvol_context context;
        static CommandBuffer commands;
        static int lastFrame = -1;
        static float budget = -1;
        static readonly List<VulkanBackend> users = new List<VulkanBackend>();
        static readonly List<float> wishes = new List<float>();

        /// Why Vulkan cannot be used, or null. Makes the context, which takes up to a second once.
        internal static string Problem()
        {
            if (SystemInfo.graphicsDeviceType != GraphicsDeviceType.Vulkan)
            {
                return "Unity runs on " + SystemInfo.graphicsDeviceType + ", not on Vulkan (Project Settings > Player > " +
                    "Graphics APIs)";
            }
            try
            {
                Context();
                return null;
            }
            catch (NeuvolException error)
            {
                return error.Message;
            }
        }

        /// <exception cref="NeuvolException">If there is none.</exception>
        internal static NeuvolNative.neuvol_context Context()
        {
            NativeLibrary.Require();
            // Asked each time: the library makes another one when Unity has made another device.
            NativeCall.Check(NeuvolNative.neuvol_unity_use_cuda(NeuvolGraphics.UseCuda ? 1 : 0));
            NeuvolNative.neuvol_context found;
            int result = NeuvolNative.neuvol_unity_context(&found);
            if (result == NeuvolNative.NEUVOL_NOT_READY)
            {
                throw new NeuvolException("Unity has not told the native library of its graphics device: in the importer of the " +
                    "library, \"Load on startup\" must be set, and Unity started again");
            }
            NativeCall.Check(result);
            if (found.id != context.id) budget = -1;
            context = found;
            return found;
        }

        /// What decodes, for a person.
        internal static string Decoder()
        {
            var device = Context();
            int backend = 0;
            var reason = NativeCall.Text((byte* buffer, UIntPtr capacity, UIntPtr* needed) =>
            {
                int found;
                int result = NeuvolNative.neuvol_context_get_backend(device, &found, buffer, capacity, needed);
                backend = found;
                return result;
            });
            if (backend != NeuvolNative.NEUVOL_BACKEND_VULKAN) return "CUDA decodes into Unity's texture: " + reason;
            const string vulkan = "the graphics device decodes into Unity's texture";
            return NeuvolGraphics.UseCuda ? vulkan + " (CUDA is not used: " + reason + ")" : vulkan;
        }

        internal static void Add(VulkanBackend user)
        {
            users.Add(user);
            wishes.Add(0);
        }

        internal static void Remove(VulkanBackend user)
        {
            int at = users.IndexOf(user);
            if (at < 0) return;
            users.RemoveAt(at);
            wishes.RemoveAt(at);
            if (users.Count == 0) Release();
        }

        internal static int UserCount => users.Count;

        /// Lets the library record, once per frame however many volumes there are. The budget is the largest that one wishes.
        internal static void Pump(VulkanBackend user, float milliseconds)
        {
            wishes[users.IndexOf(user)] = milliseconds;
            // Outside of play mode frames have no numbers of their own: each update is one.
            if (Application.isPlaying && lastFrame == Time.frameCount) return;
            lastFrame = Time.frameCount;
            var device = Context();
            SetBudget(device);
            if (commands == null) commands = Commands();
            Graphics.ExecuteCommandBuffer(commands);
        }

        static CommandBuffer Commands()
        {
            var made = new CommandBuffer { name = "Neuvol decode" };
            try
            {
                made.IssuePluginEvent(NeuvolNative.neuvol_unity_render_event(), NeuvolNative.neuvol_unity_event_id());
                return made;
            }
            catch
            {
                made.Release();
                throw;
            }
        }

        static void SetBudget(NeuvolNative.neuvol_context device)
        {
            float most = 0;
            foreach (var wish in wishes) most = Math.Max(most, wish);
            if (most == budget) return;
            var desc = new NeuvolNative.neuvol_budget
            {
                struct_size = (uint)sizeof(NeuvolNative.neuvol_budget),
                gpu_us = (uint)Math.Max(1, Math.Min(1e6f, most * 1000)),
            };
            NativeCall.Check(NeuvolNative.neuvol_context_set_budget(device, &desc));
            budget = most;
        }

        /// Destroys a context whose device is lost; the next call of Context() makes one on the new device.
        internal static void Lost()
        {
            if (context.id != 0) NeuvolNative.neuvol_context_destroy(context);
            context.id = 0;
            budget = -1;
        }

        /// Gives what the context has done so far, or null if there is none.
        internal static NeuvolNative.neuvol_context_stats? Statistics()
        {
            if (context.id == 0) return null;
            var stats = new NeuvolNative.neuvol_context_stats
            {
                struct_size = (uint)sizeof(NeuvolNative.neuvol_context_stats),
            };
            return NeuvolNative.neuvol_context_get_stats(context, &stats) < 0 ? null
                : (NeuvolNative.neuvol_context_stats?)stats;
        }

        /// Forgets what belongs to the scripts. The context stays with the library, as Unity's device does.
        internal static void Release()
        {
            if (commands != null) commands.Release();
            commands = null;
            lastFrame = -1;
            budget = -1;
        }
    }
}
