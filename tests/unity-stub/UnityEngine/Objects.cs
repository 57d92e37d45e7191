using System;
using System.Collections.Generic;
using System.Linq;
using Neuvol.Fakes;

namespace UnityEngine
{
    [Flags]
    public enum HideFlags
    {
        None = 0,
        DontSave = 52,
        HideAndDontSave = 61,
    }

    public class Object
    {
        internal bool IsDestroyed;

        public Object()
        {
            World.Alive.Add(this);
        }

        string ownName = "";

        internal virtual Object Named => this;

        public string name
        {
            get => Named.ownName;
            set => Named.ownName = value;
        }

        public HideFlags hideFlags { get; set; }

        public static void Destroy(Object target)
        {
            if (target == null) return;
            if (target is Transform) throw new InvalidOperationException("a Transform goes with its object");
            World.AtEndOfFrame.Add(target);
        }

        public static void DestroyImmediate(Object target)
        {
            if (target != null) target.Vanish();
        }

        internal virtual void Vanish()
        {
            if (IsDestroyed) return;
            IsDestroyed = true;
            World.Alive.Remove(this);
        }

        /// What all members of destroyed objects do.
        internal void Require()
        {
            if (IsDestroyed) throw new MissingReferenceException(GetType().Name + " \"" + name + "\" has been destroyed");
        }

        // As Unity: what is destroyed is null.
        public static bool operator ==(Object a, Object b)
        {
            bool isNothing = ReferenceEquals(a, null) || a.IsDestroyed, isOther = ReferenceEquals(b, null) || b.IsDestroyed;
            return isNothing || isOther ? isNothing == isOther : ReferenceEquals(a, b);
        }

        public static bool operator !=(Object a, Object b) => !(a == b);
        public override bool Equals(object other) => ReferenceEquals(this, other);
        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
        public static implicit operator bool(Object a) => a != null;
    }

    public class MissingReferenceException : Exception
    {
        internal MissingReferenceException(string text) : base(text)
        {
        }
    }

    public class ScriptableObject : Object
    {
        public static T CreateInstance<T>() where T : ScriptableObject
        {
            Faults.Call("ScriptableObject.CreateInstance");
            var made = Activator.CreateInstance<T>();
            World.Send(made, "OnEnable");
            return made;
        }

        internal override void Vanish()
        {
            if (!IsDestroyed) World.Send(this, "OnDisable");
            base.Vanish();
        }
    }

    public class Component : Object
    {
        internal GameObject Owner;

        /// Components have the name of their object.
        internal override Object Named => Owner;

        public GameObject gameObject => Owner;
        public Transform transform => Owner.transform;
        public T GetComponent<T>() => Owner.GetComponent<T>();

        public T GetComponentInParent<T>()
        {
            for (var at = Owner.transform; at != null; at = at.parent)
            {
                var found = at.Owner.GetComponent<T>();
                if (found as Object != null) return found;
            }
            return default(T);
        }
    }

    public class Behaviour : Component
    {
        bool isEnabled = true;
        internal bool IsRunning, HasStarted;

        public bool enabled
        {
            get => isEnabled;
            set
            {
                isEnabled = value;
                World.Follow(this);
            }
        }

        public bool isActiveAndEnabled => !IsDestroyed && isEnabled && Owner.activeInHierarchy;

        internal override void Vanish()
        {
            if (IsDestroyed) return;
            isEnabled = false;
            World.Follow(this);
            World.Send(this, "OnDestroy");
            base.Vanish();
        }
    }

    public class MonoBehaviour : Behaviour
    {
    }

    public sealed class GameObject : Object
    {
        internal readonly List<Component> Components = new List<Component>();
        bool isActive = true;

        public GameObject(string name, params Type[] components)
        {
            Faults.Call("new GameObject", this);
            this.name = name;
            transform = (Transform)Add(typeof(Transform));
            foreach (var component in components) AddComponent(component);
        }

        public Transform transform { get; }
        public int layer { get; set; }
        public string tag { get; set; } = "Untagged";

