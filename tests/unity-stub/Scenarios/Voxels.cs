using System;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

/// What is in a volume's texture, compared with what the library decodes into memory.
static class Voxels
{
    /// Compares all voxels; gives their number.
    internal static int Compare(NeuvolVolume volume)
    {
        var variable = volume.Variable;
        var size = variable.SizeAt(volume.ShownLevel);
        int count = size.x * size.y * size.z;
        var format = volume.UsedTexelFormat;
        int bytesPerTexel = format == NeuvolTexelFormat.Float ? 4 : format == NeuvolTexelFormat.UNorm8 ? 1 : 2;
        var render = volume.Texture as RenderTexture;
        var bytes = render != null ? Inside.Bytes(render, bytesPerTexel, count) : Inside.Bytes(volume.Texture);
        Check.Equal(bytes.Length, count * bytesPerTexel, "the size of the texture");
        var expected = variable.File.Decode(variable, volume.ShownTime, Vector3Int.zero, size, volume.ShownLevel, volume.Quality);
        float tolerance = Tolerance(format, variable);
        int valid = 0;
        for (int i = 0; i < count; i++)
        {
            float found = Value(bytes, i, format, volume.ScaleOffset);
            bool isValid = !float.IsNaN(expected[i]);
            if (isValid) valid++;
            bool isFloat = format == NeuvolTexelFormat.Float || format == NeuvolTexelFormat.Half;
            bool good = isValid ? Math.Abs(found - expected[i]) <= tolerance
                : isFloat ? float.IsNaN(found) : found == variable.Min;
            if (!good) throw new Exception(format + " voxel " + i + " is " + found + ", not " + expected[i]);
        }
        Check.That(valid > count / 2, "only " + valid + " of " + count + " voxels are valid");
        return count;
    }

    /// What rounding to the format, and sums in another order on the graphics device, change.
    static float Tolerance(NeuvolTexelFormat format, NeuvolVariable variable)
    {
        float range = variable.Max - variable.Min, largest = Math.Max(Math.Abs(variable.Min), Math.Abs(variable.Max));
        float device = 2e-4f * range;
        switch (format)
        {
            // Devices may round towards 0.
            case NeuvolTexelFormat.Half: return device + largest / 1024;
            case NeuvolTexelFormat.UNorm8: return device + range / 255 * 0.51f;
            case NeuvolTexelFormat.UNorm16: return device + range / 65535 * 0.51f;
            default: return device;
        }
    }

    static float Value(byte[] bytes, int i, NeuvolTexelFormat format, Vector2 scaleOffset)
    {
        switch (format)
        {
            case NeuvolTexelFormat.Float: return BitConverter.ToSingle(bytes, 4 * i);
            case NeuvolTexelFormat.Half: return HalfOf(BitConverter.ToUInt16(bytes, 2 * i));
            case NeuvolTexelFormat.UNorm16: return BitConverter.ToUInt16(bytes, 2 * i) / 65535f * scaleOffset.x + scaleOffset.y;
            default: return bytes[i] / 255f * scaleOffset.x + scaleOffset.y;
        }
    }

    static float HalfOf(ushort bits)
    {
        int exponent = bits >> 10 & 31, mantissa = bits & 1023;
        double sign = (bits & 0x8000) != 0 ? -1 : 1;
        if (exponent == 31) return mantissa == 0 ? (float)(sign / 0.0) : float.NaN;
        return (float)(sign * (exponent == 0 ? mantissa * Math.Pow(2, -24) : (1024 + mantissa) * Math.Pow(2, exponent - 25)));
    }
}
