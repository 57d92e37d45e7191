using System.IO;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// From the project to a player.
    public static class Builds
    {
        /// What a build copies is where a player looks for it.
        public static void AssetsGoIntoStreamingAssets()
        {
            var found = EditorWorld.Import(Program.Sample);
            var asset = (NeuvolAsset)EditorWorld.Part(found, "file");
            foreach (var file in EditorWorld.Build())
            {
                var to = Path.Combine(Machine.StreamingAssets, file.Key);
                Directory.CreateDirectory(Path.GetDirectoryName(to));
                File.Copy(file.Value, to, true);
            }
            // A player knows no project.
            EditorWorld.Forget(found, asset);
            Check.Equal(asset.FilePath, Machine.StreamingAssets + "/Neuvol/guid-of-sample.neuvol", "the file in a player");
            using (var scene = new Scene(null))
            {
                scene.Volume.Asset = asset;
                scene.Shown();
                Check.Equal(scene.Volume.Variable.Name, "theta", "the variable");
                Voxels.Compare(scene.Volume);
            }
            UnityEngine.Object.DestroyImmediate(asset);
        }
    }
}