        public bool activeInHierarchy =>
            !IsDestroyed && isActive && (transform.parent == null || transform.parent.Owner.activeInHierarchy);

        public void SetActive(bool value)
        {
            Require();
            Faults.Call("GameObject.SetActive");
            isActive = value;
            Follow();
        }

        internal void Follow()
        {
            foreach (var behaviour in Components.OfType<Behaviour>().ToArray()) World.Follow(behaviour);
            foreach (var child in transform.Children.ToArray()) child.Owner.Follow();
        }

        public T AddComponent<T>() where T : Component => (T)AddComponent(typeof(T));

        public Component AddComponent(Type type)
        {
            Require();
            foreach (RequireComponent needed in type.GetCustomAttributes(typeof(RequireComponent), true))
            {
                if (!Components.Any(needed.Type.IsInstanceOfType)) AddComponent(needed.Type);
            }
            if (type == typeof(TextMesh)) Add(typeof(MeshRenderer));
            var made = Add(type);
            if (World.IsEditor) World.Send(made, "Reset");
            if (made is Behaviour) World.Follow((Behaviour)made);
            return made;
        }

        Component Add(Type type)
        {
            var made = (Component)Activator.CreateInstance(type, true);
            made.Owner = this;
            Components.Add(made);
            return made;
        }

        public T GetComponent<T>()
        {
            Require();
            return Components.Where(component => !component.IsDestroyed).OfType<T>().FirstOrDefault();
        }

        internal override void Vanish()
        {
            if (IsDestroyed) return;
            // First everything below is disabled.
            isActive = false;
            Follow();
            foreach (var child in transform.Children.ToArray()) child.Owner.Vanish();
            foreach (var component in Components.ToArray()) if (component != transform) component.Vanish();
            if (transform.parent != null) transform.parent.Children.Remove(transform);
            transform.Vanish();
            base.Vanish();
        }
    }

    public class Transform : Component
    {
        internal readonly List<Transform> Children = new List<Transform>();
        Transform above;

        public Transform parent => above;
        public Vector3 localPosition { get; set; }
        public Quaternion localRotation { get; set; } = Quaternion.identity;
        public Vector3 localScale { get; set; } = Vector3.one;

        public void SetParent(Transform target, bool worldPositionStays)
        {
            Require();
            if (worldPositionStays) throw new NotSupportedException("the stub keeps local positions only");
            if (above != null) above.Children.Remove(this);
            above = target;
            if (target != null) target.Children.Add(this);
        }

        public Vector3 position
        {
            get => above == null ? localPosition : above.TransformPoint(localPosition);
            set => localPosition = above == null ? value : above.InverseTransformPoint(value);
        }

        public Quaternion rotation
        {
            get => above == null ? localRotation : above.rotation * localRotation;
            set => localRotation = above == null ? value : Quaternion.Inverse(above.rotation) * value;
        }

        public Vector3 forward => rotation * new Vector3(0, 0, 1);
        public Vector3 up => rotation * new Vector3(0, 1, 0);

        public Vector3 TransformPoint(Vector3 point)
        {
            var here = localRotation * Vector3.Scale(point, localScale) + localPosition;
            return above == null ? here : above.TransformPoint(here);
        }

        public Vector3 InverseTransformPoint(Vector3 point)
        {
            if (above != null) point = above.InverseTransformPoint(point);
            var turned = Quaternion.Inverse(localRotation) * (point - localPosition);
            return new Vector3(turned.x / localScale.x, turned.y / localScale.y, turned.z / localScale.z);
        }

        public Matrix4x4 localToWorldMatrix
        {
            get
            {
                var origin = TransformPoint(Vector3.zero);
                return new Matrix4x4
                {
                    X = TransformPoint(new Vector3(1, 0, 0)) - origin,
                    Y = TransformPoint(new Vector3(0, 1, 0)) - origin,
                    Z = TransformPoint(new Vector3(0, 0, 1)) - origin,
                    W = new Vector4(origin.x, origin.y, origin.z, 1),
                };
            }
        }
    }
}
