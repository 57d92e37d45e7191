using System;
using System.Collections.Generic;
using Neuvol.Fakes;
using UnityEngine.Rendering;

namespace UnityEngine
{
    public sealed class Mesh : Object
    {
        Vector3[] corners = new Vector3[0];
        int[] indices = new int[0];

        public Mesh()
        {
            Faults.Call("new Mesh", this);
        }

        public Vector3[] vertices
        {
            get => corners;
            set
            {
                Require();
                Faults.Call("Mesh.vertices");
                corners = value;
            }
        }

        public int[] triangles
        {
            get => indices;
            set
            {
                Require();
                Faults.Call("Mesh.triangles");
                foreach (int index in value) if (index < 0 || index >= corners.Length) throw new UnityException("index " + index);
                indices = value;
            }
        }

        public void RecalculateBounds()
        {
            Require();
        }
    }

    public sealed class MeshFilter : Component
    {
        public Mesh sharedMesh { get; set; }
    }

    public class Renderer : Component
    {
        public Material sharedMaterial { get; set; }
        public ShadowCastingMode shadowCastingMode { get; set; }
        public bool receiveShadows { get; set; }
        public int sortingOrder { get; set; }
    }

    public sealed class MeshRenderer : Renderer
    {
    }

    public sealed class LineRenderer : Renderer
    {
        public bool useWorldSpace { get; set; }
        public float startWidth { get; set; }
        public float endWidth { get; set; }

        public void SetPosition(int index, Vector3 position)
        {
            // It has two positions until it is told otherwise.
            if (index < 0 || index > 1) throw new UnityException("LineRenderer: position " + index);
        }
    }

    public sealed class SpriteRenderer : Renderer
    {
        public Sprite sprite { get; set; }
        public Color color { get; set; }
    }

    public sealed class Sprite : Object
    {
        Sprite()
        {
        }

        public static Sprite Create(Texture2D texture, Rect rect, Vector2 pivot, float pixelsPerUnit)
        {
            Faults.Call("Sprite.Create");
            texture.Require();
            if (rect.xMax > texture.width || rect.yMax > texture.height || pixelsPerUnit <= 0) throw new UnityException("Sprite");
            return new Sprite();
        }
    }

    public sealed class Font : Object
    {
        internal Font()
        {
            material = new Material(Shader.Find("GUI/Text Shader"));
        }

        public Material material { get; }
    }

    public static class Resources
    {
        static Font font;

        public static T GetBuiltinResource<T>(string path) where T : Object
        {
            Faults.Call("Resources.GetBuiltinResource");
            // Before Unity 2022.2 it was Arial.ttf.
            if (path != "LegacyRuntime.ttf") throw new ArgumentException(path);
            if (font == null) font = World.Own(() => new Font());
            return (T)(Object)font;
        }
    }

    public enum TextAnchor
    {
        UpperLeft,
        MiddleLeft,
        LowerLeft,
    }

    public sealed class TextMesh : Component
    {
        public string text { get; set; } = "";
        public Font font { get; set; }
        public int fontSize { get; set; }
        public float characterSize { get; set; }
        public TextAnchor anchor { get; set; }
        public Color color { get; set; }
    }

    public sealed class Shader : Object
    {
        static readonly Dictionary<string, Shader> all = new Dictionary<string, Shader>();
        static readonly List<string> properties = new List<string>();

        Shader()
        {
        }

        public static Shader Find(string name)
        {
            Faults.Call("Shader.Find");
            if (Machine.MissingShaders.Contains(name)) return null;
            Shader found;
            if (!all.TryGetValue(name, out found)) all[name] = found = World.Own(() => new Shader { name = name });
            return found;
        }

        public static int PropertyToID(string name)
        {
            if (!properties.Contains(name)) properties.Add(name);
            return properties.IndexOf(name);
        }

        internal static string NameOf(int id) => properties[id];
    }

    public sealed class Material : Object
    {
        internal readonly Dictionary<string, object> Values = new Dictionary<string, object>();
        internal readonly HashSet<string> Keywords = new HashSet<string>();

        public Material(Shader shader)
        {
            Faults.Call("new Material", this);
            this.shader = shader;
        }

        public Shader shader { get; set; }

        void Set(int id, object value)
        {
            Require();
            Faults.Call("Material.Set");
            Values[Shader.NameOf(id)] = value;
        }

        public void SetTexture(int nameID, Texture value) => Set(nameID, value);
        public void SetVector(int nameID, Vector4 value) => Set(nameID, value);
        public void SetFloat(int nameID, float value) => Set(nameID, value);

        public void EnableKeyword(string keyword)
        {
            Require();
            Keywords.Add(keyword);
        }

        public void DisableKeyword(string keyword)
        {
            Require();
            Keywords.Remove(keyword);
        }
    }

    public sealed class Light : Behaviour
    {
    }

    public struct LayerMask
    {
        public static string LayerToName(int layer) => layer == 0 ? "Default" : "Layer " + layer;
    }

    public static class RenderSettings
    {
        public static Light sun { get; set; }
    }

    public sealed class Camera : Behaviour
    {
        public static Camera main => World.Find<Camera>();

        public int pixelHeight => 1000;
        public int cullingMask { get; set; } = -1;
        public float nearClipPlane { get; set; } = 0.3f;
        public float farClipPlane { get; set; } = 1000;

        /// One unit per pixel, straight ahead.
        public Ray ScreenPointToRay(Vector3 pos)
        {
            return new Ray(transform.TransformPoint(pos * 0.001f), transform.forward);
        }
    }
}
