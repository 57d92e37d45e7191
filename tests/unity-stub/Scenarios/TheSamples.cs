using System;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;
using UnityEngine.XR;

namespace Scenarios
{
    /// The samples, as someone uses them.
    public static class TheSamples
    {
        public static void Minimal()
        {
            var before = World.Census();
            var root = new GameObject("Sample");
            root.SetActive(false);
            var sample = root.AddComponent<MinimalScene>();
            World.SetField(sample, "path", "plume.neuvol");
            root.SetActive(true);
            World.Until(() => sample.Volume != null && sample.Volume.State == NeuvolState.Ready, "the sample");
            Check.That(sample.Volume.IsPlaying && Camera.main != null, "the sample does not play");
            UnityEngine.Object.Destroy(root);
            World.Frame();
            Check.Equal(World.Census(), before, "what is left");
        }

        public static void Vr()
        {
            var before = World.Census();
            var root = new GameObject("Rig");
            root.SetActive(false);
            var sample = root.AddComponent<VRTimeScrubbing>();
            World.SetField(sample, "path", "sample.neuvol");
            root.SetActive(true);
            World.Until(() => sample.Volume != null && sample.Volume.State == NeuvolState.Ready, "the sample");
            var hand = XRNode.RightHand;
            // Half way along the time line, a hand before it.
            var knob = sample.Timeline.transform.TransformPoint(new Vector3(0.5f, 0, 0));
            Hands.Set(hand, "DevicePosition", knob - new Vector3(0, 0, 0.4f));
            Hands.Set(hand, "DeviceRotation", Quaternion.identity);
            World.Frame();
            Hands.Set(hand, "Trigger", 0.9f);
            World.Frame();
            Check.That(sample.Timeline.IsHeld && Math.Abs(sample.Volume.TimeNormalized - 0.5) < 1e-4, "the trigger does not scrub");
            Hands.Set(hand, "Trigger", 0f);
            Hands.Set(hand, "Primary2DAxis", new Vector2(1, 0));
            for (int i = 0; i < 30; i++) World.Frame();
            Check.That(sample.Volume.TimeNormalized > 0.55, "the stick does not scrub");
            Hands.Set(hand, "Primary2DAxis", Vector2.zero);
            Hands.Set(hand, "PrimaryButton", true);
            World.Frame();
            World.Frame();
            Check.That(sample.Volume.IsPlaying, "the button does not play");
            var held = sample.Volume.transform.position;
            Hands.Set(hand, "Grip", 1f);
            World.Frame();
            Hands.Set(hand, "DevicePosition", knob + new Vector3(0.25f, 0, -0.4f));
            World.Frame();
            var moved = sample.Volume.transform.position - held;
            Check.That((moved - new Vector3(0.25f, 0, 0)).magnitude < 1e-5f, "in the hand the volume moved by " + moved);
            Hands.Away();
            UnityEngine.Object.Destroy(root);
            World.Frame();
            Check.Equal(World.Census(), before, "what is left");
        }
    }
}
