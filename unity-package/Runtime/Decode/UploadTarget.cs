using System;
using Unity.Collections;
using UnityEngine;
using UnityEngine.Rendering;

namespace Neuvol
{
    /// A 3D texture that is filled from memory some slices a frame: a small texture is uploaded, and copied into the large one on
    /// the graphics device. Where that cannot copy to 3D textures, all is uploaded in one frame.
    internal sealed class UploadTarget : IDisposable
    {
        /// Bytes that one piece has at most, unless one slice has more.
        const long PieceBytes = 1 << 20;

        readonly int sliceBytes;
        readonly Texture3D piece;
        readonly int pieceSlices;

        /// <exception cref="NeuvolException">If it cannot be made; nothing is left then.</exception>
        internal UploadTarget(Vector3Int size, NeuvolTexelFormat texel, string name)
        {
            Size = size;
            sliceBytes = checked(size.x * size.y * Texels.BytesOf(texel));
            Bytes = (long)sliceBytes * size.z;
            if (Bytes > int.MaxValue)
            {
                throw new NeuvolException("the volume has " + Bytes / (1 << 20) + " MiB in a texture, but Unity takes less than " +
                    "2048 MiB: choose a coarser level or a smaller texel format");
            }
            try
            {
                Texture = Make(size, texel, name);
                IsSliced = (SystemInfo.copyTextureSupport & CopyTextureSupport.Copy3D) != 0;
                if (!IsSliced) return;
                pieceSlices = (int)Math.Max(1, Math.Min(size.z, PieceBytes / sliceBytes));
                piece = Make(new Vector3Int(size.x, size.y, pieceSlices), texel, name + " (piece)");
                // What is copied to needs no second copy in memory of the CPU.
                Texture.Apply(false, true);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        internal Texture3D Texture { get; private set; }

        internal Vector3Int Size { get; }

        internal long Bytes { get; }

        internal bool IsSliced { get; }

        static Texture3D Make(Vector3Int size, NeuvolTexelFormat texel, string name)
        {
            var flags = UnityEngine.Experimental.Rendering.TextureCreationFlags.None;
            return new Texture3D(size.x, size.y, size.z, Texels.FormatOf(texel), flags)
            {
                name = name,
                hideFlags = HideFlags.HideAndDontSave,
                filterMode = FilterMode.Bilinear,
                wrapMode = TextureWrapMode.Clamp,
            };
        }

        /// Uploads slices from `first` on, some at a time, until they are all there or the time is over; at least some.
        /// Returns the first slice that is not there yet.
        internal int Upload(NativeArray<byte> voxels, int first, Func<bool> isOver)
        {
            if (!IsSliced)
            {
                Texture.SetPixelData(voxels, 0);
                Texture.Apply(false, false);
                return Size.z;
            }
            do
            {
                int count = Math.Min(pieceSlices, Size.z - first);
                // The last piece may be shorter: it begins earlier then, and copies only what is missing.
                int from = Math.Min(first, Size.z - pieceSlices);
                piece.SetPixelData(voxels, 0, from * sliceBytes);
                piece.Apply(false, false);
                for (int i = 0; i < count; i++)
                {
                    Graphics.CopyTexture(piece, first - from + i, 0, Texture, first + i, 0);
                }
                first += count;
            }
            while (first < Size.z && !isOver());
            return first;
        }

        public void Dispose()
        {
            Objects.Destroy(piece);
            Objects.Destroy(Texture);
            Texture = null;
        }
    }
}
