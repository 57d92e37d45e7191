using System;
using System.Collections.Generic;
using UnityEngine;

namespace Neuvol
{
    /// Begin and end of what all volumes share. Scripts are unloaded while the native library stays, so all handles and the thread
    /// must be gone before; with Domain Reload disabled they are not unloaded, and statics begin anew here.
    internal static class NeuvolRuntime
    {
        static int lastFrame = -1;

        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        static void Reset()
        {
            Shutdown();
            Application.quitting -= Shutdown;
            Application.quitting += Shutdown;
        }

        /// Gives everything back. Volumes that are still enabled open again when they are updated.
        internal static void Shutdown()
        {
            foreach (var volume in new List<NeuvolVolume>(NeuvolVolume.Enabled))
            {
                try
                {
                    volume.Suspend();
                }
                catch (Exception error)
                {
                    Debug.LogException(error);
                }
            }
            DecodeWorker.Stop();
            NeuvolFile.CloseAll();
            VulkanDevice.Release();
            lastFrame = -1;
        }

        /// Once per frame, whichever volume comes first.
        internal static void EachFrame()
        {
            if (lastFrame == Time.frameCount) return;
            lastFrame = Time.frameCount;
            if (NativeLibrary.Problem == null) NativeLibrary.DrainLog();
        }
    }
}
