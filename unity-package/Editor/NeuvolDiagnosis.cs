using System;
using System.Collections.Generic;
using UnityEngine;

namespace Neuvol.Editor
{
    /// How bad a finding is.
    internal enum NeuvolVerdict
    {
        Good,
        Doubtful,
        Bad,
    }

    /// One cause why a volume may not be seen, as it was tested.
    internal sealed class NeuvolFinding
    {
        internal NeuvolFinding(NeuvolVerdict verdict, string what, string cure)
        {
            Verdict = verdict;
            What = what;
            Cure = cure;
        }

        internal NeuvolVerdict Verdict { get; }

        /// What was found.
        internal string What { get; }

        /// What to do about it; "" if nothing.
        internal string Cure { get; }
    }

    /// "I don't see my volume": the causes, each tested, each with its cure.
    internal static class NeuvolDiagnosis
    {
        internal static List<NeuvolFinding> Of(NeuvolVolume volume)
        {
            var found = new List<NeuvolFinding>();
            var renderer = volume.GetComponent<NeuvolRenderer>();
            bool goesOn = Library(found) && Enabled(found, volume, renderer) && State(found, volume);
            if (!goesOn) return found;
            Backend(found, volume);
            Drawn(found, renderer);
            Transfer(found, volume, renderer);
            Cuts(found, volume, renderer);
            Cameras(found, volume, renderer);
            Grid(found, volume);
            return found;
        }

        static void Add(List<NeuvolFinding> found, bool isGood, string good, string bad, string cure,
            NeuvolVerdict verdict = NeuvolVerdict.Bad)
        {
            found.Add(isGood ? new NeuvolFinding(NeuvolVerdict.Good, good, "") : new NeuvolFinding(verdict, bad, cure));
        }

        static bool Library(List<NeuvolFinding> found)
        {
            Add(found, NativeLibrary.Problem == null, "The native library is loaded", NativeLibrary.Problem,
                "Import the package again, and restart Unity.");
            return NativeLibrary.Problem == null;
        }

        static bool Enabled(List<NeuvolFinding> found, NeuvolVolume volume, NeuvolRenderer renderer)
        {
            Add(found, volume.isActiveAndEnabled, "The volume is enabled", "The volume or its object is not enabled",
                "Enable the component, its object, and all objects above it.");
            Add(found, renderer != null && renderer.isActiveAndEnabled, "There is a Neuvol Renderer beside it",
                renderer == null ? "Nothing draws the volume" : "The Neuvol Renderer is not enabled",
                renderer == null ? "Add the component Neuvol Renderer to this object." : "Enable the component.");
            return volume.isActiveAndEnabled && renderer != null && renderer.isActiveAndEnabled;
        }

        static bool State(List<NeuvolFinding> found, NeuvolVolume volume)
        {
            switch (volume.State)
            {
                case NeuvolState.Failed:
                    Add(found, false, "", volume.Status, "As it says; then press Open Again.");
                    return false;
                case NeuvolState.Closed:
                    Add(found, false, "", volume.Status, "Choose an asset, or a path in StreamingAssets or on the disk.");
                    return false;
                case NeuvolState.Loading:
                case NeuvolState.Decoding:
                    found.Add(new NeuvolFinding(NeuvolVerdict.Doubtful, volume.Status,
                        "Wait a moment. If it stays so, raise the frame budget, or choose a coarser level."));
                    return false;
                default:
                    Add(found, true, "A time is decoded: " + volume.TimeLabel, "", "");
                    return true;
            }
        }

        static void Backend(List<NeuvolFinding> found, NeuvolVolume volume)
        {
            bool isUsual = volume.BackendReason.StartsWith("Vulkan", StringComparison.Ordinal);
            Add(found, isUsual, volume.BackendReason, volume.BackendReason,
                "This works. For large volumes Vulkan is faster: Project Settings > Player > Graphics APIs, Vulkan first.",
                NeuvolVerdict.Doubtful);
        }

        static void Drawn(List<NeuvolFinding> found, NeuvolRenderer renderer)
        {
            Add(found, renderer.Problem == "", "Shaders and materials are there", renderer.Problem, "As it says.");
        }

