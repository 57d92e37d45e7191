using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.Experimental.Rendering;
#if UNITY_2023_2_OR_NEWER
using Usage = UnityEngine.Experimental.Rendering.GraphicsFormatUsage;
#else
using Usage = UnityEngine.Experimental.Rendering.FormatUsage;
#endif

namespace Neuvol
{
    /// The formats of textures, in the words of Unity and of the library.
    internal static class Texels
    {
        internal static GraphicsFormat FormatOf(NeuvolTexelFormat texel)
        {
            switch (texel)
            {
                case NeuvolTexelFormat.Float: return GraphicsFormat.R32_SFloat;
                case NeuvolTexelFormat.Half: return GraphicsFormat.R16_SFloat;
                case NeuvolTexelFormat.UNorm16: return GraphicsFormat.R16_UNorm;
                case NeuvolTexelFormat.UNorm8: return GraphicsFormat.R8_UNorm;
                default: throw new ArgumentOutOfRangeException(nameof(texel));
            }
        }

        /// NEUVOL_TEXEL_*.
        internal static int NativeTexel(NeuvolTexelFormat texel)
        {
            switch (texel)
            {
                case NeuvolTexelFormat.Float: return NeuvolNative.NEUVOL_TEXEL_R32F;
                case NeuvolTexelFormat.Half: return NeuvolNative.NEUVOL_TEXEL_R16F;
                case NeuvolTexelFormat.UNorm16: return NeuvolNative.NEUVOL_TEXEL_R16;
                case NeuvolTexelFormat.UNorm8: return NeuvolNative.NEUVOL_TEXEL_R8;
                default: throw new ArgumentOutOfRangeException(nameof(texel));
            }
        }

        /// NEUVOL_FORMAT_*.
        internal static int NativeFormat(NeuvolTexelFormat texel)
        {
            switch (texel)
            {
                case NeuvolTexelFormat.Float: return NeuvolNative.NEUVOL_FORMAT_F32;
                case NeuvolTexelFormat.Half: return NeuvolNative.NEUVOL_FORMAT_F16;
                case NeuvolTexelFormat.UNorm16: return NeuvolNative.NEUVOL_FORMAT_U16;
                case NeuvolTexelFormat.UNorm8: return NeuvolNative.NEUVOL_FORMAT_U8;
                default: throw new ArgumentOutOfRangeException(nameof(texel));
            }
        }

        internal static int BytesOf(NeuvolTexelFormat texel)
        {
            return texel == NeuvolTexelFormat.Float ? 4 : texel == NeuvolTexelFormat.UNorm8 ? 1 : 2;
        }

        internal static bool IsFloat(NeuvolTexelFormat texel)
        {
            return texel == NeuvolTexelFormat.Float || texel == NeuvolTexelFormat.Half;
        }

        /// Scale and offset from what a shader samples to values in units.
        internal static Vector2 ScaleOffset(NeuvolTexelFormat texel, NeuvolVariable variable)
        {
            return IsFloat(texel) ? new Vector2(1, 0) : new Vector2(variable.Max - variable.Min, variable.Min);
        }

        /// The format that is meant, checked to be one that the device samples.
        /// <exception cref="NeuvolException">If there is none; the text says what to choose.</exception>
        internal static NeuvolTexelFormat Choose(NeuvolTexelFormat wanted, NeuvolVariable variable)
        {
            if (wanted != NeuvolTexelFormat.Automatic)
            {
                Check(wanted, variable);
                return wanted;
            }
            var candidates = new List<NeuvolTexelFormat>();
            if (IsHalfEnough(variable)) candidates.Add(NeuvolTexelFormat.Half);
            candidates.Add(NeuvolTexelFormat.Float);
            if (!variable.HasMissing) candidates.Add(NeuvolTexelFormat.UNorm16);
            candidates.Add(NeuvolTexelFormat.Half);
            foreach (var candidate in candidates) if (IsSampled(candidate)) return candidate;
            return NeuvolTexelFormat.UNorm8;
        }

        static void Check(NeuvolTexelFormat wanted, NeuvolVariable variable)
        {
            if (!IsSampled(wanted))
            {
                throw new NeuvolException("texel format " + wanted + ": this graphics device cannot sample " +
                    FormatOf(wanted) + " with a linear filter. Choose Automatic.");
            }
            if (!IsFloat(wanted) && !(variable.Max > variable.Min))
            {
                throw new NeuvolException("texel format " + wanted + ": " + variable.Name +
                    " has no range of values to spread over it. Choose Float or Half.");
            }
        }

        /// <exception cref="NeuvolException">If 3D textures cannot be this large.</exception>
        internal static void CheckSize(Vector3Int size)
        {
            int most = SystemInfo.maxTexture3DSize;
            if (size.x <= most && size.y <= most && size.z <= most) return;
            throw new NeuvolException("the volume has " + size.x + " x " + size.y + " x " + size.z +
                " voxels, but 3D textures of this graphics device have at most " + most + " a side: choose a coarser level");
        }

        internal static bool IsRandomWrite(NeuvolTexelFormat texel)
        {
            return SystemInfo.IsFormatSupported(FormatOf(texel), Usage.LoadStore);
        }

        static bool IsSampled(NeuvolTexelFormat texel)
        {
            return SystemInfo.IsFormatSupported(FormatOf(texel), Usage.Linear);
        }

        /// Whether the step of 11 bits at the largest value is less than 1/500 of the range, which no eye sees in colours.
        internal static bool IsHalfEnough(NeuvolVariable variable)
        {
            float largest = Math.Max(Math.Abs(variable.Min), Math.Abs(variable.Max));
            return !(largest > 60000) && !(largest / 2048 > (variable.Max - variable.Min) / 500);
        }
    }
}
