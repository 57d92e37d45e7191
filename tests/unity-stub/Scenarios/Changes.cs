using System;
using System.IO;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// What changes while something is decoded.
    public static class Changes
    {
        static void File(bool waits)
        {
            using (var scene = new Scene(Program.Large, volume => volume.TexelFormat = NeuvolTexelFormat.UNorm8))
            {
                for (int i = 0; i < 4; i++) World.Frame();
                Check.Equal(scene.Volume.State, NeuvolState.Decoding, "the state of a large file");
                var clock = System.Diagnostics.Stopwatch.StartNew();
                scene.Volume.FilePath = Program.Sample;
                long took = clock.ElapsedMilliseconds;
                Check.That(took < 1000, "changing the file took " + took + " ms");
                scene.Shown();
                Check.Equal(scene.Volume.Variable.Name, "theta", "the variable");
                Voxels.Compare(scene.Volume);
                scene.Volume.VariableName = "soil";
                World.Frame();
                scene.Shown();
                Check.Equal(scene.Volume.Variable.Name, "soil", "the variable");
                Voxels.Compare(scene.Volume);
                scene.Volume.TexelFormat = NeuvolTexelFormat.Float;
                World.Frame();
                scene.Shown();
                Voxels.Compare(scene.Volume);
            }
        }

        public static void TheFileByUpload() => File(true);

        [OnVulkan]
        public static void TheFileOnVulkan() => File(false);

        static void Destroyed()
        {
            for (int frames = 0; frames < 12; frames++)
            {
                // Dispose() checks that nothing is left.
                using (new Scene(frames % 2 == 0 ? Program.Large : Program.Plume))
                {
                    for (int i = 0; i < frames; i++) World.Frame();
                }
            }
        }

        public static void DestroyedByUpload() => Destroyed();

        [OnVulkan]
        public static void DestroyedOnVulkan() => Destroyed();

        /// Disabled and enabled it goes on; other scenes' volumes share the device.
        static void Others()
        {
            using (var one = new Scene(Program.Sample).Shown())
            {
                var other = new GameObject("Other");
                var volume = other.AddComponent<NeuvolVolume>();
                volume.FilePath = Program.Plume;
                World.Until(() => volume.State == NeuvolState.Ready, "the other volume");
                one.Root.SetActive(false);
                Check.That(one.Volume.Texture == null && one.Volume.State == NeuvolState.Closed, "a disabled volume is open");
                Check.Has(one.Volume.Status, "not enabled", "the status");
                one.Root.SetActive(true);
                one.Shown();
                one.Volume.Close();
                for (int i = 0; i < 3; i++) World.Frame();
                Check.Equal(one.Volume.State, NeuvolState.Closed, "the state of a closed volume");
                one.Volume.Reopen();
                one.Shown();
                Voxels.Compare(one.Volume);
                Voxels.Compare(volume);
                UnityEngine.Object.Destroy(other);
                World.Frame();
            }
        }

        public static void TwoVolumesByUpload() => Others();

        [OnVulkan]
        public static void TwoVolumesOnVulkan() => Others();

        /// With Domain Reload disabled, statics are reset and what is enabled opens again.
        static void PlayMode()
        {
            using (var scene = new Scene(Program.Sample).Shown())
            {
                World.EnterPlayMode(typeof(NeuvolVolume).Assembly);
                Scene.Nothing();
                World.Frame();
                scene.Shown();
                Voxels.Compare(scene.Volume);
                World.Quit();
                Scene.Nothing();
                Check.Equal(Scene.Count("DecodeWorker", "IsRunning"), 0L, "the number of threads that decode");
            }
        }

        public static void PlayModeWithoutReloadByUpload() => PlayMode();

        [OnVulkan]
        public static void PlayModeWithoutReloadOnVulkan() => PlayMode();
    }
}
