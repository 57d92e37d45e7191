using System;
using System.Collections.Generic;
using UnityEngine;

namespace Neuvol
{
    /// <summary>How a volume is drawn.</summary>
    public enum NeuvolRenderMode
    {
        /// <summary>All of it, by the colours and opacities of the transfer function.</summary>
        DirectVolume,

        /// <summary>The largest value behind each pixel.</summary>
        MaximumIntensity,

        /// <summary>The surface of one value.</summary>
        Isosurface,

        /// <summary>One to three planes.</summary>
        Slices,
    }

    /// <summary>Draws the <see cref="NeuvolVolume"/> beside it: in true proportions, from outside and inside, in every render
    /// pipeline that the shaders have, in stereo too.</summary>
    [ExecuteAlways]
    [DisallowMultipleComponent]
    [RequireComponent(typeof(NeuvolVolume))]
    [AddComponentMenu("Neuvol/Neuvol Renderer")]
    [HelpURL("https://github.com/neuvol/neuvol/tree/main/unity-package/Documentation~/components.md")]
    public sealed class NeuvolRenderer : MonoBehaviour
    {
        [Tooltip("Colours and opacities of values. Without one, viridis over the range of the variable.")]
        [SerializeField] NeuvolTransferFunction transferFunction;
        [Tooltip("How the volume is drawn.")]
        [SerializeField] NeuvolRenderMode mode = NeuvolRenderMode.DirectVolume;
        [Tooltip("Factor on all opacities.")]
        [Range(0, 20)] [SerializeField] float density = 1;
        [Tooltip("Value of the isosurface, in units of the variable.")]
        [SerializeField] float isoValue;
        [Tooltip("Distance of samples in voxels: smaller is finer and slower.")]
        [Range(0.25f, 4)] [SerializeField] float step = 0.5f;
        [Tooltip("Shading by the gradient.")]
        [SerializeField] bool lit = true;
        [Tooltip("The light that shades; without one the sun of the scene, or light from above.")]
        [SerializeField] Light lightSource;
        [Range(0, 1)] [SerializeField] float ambient = 0.35f;
        [Tooltip("Noise instead of rings. Looks best with temporal antialiasing.")]
        [SerializeField] bool jitter = true;
        [Tooltip("Leaves out space that the transfer function does not show.")]
        [SerializeField] bool skipEmptySpace = true;
        [Tooltip("Ends rays at opaque things. The camera must have a depth texture.")]
        [SerializeField] bool useDepth;
        [Tooltip("Planes that cut the volume: what is on the side of the object's up axis stays. At most four.")]
        [SerializeField] Transform[] cutPlanes = new Transform[0];
        [Tooltip("Planes that are shown in the mode Slices: through the object, across its up axis. At most three; without " +
            "any, a horizontal one through the middle.")]
        [SerializeField] Transform[] slicePlanes = new Transform[0];
        [Tooltip("0: slices are as transparent as the transfer function says; 1: they are opaque.")]
        [Range(0, 1)] [SerializeField] float sliceOpacity = 1;
        [Tooltip("The part of the box that is shown: from, 0 to 1 along east, up, north.")]
        [SerializeField] Vector3 cropMin = Vector3.zero;
        [Tooltip("The part of the box that is shown: to, 0 to 1 along east, up, north.")]
        [SerializeField] Vector3 cropMax = Vector3.one;
        // References, so that builds have them.
        [SerializeField] Shader volumeShader;
        [SerializeField] Shader sliceShader;

        readonly MacroCells cells = new MacroCells();
        NeuvolVolume volume;
        GameObject box;
        Mesh mesh;
        Material material;
        Vector3 meshEdges;
        NeuvolTransferFunction usual;
        Vector2 usualRange;

        /// <summary>Colours and opacities; null for viridis over the range of the variable.</summary>
        public NeuvolTransferFunction TransferFunction
        {
            get => transferFunction;
            set => transferFunction = value;
        }

        /// <summary>The transfer function that is used: <see cref="TransferFunction"/>, or the usual one; null without a
        /// file.</summary>
        public NeuvolTransferFunction UsedTransferFunction => transferFunction != null ? transferFunction : usual;

        /// <summary>How the volume is drawn.</summary>
        public NeuvolRenderMode Mode
        {
            get => mode;
            set => mode = value;
        }

        /// <summary>Factor on all opacities, 0 or more.</summary>
        public float Density
        {
            get => density;
            set => density = Mathf.Max(0, value);
        }

        /// <summary>Value of the isosurface, in units of the variable.</summary>
        public float IsoValue
        {
            get => isoValue;
            set => isoValue = value;
        }

        /// <summary>Distance of samples in voxels, 0.25 to 4.</summary>
        public float SampleStep
        {
            get => step;
            set => step = Mathf.Clamp(value, 0.25f, 4);
        }

