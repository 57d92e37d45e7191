using System;
using System.Linq;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// What shaders get, legends say and probes find.
    public static class Looks
    {
        static Vector4 Vector(Scene scene, string name) => (Vector4)Inside.Value(scene.Renderer.Material, name);

        static float Float(Scene scene, string name) => (float)Inside.Value(scene.Renderer.Material, name);

        public static void Properties()
        {
            using (var scene = new Scene(Program.Sample, volume =>
            {
                volume.TexelFormat = NeuvolTexelFormat.UNorm16;
                volume.VerticalExaggeration = 50;
            }).Shown())
            {
                World.Frame();
                var box = scene.Volume.Box;
                var material = scene.Renderer.Material;
                Check.Equal(Vector(scene, "_NeuvolSize").ToString(), "(37, 20, 18, 0)", "the size");
                Check.Equal(Vector(scene, "_NeuvolScaleOffset").ToString(), "(60, 250, 0, 0)", "the scale");
                // Longitude, latitude from south to north, level upwards: Unity's X, Z, Y.
                Check.Equal(Vector(scene, "_NeuvolAxes").ToString(), "(0, 2, 1, 0)", "the axes");
                Check.That((Vector3)Vector(scene, "_NeuvolSpacing") == box.Edges, "the edges");
                Check.Equal(Inside.Value(material, "_NeuvolVolume"), scene.Volume.Texture, "the texture");
                Check.That(Inside.Has(material, "NEUVOL_MODE_DVR") && Inside.Has(material, "NEUVOL_LIT") &&
                    Inside.Has(material, "NEUVOL_SKIP"), "keywords are missing");
                Check.Equal(material.shader.name, "Neuvol/Volume", "the shader");
                scene.Renderer.Mode = NeuvolRenderMode.Isosurface;
                scene.Renderer.IsoValue = 280;
                World.Frame();
                Check.That(Inside.Has(material, "NEUVOL_MODE_ISO") && !Inside.Has(material, "NEUVOL_MODE_DVR"), "the mode");
                Check.Equal(Float(scene, "_NeuvolIso"), 280f, "the value of the isosurface");
                scene.Renderer.Mode = NeuvolRenderMode.Slices;
                World.Frame();
                Check.Equal(material.shader.name, "Neuvol/Slice", "the shader");
                Check.Equal(Vector(scene, "_NeuvolSlice0").ToString(), "(0, 1, 0, -0.5)", "the slice without a plane");
                Check.Equal(Float(scene, "_NeuvolSliceCount"), 1f, "the slices");
            }
        }

        /// Nothing that is there is skipped: every voxel is within the bounds of its cell.
        public static void CellsHoldTheirVoxels()
        {
            foreach (var format in new[] { NeuvolTexelFormat.Float, NeuvolTexelFormat.UNorm8 })
            {
                for (int level = 0; level < 2; level++)
                {
                    using (var scene = new Scene(Program.Plume, volume =>
                    {
                        volume.TexelFormat = format;
                        volume.Level = level;
                        volume.Time = 2.5;
                    }).Shown())
                    {
                        World.Frame();
                        Cells(scene, format);
                    }
                }
            }
        }

        static void Cells(Scene scene, NeuvolTexelFormat format)
        {
            var variable = scene.Volume.Variable;
            var size = variable.SizeAt(scene.Volume.ShownLevel);
            int edge = (int)Float(scene, "_NeuvolMacroSize");
            var cells = new Vector3Int((size.x + edge - 1) / edge, (size.y + edge - 1) / edge, (size.z + edge - 1) / edge);
            var bytes = Inside.Bytes((Texture3D)Inside.Value(scene.Renderer.Material, "_NeuvolMacro"));
            Check.Equal(bytes.Length, 8 * cells.x * cells.y * cells.z, "the size of the cells");
            var voxels = Inside.Bytes(scene.Volume.Texture);
            int empty = 0;
            for (int i = 0; i < size.x * size.y * size.z; i++)
            {
                float value = format == NeuvolTexelFormat.Float ? BitConverter.ToSingle(voxels, 4 * i) : voxels[i] / 255f;
                if (float.IsNaN(value)) continue;
                int x = i % size.x / edge, y = i / size.x % size.y / edge, z = i / (size.x * size.y) / edge;
                int cell = x + cells.x * (y + cells.y * z);
                float low = BitConverter.ToSingle(bytes, 8 * cell), high = BitConverter.ToSingle(bytes, 8 * cell + 4);
                if (!(value >= low && value <= high)) throw new Exception("voxel " + i + " is " + value + ", its cell " + low + " to " + high);
            }
            for (int i = 0; i < bytes.Length / 8; i++)
            {
                if (BitConverter.ToSingle(bytes, 8 * i + 4) < 0.7f * (format == NeuvolTexelFormat.Float ? variable.Max : 1)) empty++;
            }
            Check.That(empty > 0, "all cells have the largest values");
        }

        public static void ProbesFindValues()
        {
            using (var scene = new Scene(Program.Sample, volume =>
            {
                volume.Time = 1;
                volume.VerticalExaggeration = 3;
            }))
            {
                scene.Root.transform.localPosition = new Vector3(10, 20, 30);
                scene.Root.transform.localScale = new Vector3(5, 5, 5);
                scene.Root.transform.localRotation = Quaternion.AngleAxis(40, new Vector3(1, 2, 3));
                scene.Shown();
                var variable = scene.Volume.Variable;
                var all = variable.File.Decode(variable, 1, Vector3Int.zero, variable.Size);
                int tested = 0;
                foreach (var voxel in new[] { new Vector3Int(3, 4, 5), new Vector3Int(36, 19, 17), new Vector3Int(20, 0, 9) })
                {
                    float expected = all[voxel.x + 37 * (voxel.y + 20 * voxel.z)];
                    if (float.IsNaN(expected)) continue;
                    var inTexture = new Vector3((voxel.x + 0.5f) / 37, (voxel.y + 0.5f) / 20, (voxel.z + 0.5f) / 18);
                    var world = scene.Root.transform.TransformPoint(scene.Volume.Box.FromTexture(inTexture));
                    NeuvolProbe probe;
                    Check.That(scene.Volume.ProbeValue(world, out probe), "the point is outside");
                    Check.That(Math.Abs(probe.Value - expected) < 0.01f, "the probe is " + probe.Value + ", not " + expected);
                    Check.That(Math.Abs(probe.Position(1) - (50 + 0.1 * voxel.y)) < 1e-3, "the latitude is " + probe.Position(1));
                    Check.Has(probe.ToString(), " K at ", "the probe in words");
                    Check.Has(probe.ToString(), "°N, ", "the probe in words");
                    Check.Has(probe.ToString(), " m, 2020-01-01 03:00 UTC", "the probe in words");
                    tested++;
                }
                Check.That(tested >= 2, "only " + tested + " points have values");
                NeuvolProbe none;
                Check.That(!scene.Volume.ProbeValue(Vector3.zero, out none), "a point outside is inside");
            }
        }

        public static void LegendsAndTimelines()
        {
            using (var scene = new Scene(Program.Sample, volume => volume.Time = 2).Shown())
            {
                var eye = new GameObject("Eye");
                eye.AddComponent<Camera>();
                eye.transform.localPosition = new Vector3(0, 0, -1);
                var ui = new GameObject("UI");
                ui.transform.SetParent(scene.Root.transform, false);
                var legend = ui.AddComponent<NeuvolLegend>();
                var timeline = ui.AddComponent<NeuvolTimeline>();
                // Unity updates components in any order: one may see what another does a frame later.
                World.Frame();
                World.Frame();
                Check.Equal(legend.Title, "theta (K)", "the title");
                Check.Equal(legend.Date, "2020-01-01 06:00 UTC", "the date");
                Check.Equal(string.Join(" ", legend.MarkTexts.ToArray()), "260 280 300", "the marks");
                Check.Equal(timeline.Text, "2020-01-01 06:00 UTC", "the text of the time line");
                // The camera of the stub has 1 unit per 1000 pixels.
                World.Key(KeyCode.Space);
                World.Frame();
                Check.That(scene.Volume.IsPlaying, "the key does not play");
                World.Mouse(EventType.MouseDown, 250, 1000);
                World.Frame();
                Check.That(timeline.IsHeld && !scene.Volume.IsPlaying, "the knob is not held");
                Check.That(Math.Abs(scene.Volume.Time - 1) < 1e-5, "the time is " + scene.Volume.Time);
                World.Mouse(EventType.MouseDrag, 5000, 0);
                World.Frame();
                Check.Equal(scene.Volume.Time, 4.0, "the time beyond the end");
                World.Mouse(EventType.MouseUp, 5000, 0);
                World.Frame();
                Check.That(!timeline.IsHeld && scene.Volume.IsPlaying, "it does not play on");
                scene.Volume.Pause();
                World.Mouse(EventType.MouseDrag, 250, 1000);
                World.Frame();
                Check.That(!timeline.IsHeld, "a press that began elsewhere takes the knob");
                scene.Renderer.TransferFunction = NeuvolTransferFunction.Create(NeuvolColormap.Turbo, 0, 1);
                World.Frame();
                Check.Equal(string.Join(" ", legend.MarkTexts.ToArray()), "0 0.2 0.4 0.6 0.8 1", "the marks of another function");
                UnityEngine.Object.Destroy(scene.Renderer.TransferFunction);
                UnityEngine.Object.Destroy(eye);
            }
        }
    }
}
