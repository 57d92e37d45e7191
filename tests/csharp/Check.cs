using System;
using System.Text;
using Neuvol;

/// What all checks share: failing with a text, and texts in UTF-8 from and to C.
static unsafe class Check
{
    internal static void That(bool condition, string what)
    {
        if (!condition) throw new Exception(what);
    }

    internal static void Equal<T>(T found, T expected, string what)
    {
        That(Equals(found, expected), what + " is " + found + ", not " + expected);
    }

    internal static void Ok(int result, string what)
    {
        if (result < 0) throw new Exception(what + ": " + ResultName(result) + ": " + LastError());
    }

    internal static string ResultName(int result)
    {
        return Text(NeuvolNative.neuvol_result_name(result));
    }

    internal static string LastError()
    {
        return Text((byte* buffer, UIntPtr capacity, UIntPtr* needed) =>
        {
            *needed = NeuvolNative.neuvol_last_error(buffer, capacity);
            return NeuvolNative.NEUVOL_OK;
        });
    }

    internal delegate int Gives(byte* buffer, UIntPtr capacity, UIntPtr* needed);

    /// A text that a function gives into a buffer: called for the length, then for the text.
    internal static string Text(Gives gives)
    {
        UIntPtr needed;
        Ok(gives(null, UIntPtr.Zero, &needed), "the length of a text");
        var bytes = new byte[(int)needed + 1];
        fixed (byte* buffer = bytes) Ok(gives(buffer, (UIntPtr)bytes.Length, &needed), "a text");
        return Encoding.UTF8.GetString(bytes, 0, (int)needed);
    }

    /// A static text of the library.
    internal static string Text(byte* text)
    {
        int length = 0;
        while (text[length] != 0) length++;
        var bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = text[i];
        return Encoding.UTF8.GetString(bytes);
    }

    internal static int Open(string path, out NeuvolNative.neuvol_volume volume)
    {
        var desc = new NeuvolNative.neuvol_open_desc();
        desc.struct_size = (uint)sizeof(NeuvolNative.neuvol_open_desc);
        desc.abi_version = NeuvolNative.NEUVOL_ABI_VERSION;
        var bytes = Encoding.UTF8.GetBytes(path);
        NeuvolNative.neuvol_volume opened;
        int result;
        fixed (byte* name = bytes)
        {
            result = NeuvolNative.neuvol_volume_open_file(name, (UIntPtr)bytes.Length, &desc, &opened);
        }
        volume = opened;
        return result;
    }
}
