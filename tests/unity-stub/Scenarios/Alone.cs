using Neuvol;
using Neuvol.Fakes;
using UnityEngine.Rendering;

namespace Scenarios
{
    /// Scenarios that need a process of their own, in which Unity has not loaded the native library.
    public static class Alone
    {
        /// The library was not loaded on startup: decoding goes on on the CPU, and the inspector says how to change that.
        public static void NotPreloaded()
        {
            Machine.Device = GraphicsDeviceType.Vulkan;
            using (var scene = new Scene(Program.Sample).Shown())
            {
                Check.Has(scene.Volume.BackendReason, "CPU upload, because Unity has not told the native library of its graphics " +
                    "device: in the importer of the library, \"Load on startup\" must be set", "the reason");
                Voxels.Compare(scene.Volume);
            }
        }

        /// The library is not there at all.
        public static void Missing()
        {
            const string words = "The native library of Neuvol was not found for LinuxPlayer";
            using (var scene = new Scene(Program.Sample))
            {
                World.Until(() => scene.Volume.State == NeuvolState.Failed, "the failure");
                Check.Has(scene.Volume.Status, words, "the status");
                for (int i = 0; i < 3; i++) World.Frame();
                Check.Has(Check.Throws<NeuvolException>(() => NeuvolFile.Open(Program.Sample), "opening"), words, "the error");
                EditorWorld.Will("I don't see my volume", true);
                Check.Has(EditorWorld.Inspect(scene.Volume), "error: " + words, "the checker");
            }
            EditorWorld.Load();
            EditorWorld.BeforeReload();
        }
    }
}
