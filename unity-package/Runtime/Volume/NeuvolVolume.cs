using System;
using UnityEngine;

namespace Neuvol
{
    /// <summary>What a volume is doing.</summary>
    public enum NeuvolState
    {
        /// <summary>No file is open.</summary>
        Closed,

        /// <summary>The file is copied out of an app, or opened.</summary>
        Loading,

        /// <summary>The first voxels are decoded; nothing is shown yet.</summary>
        Decoding,

        /// <summary>A time is shown.</summary>
        Ready,

        /// <summary>Something failed; <see cref="NeuvolVolume.Status"/> says what.</summary>
        Failed,
    }

    /// <summary>
    /// A <c>.neuvol</c> file in a scene: opens it, plays or scrubs its time, and keeps a 3D texture with the voxels of that time.
    /// A <see cref="NeuvolRenderer"/> beside it draws them.
    /// </summary>
    /// <remarks>
    /// Times are in steps of the file; <see cref="Date"/> and <see cref="SeekDate"/> are for dates. Voxels come in the background:
    /// what is shown is always one complete time, never two halves. All members are for the main thread.
    /// </remarks>
    [ExecuteAlways]
    [DisallowMultipleComponent]
    [AddComponentMenu("Neuvol/Neuvol Volume")]
    [HelpURL("https://github.com/neuvol/neuvol/tree/main/unity-package/Documentation~/components.md")]
    public sealed partial class NeuvolVolume : MonoBehaviour
    {
        [Header("File")]
        [Tooltip("A .neuvol file of the project. Goes before the path.")]
        [SerializeField] NeuvolAsset asset;
        [Tooltip("A file in StreamingAssets, or an absolute path.")]
        [SerializeField] string path = "";
        [Tooltip("Name of the variable; empty for the first.")]
        [SerializeField] string variable = "";

        [Header("Time")]
        [Tooltip("Time in steps of the file, from 0.")]
        [SerializeField] double time;
        [Tooltip("Plays as soon as the scene does.")]
        [SerializeField] bool playOnStart;
        [Tooltip("Steps of the file per second; negative plays backwards.")]
        [SerializeField] float speed = 2;
        [Tooltip("What happens at the last step.")]
        [SerializeField] NeuvolLoop loop = NeuvolLoop.Repeat;
        [Tooltip("What is shown between two steps.")]
        [SerializeField] NeuvolInterpolation interpolation = NeuvolInterpolation.Linear;

        [Header("Size")]
        [Tooltip("What the size means.")]
        [SerializeField] NeuvolSizing sizing = NeuvolSizing.LongestSide;
        [Tooltip("Length of the longest side, or of one metre of the world, in units of the scene.")]
        [SerializeField] float size = 1;
        [Tooltip("How many times higher than it is the volume is shown. 1 is true.")]
        [SerializeField] float verticalExaggeration = 1;

        [Header("Decoding")]
        [Tooltip("Level of detail, 0 is the finest; each next one has half as many voxels a side.")]
        [SerializeField] int level;
        [Tooltip("Quality layer, 0 is the best.")]
        [SerializeField] int quality;
        [Tooltip("Arithmetic of the decoder.")]
        [SerializeField] NeuvolPrecision precision = NeuvolPrecision.Exact;
        [Tooltip("What a voxel is in the texture.")]
        [SerializeField] NeuvolTexelFormat texelFormat = NeuvolTexelFormat.Automatic;
        [Tooltip("How voxels get into the texture.")]
        [SerializeField] NeuvolBackend backend = NeuvolBackend.Automatic;
        [Tooltip("Milliseconds of a frame that decoding may take: of the graphics device on Vulkan, for uploads elsewhere.")]
        [SerializeField] float frameBudget = 2;

        /// <summary>A file of the project; goes before <see cref="FilePath"/>. Setting it opens it.</summary>
        public NeuvolAsset Asset
        {
            get => asset;
            set
            {
                asset = value;
                Reopen();
            }
        }

        /// <summary>A path below StreamingAssets or an absolute one; setting it takes away <see cref="Asset"/> and opens it.</summary>
        public string FilePath
        {
            get => asset != null ? asset.FilePath : path;
            set
            {
                asset = null;
                path = value ?? "";
                Reopen();
            }
        }

        /// <summary>Name of the variable; "" for the first of the file.</summary>
        public string VariableName
        {
            get => variable;
            set => variable = value ?? "";
        }

        /// <summary>What the size means.</summary>
        public NeuvolSizing Sizing
        {
            get => sizing;
            set => sizing = value;
        }

        /// <summary>Length of the longest side, or of one metre of the world, in units of the scene; more than 0.</summary>
        public float Size
        {
            get => size;
            set => size = Positive(value, nameof(Size));
        }

        /// <summary>How many times higher than it is the volume is shown; more than 0. 1 is true.</summary>
        public float VerticalExaggeration
        {
            get => verticalExaggeration;
            set => verticalExaggeration = Positive(value, nameof(VerticalExaggeration));
        }

        /// <summary>Level of detail, 0 is the finest. A level that the variable lacks is an error in <see cref="Status"/>.</summary>
        public int Level
        {
            get => level;
            set => level = value;
        }

        /// <summary>Quality layer, 0 is the best. A layer that the variable lacks is an error in <see cref="Status"/>.</summary>
        public int Quality
        {
            get => quality;
            set => quality = value;
        }