        /// <summary>Whether it is shaded by the gradient.</summary>
        public bool Lit
        {
            get => lit;
            set => lit = value;
        }

        /// <summary>Whether noise takes the place of rings.</summary>
        public bool Jitter
        {
            get => jitter;
            set => jitter = value;
        }

        /// <summary>Whether space is left out that the transfer function does not show.</summary>
        public bool SkipEmptySpace
        {
            get => skipEmptySpace;
            set => skipEmptySpace = value;
        }

        /// <summary>Planes that cut the volume: what is on the side of an object's up axis stays. At most four are used.</summary>
        public IReadOnlyList<Transform> CutPlanes => cutPlanes;

        /// <summary>Sets the planes that cut the volume.</summary>
        /// <param name="planes">At most four.</param>
        public void SetCutPlanes(params Transform[] planes)
        {
            cutPlanes = AtMost(planes, ShaderIds.Cuts.Length);
        }

        /// <summary>Sets the planes of the mode <see cref="NeuvolRenderMode.Slices"/>: through an object, across its up
        /// axis.</summary>
        /// <param name="planes">At most three; none for a horizontal one through the middle.</param>
        public void SetSlicePlanes(params Transform[] planes)
        {
            slicePlanes = AtMost(planes, ShaderIds.Slices.Length);
        }

        static Transform[] AtMost(Transform[] planes, int most)
        {
            if (planes == null) throw new ArgumentNullException(nameof(planes));
            if (planes.Length <= most) return planes;
            throw new ArgumentException("there are " + planes.Length + " planes: at most " + most, nameof(planes));
        }

        /// <summary>Shows a part of the box only.</summary>
        /// <param name="min">0 to 1 along east, up, north.</param>
        /// <param name="max">0 to 1 along east, up, north.</param>
        public void SetCrop(Vector3 min, Vector3 max)
        {
            cropMin = min;
            cropMax = max;
        }

        /// Whether nothing of the box is shown.
        internal bool IsCropEmpty => !(cropMin.x < cropMax.x && cropMin.y < cropMax.y && cropMin.z < cropMax.z);

        /// <summary>What keeps the volume from being drawn, in words; "" if nothing does.</summary>
        public string Problem { get; private set; } = "";

        /// <summary>The material that draws it, for tests and for effects of one's own; null while nothing is drawn.</summary>
        public Material Material => material;

        /// The object that is drawn, which is not saved.
        internal GameObject BoxObject => box;

        void Reset()
        {
            volumeShader = Shader.Find("Neuvol/Volume");
            sliceShader = Shader.Find("Neuvol/Slice");
        }

        /// Sets the shaders of one that no user adds by hand.
        internal void FindShaders()
        {
            Reset();
        }

        void OnEnable()
        {
            volume = GetComponent<NeuvolVolume>();
        }

        void OnDisable()
        {
            Free();
        }

        void LateUpdate()
        {
            try
            {
                Draw();
                Problem = "";
            }
            catch (Exception error)
            {
                // Once, not in every frame.
                if (!(error is NeuvolException) && Problem != error.Message) Debug.LogException(error, this);
                Problem = error.Message;
                Free();
            }
        }

        void Draw()
        {
            var texture = volume.Texture;
            if (texture == null || volume.Variable == null)
            {
                if (box != null) box.SetActive(false);
                return;
            }
            Prepare();
            Shape(volume.Box);
            SetVolume(texture);
            SetTransfer();
            SetLook();
            SetPlanes();
            box.SetActive(true);
        }

        /// Makes what is drawn, or what has become of it: scenes and other scripts may have destroyed it.
        void Prepare()
        {
            var shader = mode == NeuvolRenderMode.Slices ? Found(ref sliceShader, "Neuvol/Slice")
                : Found(ref volumeShader, "Neuvol/Volume");
            if (material == null) material = new Material(shader) { name = "Neuvol", hideFlags = HideFlags.HideAndDontSave };
            else if (material.shader != shader) material.shader = shader;
            if (box != null) return;
            box = new GameObject("Neuvol box", typeof(MeshFilter), typeof(MeshRenderer)) { hideFlags = HideFlags.HideAndDontSave };
            box.transform.SetParent(transform, false);
            var renderer = box.GetComponent<MeshRenderer>();
            renderer.sharedMaterial = material;
            renderer.shadowCastingMode = UnityEngine.Rendering.ShadowCastingMode.Off;
            renderer.receiveShadows = false;
            meshEdges = Vector3.zero;
        }

        static Shader Found(ref Shader shader, string name)
        {
            if (shader == null) shader = Shader.Find(name);
            if (shader != null) return shader;
            throw new NeuvolException("The shader \"" + name + "\" is not in this build: add the component in the editor, or add " +
                "the shader to Project Settings > Graphics > Always Included Shaders.");
        }

