using System;
using System.Linq;
using System.Reflection;
using Neuvol.Fakes;
using UnityEngine;

namespace UnityEditor
{
    public enum MessageType
    {
        None,
        Info,
        Warning,
        Error,
    }

    public sealed class CustomEditor : Attribute
    {
        internal readonly Type Type;

        public CustomEditor(Type inspectedType)
        {
            Type = inspectedType;
        }
    }

    public class Editor : ScriptableObject
    {
        public UnityEngine.Object target { get; internal set; }

        public virtual void OnInspectorGUI()
        {
        }

        public virtual bool RequiresConstantRepaint() => false;

        /// Says the names of the fields that Unity would draw.
        public bool DrawDefaultInspector()
        {
            const BindingFlags flags = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
            foreach (var field in target.GetType().GetFields(flags))
            {
                if (field.GetCustomAttributes(typeof(SerializeField), false).Length > 0) EditorWorld.Say("field " + field.Name);
            }
            return false;
        }
    }

    public static class EditorGUILayout
    {
        public static void HelpBox(string message, MessageType type) => EditorWorld.Say(type.ToString().ToLower() + ": " + message);

        public static void LabelField(string label) => EditorWorld.Say(label);

        public static void LabelField(string label, string label2) => EditorWorld.Say(label + ": " + label2);

        /// One below the other, 100 pixels wide.
        public static Rect GetControlRect(bool hasLabel, float height, params GUILayoutOption[] options) =>
            EditorWorld.NextRect(100, height);

        public static void Space()
        {
        }

        public static float Slider(string label, float value, float leftValue, float rightValue) => EditorWorld.Answer(label, value);

        public static float FloatField(string label, float value) => EditorWorld.Answer(label, value);

        public static Color ColorField(string label, Color value) => EditorWorld.Answer(label, value);

        public static int Popup(string label, int selectedIndex, string[] displayedOptions)
        {
            EditorWorld.Say(label + ": " + string.Join(", ", displayedOptions));
            return EditorWorld.Answer(label, selectedIndex);
        }

        public static Enum EnumPopup(string label, Enum selected) => EditorWorld.Answer(label, selected);

        public static bool Foldout(bool foldout, string content) => EditorWorld.Answer(content, foldout);
    }

    public static class EditorGUI
    {
        public static void DrawRect(Rect rect, Color color) => EditorWorld.Rects.Add(rect);

        public static void DrawPreviewTexture(Rect position, Texture image) => EditorWorld.Say("picture " + image.name);
    }

    public static class Handles
    {
        public static void DrawAAPolyLine(float width, params Vector3[] points) => EditorWorld.Say("line of " + points.Length);
    }
}

namespace UnityEngine
{
    public sealed class GUILayoutOption
    {
        internal GUILayoutOption()
        {
        }
    }

    public static class GUILayout
    {
        public static bool Button(string text, params GUILayoutOption[] options)
        {
            EditorWorld.Say("[" + text + "]");
            return EditorWorld.Answer(text, false);
        }
    }
}
