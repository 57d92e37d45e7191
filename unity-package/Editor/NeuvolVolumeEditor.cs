using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace Neuvol.Editor
{
    /// The inspector of a volume: its fields, its state in words, time line, statistics, and why it may not be seen.
    [CustomEditor(typeof(NeuvolVolume))]
    internal sealed class NeuvolVolumeEditor : UnityEditor.Editor
    {
        List<NeuvolFinding> findings;
        bool showsFile, showsStatistics;

        NeuvolVolume Volume => (NeuvolVolume)target;

        // Times and states change without a click.
        public override bool RequiresConstantRepaint()
        {
            return Volume.IsBusy || Volume.IsPlaying;
        }

        public override void OnInspectorGUI()
        {
            State();
            Timeline();
            EditorGUILayout.Space();
            DrawDefaultInspector();
            Variables();
            File();
            Statistics();
            Diagnosis();
        }

        void State()
        {
            var volume = Volume;
            bool isBad = volume.State == NeuvolState.Failed;
            EditorGUILayout.HelpBox(volume.Status, isBad ? MessageType.Error : MessageType.Info);
            if (volume.BackendReason != "") EditorGUILayout.LabelField("Back end", volume.BackendReason);
            if (isBad && GUILayout.Button("Open Again")) volume.Reopen();
        }

        void Timeline()
        {
            var volume = Volume;
            if (volume.Variable == null || volume.StepCount < 2) return;
            EditorGUILayout.LabelField("Shown", volume.TimeLabel);
            float at = EditorGUILayout.Slider("Time", (float)volume.Time, 0, volume.StepCount - 1);
            // A slider that stands still gives a rounded number back.
            if (at != (float)volume.Time)
            {
                Undo.RecordObject(volume, "Time");
                volume.Time = at;
                EditorApplication.QueuePlayerLoopUpdate();
            }
            if (!Application.isPlaying) return;
            if (GUILayout.Button(volume.IsPlaying ? "Pause" : "Play"))
            {
                if (volume.IsPlaying) volume.Pause();
                else volume.Play();
            }
        }

        void Variables()
        {
            var volume = Volume;
            if (volume.File == null || volume.File.Variables.Count < 2) return;
            var names = new string[volume.File.Variables.Count];
            for (int i = 0; i < names.Length; i++) names[i] = volume.File.Variables[i].Name;
            int now = volume.Variable == null ? 0 : volume.Variable.Index;
            int wanted = EditorGUILayout.Popup("Variables of the file", now, names);
            if (wanted == now) return;
            Undo.RecordObject(volume, "Variable");
            volume.VariableName = names[wanted];
            EditorApplication.QueuePlayerLoopUpdate();
        }

        void File()
        {
            var volume = Volume;
            if (volume.Variable == null) return;
            showsFile = EditorGUILayout.Foldout(showsFile, "What the file says");
            if (!showsFile) return;
            var variable = volume.Variable;
            EditorGUILayout.LabelField("Variable", variable.LongName);
            EditorGUILayout.LabelField("Values", variable.Min + " to " + variable.Max + " " + variable.Units);
            EditorGUILayout.LabelField("Errors", "at most " + variable.MaxAbsError + ", " + variable.Rmse + " in the mean square");
            EditorGUILayout.LabelField("Voxels", variable.Size.x + " x " + variable.Size.y + " x " + variable.Size.z + ", " +
                variable.StepCount + " times, " + variable.LevelCount + " levels, " + variable.QualityCount + " qualities");
            var times = variable.Times;
            EditorGUILayout.LabelField("Times", times.Label(0) + " to " + times.Label(times.Count - 1));
            if (!times.HasDates) EditorGUILayout.HelpBox("There are no dates: " + times.Problem, MessageType.Info);
            var metres = variable.Grid.Metres;
            var unit = variable.Grid.HasLengths ? " m" : " (not all are lengths)";
            EditorGUILayout.LabelField("Extent", metres.x + " x " + metres.y + " x " + metres.z + unit);
            foreach (var note in variable.Grid.Notes) EditorGUILayout.HelpBox(note, MessageType.Info);
        }

        void Statistics()
        {
            var volume = Volume;
            if (volume.File == null) return;
            showsStatistics = EditorGUILayout.Foldout(showsStatistics, "Statistics");
            if (!showsStatistics) return;
            var statistics = volume.Statistics;
            EditorGUILayout.LabelField("Times shown", statistics.Shown.ToString());
            EditorGUILayout.LabelField("From wish to picture", (1000 * statistics.Latency).ToString("0.0") + " ms");
            EditorGUILayout.LabelField("Textures", Bytes(statistics.TextureBytes));
            EditorGUILayout.LabelField("File", Bytes(volume.File.Bytes));
            EditorGUILayout.LabelField("Decoded on the CPU", statistics.File.BlocksDecoded + " blocks in " +
                statistics.File.DecodeSeconds.ToString("0.00") + " s, " + Bytes(statistics.File.CacheBytes) + " kept prepared");
            if (statistics.DeviceBlocks == 0) return;
            EditorGUILayout.LabelField("Decoded on the device", statistics.DeviceBlocks + " blocks");
            EditorGUILayout.LabelField("Time of a frame", statistics.DeviceMicrosecondsMedian.ToString("0") + " µs, 1 of 100 takes " +
                statistics.DeviceMicroseconds99.ToString("0") + " µs");
        }

        static string Bytes(long bytes)
        {
            return bytes < 1 << 20 ? bytes / 1024 + " KiB" : (bytes / (1024.0 * 1024)).ToString("0.0") + " MiB";
        }

        void Diagnosis()
        {
            if (GUILayout.Button("I don't see my volume")) findings = NeuvolDiagnosis.Of(Volume);
            if (findings == null) return;
            foreach (var finding in findings)
            {
                if (finding.Verdict == NeuvolVerdict.Good) EditorGUILayout.LabelField("✓ " + finding.What);
                else
                {
                    EditorGUILayout.HelpBox(finding.What + "\n" + finding.Cure,
                        finding.Verdict == NeuvolVerdict.Bad ? MessageType.Error : MessageType.Warning);
                }
            }
        }
    }
}
