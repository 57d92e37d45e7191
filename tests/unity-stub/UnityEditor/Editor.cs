using System;
using System.Linq;
using System.Reflection;
using Neuvol.Fakes;

namespace UnityEditor
{
    public sealed class InitializeOnLoadAttribute : Attribute
    {
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();

        public static event AssemblyReloadCallback beforeAssemblyReload;

        /// As the editor does, for assemblies that it has initialized.
        public static void Raise()
        {
            foreach (var assembly in new[] { "Neuvol.Editor" }) Initialize(Assembly.Load(assembly));
            beforeAssemblyReload?.Invoke();
        }

        /// Runs the static constructors of what is initialized on load.
        public static void Initialize(Assembly assembly)
        {
            var types = assembly.GetTypes().Where(type => type.GetCustomAttributes(typeof(InitializeOnLoadAttribute), false).Length > 0);
            foreach (var type in types) System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }
    }

    public static class EditorApplication
    {
        public delegate void CallbackFunction();

        public static CallbackFunction update;
        public static event Action quitting;

        public static int Updates { get; private set; }

        public static void QueuePlayerLoopUpdate() => Updates++;

        public static void Quit() => quitting?.Invoke();
    }

    public static class AssetDatabase
    {
        public static string GetAssetPath(UnityEngine.Object assetObject) => "";
    }
}
