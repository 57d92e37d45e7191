using System;
using UnityEditor.AssetImporters;
using UnityEngine;

namespace Neuvol.Editor
{
    /// <summary>
    /// Imports <c>.neuvol</c> files: as an object that can be dragged into a scene, a description, and a picture. Voxels are not
    /// imported: the file stays as it is, and builds copy it into StreamingAssets.
    /// </summary>
    /// <remarks>Files in StreamingAssets are not imported by Unity; name them in the path of a
    /// <see cref="NeuvolVolume"/>.</remarks>
    [ScriptedImporter(1, "neuvol")]
    public sealed class NeuvolImporter : ScriptedImporter
    {
        [Tooltip("Builds have the file in StreamingAssets.")]
        [SerializeField] bool includeInBuilds = true;

        /// <summary>Imports a file. What is wrong with it is in the console and in the inspector of the asset.</summary>
        /// <param name="ctx">The file, and what it becomes.</param>
        public override void OnImportAsset(AssetImportContext ctx)
        {
            try
            {
                using (var file = NeuvolFile.Open(System.IO.Path.GetFullPath(ctx.assetPath))) Import(ctx, file);
            }
            catch (NeuvolException error)
            {
                ctx.LogImportError(error.Message);
            }
        }

        void Import(AssetImportContext ctx, NeuvolFile file)
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(ctx.assetPath);
            var asset = ScriptableObject.CreateInstance<NeuvolAsset>();
            asset.name = name;
            asset.Describe(file, UnityEditor.AssetDatabase.AssetPathToGUID(ctx.assetPath), includeInBuilds);
            ctx.AddObjectToAsset("file", asset);
            var picture = Picture(ctx, file);
            if (picture != null)
            {
                picture.name = name;
                ctx.AddObjectToAsset("picture", picture);
            }
            var owner = NeuvolMenu.Make(name, asset);
            ctx.AddObjectToAsset("volume", owner, picture);
            ctx.SetMainObject(owner);
        }

        /// A damaged block is no reason not to import the rest.
        static Texture2D Picture(AssetImportContext ctx, NeuvolFile file)
        {
            try
            {
                return file.Variables.Count == 0 ? null : NeuvolPicture.Of(file.Variables[0]);
            }
            catch (NeuvolException error)
            {
                ctx.LogImportWarning("There is no picture: " + error.Message);
                return null;
            }
        }
    }
}
