using UnityEditor;
using UnityEngine;

namespace Neuvol.Editor
{
    /// What the menu GameObject has.
    internal static class NeuvolMenu
    {
        [MenuItem("GameObject/Neuvol/Volume", false, 10)]
        static void Volume(MenuCommand command)
        {
            Place(Make("Volume", null), command);
        }

        [MenuItem("GameObject/Neuvol/Legend", false, 11)]
        static void Legend(MenuCommand command)
        {
            Place(new GameObject("Legend", typeof(NeuvolLegend)), command);
        }

        [MenuItem("GameObject/Neuvol/Timeline", false, 12)]
        static void Timeline(MenuCommand command)
        {
            Place(new GameObject("Timeline", typeof(NeuvolTimeline)), command);
        }

        static void Place(GameObject made, MenuCommand command)
        {
            GameObjectUtility.SetParentAndAlign(made, command.context as GameObject);
            Undo.RegisterCreatedObjectUndo(made, "Create " + made.name);
            Selection.activeObject = made;
        }

        /// An object with a volume and what draws it, which is not open yet.
        internal static GameObject Make(string name, NeuvolAsset asset)
        {
            bool before = NeuvolVolume.IsImporting;
            NeuvolVolume.IsImporting = true;
            try
            {
                var made = new GameObject(name, typeof(NeuvolVolume), typeof(NeuvolRenderer));
                made.GetComponent<NeuvolVolume>().Prepare(asset);
                made.GetComponent<NeuvolRenderer>().FindShaders();
                return made;
            }
            finally
            {
                NeuvolVolume.IsImporting = before;
            }
        }
    }
}