        void Shape(NeuvolBox shape)
        {
            if (mesh == null || meshEdges != shape.Edges)
            {
                BoxMesh.Shape(ref mesh, shape.Edges);
                meshEdges = shape.Edges;
                box.GetComponent<MeshFilter>().sharedMesh = mesh;
            }
            box.layer = gameObject.layer;
            material.SetVector(ShaderIds.Spacing, shape.Edges);
            material.SetVector(ShaderIds.Axes, shape.Axes);
            material.SetFloat(ShaderIds.UnitLength, shape.LongestEdge / 100);
        }

        void SetVolume(Texture texture)
        {
            var variable = volume.Variable;
            var size = variable.SizeAt(volume.ShownLevel);
            material.SetTexture(ShaderIds.Volume, texture);
            material.SetVector(ShaderIds.Size, new Vector4(size.x, size.y, size.z, 0));
            var scale = volume.ScaleOffset;
            material.SetVector(ShaderIds.ScaleOffset, new Vector4(scale.x, scale.y, 0, 0));
            bool skips = skipEmptySpace && mode != NeuvolRenderMode.Slices;
            if (skips)
            {
                cells.Update(variable, volume.UsedTexelFormat, volume.ShownRequest);
                material.SetTexture(ShaderIds.Macro, cells.Texture);
                material.SetFloat(ShaderIds.MacroSize, cells.Edge);
            }
            Enable(ShaderIds.Skip, skips);
        }

        void SetTransfer()
        {
            if (transferFunction == null) Usual(volume.Variable);
            var used = UsedTransferFunction;
            float width = used.Max - used.Min;
            material.SetTexture(ShaderIds.Transfer, used.Texture);
            material.SetTexture(ShaderIds.TransferMax, used.MaxTexture);
            material.SetVector(ShaderIds.Range, new Vector4(used.Min, width > 0 ? 1 / width : 1e30f, 0, 0));
        }

        void Usual(NeuvolVariable variable)
        {
            var range = variable.Max >= variable.Min ? new Vector2(variable.Min, variable.Max) : new Vector2(0, 1);
            if (usual == null) usual = NeuvolTransferFunction.Create(NeuvolColormap.Viridis, range.x, range.y);
            else if (usualRange != range) usual.SetPreset(NeuvolColormap.Viridis, range.x, range.y);
            usualRange = range;
        }

        void SetLook()
        {
            for (int i = 0; i < ShaderIds.Modes.Length; i++) Enable(ShaderIds.Modes[i], (int)mode == i);
            Enable(ShaderIds.Lit, lit && mode != NeuvolRenderMode.Slices);
            Enable(ShaderIds.Jitter, jitter && mode != NeuvolRenderMode.Slices);
            Enable(ShaderIds.Depth, useDepth);
            material.SetFloat(ShaderIds.ZTest, useDepth ? 8 : 4);
            material.SetFloat(ShaderIds.Step, step);
            material.SetFloat(ShaderIds.Density, density);
            material.SetFloat(ShaderIds.Iso, isoValue);
            material.SetVector(ShaderIds.BoxMin, cropMin);
            material.SetVector(ShaderIds.BoxMax, cropMax);
            material.SetFloat(ShaderIds.SliceOpacity, sliceOpacity);
            material.SetFloat(ShaderIds.Frame, Time.frameCount % 64);
            var sun = lightSource != null ? lightSource : RenderSettings.sun;
            var towards = sun != null ? -sun.transform.forward : new Vector3(0.3f, 0.8f, -0.52f).normalized;
            material.SetVector(ShaderIds.Light, new Vector4(towards.x, towards.y, towards.z, ambient));
        }

        void SetPlanes()
        {
            material.SetFloat(ShaderIds.CutCount, SetPlanes(cutPlanes, ShaderIds.Cuts));
            int slices = SetPlanes(slicePlanes, ShaderIds.Slices);
            if (slices == 0) material.SetVector(ShaderIds.Slices[0], new Vector4(0, 1, 0, -0.5f));
            material.SetFloat(ShaderIds.SliceCount, Mathf.Max(1, slices));
        }

        int SetPlanes(Transform[] planes, int[] ids)
        {
            int count = 0;
            foreach (var plane in planes)
            {
                if (plane == null || !plane.gameObject.activeInHierarchy || count >= ids.Length) continue;
                material.SetVector(ids[count++], volume.Box.Plane(transform, plane.position, plane.up));
            }
            return count;
        }

        void Enable(string keyword, bool isOn)
        {
            if (isOn) material.EnableKeyword(keyword);
            else material.DisableKeyword(keyword);
        }

        void Free()
        {
            cells.Dispose();
            Objects.Destroy(box);
            Objects.Destroy(mesh);
            Objects.Destroy(material);
            Objects.Destroy(usual);
            box = null;
            mesh = null;
            material = null;
            usual = null;
        }
    }
}
