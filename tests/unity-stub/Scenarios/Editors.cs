using System;
using System.IO;
using System.Linq;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// The editor: importing, building, inspectors.
    public static class Editors
    {
        static void InEditor(Action action)
        {
            World.IsEditor = true;
            World.IsPlaying = false;
            EditorWorld.Load();
            try
            {
                action();
            }
            finally
            {
                World.IsEditor = false;
                World.IsPlaying = true;
            }
        }

        public static void Import()
        {
            InEditor(() =>
            {
                var before = World.Census();
                var found = EditorWorld.Import(Program.Sample);
                Check.Equal(EditorWorld.Messages(found), "", "the messages");
                var owner = (GameObject)EditorWorld.Main(found);
                var volume = owner.GetComponent<NeuvolVolume>();
                Check.Equal(volume.State, NeuvolState.Closed, "the state of the imported volume");
                Scene.Nothing();
                var asset = (NeuvolAsset)EditorWorld.Part(found, "file");
                Check.Equal(volume.Asset, asset, "the asset of the volume");
                Check.Equal(asset.Title, "Größe \"in\" Kürze", "the title");
                Check.Equal(asset.Bytes, new FileInfo(Program.Sample).Length, "the length");
                Check.Equal(string.Join(" ", asset.Variables.Select(v => v.name).ToArray()), "theta soil void", "the variables");
                Check.Equal(asset.Variables[0].begin + " " + asset.Variables[0].end + " " + asset.Variables[0].units,
                    "2020-01-01 00:00 UTC 2020-01-01 12:00 UTC K", "the times");
                Check.Equal(asset.FilePath, Program.Sample, "the file");
                Picture(EditorWorld.Thumbnail(found));
                var build = EditorWorld.Build();
                Check.Equal(build["Neuvol/guid-of-sample.neuvol"], Program.Sample, "the file in a build");
                EditorWorld.Forget(found);
                Check.Equal(World.Census(), before, "what is left of the import");
            });
        }

        /// The largest temperatures of the columns, from above: the coarsest level.
        static void Picture(Texture2D picture)
        {
            Check.Equal(picture.width + " x " + picture.height, "10 x 5", "the picture");
            var bytes = Inside.Bytes(picture);
            Check.That(bytes.Where((b, i) => i % 4 == 1).Distinct().Count() > 3, "the picture has one colour");
        }

        public static void ImportOfJunk()
        {
            InEditor(() =>
            {
                var before = World.Census();
                var junk = Path.Combine(Program.Folder, "bad.neuvol");
                File.WriteAllBytes(junk, File.ReadAllBytes(Program.Sample).Take(3000).ToArray());
                var messages = EditorWorld.Messages(EditorWorld.Import(junk));
                Check.Has(messages, "error: ", "the messages");
                Check.Has(messages, "bytes are needed and 3000 are there", "the messages");
                Check.Has(messages, junk, "the messages");
                Check.Equal(World.Census(), before, "what is left of the import");
                Scene.Nothing();
            });
        }

        /// Outside of play mode, what is dropped into a scene is decoded, too, and inspectors say how it is.
        public static void Inspect()
        {
            InEditor(() =>
            {
                using (var scene = new Scene(null))
                {
                    var volume = scene.Volume;
                    Check.Has(EditorWorld.Inspect(volume), "info: No file is named: choose an asset or a path", "the inspector");
                    // As someone types it.
                    World.SetField(volume, "path", Program.Sample);
                    World.Validate(volume);
                    World.Frame();
                    EditorWorld.QueuedUpdates = 0;
                    EditorWorld.Update();
                    Check.Equal(EditorWorld.QueuedUpdates, 1, "the updates of a busy volume");
                    scene.Shown();
                    EditorWorld.Update();
                    Check.Equal(EditorWorld.QueuedUpdates, 1, "the updates of a volume that is ready");
                    EditorWorld.Will("What the file says", true);
                    EditorWorld.Will("Statistics", true);
                    EditorWorld.Will("Time", 1.5f);
                    var said = EditorWorld.Inspect(volume);
                    Check.Has(said, "info: 2020-01-01 00:00 UTC", "the inspector");
                    Check.Has(said, "Back end: CPU upload, because Unity runs on Direct3D11", "the inspector");
                    Check.Has(said, "Variables of the file: theta, soil, void", "the inspector");
                    Check.Has(said, "Voxels: 37 x 20 x 18, 5 times, 3 levels, 2 qualities", "the inspector");
                    Check.Has(said, "info: the axis z (level) has uneven steps", "the inspector");
                    Check.Has(said, "Times shown: 1", "the inspector");
                    Check.Equal(volume.Time, 1.5, "the time that was set");
                    Check.That(EditorWorld.Undone.Contains("Time"), "it cannot be undone");
                    EditorWorld.Will("Variables of the file", 1);
                    EditorWorld.Inspect(volume);
                    World.Frame();
                    scene.Shown();
                    Check.Equal(volume.Variable.Name, "soil", "the variable that was chosen");
                    World.SetField(volume, "level", 9);
                    World.Validate(volume);
                    World.Frame();
                    Check.Has(EditorWorld.Inspect(volume), "error: level 9 does not exist: soil has only 0", "the inspector");
                    World.SetField(volume, "level", 0);
                    EditorWorld.Will("Open Again", true);
                    EditorWorld.Inspect(volume);
                    scene.Shown();
                }
            });
        }

        /// Each cause is made, found, and its cure does away with it.
        public static void WhyIsItNotSeen()
        {
            using (var scene = new Scene(Program.Sample).Shown())
            {
                var eye = new GameObject("Eye");
                eye.AddComponent<Camera>();
                eye.transform.localPosition = new Vector3(0, 0, -3);
                World.Frame();
                Check.That(!Checker(scene).Contains("error:"), "there is an error with nothing wrong: " + Checker(scene));
                Cause(scene, "The Neuvol Renderer is not enabled", () => scene.Renderer.enabled = false,
                    () => scene.Renderer.enabled = true);
                Cause(scene, "It is behind the main camera", () => eye.transform.localPosition = new Vector3(0, 0, 3),
                    () => eye.transform.localPosition = new Vector3(0, 0, -3));
                Cause(scene, "beyond the far plane", () => eye.GetComponent<Camera>().farClipPlane = 1,
                    () => eye.GetComponent<Camera>().farClipPlane = 100);
                Cause(scene, "leaves out the layer Layer 5", () =>
                {
                    scene.Root.layer = 5;
                    eye.GetComponent<Camera>().cullingMask = 1;
                }, () => scene.Root.layer = 0);
                Cause(scene, "It is 0.0", () => scene.Volume.Size = 1e-3f, () => scene.Volume.Size = 1);
                Cause(scene, "The crop leaves nothing", () => scene.Renderer.SetCrop(Vector3.one, Vector3.one),
                    () => scene.Renderer.SetCrop(Vector3.zero, Vector3.one));
                var plane = new GameObject("Knife");
                plane.transform.localPosition = new Vector3(0, 5, 0);
                Cause(scene, "The cut plane Knife cuts everything away", () => scene.Renderer.SetCutPlanes(plane.transform),
                    () => scene.Renderer.SetCutPlanes());
                var function = NeuvolTransferFunction.Create(NeuvolColormap.Grey, 0, 1);
                Cause(scene, "The transfer function goes from 0 to 1, but the variable from 250 to 310 K",
                    () => scene.Renderer.TransferFunction = function, () => scene.Renderer.TransferFunction = null);
                Cause(scene, "All values are transparent", () => scene.Renderer.Density = 0, () => scene.Renderer.Density = 1);
                Cause(scene, "The isosurface's value 0 is not between", () => scene.Renderer.Mode = NeuvolRenderMode.Isosurface,
                    () => scene.Renderer.Mode = NeuvolRenderMode.DirectVolume);
                Machine.MissingShaders.Add("Neuvol/Slice");
                Cause(scene, "The shader \"Neuvol/Slice\" is not in this build", () => scene.Renderer.Mode = NeuvolRenderMode.Slices,
                    () => scene.Renderer.Mode = NeuvolRenderMode.DirectVolume);
                Machine.MissingShaders.Clear();
                Cause(scene, "level 9 does not exist", () => scene.Volume.Level = 9, () => scene.Volume.Level = 0);
                foreach (var made in new UnityEngine.Object[] { eye, plane, function }) UnityEngine.Object.DestroyImmediate(made);
            }
        }

        static string Checker(Scene scene)
        {
            EditorWorld.Will("I don't see my volume", true);
            return EditorWorld.Inspect(scene.Volume);
        }

        static void Cause(Scene scene, string words, Action make, Action cure)
        {
            make();
            World.Frame();
            Check.Has(Checker(scene), words, "the checker");
            cure();
            World.Frame();
            scene.Shown();
            World.Frame();
            Check.That(!Checker(scene).Contains(words), "the cure for \"" + words + "\" does not help");
        }

        public static void TransferFunctions()
        {
            using (var scene = new Scene(Program.Sample).Shown())
            {
                var function = NeuvolTransferFunction.Create(NeuvolColormap.Grey, 0, 100);
                scene.Renderer.TransferFunction = function;
                var said = EditorWorld.Inspect(function);
                Check.Has(said, "Range: 0 to 100 K", "the inspector");
                Check.Has(said, "0 below, ", "the inspector");
                EditorWorld.Will("Fit To Variable", true);
                EditorWorld.Inspect(function);
                Check.Equal(function.Min + " " + function.Max, "250 310", "the range");
                said = EditorWorld.Inspect(function);
                Check.Has(said, "Values outside: 0 below, 0 above, of ", "the inspector");
                Check.That(EditorWorld.Rects.Count > 100, "there is no histogram");
                EditorWorld.Will("Preset", NeuvolColormap.Plume);
                EditorWorld.Will("Use Preset", true);
                EditorWorld.Inspect(function);
                Check.Equal(function.Points.Count, 9, "the points of the preset");
                // The area of the points is 100 x 140 pixels at the top.
                EditorWorld.Inspect(function, EditorWorld.Mouse(EventType.MouseDown, 55, 20, 2));
                Check.Equal(function.Points.Count, 10, "the points after a double click");
                EditorWorld.Inspect(function, EditorWorld.Mouse(EventType.MouseDown, 55, 20));
                EditorWorld.Inspect(function, EditorWorld.Mouse(EventType.MouseDrag, 56, 70));
                EditorWorld.Inspect(function, EditorWorld.Mouse(EventType.MouseUp, 56, 70));
                Check.That(function.Points.Any(point => Math.Abs(point.opacity - 0.5f) < 0.01f), "the point was not moved");
                EditorWorld.Will("Opacity", 0.125f);
                EditorWorld.Inspect(function);
                Check.That(function.Points.Any(point => point.opacity == 0.125f), "the opacity was not set");
                EditorWorld.Inspect(function, EditorWorld.Key(KeyCode.Delete));
                Check.Equal(function.Points.Count, 9, "the points after Delete");
                Check.That(EditorWorld.Dirty.Contains(function), "it would not be saved");
                scene.Renderer.TransferFunction = null;
                UnityEngine.Object.DestroyImmediate(function);
            }
        }

        public static void Menus()
        {
            InEditor(() =>
            {
                foreach (var name in new[] { "Volume", "Legend", "Timeline" })
                {
                    var made = EditorWorld.Menu("GameObject/Neuvol/" + name);
                    Check.Equal(made.name, name, "the new object");
                    World.Frame();
                    if (name == "Volume")
                    {
                        var renderer = made.GetComponent<NeuvolRenderer>();
                        Check.That(World.GetField(renderer, "volumeShader") != null, "builds would lack the shader");
                        EditorWorld.Inspect(renderer);
                    }
                    UnityEngine.Object.DestroyImmediate(made);
                }
            });
        }
    }
}
