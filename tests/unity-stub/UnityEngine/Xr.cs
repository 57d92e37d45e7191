using System.Collections.Generic;

namespace UnityEngine.XR
{
    public enum XRNode
    {
        LeftHand = 4,
        RightHand = 5,
    }

    public struct InputFeatureUsage<T>
    {
        internal string Name;
    }

    public static class CommonUsages
    {
        public static InputFeatureUsage<Vector3> devicePosition = new InputFeatureUsage<Vector3> { Name = "DevicePosition" };
        public static InputFeatureUsage<Quaternion> deviceRotation = new InputFeatureUsage<Quaternion> { Name = "DeviceRotation" };
        public static InputFeatureUsage<float> trigger = new InputFeatureUsage<float> { Name = "Trigger" };
        public static InputFeatureUsage<float> grip = new InputFeatureUsage<float> { Name = "Grip" };
        public static InputFeatureUsage<bool> primaryButton = new InputFeatureUsage<bool> { Name = "PrimaryButton" };
        public static InputFeatureUsage<Vector2> primary2DAxis = new InputFeatureUsage<Vector2> { Name = "Primary2DAxis" };
    }

    public struct InputDevice
    {
        internal Dictionary<string, object> Features;

        bool Try<T>(InputFeatureUsage<T> usage, out T value)
        {
            object found = null;
            bool has = Features != null && Features.TryGetValue(usage.Name, out found);
            value = has ? (T)found : default(T);
            return has;
        }

        public bool TryGetFeatureValue(InputFeatureUsage<Vector3> usage, out Vector3 value) => Try(usage, out value);
        public bool TryGetFeatureValue(InputFeatureUsage<Quaternion> usage, out Quaternion value) => Try(usage, out value);
        public bool TryGetFeatureValue(InputFeatureUsage<Vector2> usage, out Vector2 value) => Try(usage, out value);
        public bool TryGetFeatureValue(InputFeatureUsage<float> usage, out float value) => Try(usage, out value);
        public bool TryGetFeatureValue(InputFeatureUsage<bool> usage, out bool value) => Try(usage, out value);
    }

    public static class InputDevices
    {
        internal static readonly Dictionary<XRNode, InputDevice> All = new Dictionary<XRNode, InputDevice>();

        public static InputDevice GetDeviceAtXRNode(XRNode node)
        {
            InputDevice found;
            All.TryGetValue(node, out found);
            return found;
        }
    }
}

namespace Neuvol.Fakes
{
    using UnityEngine.XR;

    /// What someone's hands do.
    public static class Hands
    {
        public static void Set(XRNode node, string feature, object value)
        {
            InputDevice device;
            if (!InputDevices.All.TryGetValue(node, out device)) device.Features = new Dictionary<string, object>();
            device.Features[feature] = value;
            InputDevices.All[node] = device;
        }

        public static void Away() => InputDevices.All.Clear();
    }
}