        /// <summary>Arithmetic of the decoder.</summary>
        public NeuvolPrecision Precision
        {
            get => precision;
            set => precision = value;
        }

        /// <summary>What a voxel is in the texture; what became of Automatic says <see cref="UsedTexelFormat"/>.</summary>
        public NeuvolTexelFormat TexelFormat
        {
            get => texelFormat;
            set => texelFormat = value;
        }

        /// <summary>How voxels get into the texture; what became of Automatic says <see cref="BackendReason"/>.</summary>
        public NeuvolBackend Backend
        {
            get => backend;
            set => backend = value;
        }

        /// <summary>Milliseconds of a frame that decoding may take, more than 0: time of the graphics device on Vulkan, where the
        /// largest budget of all volumes holds for all together; time of uploads elsewhere. At least one block is decoded, or
        /// one piece uploaded.</summary>
        public float FrameBudget
        {
            get => frameBudget;
            set => frameBudget = Positive(value, nameof(FrameBudget));
        }

        static float Positive(float value, string name)
        {
            if (value > 0 && !float.IsInfinity(value)) return value;
            throw new ArgumentOutOfRangeException(name, value, "must be more than 0");
        }

        /// <summary>What it is doing.</summary>
        public NeuvolState State { get; private set; }

        /// <summary>What failed, in words; "" if nothing did.</summary>
        public string Error { get; private set; } = "";

        /// <summary>Called on the main thread whenever <see cref="State"/> changes. What it throws is logged.</summary>
        public event Action<NeuvolVolume> StateChanged;

        /// <summary>Called on the main thread whenever another <see cref="Texture"/> or time is shown. What it throws is
        /// logged.</summary>
        public event Action<NeuvolVolume> ShownChanged;

        /// <summary>The open file, or null.</summary>
        public NeuvolFile File { get; private set; }

        /// <summary>The variable that is decoded, or null.</summary>
        public NeuvolVariable Variable { get; private set; }

        /// <summary>The 3D texture of the time that is shown; null before the first. It changes with each time: take it anew in
        /// every frame or in <see cref="ShownChanged"/>.</summary>
        public Texture Texture => decoder == null ? null : decoder.Texture;

        /// <summary>The time in <see cref="Texture"/>, in steps. Lags behind <see cref="Time"/> by what decoding takes.</summary>
        public double ShownTime => Texture == null ? Time : decoder.Shown.Time;

        /// What is in the texture; only if there is one.
        internal DecodeRequest ShownRequest => decoder.Shown;

        /// <summary>The level of detail in <see cref="Texture"/>.</summary>
        public int ShownLevel => Texture == null ? level : decoder.Shown.Level;

        /// <summary>Scale x and offset y from what a shader samples to values in units.</summary>
        public Vector2 ScaleOffset =>
            Variable == null ? new Vector2(1, 0) : Texels.ScaleOffset(UsedTexelFormat, Variable);

        /// <summary>The format of <see cref="Texture"/>.</summary>
        public NeuvolTexelFormat UsedTexelFormat { get; private set; }

        /// <summary>Which back end is used and why, in words; "" without a file.</summary>
        public string BackendReason { get; private set; } = "";

        /// <summary>Whether something is asked for that is not shown yet.</summary>
        public bool IsBusy => source != null || (decoder != null && decoder.IsBusy);

        /// <summary>The box of the volume in this object's space, with true proportions and the vertical exaggeration.</summary>
        public NeuvolBox Box
        {
            get
            {
                if (Variable == null) throw new NeuvolException("There is no box: no file is open. " + Status);
                return new NeuvolBox(Variable.Grid, sizing, size, verticalExaggeration);
            }
        }

        /// <summary>The value at a point of the scene, at the time that is shown and on level 0. Decodes up to eight blocks
        /// on the calling thread if they are not prepared: milliseconds the first time, microseconds later.</summary>
        /// <param name="worldPoint">The point in world space.</param>
        /// <param name="probe">Receives value, units and position.</param>
        /// <returns>Whether the point is in the volume, and a file is open.</returns>
        /// <exception cref="NeuvolException">If the file is damaged.</exception>
        public bool ProbeValue(Vector3 worldPoint, out NeuvolProbe probe)
        {
            probe = default(NeuvolProbe);
            if (Variable == null) return false;
            var point = Box.ToTexture(transform.InverseTransformPoint(worldPoint));
            for (int axis = 0; axis < 3; axis++) if (!(point[axis] >= 0 && point[axis] <= 1)) return false;
            probe = NeuvolProbe.At(Variable, point, ShownTime, quality);
            return true;
        }

        /// <summary>What was decoded so far.</summary>
        public NeuvolStatistics Statistics => new NeuvolStatistics(File, decoder, decodeCount, latency);

        void ChangeState(NeuvolState state, string error = "")
        {
            bool isNew = State != state || Error != error;
            State = state;
            Error = error;
            if (isNew) Call(StateChanged);
        }

        void Call(Action<NeuvolVolume> handlers)
        {
            if (handlers == null) return;
            foreach (Action<NeuvolVolume> handler in handlers.GetInvocationList())
            {
                try
                {
                    handler(this);
                }
                catch (Exception error)
                {
                    Debug.LogException(error, this);
                }
            }
        }
    }
}
