using System;
using UnityEngine;

namespace Neuvol
{
    /// Whether the native library is there and speaks the language of this package.
    internal static class NativeLibrary
    {
        static bool isChecked;
        static string problem;

        /// Why the library cannot be used, or null.
        internal static string Problem
        {
            get
            {
                if (!isChecked)
                {
                    problem = Find();
                    isChecked = true;
                }
                return problem;
            }
        }

        /// <exception cref="NeuvolException">If the library cannot be used.</exception>
        internal static void Require()
        {
            if (Problem != null) throw new NeuvolException(Problem);
        }

        static string Find()
        {
            try
            {
                uint found = NeuvolNative.neuvol_abi_version();
                if (found >> 16 == NeuvolNative.NEUVOL_ABI_MAJOR && found >= NeuvolNative.NEUVOL_ABI_VERSION) return null;
                return "The native library of Neuvol has the interface " + (found >> 16) + "." + (found & 0xffff) +
                    ", but this package needs " + NeuvolNative.NEUVOL_ABI_MAJOR + "." + NeuvolNative.NEUVOL_ABI_MINOR +
                    ". Another copy of it is in the project or was loaded before an update: remove the copy, restart Unity.";
            }
            catch (DllNotFoundException)
            {
                return "The native library of Neuvol was not found for " + Application.platform +
                    ". The package has it for Windows and Linux on x86-64; for Android, build it as the documentation says " +
                    "and put it into the project's Plugins folder.";
            }
            catch (EntryPointNotFoundException error)
            {
                return "The native library of Neuvol is older than this package (" + error.Message +
                    "): remove the older copy from the project, restart Unity.";
            }
        }

        /// Gives what the library has to say to Unity's console. For the main thread, now and then.
        internal static unsafe void DrainLog()
        {
            var buffer = stackalloc byte[4096];
            for (int round = 0; round < 16; round++)
            {
                var length = (int)NeuvolNative.neuvol_log_drain(buffer, (UIntPtr)4096);
                if (length == 0) return;
                foreach (var line in System.Text.Encoding.UTF8.GetString(buffer, length).Split('\n'))
                {
                    if (line.StartsWith("ERROR", StringComparison.Ordinal)) Debug.LogError("Neuvol: " + line);
                    else if (line.StartsWith("WARN", StringComparison.Ordinal)) Debug.LogWarning("Neuvol: " + line);
                    else if (line.Length > 0) Debug.Log("Neuvol: " + line);
                }
            }
        }
    }
}
