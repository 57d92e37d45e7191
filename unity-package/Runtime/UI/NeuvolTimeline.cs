using System;
using UnityEngine;

namespace Neuvol
{
    /// <summary>
    /// A time line in the scene: a bar with a knob and the date, 1 unit long along its own X axis. A ray of whatever points (a mouse, a
    /// controller, a finger) moves the knob by <see cref="Point"/>; the mouse does it by itself.
    /// </summary>
    [DisallowMultipleComponent]
    [AddComponentMenu("Neuvol/Neuvol Timeline")]
    [HelpURL("https://github.com/neuvol/neuvol/tree/main/unity-package/Documentation~/components.md")]
    public sealed class NeuvolTimeline : MonoBehaviour
    {
        const float Thickness = 0.02f;

        /// How far from the bar a ray still meets it: a hand is not steady.
        const float Reach = 0.06f;

        [Tooltip("The volume whose time it is. Without one, that of this object or of one above it.")]
        [SerializeField] NeuvolVolume target;
        [Tooltip("Whether the mouse moves the knob.")]
        [SerializeField] bool useMouse = true;
        [Tooltip("The key that plays and pauses.")]
        [SerializeField] KeyCode playKey = KeyCode.Space;

        Bar rail, done, knob;
        TextMesh label;
        NeuvolVolume shown;
        double shownTime;
        bool isHeld, wasPlaying, wasPressed;

        /// <summary>The volume whose time it is; null for that of this object or of one above it.</summary>
        public NeuvolVolume Target
        {
            get => target;
            set => target = value;
        }

        /// <summary>Whether the knob is held now.</summary>
        public bool IsHeld => isHeld;

        /// <summary>The text below the bar: the date that is shown, and what is still decoded.</summary>
        public string Text => label == null ? "" : label.text;

        NeuvolVolume Volume => target != null ? target : GetComponentInParent<NeuvolVolume>();

        /// <summary>Tells where something points, once per frame. Pressed on the bar, the knob is held and follows the ray, also
        /// beyond the bar, until it is let go; a volume that played goes on then.</summary>
        /// <param name="ray">In world space.</param>
        /// <param name="isPressed">Whether a button is down.</param>
        /// <returns>Whether the ray meets the bar or the knob is held.</returns>
        public bool Point(Ray ray, bool isPressed)
        {
            var volume = Volume;
            if (volume == null) return false;
            float along;
            bool meets = Meets(ray, out along);
            // A press that began elsewhere does not take the knob when it passes.
            bool begins = isPressed && !wasPressed;
            wasPressed = isPressed;
            if (!isPressed)
            {
                Release(volume);
                return meets;
            }
            if (!isHeld)
            {
                if (!meets || !begins) return false;
                isHeld = true;
                wasPlaying = volume.IsPlaying;
                volume.Pause();
            }
            volume.TimeNormalized = Mathf.Clamp01(along);
            return true;
        }

        void Release(NeuvolVolume volume)
        {
            if (!isHeld) return;
            isHeld = false;
            if (wasPlaying) volume.Play();
        }

        /// Where a ray meets the plane of the bar, 0 to 1 along it.
        bool Meets(Ray ray, out float along)
        {
            var origin = transform.InverseTransformPoint(ray.origin);
            // Not as a direction: those leave the object's scale out.
            var direction = transform.InverseTransformPoint(ray.origin + ray.direction) - origin;
            along = 0;
            if (Mathf.Abs(direction.z) < 1e-6f) return false;
            float distance = -origin.z / direction.z;
            if (distance < 0) return false;
            var point = origin + direction * distance;
            along = point.x;
            return point.x >= -Reach && point.x <= 1 + Reach && Mathf.Abs(point.y) <= Reach;
        }

        void OnDisable()
        {
            isHeld = wasPressed = false;
            Free();
        }

        void Free()
        {
            if (rail != null) rail.Dispose();
            if (done != null) done.Dispose();
            if (knob != null) knob.Dispose();
            Label.Destroy(label);
            rail = done = knob = null;
            label = null;
            shown = null;
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
                enabled = false;
                Debug.LogException(error, this);
            }
        }

        void Draw()
        {
            var volume = Volume;
            if (volume == null) return;
            if (label == null) Build();
            float at = (float)volume.TimeNormalized;
            done.Place(at / 2, 0, Mathf.Max(at, 1e-4f), Thickness);
            knob.Place(at, 0, 2 * Thickness, 3 * Thickness);
            // A new text only when it changes: each one makes a mesh.
            if (volume.State == NeuvolState.Ready && shown == volume && shownTime == volume.ShownTime) return;
            label.text = volume.State == NeuvolState.Ready ? volume.TimeLabel : volume.Status;
            shown = volume.State == NeuvolState.Ready ? volume : null;
            shownTime = volume.ShownTime;
        }

        void Build()
        {
            Free();
            rail = new Bar(transform, "Rail", null, new Color(1, 1, 1, 0.25f), 10);
            rail.Place(0.5f, 0, 1, Thickness);
            done = new Bar(transform, "Done", null, new Color(1, 1, 1, 0.75f), 11);
            knob = new Bar(transform, "Knob", null, Color.white, 12);
            label = Label.Text(transform, "Time", 0.05f, TextAnchor.UpperLeft);
            label.transform.localPosition = new Vector3(0, -2 * Thickness, 0);
        }

        // Events of IMGUI come with the old and with the new input system.
        void OnGUI()
        {
            var now = Event.current;
            var volume = Volume;
            if (volume == null || now == null) return;
            if (now.type == EventType.KeyDown && now.keyCode == playKey && playKey != KeyCode.None)
            {
                if (volume.IsPlaying) volume.Pause();
                else volume.Play();
                now.Use();
            }
            var eye = Camera.main;
            if (!useMouse || eye == null) return;
            bool isMouse = now.type == EventType.MouseDown || now.type == EventType.MouseDrag || now.type == EventType.MouseUp;
            if (!isMouse || now.button != 0) return;
            // The knob is taken by a press on it, not by a drag that comes by.
            if (now.type == EventType.MouseDrag && !isHeld) return;
            // IMGUI counts from the top.
            var screen = new Vector3(now.mousePosition.x, eye.pixelHeight - now.mousePosition.y, 0);
            if (Point(eye.ScreenPointToRay(screen), now.type != EventType.MouseUp)) now.Use();
        }
    }
}
