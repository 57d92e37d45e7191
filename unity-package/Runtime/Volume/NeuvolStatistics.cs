using UnityEngine;

namespace Neuvol
{
    /// <summary>What a volume has decoded so far.</summary>
    public readonly struct NeuvolStatistics
    {
        internal NeuvolStatistics(NeuvolFile file, IDecodeBackend decoder, long shown, float latency)
        {
            Shown = shown;
            Latency = latency;
            TextureBytes = decoder == null ? 0 : decoder.TextureBytes;
            File = file == null ? default(NeuvolFileStatistics) : file.Statistics();
            var device = decoder != null && decoder.Kind == NeuvolBackend.Vulkan ? VulkanDevice.Statistics() : null;
            DeviceMicrosecondsMedian = device == null ? 0 : device.Value.gpu_us_p50;
            DeviceMicroseconds99 = device == null ? 0 : device.Value.gpu_us_p99;
            DeviceBlocks = device == null ? 0 : (long)device.Value.blocks_decoded;
            DeviceModelBytes = device == null ? 0 : (long)device.Value.model_bytes;
        }

        /// <summary>Times that another texture was shown.</summary>
        public long Shown { get; }

        /// <summary>Seconds from asking for a time to showing it, a moving mean.</summary>
        public float Latency { get; }

        /// <summary>Bytes of textures and staging memory of this volume.</summary>
        public long TextureBytes { get; }

        /// <summary>What the CPU has decoded.</summary>
        public NeuvolFileStatistics File { get; }

        /// <summary>Vulkan only, all volumes together: median time on the device of frames with work, in microseconds.</summary>
        public float DeviceMicrosecondsMedian { get; }

        /// <summary>Vulkan only: the 99th percentile of it.</summary>
        public float DeviceMicroseconds99 { get; }

        /// <summary>Vulkan only: blocks decoded on the device.</summary>
        public long DeviceBlocks { get; }

        /// <summary>Vulkan only: bytes of models on the device.</summary>
        public long DeviceModelBytes { get; }
    }
}
