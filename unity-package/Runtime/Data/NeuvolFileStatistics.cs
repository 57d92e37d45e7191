namespace Neuvol
{
    /// <summary>What an open file has done so far. Decodes into textures on the graphics device are counted by
    /// <see cref="NeuvolVolume.Statistics"/>.</summary>
    public readonly struct NeuvolFileStatistics
    {
        internal NeuvolFileStatistics(NeuvolNative.neuvol_volume_stats stats)
        {
            BlocksDecoded = (long)stats.blocks_decoded;
            VoxelsDecoded = (long)stats.voxels_decoded;
            DecodeSeconds = stats.decode_seconds;
            CacheHits = (long)stats.cache_hits;
            CacheMisses = (long)stats.cache_misses;
            CacheBytes = (long)stats.cache_bytes;
        }

        /// <summary>Blocks decoded on the CPU.</summary>
        public long BlocksDecoded { get; }

        /// <summary>Voxels written by them.</summary>
        public long VoxelsDecoded { get; }

        /// <summary>Wall time of decodes on the CPU in seconds; calls that ran at once count one by one.</summary>
        public double DecodeSeconds { get; }

        /// <summary>Times that a block was found prepared.</summary>
        public long CacheHits { get; }

        /// <summary>Times that a block had to be read and prepared.</summary>
        public long CacheMisses { get; }

        /// <summary>Bytes of memory that prepared blocks hold now.</summary>
        public long CacheBytes { get; }
    }
}
