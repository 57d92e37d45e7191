using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace Neuvol.Editor
{
    /// The inspector of a transfer function: points over the histogram of a volume of the scene. Click on a point to take it, drag it,
    /// click twice to add one, Delete removes.
    [CustomEditor(typeof(NeuvolTransferFunction))]
    internal sealed class NeuvolTransferFunctionEditor : UnityEditor.Editor
    {
        static readonly Color Back = new Color(0.13f, 0.13f, 0.13f);
        static readonly Color Bars = new Color(0.35f, 0.35f, 0.35f);

        NeuvolHistogram histogram;
        NeuvolVolume measured;
        string problem = "";
        NeuvolColormap preset;
        int selected = -1;
        bool isDragging;

        NeuvolTransferFunction Function => (NeuvolTransferFunction)target;

        public override void OnInspectorGUI()
        {
            var volume = User();
            Presets(volume);
            if (Function.Points.Count == 0)
            {
                EditorGUILayout.HelpBox("There are no points: choose a preset.", MessageType.Warning);
                return;
            }
            Measure(volume);
            var area = EditorGUILayout.GetControlRect(false, 140);
            Mouse(area);
            Draw(area);
            EditorGUI.DrawPreviewTexture(EditorGUILayout.GetControlRect(false, 18), Function.Texture);
            Range(volume);
            Selected();
        }

        /// A volume of the scene that is drawn by it, else any that is open.
        NeuvolVolume User()
        {
            NeuvolVolume any = null;
            foreach (var volume in NeuvolVolume.Enabled)
            {
                if (volume.Variable == null) continue;
                var renderer = volume.GetComponent<NeuvolRenderer>();
                if (renderer != null && renderer.TransferFunction == Function) return volume;
                if (any == null) any = volume;
            }
            return any;
        }

        void Presets(NeuvolVolume volume)
        {
            preset = (NeuvolColormap)EditorGUILayout.EnumPopup("Preset", preset);
            if (!GUILayout.Button("Use Preset")) return;
            bool hasRange = volume != null && volume.Variable.Max > volume.Variable.Min;
            Change("Preset", () => Function.SetPreset(preset, hasRange ? volume.Variable.Min : Function.Min,
                hasRange ? volume.Variable.Max : Function.Max));
            selected = -1;
        }

        /// Once for a volume and a range.
        void Measure(NeuvolVolume volume)
        {
            bool isMeasured = histogram != null && measured == volume && histogram.Min == Function.Min &&
                histogram.Max == Function.Max;
            if (volume == null || isMeasured || isDragging) return;
            measured = volume;
            try
            {
                histogram = new NeuvolHistogram(volume.Variable, volume.ShownTime, Function.Min, Function.Max);
                problem = "";
            }
            catch (NeuvolException error)
            {
                histogram = null;
                problem = error.Message;
            }
        }

        void Draw(Rect area)
        {
            EditorGUI.DrawRect(area, Back);
            if (histogram != null)
            {
                float width = area.width / NeuvolHistogram.Count;
                for (int i = 0; i < NeuvolHistogram.Count; i++)
                {
                    float height = histogram.Height(i) * area.height;
                    EditorGUI.DrawRect(new Rect(area.x + i * width, area.yMax - height, width, height), Bars);
                }
            }
            var points = Function.Points;
            var line = new Vector3[points.Count];
            for (int i = 0; i < points.Count; i++)
            {
                var place = NeuvolPointEditing.Place(area, points[i], Function.Min, Function.Max);
                line[i] = new Vector3(place.x, place.y, 0);
            }
            Handles.DrawAAPolyLine(2, line);
            for (int i = 0; i < points.Count; i++)
            {
                float size = i == selected ? 12 : 8;
                EditorGUI.DrawRect(new Rect(line[i].x - size / 2, line[i].y - size / 2, size, size), Color.white);
                var colour = points[i].color;
                EditorGUI.DrawRect(new Rect(line[i].x - size / 2 + 1, line[i].y - size / 2 + 1, size - 2, size - 2),
                    new Color(colour.r, colour.g, colour.b));
            }
        }

        void Mouse(Rect area)
        {
            var now = Event.current;
            if (now == null) return;
            bool isIn = area.Contains(now.mousePosition);
            if (now.type == EventType.MouseUp) isDragging = false;
            if (now.type == EventType.MouseDown && isIn && now.button == 0)
            {
                selected = NeuvolPointEditing.Find(area, Function.Points, now.mousePosition, Function.Min, Function.Max);
                isDragging = selected >= 0;
                if (selected < 0 && now.clickCount == 2)
                {
                    var point = NeuvolPointEditing.At(area, now.mousePosition, Function.Min, Function.Max, Color.white);
                    Change("Add point", () => selected = NeuvolPointEditing.Add(Function, point));
                }
                now.Use();
            }
            else if (now.type == EventType.MouseDrag && isDragging)
            {
                var to = NeuvolPointEditing.At(area, now.mousePosition, Function.Min, Function.Max,
                    Function.Points[selected].color);
                Change("Move point", () => NeuvolPointEditing.Move(Function, selected, to));
                now.Use();
            }
            else if (now.type == EventType.KeyDown && now.keyCode == KeyCode.Delete && selected >= 0)
            {
                Change("Remove point", () => NeuvolPointEditing.Remove(Function, selected));
                selected = -1;
                now.Use();
            }
        }

        void Range(NeuvolVolume volume)
        {
            var units = volume == null ? "" : " " + volume.Variable.Units;
            EditorGUILayout.LabelField("Range", Function.Min + " to " + Function.Max + units);
            if (problem != "") EditorGUILayout.HelpBox(problem, MessageType.Error);
            if (histogram != null)
            {
                EditorGUILayout.LabelField("Values outside", histogram.Below + " below, " + histogram.Above + " above, of " +
                    histogram.Valid);
            }
            if (volume == null)
            {
                EditorGUILayout.HelpBox("Open a volume in the scene to see how often values occur.", MessageType.Info);
                return;
            }
            if (!GUILayout.Button("Fit To Variable")) return;
            Change("Fit", () => NeuvolPointEditing.Fit(Function, volume.Variable.Min, volume.Variable.Max));
        }

        void Selected()
        {
            if (selected < 0 || selected >= Function.Points.Count) return;
            var point = Function.Points[selected];
            float value = EditorGUILayout.FloatField("Value", point.value);
            var colour = EditorGUILayout.ColorField("Colour", point.color);
            float opacity = EditorGUILayout.Slider("Opacity", point.opacity, 0, 1);
            bool isSame = value == point.value && opacity == point.opacity && colour == point.color;
            if (isSame) return;
            var points = new List<NeuvolTransferFunction.Point>(Function.Points);
            points[selected] = new NeuvolTransferFunction.Point(value, colour, opacity);
            Change("Change point", () => Function.SetPoints(points));
        }

        void Change(string what, System.Action action)
        {
            Undo.RecordObject(Function, what);
            action();
            EditorUtility.SetDirty(Function);
            EditorApplication.QueuePlayerLoopUpdate();
        }
    }
}
