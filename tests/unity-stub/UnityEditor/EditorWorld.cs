using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using UnityEditor;
using UnityEditor.AssetImporters;
using UnityEditor.Build;
using UnityEngine;

namespace Neuvol.Fakes
{
    /// The editor: what its windows say, and what someone does in them.
    public static class EditorWorld
    {
        static readonly List<string> said = new List<string>();
        static readonly Dictionary<string, object> answers = new Dictionary<string, object>();
        static float nextRect;
        internal static readonly Dictionary<UnityEngine.Object, string> Paths = new Dictionary<UnityEngine.Object, string>();
        public static readonly List<string> Undone = new List<string>();
        public static readonly List<UnityEngine.Object> Dirty = new List<UnityEngine.Object>();
        public static readonly List<Rect> Rects = new List<Rect>();
        public static int QueuedUpdates;

        internal static void Say(string text) => said.Add(text);

        /// What someone sets or presses the next time an inspector is drawn.
        public static void Will(string label, object value) => answers[label] = value;

        internal static T Answer<T>(string label, T value)
        {
            object answer;
            if (!answers.TryGetValue(label, out answer)) return value;
            answers.Remove(label);
            return (T)answer;
        }

        internal static Rect NextRect(float width, float height)
        {
            var rect = new Rect(0, nextRect, width, height);
            nextRect += height;
            return rect;
        }

        static readonly Dictionary<UnityEngine.Object, Editor> inspectors = new Dictionary<UnityEngine.Object, Editor>();

        /// Draws the inspector of an object, and gives what it says, one line each.
        public static string Inspect(UnityEngine.Object target, Event now = null)
        {
            Editor inspector;
            if (!inspectors.TryGetValue(target, out inspector))
            {
                var type = Assembly.Load("Neuvol.Editor").GetTypes().Single(found =>
                    found.GetCustomAttributes(typeof(CustomEditor), false).Any(a => ((CustomEditor)a).Type == target.GetType()));
                inspector = World.Own(() => (Editor)Activator.CreateInstance(type, true));
                inspector.target = target;
                inspectors[target] = inspector;
            }
            said.Clear();
            Rects.Clear();
            nextRect = 0;
            UnityEngine.Event.current = now;
            inspector.OnInspectorGUI();
            inspector.RequiresConstantRepaint();
            UnityEngine.Event.current = null;
            if (answers.Count > 0) throw new Exception("the inspector did not ask for " + answers.Keys.First());
            return string.Join("\n", said);
        }

        public static Event Mouse(EventType type, float x, float y, int clicks = 1)
        {
            return new Event { type = type, mousePosition = new Vector2(x, y), clickCount = clicks };
        }

        public static Event Key(KeyCode key) => new Event { type = EventType.KeyDown, keyCode = key };

        /// Imports a file by the importer of its extension.
        public static AssetImportContext Import(string path)
        {
            var type = Assembly.Load("Neuvol.Editor").GetTypes().Single(found =>
                found.GetCustomAttributes(typeof(ScriptedImporterAttribute), false).Any(a =>
                    "." + ((ScriptedImporterAttribute)a).Extension == System.IO.Path.GetExtension(path)));
            var importer = World.Own(() => (ScriptedImporter)Activator.CreateInstance(type));
            var context = new AssetImportContext(path);
            importer.OnImportAsset(context);
            foreach (var made in context.Objects.Values) Paths[made] = path;
            return context;
        }

        public static UnityEngine.Object Main(AssetImportContext context) => context.Main;
        public static Texture2D Thumbnail(AssetImportContext context) => context.Thumbnail;
        public static UnityEngine.Object Part(AssetImportContext context, string name) => context.Objects[name];
        public static string Messages(AssetImportContext context) =>
            string.Join("\n", context.Errors.Select(e => "error: " + e).Concat(context.Warnings.Select(w => "warning: " + w)));

        /// Destroys what was imported, but for one.
        public static void Forget(AssetImportContext context, UnityEngine.Object but = null)
        {
            foreach (var made in context.Objects.Values)
            {
                Paths.Remove(made);
                if (made != but) UnityEngine.Object.DestroyImmediate(made);
            }
        }

        /// What a build puts into StreamingAssets: name there, file here.
        public static Dictionary<string, string> Build()
        {
            var context = new BuildPlayerContext();
            foreach (var type in Assembly.Load("Neuvol.Editor").GetTypes().Where(typeof(BuildPlayerProcessor).IsAssignableFrom))
            {
                ((BuildPlayerProcessor)Activator.CreateInstance(type, true)).PrepareForBuild(context);
            }
            return context.Added;
        }

        /// Chooses an entry of the menu.
        public static GameObject Menu(string path)
        {
            const BindingFlags flags = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public;
            var entry = Assembly.Load("Neuvol.Editor").GetTypes().SelectMany(type => type.GetMethods(flags)).Single(method =>
                method.GetCustomAttributes(typeof(MenuItem), false).Any(a => ((MenuItem)a).Path == path));
            entry.Invoke(null, new object[] { new MenuCommand() });
            return (GameObject)Selection.activeObject;
        }

        /// Runs what is initialized when scripts are loaded.
        public static void Load()
        {
            foreach (var type in Assembly.Load("Neuvol.Editor").GetTypes())
            {
                bool isCalled = type.GetCustomAttributes(typeof(InitializeOnLoadAttribute), false).Length > 0;
                if (isCalled) RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            }
        }

        public static void Update() => EditorApplication.update?.Invoke();

        /// What the editor does before it unloads the scripts.
        public static void BeforeReload() => AssemblyReloadEvents.Raise();

        public static void Quit() => EditorApplication.Quit();
    }
}