        /// Opacities of the values that the variable has.
        static void Transfer(List<NeuvolFinding> found, NeuvolVolume volume, NeuvolRenderer renderer)
        {
            var function = renderer.UsedTransferFunction;
            var variable = volume.Variable;
            if (function == null) return;
            bool hasValues = variable.Max >= variable.Min;
            Add(found, hasValues, "The variable has values from " + variable.Min + " to " + variable.Max + " " + variable.Units,
                "The variable has no valid values", "Choose another variable.");
            if (!hasValues) return;
            bool overlaps = function.Max >= variable.Min && function.Min <= variable.Max;
            Add(found, overlaps, "The transfer function meets these values",
                "The transfer function goes from " + function.Min + " to " + function.Max + ", but the variable from " +
                variable.Min + " to " + variable.Max + " " + variable.Units,
                "Press Fit To Variable in the transfer function's inspector.");
            if (renderer.Mode == NeuvolRenderMode.Isosurface)
            {
                bool isBetween = renderer.IsoValue > variable.Min && renderer.IsoValue < variable.Max;
                Add(found, isBetween, "The isosurface's value occurs", "The isosurface's value " + renderer.IsoValue +
                    " is not between " + variable.Min + " and " + variable.Max + " " + variable.Units,
                    "Set a value between these.");
                return;
            }
            if (renderer.Mode == NeuvolRenderMode.Slices) return;
            float most = 0;
            for (int i = 0; i <= 64; i++)
            {
                most = Mathf.Max(most, function.Evaluate(Mathf.Lerp(variable.Min, variable.Max, i / 64f)).a);
            }
            Add(found, most * renderer.Density > 0.002f, "Some of these values are opaque",
                "All values are transparent: the largest opacity is " + most + ", the density " + renderer.Density,
                "Raise opacities in the transfer function, or the density.");
        }

        static void Cuts(List<NeuvolFinding> found, NeuvolVolume volume, NeuvolRenderer renderer)
        {
            Add(found, !renderer.IsCropEmpty, "Some of the box is shown", "The crop leaves nothing of the box",
                "Set Crop Min to 0, 0, 0 and Crop Max to 1, 1, 1.");
            foreach (var plane in renderer.CutPlanes)
            {
                if (plane == null || !plane.gameObject.activeInHierarchy) continue;
                bool keeps = KeepsSomething(volume.Box.Plane(volume.transform, plane.position, plane.up));
                Add(found, keeps, "The cut plane " + plane.name + " leaves something",
                    "The cut plane " + plane.name + " cuts everything away",
                    "Turn it round: what is on the side of its up axis stays.");
            }
        }

        static bool KeepsSomething(Vector4 plane)
        {
            for (int corner = 0; corner < 8; corner++)
            {
                var point = new Vector3(corner & 1, corner >> 1 & 1, corner >> 2);
                if (Vector3.Dot(plane, point) + plane.w > 0) return true;
            }
            return false;
        }

        static void Cameras(List<NeuvolFinding> found, NeuvolVolume volume, NeuvolRenderer renderer)
        {
            var eye = Camera.main;
            if (eye == null)
            {
                Add(found, false, "", "No camera has the tag MainCamera", "If you have cameras of your own, nothing is wrong.",
                    NeuvolVerdict.Doubtful);
                return;
            }
            int layer = volume.gameObject.layer;
            Add(found, (eye.cullingMask & (1 << layer)) != 0, "The main camera shows this layer",
                "The main camera leaves out the layer " + LayerMask.LayerToName(layer),
                "Set the layer of this object, or the culling mask of the camera.");
            var edges = volume.Box.Edges;
            var centre = eye.transform.InverseTransformPoint(volume.transform.position);
            var corner = volume.transform.TransformPoint(edges * 0.5f) - volume.transform.position;
            float radius = corner.magnitude;
            Add(found, centre.z + radius > eye.nearClipPlane, "It is in front of the main camera",
                "It is behind the main camera", "Move the camera or the volume.");
            Add(found, centre.z - radius < eye.farClipPlane, "It is nearer than the far plane",
                "It is " + centre.z + " away, beyond the far plane at " + eye.farClipPlane,
                "Make the volume smaller (Size), or raise the far plane.");
            Add(found, radius > centre.z * 0.002f, "It is large enough to be seen",
                "It is " + 2 * radius + " large and " + centre.z + " away", "Make it larger (Size), or go nearer.");
        }

        static void Grid(List<NeuvolFinding> found, NeuvolVolume volume)
        {
            foreach (var note in volume.Variable.Grid.Notes)
            {
                found.Add(new NeuvolFinding(NeuvolVerdict.Doubtful, "Of its shape: " + note, "Nothing needs to be done."));
            }
        }
    }
}
