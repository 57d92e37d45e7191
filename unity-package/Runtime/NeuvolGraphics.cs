namespace Neuvol
{
    /// <summary>What all volumes share on the graphics device.</summary>
    public static class NeuvolGraphics
    {
        /// <summary>
        /// Lets volumes be decoded with CUDA where Unity draws with Vulkan on an NVIDIA device. It is off by default. Set it before the
        /// first volume is shown, for example in <c>Awake</c> of an object of the first scene: volumes that are shown go on as they are.
        /// <see cref="NeuvolVolume.BackendReason"/> says whether CUDA decodes, and if not, why.
        /// </summary>
        public static bool UseCuda { get; set; }
    }
}
