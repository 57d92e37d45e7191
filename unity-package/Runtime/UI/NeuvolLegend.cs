using System;
using System.Collections.Generic;
using UnityEngine;

namespace Neuvol
{
    /// <summary>
    /// The colours of a volume with values, units, name and date, as an object in the scene, so that it is seen in VR too. It stands
    /// at its own transform: the scale bar is 1 unit high and goes up from there.
    /// </summary>
    [ExecuteAlways]
    [DisallowMultipleComponent]
    [AddComponentMenu("Neuvol/Neuvol Legend")]
    [HelpURL("https://github.com/neuvol/neuvol/tree/main/unity-package/Documentation~/components.md")]
    public sealed class NeuvolLegend : MonoBehaviour
    {
        const float BarWidth = 0.08f;
        const float TextHeight = 0.06f;

        [Tooltip("The volume that it is for. Without one, that of this object or of one above it.")]
        [SerializeField] NeuvolRenderer target;
        [Tooltip("Marks of the scale.")]
        [Range(2, 12)] [SerializeField] int marks = 6;
        [Tooltip("Colour of the texts.")]
        [SerializeField] Color textColor = Color.white;

        readonly List<TextMesh> labels = new List<TextMesh>();
        Bar bar;
        TextMesh title, date;
        Texture2D picture;
        NeuvolTransferFunction shown;
        int shownVersion;
        NeuvolVariable shownVariable;
        double shownTime;

        /// <summary>The volume that it is for; null for that of this object or of one above it.</summary>
        public NeuvolRenderer Target
        {
            get => target;
            set => target = value;
        }

        /// <summary>The texts of the marks, from the smallest value to the largest.</summary>
        public IEnumerable<string> MarkTexts
        {
            get { foreach (var label in labels) yield return label.text; }
        }

        /// <summary>The name of the variable with its units, or "".</summary>
        public string Title => title == null ? "" : title.text;

        /// <summary>The date or time that is shown, or "".</summary>
        public string Date => date == null ? "" : date.text;

        void OnDisable()
        {
            Free();
        }

        void LateUpdate()
        {
            try
            {
                Draw();
            }
            catch (Exception error)
            {
                // Once, not in every frame; nothing is left half built.
                Free();
                enabled = false;
                Debug.LogException(error, this);
            }
        }

        void Draw()
        {
            var renderer = target != null ? target : GetComponentInParent<NeuvolRenderer>();
            var volume = renderer == null ? null : renderer.GetComponent<NeuvolVolume>();
            var used = renderer == null ? null : renderer.UsedTransferFunction;
            if (volume == null || volume.Variable == null || used == null)
            {
                Free();
                return;
            }
            if (shown != used || shownVersion != used.Version || bar == null || !bar.IsAlive) Build(used);
            var variable = volume.Variable;
            // Texts only when they change: each one makes a mesh.
            if (shownVariable != variable || shownTime != volume.ShownTime)
            {
                title.text = variable.LongName + (variable.Units == "" ? "" : " (" + variable.Units + ")");
                date.text = variable.HasTime ? volume.TimeLabel : "";
                shownVariable = variable;
                shownTime = volume.ShownTime;
            }
            title.color = date.color = textColor;
            foreach (var label in labels) label.color = textColor;
        }

        void Build(NeuvolTransferFunction used)
        {
            Free();
            shown = used;
            shownVersion = used.Version;
            Paint(used);
            bar = new Bar(transform, "Scale", picture, Color.white, 0);
            bar.Place(BarWidth / 2, 0.5f, BarWidth, 1);
            float width = Mathf.Max(used.Max - used.Min, float.Epsilon);
            foreach (double mark in NiceNumbers.Between(used.Min, used.Max, marks))
            {
                var label = Label.Text(transform, "Mark", TextHeight, TextAnchor.MiddleLeft);
                label.text = NiceNumbers.Text(mark);
                label.transform.localPosition = new Vector3(BarWidth * 1.3f, (float)((mark - used.Min) / width), 0);
                labels.Add(label);
            }
            title = Label.Text(transform, "Title", TextHeight * 1.2f, TextAnchor.LowerLeft);
            title.transform.localPosition = new Vector3(0, 1 + TextHeight, 0);
            date = Label.Text(transform, "Date", TextHeight, TextAnchor.UpperLeft);
            date.transform.localPosition = new Vector3(0, -TextHeight, 0);
        }

        /// The colours from bottom to top, opaque: a legend is read by its colours.
        void Paint(NeuvolTransferFunction used)
        {
            const int rows = 256;
            var colours = new Color32[rows];
            for (int i = 0; i < rows; i++)
            {
                colours[i] = used.Evaluate(Mathf.Lerp(used.Min, used.Max, i / (rows - 1f)));
                colours[i].a = 255;
            }
            picture = new Texture2D(1, rows, TextureFormat.RGBA32, false, false)
            {
                name = "Neuvol legend",
                hideFlags = HideFlags.HideAndDontSave,
                wrapMode = TextureWrapMode.Clamp,
            };
            picture.SetPixels32(colours);
            picture.Apply(false, false);
        }

        void Free()
        {
            if (bar != null) bar.Dispose();
            Label.Destroy(title);
            Label.Destroy(date);
            foreach (var label in labels) Label.Destroy(label);
            labels.Clear();
            Objects.Destroy(picture);
            bar = null;
            title = date = null;
            picture = null;
            shown = null;
            shownVariable = null;
        }
    }
}
