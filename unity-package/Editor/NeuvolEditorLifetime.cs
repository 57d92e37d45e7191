using UnityEditor;
using UnityEngine;

namespace Neuvol.Editor
{
    /// Gives everything of the native library back before the editor unloads the scripts or ends, and lets volumes go on outside of
    /// play mode, where nothing updates them.
    [InitializeOnLoad]
    internal static class NeuvolEditorLifetime
    {
        static NeuvolEditorLifetime()
        {
            AssemblyReloadEvents.beforeAssemblyReload += NeuvolRuntime.Shutdown;
            EditorApplication.quitting += NeuvolRuntime.Shutdown;
            EditorApplication.update += KeepGoing;
        }

        static void KeepGoing()
        {
            if (Application.isPlaying) return;
            foreach (var volume in NeuvolVolume.Enabled)
            {
                if (!volume.IsBusy) continue;
                EditorApplication.QueuePlayerLoopUpdate();
                return;
            }
        }
    }
}
