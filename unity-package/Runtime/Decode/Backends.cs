using UnityEngine;

namespace Neuvol
{
    /// Chooses how voxels get into textures.
    internal static class Backends
    {
        /// Makes the one that is wanted, and says why it is this one.
        /// <exception cref="NeuvolException">If the one that is wanted cannot be had.</exception>
        internal static IDecodeBackend Make(NeuvolBackend wanted, NeuvolTexelFormat texel, string name, out string reason)
        {
            if (wanted == NeuvolBackend.CpuUpload)
            {
                reason = "CPU upload, as it was chosen";
                return new CpuUploadBackend(name, texel);
            }
            var problem = VulkanDevice.Problem() ?? Target(texel);
            if (problem == null)
            {
                reason = (wanted == NeuvolBackend.Vulkan ? "Vulkan, as it was chosen: " : "Vulkan: ") + VulkanDevice.Decoder();
                return new VulkanBackend(name, texel);
            }
            if (wanted == NeuvolBackend.Vulkan)
            {
                throw new NeuvolException("The back end Vulkan was chosen, but " + problem + ". Choose Automatic.");
            }
            reason = "CPU upload, because " + problem;
            return new CpuUploadBackend(name, texel);
        }

        /// Why the device cannot make render textures to decode into, or null.
        static string Target(NeuvolTexelFormat texel)
        {
            if (!SystemInfo.supports3DRenderTextures) return "this graphics device has no 3D render textures";
            if (!Texels.IsRandomWrite(texel))
            {
                return "this graphics device has no random write to " + Texels.FormatOf(texel);
            }
            return null;
        }
    }
}
