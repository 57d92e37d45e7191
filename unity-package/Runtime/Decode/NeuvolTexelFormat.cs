namespace Neuvol
{
    /// <summary>What a voxel is in the texture.</summary>
    public enum NeuvolTexelFormat
    {
        /// <summary>Half where its 11 bits are enough for the variable's range, else Float, else UNorm16.</summary>
        Automatic,

        /// <summary>32-bit floats: the values themselves; NaN where a voxel is not valid.</summary>
        Float,

        /// <summary>16-bit floats: the values, rounded to 11 bits, up to 65504; NaN where a voxel is not valid.</summary>
        Half,

        /// <summary>The variable's range in 65536 steps. Voxels that are not valid have its smallest value.</summary>
        UNorm16,

        /// <summary>The variable's range in 256 steps. Voxels that are not valid have its smallest value.</summary>
        UNorm8,
    }

    /// <summary>Arithmetic of the decoder.</summary>
    public enum NeuvolPrecision
    {
        /// <summary>32-bit floats: the errors are those that the file states.</summary>
        Exact,

        /// <summary>The fastest that the processor has, at some loss of accuracy.</summary>
        Fast,
    }

    /// <summary>How voxels get into the texture.</summary>
    public enum NeuvolBackend
    {
        /// <summary>Vulkan where Unity runs on it, else the CPU.</summary>
        Automatic,

        /// <summary>The graphics device decodes into Unity's texture. Needs Vulkan.</summary>
        Vulkan,

        /// <summary>The CPU decodes on a thread of its own, and Unity uploads. Works with every graphics API.</summary>
        CpuUpload,
    }
}
