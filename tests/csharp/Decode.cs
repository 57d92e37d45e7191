using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Neuvol;

/// Decodes of the list that the C programs have, those that give 32-bit floats.
static unsafe class Decode
{
    internal static void Run(string path, string cases)
    {
        NeuvolNative.neuvol_volume volume;
        Check.Ok(Check.Open(path, out volume), "opening");
        var lines = File.ReadAllLines(cases);
        int run = 0;
        for (int i = 0; i + 1 < lines.Length; i += 2)
        {
            float tolerance;
            var desc = Read(lines[i].Split(' '), out tolerance);
            if (desc.format != NeuvolNative.NEUVOL_FORMAT_F32 || desc.row_pitch != 0) continue;
            var expected = lines[i + 1].Split(' ').Where(word => word != "").Select(FloatOf).ToArray();
            Compare(volume, desc, expected, tolerance, "case " + i / 2);
            run++;
        }
        Check.Ok(NeuvolNative.neuvol_volume_close(volume), "closing");
        Console.WriteLine(run + " cases");
    }

    static void Compare(NeuvolNative.neuvol_volume volume, NeuvolNative.neuvol_decode_desc desc, float[] expected,
        float tolerance, string what)
    {
        var values = new float[expected.Length];
        var coverage = new byte[expected.Length];
        fixed (float* dst = values)
        fixed (byte* cover = coverage)
        {
            Check.Ok(NeuvolNative.neuvol_decode_to_host(volume, &desc, (IntPtr)dst, (UIntPtr)(4 * values.Length), cover,
                (UIntPtr)coverage.Length), what);
        }
        for (int i = 0; i < values.Length; i++)
        {
            bool valid = !float.IsNaN(expected[i]);
            bool good = valid ? Math.Abs(values[i] - expected[i]) <= tolerance : float.IsNaN(values[i]);
            Check.That(good && coverage[i] == (valid ? 255 : 0), what + ": " + i + " is " + values[i] + ", not " + expected[i]);
        }
    }

    /// The words of a line that tests/src/cases.rs describes.
    static NeuvolNative.neuvol_decode_desc Read(string[] words, out float tolerance)
    {
        var desc = new NeuvolNative.neuvol_decode_desc();
        desc.struct_size = (uint)sizeof(NeuvolNative.neuvol_decode_desc);
        desc.variable = uint.Parse(words[0]);
        desc.quality = uint.Parse(words[1]);
        desc.level = uint.Parse(words[2]);
        desc.time = BitConverter.Int64BitsToDouble(long.Parse(words[3], NumberStyles.HexNumber));
        for (int axis = 0; axis < 3; axis++)
        {
            desc.box_min[axis] = uint.Parse(words[4 + axis]);
            desc.box_max[axis] = uint.Parse(words[7 + axis]);
        }
        desc.format = int.Parse(words[10]);
        desc.precision = int.Parse(words[11]);
        desc.row_pitch = ulong.Parse(words[12]);
        desc.slice_pitch = ulong.Parse(words[13]);
        desc.flags = uint.Parse(words[14]);
        desc.value_min = FloatOf(words[15]);
        desc.value_max = FloatOf(words[16]);
        tolerance = FloatOf(words[17]);
        return desc;
    }

    static float FloatOf(string bits)
    {
        uint word = uint.Parse(bits, NumberStyles.HexNumber);
        return *(float*)&word;
    }
}
