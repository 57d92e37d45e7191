using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using UnityEngine;
using UnityEngine.Rendering;

namespace Neuvol.Fakes
{
    /// What machine Unity runs on.
    public static class Machine
    {
        public static GraphicsDeviceType Device = GraphicsDeviceType.Direct3D11;
        public static int MaxTexture3DSize = 2048;
        public static bool CopiesTextures = true;
        public static bool RefusesRenderTextures;
        public static string StreamingAssets = "", PersistentData = "", Archive = "";
        /// Names of formats, or of formats and usages, that it lacks.
        public static readonly HashSet<string> Unsupported = new HashSet<string>();
        public static readonly HashSet<string> MissingShaders = new HashSet<string>();
        public static long BytesUploaded;
    }

    public sealed class FaultException : Exception
    {
        internal FaultException(string call) : base("fault in " + call)
        {
        }
    }

    /// Lets calls of Unity throw.
    public static class Faults
    {
        static string armed;
        static int countdown;
        public static readonly Dictionary<string, int> Calls = new Dictionary<string, int>();

        /// The call that was thrown from, or null.
        public static string Thrown { get; private set; }

        /// A call of this name throws, when it has been let through so many times; null: none.
        public static void Arm(string call, int after = 0)
        {
            armed = call;
            countdown = after;
            Thrown = null;
        }

        /// `made` is what was being made: it does not exist if that throws.
        internal static void Call(string name, UnityEngine.Object made = null)
        {
            int count;
            Calls.TryGetValue(name, out count);
            Calls[name] = count + 1;
            if (armed != name || countdown-- > 0) return;
            armed = null;
            Thrown = name;
            if (!ReferenceEquals(made, null)) World.Alive.Remove(made);
            throw new FaultException(name);
        }
    }

    /// The scene, and Unity's loop.
    public static class World
    {
        public static bool IsPlaying = true, IsEditor;
        public static int FrameCount;
        public static float DeltaTime = 1 / 60f;
        static readonly System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
        public static float Now => (float)clock.Elapsed.TotalSeconds;

        public static readonly HashSet<UnityEngine.Object> Alive = new HashSet<UnityEngine.Object>();
        internal static readonly List<UnityEngine.Object> AtEndOfFrame = new List<UnityEngine.Object>();
        public static readonly List<Exception> Exceptions = new List<Exception>();
        public static readonly List<string> Log = new List<string>();
        public static readonly List<Event> Events = new List<Event>();
        public static int CommandBuffers, NativeArrays, Requests;
        internal static Action Quitting;

        /// What belongs to Unity itself, and is never a leak.
        internal static T Own<T>(Func<T> make)
        {
            var before = new HashSet<UnityEngine.Object>(Alive);
            var made = make();
            Alive.IntersectWith(before);
            return made;
        }

        /// What would leak if nobody gave it back: objects, command buffers, native arrays, downloads.
        public static string Census()
        {
            var kinds = Alive.GroupBy(thing => thing.GetType().Name).OrderBy(group => group.Key);
            var objects = string.Join(", ", kinds.Select(group => group.Count() + " " + group.Key));
            return (objects == "" ? "no objects" : objects) + "; " + CommandBuffers + " command buffers, " + NativeArrays +
                " native arrays, " + Requests + " downloads, " + FakeUnity.Textures + " Vulkan textures";
        }

        internal static T Find<T>() where T : Component
        {
            return Alive.OfType<T>().FirstOrDefault();
        }

        /// Calls a message of Unity's, if there is such a method. What it throws is logged, as Unity does.
        internal static void Send(UnityEngine.Object target, string message)
        {
            const BindingFlags flags = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
            var method = target.GetType().GetMethod(message, flags, null, Type.EmptyTypes, null);
            if (method == null) return;
            try
            {
                method.Invoke(target, null);
            }
            catch (TargetInvocationException error)
            {
                Exceptions.Add(error.InnerException);
            }
        }

        static bool Runs(Behaviour behaviour)
        {
            return IsPlaying || behaviour.GetType().GetCustomAttributes(typeof(ExecuteAlways), true).Length > 0;
        }

        internal static void Follow(Behaviour behaviour)
        {
            bool wanted = behaviour.isActiveAndEnabled && Runs(behaviour);
            if (wanted == behaviour.IsRunning) return;
            behaviour.IsRunning = wanted;
            Send(behaviour, wanted ? "OnEnable" : "OnDisable");
        }

        static void All(string message)
        {
            foreach (var behaviour in Alive.OfType<MonoBehaviour>().ToArray())
            {
                if (behaviour.IsRunning) Send(behaviour, message);
            }
        }

        /// One frame.
        public static void Frame()
        {
            FrameCount++;
            foreach (var behaviour in Alive.OfType<MonoBehaviour>().Where(one => one.IsRunning && !one.HasStarted).ToArray())
            {
                behaviour.HasStarted = true;
                Send(behaviour, "Start");
            }
            All("Update");
            All("LateUpdate");
            foreach (var now in Events.ToArray())
            {
                Event.current = now;
                All("OnGUI");
            }
            Event.current = null;
            Events.Clear();
            // What ends lets others end.
            for (int i = 0; i < AtEndOfFrame.Count; i++) AtEndOfFrame[i].Vanish();
            AtEndOfFrame.Clear();
            FakeUnity.Frame();
            Thread.Sleep(1);
        }

