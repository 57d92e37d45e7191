using UnityEngine;

namespace Neuvol
{
    /// Properties and keywords of the package's shaders.
    internal static class ShaderIds
    {
        internal static readonly int Volume = Shader.PropertyToID("_NeuvolVolume");
        internal static readonly int Transfer = Shader.PropertyToID("_NeuvolTransfer");
        internal static readonly int TransferMax = Shader.PropertyToID("_NeuvolTransferMax");
        internal static readonly int Macro = Shader.PropertyToID("_NeuvolMacro");
        internal static readonly int MacroSize = Shader.PropertyToID("_NeuvolMacroSize");
        internal static readonly int Size = Shader.PropertyToID("_NeuvolSize");
        internal static readonly int Spacing = Shader.PropertyToID("_NeuvolSpacing");
        internal static readonly int Axes = Shader.PropertyToID("_NeuvolAxes");
        internal static readonly int ScaleOffset = Shader.PropertyToID("_NeuvolScaleOffset");
        internal static readonly int Range = Shader.PropertyToID("_NeuvolRange");
        internal static readonly int Step = Shader.PropertyToID("_NeuvolStep");
        internal static readonly int UnitLength = Shader.PropertyToID("_NeuvolUnitLength");
        internal static readonly int Density = Shader.PropertyToID("_NeuvolDensity");
        internal static readonly int Iso = Shader.PropertyToID("_NeuvolIso");
        internal static readonly int BoxMin = Shader.PropertyToID("_NeuvolBoxMin");
        internal static readonly int BoxMax = Shader.PropertyToID("_NeuvolBoxMax");
        internal static readonly int CutCount = Shader.PropertyToID("_NeuvolCutCount");
        internal static readonly int SliceCount = Shader.PropertyToID("_NeuvolSliceCount");
        internal static readonly int SliceOpacity = Shader.PropertyToID("_NeuvolSliceOpacity");
        internal static readonly int Light = Shader.PropertyToID("_NeuvolLight");
        internal static readonly int Frame = Shader.PropertyToID("_NeuvolFrame");
        internal static readonly int ZTest = Shader.PropertyToID("_NeuvolZTest");

        internal static readonly int[] Cuts = Numbered("_NeuvolCut", 4);
        internal static readonly int[] Slices = Numbered("_NeuvolSlice", 3);

        internal static readonly string[] Modes = { "NEUVOL_MODE_DVR", "NEUVOL_MODE_MIP", "NEUVOL_MODE_ISO" };
        internal const string Lit = "NEUVOL_LIT";
        internal const string Jitter = "NEUVOL_JITTER";
        internal const string Skip = "NEUVOL_SKIP";
        internal const string Depth = "NEUVOL_DEPTH";

        static int[] Numbered(string name, int count)
        {
            var ids = new int[count];
            for (int i = 0; i < count; i++) ids[i] = Shader.PropertyToID(name + i);
            return ids;
        }
    }
}
