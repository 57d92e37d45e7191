using System;
using System.IO;
using UnityEngine;

namespace Neuvol
{
    /// <summary>
    /// A <c>.neuvol</c> file of the project, as its importer has described it. The file itself stays where it is; builds copy it
    /// into the player's StreamingAssets.
    /// </summary>
    public sealed class NeuvolAsset : ScriptableObject
    {
        /// <summary>A variable in words and numbers, for pickers and inspectors that should not open the file.</summary>
        [Serializable]
        public sealed class VariableSummary
        {
            /// <summary>Its name.</summary>
            public string name;

            /// <summary>What it is, in words.</summary>
            public string longName;

            /// <summary>Its units.</summary>
            public string units;

            /// <summary>Voxels x, y, z.</summary>
            public Vector3Int size;

            /// <summary>Time steps.</summary>
            public int steps;

            /// <summary>Smallest value in its units.</summary>
            public float min;

            /// <summary>Largest value in its units.</summary>
            public float max;

            /// <summary>The first time in words.</summary>
            public string begin;

            /// <summary>The last time in words.</summary>
            public string end;

            internal static VariableSummary Of(NeuvolVariable variable)
            {
                return new VariableSummary
                {
                    name = variable.Name,
                    longName = variable.LongName,
                    units = variable.Units,
                    size = variable.Size,
                    steps = variable.StepCount,
                    min = variable.Min,
                    max = variable.Max,
                    begin = variable.Times.Label(0),
                    end = variable.Times.Label(variable.StepCount - 1),
                };
            }
        }

        [SerializeField] string guid = "";
        [SerializeField] string title = "";
        [SerializeField] long bytes;
        [SerializeField] bool includeInBuilds = true;
        [SerializeField] VariableSummary[] variables = new VariableSummary[0];

        /// <summary>The file's identity in the project, which builds name it by.</summary>
        public string Guid => guid;

        /// <summary>The title that the file has, or "".</summary>
        public string Title => title;

        /// <summary>Length of the file in bytes.</summary>
        public long Bytes => bytes;

        /// <summary>Whether builds have the file in StreamingAssets.</summary>
        public bool IncludeInBuilds => includeInBuilds;

        /// <summary>Its variables.</summary>
        public VariableSummary[] Variables => variables;

        /// Where a build has it, below StreamingAssets.
        internal string BuildPath => "Neuvol/" + guid + ".neuvol";

        internal void Describe(NeuvolFile file, string identity, bool isForBuilds)
        {
            guid = identity;
            title = file.Title;
            bytes = file.Bytes;
            includeInBuilds = isForBuilds;
            variables = new VariableSummary[file.Variables.Count];
            for (int i = 0; i < variables.Length; i++) variables[i] = VariableSummary.Of(file.Variables[i]);
        }

        /// <summary>Where the file is: in the project in the editor, in StreamingAssets in a player.</summary>
        public string FilePath
        {
            get
            {
#if UNITY_EDITOR
                var path = UnityEditor.AssetDatabase.GetAssetPath(this);
                if (!string.IsNullOrEmpty(path)) return Path.GetFullPath(path);
#endif
                return Application.streamingAssetsPath + "/" + BuildPath;
            }
        }
    }
}
