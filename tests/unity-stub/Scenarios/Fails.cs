using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// What goes wrong: the words for it, and that nothing is left.
    public static class Fails
    {
        static void Says(string words, string file, Action<NeuvolVolume> prepare = null)
        {
            using (var scene = new Scene(file, prepare))
            {
                World.Until(() => scene.Volume.State == NeuvolState.Failed, "a failure with " + words);
                Check.Has(scene.Volume.Status, words, "the status");
                Scene.Nothing();
                for (int i = 0; i < 5; i++) World.Frame();
                Check.Has(scene.Volume.Status, words, "the status later");
            }
        }

        public static void InWords()
        {
            Says("nothing.neuvol", "nothing.neuvol");
            var junk = Path.Combine(Program.Folder, "junk.neuvol");
            File.WriteAllText(junk, "This is no volume.");
            Says("junk.neuvol", junk);
            Says("has no variable \"wind\", only theta, soil, void", Program.Sample, volume => volume.VariableName = "wind");
            Says("level 3 does not exist: theta has 0 to 2", Program.Sample, volume => volume.Level = 3);
            Says("quality 2 does not exist", Program.Sample, volume => volume.Quality = 2);
            Says("The back end Vulkan was chosen, but Unity runs on Direct3D11", Program.Sample,
                volume => volume.Backend = NeuvolBackend.Vulkan);
            Says("void has no range of values", Program.Sample, volume =>
            {
                volume.VariableName = "void";
                volume.TexelFormat = NeuvolTexelFormat.UNorm8;
            });
            Machine.MaxTexture3DSize = 64;
            try
            {
                Says("72 x 56 x 80 voxels, but 3D textures of this graphics device have at most 64 a side: choose a coarser level",
                    Program.Plume);
            }
            finally
            {
                Machine.MaxTexture3DSize = 2048;
            }
            Machine.Unsupported.Add("R32_SFloat");
            try
            {
                Says("texel format Float: this graphics device cannot sample R32_SFloat", Program.Plume,
                    volume => volume.TexelFormat = NeuvolTexelFormat.Float);
            }
            finally
            {
                Machine.Unsupported.Clear();
            }
        }

        /// Damage in the blocks is found when they are decoded: on the thread of the CPU, or by the library's own.
        static void Damaged()
        {
            var bytes = File.ReadAllBytes(Program.Plume);
            for (int i = bytes.Length / 2; i < bytes.Length / 2 + 4000; i++) bytes[i] ^= 0x55;
            var damaged = Path.Combine(Program.Folder, "damaged.neuvol");
            File.WriteAllBytes(damaged, bytes);
            Says("checksum", damaged);
        }

        public static void DamagedBlocksByUpload() => Damaged();

        [OnVulkan]
        public static void DamagedBlocksOnVulkan() => Damaged();

        /// The driver has been reset: all is made anew, and what was shown is shown again.
        [OnVulkan]
        public static unsafe void LostDevice()
        {
            using (var scene = new Scene(Program.Sample).Shown())
            {
                // The fake device is not really lost: what was recorded has to be finished before.
                for (int i = 0; i < 5; i++) World.Frame();
                NeuvolNative.neuvol_context context;
                Check.Equal(NeuvolNative.neuvol_unity_context(&context), NeuvolNative.NEUVOL_OK, "the context");
                Check.Equal(NeuvolNative.neuvol_context_device_lost(context), NeuvolNative.NEUVOL_OK, "the loss");
                scene.Volume.Time = 2.25;
                World.Frame();
                World.Until(() => scene.Volume.State != NeuvolState.Ready || scene.Volume.ShownTime == 2.25, "the new device");
                scene.Shown();
                Check.Equal(scene.Volume.ShownTime, 2.25, "the time that is shown");
                Check.Has(scene.Volume.BackendReason, "Vulkan", "the back end");
                Voxels.Compare(scene.Volume);
            }
        }

        /// After an error, another setting or file is a new try.
        public static void AndGoesOn()
        {
            using (var scene = new Scene(Program.Sample, volume => volume.Level = 7))
            {
                World.Until(() => scene.Volume.State == NeuvolState.Failed, "the failure");
                scene.Volume.Level = 2;
                Action<NeuvolVolume> faulty = volume => throw new InvalidOperationException("a script's fault");
                scene.Volume.StateChanged += faulty;
                World.Until(() => scene.Volume.State == NeuvolState.Ready, "the new try");
                Check.That(World.Exceptions.Count > 0 && World.Exceptions.All(e => e.Message == "a script's fault"),
                    "what handlers throw is logged");
                scene.Volume.StateChanged -= faulty;
                World.Exceptions.Clear();
                Voxels.Compare(scene.Volume);
            }
        }

        [OnVulkan]
        public static void RefusedRenderTextures()
        {
            Machine.RefusesRenderTextures = true;
            try
            {
                Says("Unity could not make a 3D render texture of 37 x 20 x 18", Program.Sample);
            }
            finally
            {
                Machine.RefusesRenderTextures = false;
            }
        }

        /// As when a computer has slept.
        [OnVulkan]
        public static void LostTextures()
        {
            using (var scene = new Scene(Program.Sample).Shown())
            {
                Inside.Lose((RenderTexture)scene.Volume.Texture);
                World.Frame();
                World.Frame();
                scene.Shown();
                Voxels.Compare(scene.Volume);
            }
        }

        static void Faulty()
        {
            Faults.Calls.Clear();
            Round(null, 0);
            var names = Faults.Calls.OrderBy(pair => pair.Key).ToArray();
            int rounds = 0;
            foreach (var name in names)
            {
                foreach (int after in new[] { 0, 1, 4, 13 })
                {
                    if (after >= name.Value) continue;
                    try
                    {
                        Round(name.Key, after);
                    }
                    catch (Exception error)
                    {
                        throw new Exception("after fault " + after + " in " + name.Key + ": " + error.Message, error);
                    }
                    rounds++;
                }
            }
            Console.WriteLine("       " + rounds + " faults in " + names.Length + " calls of Unity, nothing left by any");
        }

        /// One life of a scene in which one call of Unity throws. Afterwards nothing is left, and a new try shows the right voxels.
        static void Round(string call, int after)
        {
            using (var scene = new Scene(null))
            {
                var legend = new GameObject("Legend");
                legend.transform.SetParent(scene.Root.transform, false);
                var shows = legend.AddComponent<NeuvolLegend>();
                var timeline = legend.AddComponent<NeuvolTimeline>();
                Faults.Arm(call, after);
                scene.Volume.FilePath = Program.Sample;
                for (int i = 0; i < 400; i++)
                {
                    World.Frame();
                    bool isEnd = scene.Volume.State == NeuvolState.Failed || (scene.Volume.State == NeuvolState.Ready && i > 20);
                    if (isEnd) break;
                    scene.Volume.Level = i > 10 ? 1 : 0;
                }
                if (scene.Volume.State == NeuvolState.Failed)
                {
                    Check.Equal(scene.Volume.Error, "fault in " + Faults.Thrown, "the error");
                    Scene.Nothing();
                }
                Faults.Arm(null);
                World.Exceptions.RemoveAll(error => error is FaultException);
                shows.enabled = timeline.enabled = true;
                scene.Volume.Reopen();
                scene.Shown();
                World.Frame();
                Check.Equal(scene.Renderer.Problem, "", "the problem of the renderer");
                Check.That(shows.Title != "" && timeline.Text != "", "the legend is not shown");
                if (after == 0) Voxels.Compare(scene.Volume);
            }
            Check.Quiet();
        }

        public static void AnywhereByUpload() => Faulty();

        [OnVulkan]
        public static void AnywhereOnVulkan() => Faulty();
    }
}
