using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Neuvol.Fakes;
using UnityEngine;

namespace UnityEditor
{
    public sealed class InitializeOnLoadAttribute : Attribute
    {
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();

        public static event AssemblyReloadCallback beforeAssemblyReload;

        internal static void Raise() => beforeAssemblyReload?.Invoke();
    }

    public static class EditorApplication
    {
        public delegate void CallbackFunction();

        public static CallbackFunction update;
        public static event Action quitting;

        public static void QueuePlayerLoopUpdate() => EditorWorld.QueuedUpdates++;

        internal static void Quit() => quitting?.Invoke();
    }

    public static class Undo
    {
        public static void RecordObject(UnityEngine.Object objectToUndo, string name) => EditorWorld.Undone.Add(name);

        public static void RegisterCreatedObjectUndo(UnityEngine.Object objectToUndo, string name) => EditorWorld.Undone.Add(name);
    }

    public static class EditorUtility
    {
        public static void SetDirty(UnityEngine.Object target) => EditorWorld.Dirty.Add(target);
    }

    public static class Selection
    {
        public static UnityEngine.Object activeObject { get; set; }
    }

    public static class GameObjectUtility
    {
        public static void SetParentAndAlign(GameObject child, GameObject parent)
        {
            if (parent != null) child.transform.SetParent(parent.transform, false);
        }
    }

    public sealed class MenuCommand
    {
        public UnityEngine.Object context { get; internal set; }
    }

    public sealed class MenuItem : Attribute
    {
        internal readonly string Path;

        public MenuItem(string itemName, bool isValidateFunction, int priority)
        {
            Path = itemName;
        }
    }

    public static class AssetDatabase
    {
        public static string GetAssetPath(UnityEngine.Object assetObject)
        {
            string path;
            return EditorWorld.Paths.TryGetValue(assetObject, out path) ? path : "";
        }

        public static string AssetPathToGUID(string path) => "guid-of-" + System.IO.Path.GetFileNameWithoutExtension(path);

        public static string GUIDToAssetPath(string guid) => EditorWorld.Paths.Values.First(path => AssetPathToGUID(path) == guid);

        public static string[] FindAssets(string filter)
        {
            var type = filter.Substring(filter.IndexOf(':') + 1);
            return EditorWorld.Paths.Where(pair => pair.Key.GetType().Name == type).Select(pair => AssetPathToGUID(pair.Value))
                .ToArray();
        }

        public static T LoadAssetAtPath<T>(string assetPath) where T : UnityEngine.Object
        {
            return EditorWorld.Paths.Where(pair => pair.Value == assetPath).Select(pair => pair.Key).OfType<T>().FirstOrDefault();
        }
    }
}

namespace UnityEditor.AssetImporters
{
    public sealed class ScriptedImporterAttribute : Attribute
    {
        internal readonly string Extension;

        public ScriptedImporterAttribute(int version, string ext)
        {
            Extension = ext;
        }
    }

    public abstract class ScriptedImporter : UnityEngine.Object
    {
        public abstract void OnImportAsset(AssetImportContext ctx);
    }

    public sealed class AssetImportContext
    {
        internal readonly Dictionary<string, UnityEngine.Object> Objects = new Dictionary<string, UnityEngine.Object>();
        internal readonly List<string> Errors = new List<string>(), Warnings = new List<string>();
        internal Texture2D Thumbnail;

        internal AssetImportContext(string path)
        {
            assetPath = path;
        }

        public string assetPath { get; }
        internal UnityEngine.Object Main { get; private set; }

        public void AddObjectToAsset(string identifier, UnityEngine.Object obj)
        {
            Faults.Call("AssetImportContext.AddObjectToAsset");
            Objects.Add(identifier, obj);
        }

        public void AddObjectToAsset(string identifier, UnityEngine.Object obj, Texture2D thumbnail)
        {
            AddObjectToAsset(identifier, obj);
            Thumbnail = thumbnail;
        }

        public void SetMainObject(UnityEngine.Object obj)
        {
            if (!Objects.ContainsValue(obj)) throw new ArgumentException("the main object is not in the asset");
            Main = obj;
        }

        public void LogImportError(string msg) => Errors.Add(msg);

        public void LogImportWarning(string msg) => Warnings.Add(msg);
    }
}

namespace UnityEditor.Build
{
    public abstract class BuildPlayerProcessor
    {
        public abstract void PrepareForBuild(BuildPlayerContext buildPlayerContext);
    }

    public sealed class BuildPlayerContext
    {
        internal readonly Dictionary<string, string> Added = new Dictionary<string, string>();

        internal BuildPlayerContext()
        {
        }

        public void AddAdditionalPathToStreamingAssets(string directoryOrFile, string pathInStreamingAssets)
        {
            Added.Add(pathInStreamingAssets, directoryOrFile);
        }
    }

    public sealed class BuildFailedException : Exception
    {
        public BuildFailedException(string message) : base(message)
        {
        }
    }
}
