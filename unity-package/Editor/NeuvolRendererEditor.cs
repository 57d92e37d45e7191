using UnityEditor;

namespace Neuvol.Editor
{
    /// The inspector of what draws a volume: its fields, and what keeps it from drawing.
    [CustomEditor(typeof(NeuvolRenderer))]
    internal sealed class NeuvolRendererEditor : UnityEditor.Editor
    {
        public override void OnInspectorGUI()
        {
            var renderer = (NeuvolRenderer)target;
            if (renderer.Problem != "") EditorGUILayout.HelpBox(renderer.Problem, MessageType.Error);
            DrawDefaultInspector();
        }
    }
}
