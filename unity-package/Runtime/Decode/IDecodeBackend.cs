using System;
using UnityEngine;

namespace Neuvol
{
    /// Brings the voxels of one variable into textures, never shown half: what was asked for goes to a texture that is not
    /// drawn, and the two change places when all of it is there. For the main thread only.
    internal interface IDecodeBackend : IDisposable
    {
        /// Its kind.
        NeuvolBackend Kind { get; }

        /// The texture to draw; null before the first decode.
        Texture Texture { get; }

        /// What is in it.
        DecodeRequest Shown { get; }

        /// Whether something is asked for that is not shown yet.
        bool IsBusy { get; }

        /// How far the decode is, 0 to 1.
        float Progress { get; }

        /// What it waits for or does, in words; "" when idle.
        string Activity { get; }

        /// Bytes of textures and staging memory.
        long TextureBytes { get; }

        /// Asks for voxels. Only the newest request waits; one that is under way is taken back if it is of no use any more.
        void Request(DecodeRequest request);

        /// Goes on. Returns whether another texture is to be drawn.
        /// <exception cref="NeuvolException">If the decode failed.</exception>
        bool Update(float budgetMilliseconds);
    }
}
