using System;
using System.IO;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// From a file to voxels in a texture.
    public static class Shows
    {
        static void All(string expectedBackend)
        {
            int voxels = 0;
            foreach (var file in new[] { Program.Plume, Program.Sample })
            {
                foreach (NeuvolTexelFormat format in Enum.GetValues(typeof(NeuvolTexelFormat)))
                {
                    bool isSlow = file == Program.Sample && format != NeuvolTexelFormat.Float;
                    if (isSlow && expectedBackend == "Vulkan") continue;
                    using (var scene = new Scene(file, volume =>
                    {
                        volume.TexelFormat = format;
                        volume.Time = 1.75;
                    }).Shown())
                    {
                        Check.Has(scene.Volume.BackendReason, expectedBackend, "the reason of the back end");
                        voxels += Voxels.Compare(scene.Volume);
                        scene.Volume.Level = 1;
                        scene.Volume.Quality = 1;
                        scene.Volume.Time = 0;
                        scene.Shown();
                        World.Frame();
                        scene.Shown();
                        Check.Equal(scene.Volume.ShownLevel, 1, "the level");
                        voxels += Voxels.Compare(scene.Volume);
                        Check.Equal(scene.Renderer.Problem, "", "the problem of the renderer");
                    }
                }
            }
            Console.WriteLine("       " + voxels + " voxels compared, " + expectedBackend);
        }

        public static void EveryFormatByUpload() => All("CPU upload, because Unity runs on Direct3D11");

        [OnVulkan]
        public static void EveryFormatOnVulkan() => All("Vulkan");

        /// CUDA is asked for on a device that is not NVIDIA's: Vulkan decodes, and says why.
        [OnVulkan]
        public static void WithoutCuda()
        {
            Forget();
            NeuvolGraphics.UseCuda = true;
            try
            {
                using (var scene = new Scene(Program.Plume).Shown())
                {
                    Check.Has(scene.Volume.BackendReason, "(CUDA is not used: ", "the reason");
                    Voxels.Compare(scene.Volume);
                }
            }
            finally
            {
                NeuvolGraphics.UseCuda = false;
                Forget();
            }
        }

        /// The next volume has a context of its own.
        static unsafe void Forget()
        {
            NeuvolNative.neuvol_context context;
            Check.Equal(NeuvolNative.neuvol_unity_context(&context), NeuvolNative.NEUVOL_OK, "the context");
            Check.Equal(NeuvolNative.neuvol_context_destroy(context), NeuvolNative.NEUVOL_OK, "its end");
        }

        public static void WithoutCopiesOfTextures()
        {
            Machine.CopiesTextures = false;
            try
            {
                using (var scene = new Scene(Program.Plume).Shown()) Voxels.Compare(scene.Volume);
            }
            finally
            {
                Machine.CopiesTextures = true;
            }
        }

        /// A small budget uploads in many frames, and shows nothing before all is there.
        public static void UploadsAreSliced()
        {
            using (var scene = new Scene(Program.Plume, volume =>
            {
                volume.TexelFormat = NeuvolTexelFormat.Float;
                volume.FrameBudget = 1e-6f;
            }))
            {
                int uploading = 0;
                World.Until(() =>
                {
                    if (scene.Volume.Status.Contains("uploading"))
                    {
                        uploading++;
                        Check.That(scene.Volume.Texture == null, "half a volume is shown");
                    }
                    return scene.Volume.State == NeuvolState.Ready;
                }, "the upload");
                Check.That(uploading >= 1, "it was uploaded in one frame");
                Voxels.Compare(scene.Volume);
            }
        }

        /// StreamingAssets of Android are copied out of the app once.
        public static void FilesInsideOfAnApp()
        {
            var usual = Machine.StreamingAssets;
            Machine.Archive = usual;
            Machine.StreamingAssets = "jar:file:///data/app/base.apk!/assets";
            Machine.PersistentData = Path.Combine(usual, "persistent");
            if (Directory.Exists(Machine.PersistentData)) Directory.Delete(Machine.PersistentData, true);
            try
            {
                for (int round = 0; round < 2; round++)
                {
                    using (var scene = new Scene(Path.GetFileName(Program.Plume)))
                    {
                        if (round == 0) Check.Has(scene.Volume.Status, "Copying the file out of the app, 50 %", "the status");
                        else Check.Equal(scene.Volume.State, NeuvolState.Decoding, "the state with the copy");
                        scene.Shown();
                        Voxels.Compare(scene.Volume);
                    }
                }
                using (var scene = new Scene("nothing.neuvol"))
                {
                    World.Until(() => scene.Volume.State == NeuvolState.Failed, "the failure");
                    Check.Has(scene.Volume.Status, "could not be copied out of the app: 404", "the status");
                }
                using (new Scene(Path.GetFileName(Program.Sample)))
                {
                    // Gone while it is copied.
                }
            }
            finally
            {
                Machine.StreamingAssets = usual;
            }
        }
    }
}
