using System;
using System.Text;

namespace Neuvol
{
    /// What all calls of the native library share: results that become exceptions, and texts in UTF-8.
    internal static unsafe class NativeCall
    {
        /// A function that gives a text into a buffer, or its length.
        internal delegate int TextSource(byte* buffer, UIntPtr capacity, UIntPtr* needed);

        /// <exception cref="NeuvolException">If the result is an error.</exception>
        internal static void Check(int result)
        {
            if (result < 0) throw Error(result);
        }

        internal static NeuvolException Error(int result)
        {
            var text = LastError();
            return new NeuvolException(text.Length > 0 ? text : NameOf(result), result);
        }

        /// The text of an error that was not of the last call of this thread, but of a decode that ended.
        internal static string NameOf(int result)
        {
            return Static(NeuvolNative.neuvol_result_name(result));
        }

        internal static string Text(TextSource source)
        {
            UIntPtr needed;
            Check(source(null, UIntPtr.Zero, &needed));
            var bytes = new byte[checked((int)needed + 1)];
            fixed (byte* buffer = bytes) Check(source(buffer, (UIntPtr)bytes.Length, &needed));
            return Encoding.UTF8.GetString(bytes, 0, (int)needed);
        }

        internal static string Static(byte* text)
        {
            int length = 0;
            while (text[length] != 0) length++;
            return Encoding.UTF8.GetString(text, length);
        }

        static string LastError()
        {
            return Text((byte* buffer, UIntPtr capacity, UIntPtr* needed) =>
            {
                *needed = NeuvolNative.neuvol_last_error(buffer, capacity);
                return NeuvolNative.NEUVOL_OK;
            });
        }
    }
}