        /// Frames until something is so.
        public static void Until(Func<bool> condition, string what, int most = 6000)
        {
            for (int i = 0; i < most; i++)
            {
                if (condition()) return;
                Frame();
            }
            throw new TimeoutException(most + " frames and not yet: " + what);
        }

        public static Event Mouse(EventType type, float x, float y)
        {
            var made = new Event { type = type, mousePosition = new Vector2(x, y) };
            Events.Add(made);
            return made;
        }

        public static Event Key(KeyCode key)
        {
            var made = new Event { type = EventType.KeyDown, keyCode = key };
            Events.Add(made);
            return made;
        }

        public static void Quit()
        {
            Quitting?.Invoke();
        }

        /// What the inspector does after a field was changed.
        public static void Validate(MonoBehaviour behaviour) => Send(behaviour, "OnValidate");

        /// A field that is serialized, as the inspector sets it.
        public static void SetField(UnityEngine.Object target, string field, object value)
        {
            Field(target, field).SetValue(target, value);
        }

        public static object GetField(UnityEngine.Object target, string field) => Field(target, field).GetValue(target);

        static FieldInfo Field(UnityEngine.Object target, string field)
        {
            var found = target.GetType().GetField(field, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
            if (found == null) throw new ArgumentException(target.GetType().Name + " has no field " + field);
            return found;
        }

        /// Calls the methods that run before a scene is loaded.
        public static void EnterPlayMode(Assembly scripts)
        {
            const BindingFlags flags = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
            foreach (var method in scripts.GetTypes().SelectMany(type => type.GetMethods(flags)))
            {
                bool isCalled = method.GetCustomAttributes(typeof(RuntimeInitializeOnLoadMethodAttribute), false).Length > 0;
                if (isCalled) method.Invoke(null, null);
            }
        }
    }

    /// What is in objects of Unity, for comparisons.
    public static class Inside
    {
        public static byte[] Bytes(Texture texture)
        {
            var plain = texture as Texture3D;
            if (plain != null) return plain.Content.Gpu;
            var flat = texture as Texture2D;
            if (flat != null) return flat.Content.Gpu;
            throw new ArgumentException("the stub reads textures with a known size");
        }

        public static byte[] Bytes(RenderTexture texture, int bytesPerTexel, int texels)
        {
            return FakeUnity.Read(texture.Native, bytesPerTexel, texels);
        }

        public static object Value(Material material, string property) =>
            material.Values.ContainsKey(property) ? material.Values[property] : null;

        public static bool Has(Material material, string keyword) => material.Keywords.Contains(keyword);

        /// As when a computer has slept: Unity has lost what was behind it.
        public static void Lose(RenderTexture texture) => texture.Release();
    }

    /// The Vulkan half: the fake Unity of Rust.
    public static unsafe class FakeUnity
    {
        const string Library = "neuvol_fake_unity";

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        static extern int fake_unity_start(byte* plugin);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        static extern IntPtr fake_unity_texture(uint x, uint y, uint z, int format);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        static extern void fake_unity_destroy(IntPtr texture);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        static extern void fake_unity_issue(IntPtr function, int id);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        static extern void fake_unity_frame();
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        static extern void fake_unity_read(IntPtr texture, uint bytesPerTexel, byte* destination, UIntPtr bytes);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        static extern int fake_unity_stop();

        static bool isStarted;

        public static int Textures { get; private set; }

        /// Scripts that were loaded again find it running; the scene may be drawn by another API all the same.
        public static void Attach(bool isVulkan)
        {
            isStarted = true;
            if (isVulkan) Machine.Device = GraphicsDeviceType.Vulkan;
        }

        /// False without Vulkan.
        public static bool Start(string plugin)
        {
            fixed (byte* path = Encoding.UTF8.GetBytes(plugin + "\0")) isStarted = fake_unity_start(path) != 0;
            if (isStarted) Machine.Device = GraphicsDeviceType.Vulkan;
            return isStarted;
        }

        /// The number of rules that were broken.
        public static int Stop()
        {
            isStarted = false;
            Machine.Device = GraphicsDeviceType.Direct3D11;
            return fake_unity_stop();
        }

        internal static IntPtr Texture(int x, int y, int z, int format)
        {
            if (!isStarted) throw new UnityException("no Vulkan device");
            Textures++;
            return fake_unity_texture((uint)x, (uint)y, (uint)z, format);
        }

        internal static void Destroy(IntPtr texture)
        {
            if (!isStarted) return;
            Textures--;
            fake_unity_destroy(texture);
        }

        internal static void Issue(IntPtr function, int id)
        {
            if (isStarted) fake_unity_issue(function, id);
        }

        internal static void Frame()
        {
            if (isStarted) fake_unity_frame();
        }

        internal static byte[] Read(IntPtr texture, int bytesPerTexel, int texels)
        {
            var bytes = new byte[bytesPerTexel * texels];
            fixed (byte* to = bytes) fake_unity_read(texture, (uint)bytesPerTexel, to, (UIntPtr)bytes.Length);
            return bytes;
        }
    }
}
