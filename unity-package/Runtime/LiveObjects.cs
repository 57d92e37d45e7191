namespace Neuvol
{
    /// What is alive of the things that would leak, for tests and for the statistics of the inspector.
    internal static class LiveObjects
    {
        /// Textures that are registered with the library.
        internal static int Textures;

        /// Bytes of staging memory.
        internal static long StagingBytes;
    }
}
