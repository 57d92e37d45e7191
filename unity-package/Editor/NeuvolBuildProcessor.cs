using System.Collections.Generic;
using System.IO;
using UnityEditor;
using UnityEditor.Build;

namespace Neuvol.Editor
{
    /// Puts the project's <c>.neuvol</c> files into the StreamingAssets of a build.
    internal sealed class NeuvolBuildProcessor : BuildPlayerProcessor
    {
        public override void PrepareForBuild(BuildPlayerContext buildPlayerContext)
        {
            foreach (var asset in Assets())
            {
                buildPlayerContext.AddAdditionalPathToStreamingAssets(asset.FilePath, asset.BuildPath);
            }
        }

        /// Those that are marked for builds. One whose file is gone ends the build.
        internal static IEnumerable<NeuvolAsset> Assets()
        {
            foreach (var guid in AssetDatabase.FindAssets("t:NeuvolAsset"))
            {
                var path = AssetDatabase.GUIDToAssetPath(guid);
                var asset = AssetDatabase.LoadAssetAtPath<NeuvolAsset>(path);
                if (asset == null || !asset.IncludeInBuilds) continue;
                if (!File.Exists(asset.FilePath)) throw new BuildFailedException(path + " is in the project, but not on the disk");
                yield return asset;
            }
        }
    }
}
