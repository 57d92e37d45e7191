using System;
using System.Text;
using Neuvol;

/// What files and errors say, in UTF-8.
static unsafe class Describe
{
    internal static void Run(string path)
    {
        Check.Equal(NeuvolNative.neuvol_abi_version(), (uint)NeuvolNative.NEUVOL_ABI_VERSION, "the version");
        NeuvolNative.neuvol_volume volume;
        Check.Ok(Check.Open(path, out volume), "opening");
        Check.That(volume.id != 0, "the handle is 0");

        var info = new NeuvolNative.neuvol_volume_info();
        info.struct_size = (uint)sizeof(NeuvolNative.neuvol_volume_info);
        Check.Ok(NeuvolNative.neuvol_volume_get_info(volume, &info), "the description");
        Check.Equal(info.variable_count, 3u, "the number of variables");
        Check.Equal(info.coordinate_count, 5u, "the number of coordinates");
        Check.Equal(info.file_bytes, (ulong)new System.IO.FileInfo(path).Length, "the length of the file");
        int hash = 0;
        for (int i = 0; i < 32; i++) hash |= info.content_hash[i];
        Check.That(hash != 0, "the hash is 0");

        var metadata = Check.Text((b, c, n) => NeuvolNative.neuvol_volume_get_metadata(volume, b, c, n));
        Check.That(metadata.Contains("Größe \\\"in\\\" Kürze"), "the title is not in " + metadata);

        var name = Encoding.UTF8.GetBytes("theta");
        uint variable;
        fixed (byte* text = name)
        {
            Check.Ok(NeuvolNative.neuvol_variable_find(volume, text, (UIntPtr)name.Length, &variable), "theta");
        }
        Check.Equal(variable, 0u, "the number of theta");
        var theta = new NeuvolNative.neuvol_variable_info();
        theta.struct_size = (uint)sizeof(NeuvolNative.neuvol_variable_info);
        Check.Ok(NeuvolNative.neuvol_variable_get_info(volume, variable, &theta), "theta");
        Check.Equal(theta.flags & NeuvolNative.NEUVOL_VARIABLE_HAS_TIME, 1u, "the time axis of theta");
        Check.Equal(theta.dims[0] + " " + theta.dims[1] + " " + theta.dims[2], "37 20 18", "the grid of theta");
        Check.Equal(theta.step_count, 5u, "the number of steps");
        Check.Equal(theta.value_max, 310f, "the largest value");
        var units = Check.Text((b, c, n) => NeuvolNative.neuvol_variable_get_units(volume, 0, b, c, n));
        Check.Equal(units, "K", "the units");

        Errors(path, volume);
    }

    static void Errors(string path, NeuvolNative.neuvol_volume volume)
    {
        NeuvolNative.neuvol_volume none;
        var missing = path + ".nicht größer";
        Check.Equal(Check.Open(missing, out none), NeuvolNative.NEUVOL_ERROR_IO, "the result for a missing file");
        Check.That(none.id == 0 && Check.LastError().Contains(missing), "the error is " + Check.LastError());
        Check.Equal(Check.ResultName(NeuvolNative.NEUVOL_ERROR_IO), "NEUVOL_ERROR_IO", "the name of the result");
        var info = new NeuvolNative.neuvol_volume_info();
        Check.Equal(NeuvolNative.neuvol_volume_get_info(volume, &info), NeuvolNative.NEUVOL_ERROR_STRUCT_SIZE,
            "the result for a structure without a size");
        Check.Ok(NeuvolNative.neuvol_volume_close(volume), "closing");
        info.struct_size = (uint)sizeof(NeuvolNative.neuvol_volume_info);
        Check.Equal(NeuvolNative.neuvol_volume_get_info(volume, &info), NeuvolNative.NEUVOL_ERROR_INVALID_HANDLE,
            "the result for a closed volume");
    }
}
