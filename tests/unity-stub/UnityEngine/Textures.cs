using System;
using System.Runtime.InteropServices;
using Neuvol.Fakes;
using Unity.Collections;
using UnityEngine.Experimental.Rendering;
using UnityEngine.Rendering;

namespace UnityEngine.Experimental.Rendering
{
    /// Numbers as in Unity's scripting reference are not relied on.
    public enum GraphicsFormat
    {
        None,
        R8_UNorm,
        R16_UNorm,
        R16_SFloat,
        R32_SFloat,
        R32G32_SFloat,
    }

    public enum FormatUsage
    {
        Linear,
        LoadStore,
    }

    /// FormatUsage since Unity 2023.2.
    public enum GraphicsFormatUsage
    {
        Linear,
        LoadStore,
    }

    [Flags]
    public enum TextureCreationFlags
    {
        None = 0,
    }
}

namespace UnityEngine
{
    public enum FilterMode
    {
        Point,
        Bilinear,
    }

    public enum TextureWrapMode
    {
        Repeat,
        Clamp,
    }

    public enum TextureFormat
    {
        RGBA32,
        RFloat,
    }

    public class Texture : Object
    {
        internal Texture()
        {
        }

        public FilterMode filterMode { get; set; }
        public TextureWrapMode wrapMode { get; set; }
    }

    /// Bytes of the CPU, and those that the graphics device has after Apply().
    internal sealed class Texels
    {
        internal byte[] Cpu, Gpu;

        internal Texels(long bytes)
        {
            Cpu = new byte[bytes];
            Gpu = new byte[bytes];
        }

        internal void Set(Array data, int first, int elementBytes)
        {
            int bytes = Cpu.Length;
            if (first < 0 || (long)data.Length * elementBytes < (long)first * elementBytes + bytes)
            {
                throw new UnityException("SetPixelData: not enough data");
            }
            Buffer.BlockCopy(data, first * elementBytes, Cpu, 0, bytes);
        }

        internal void RequireReadable()
        {
            if (Cpu == null) throw new UnityException("the texture is not readable");
        }

        internal void Apply(bool makeNoLongerReadable)
        {
            RequireReadable();
            Buffer.BlockCopy(Cpu, 0, Gpu, 0, Cpu.Length);
            if (makeNoLongerReadable) Cpu = null;
        }
    }

    public class UnityException : Exception
    {
        internal UnityException(string text) : base(text)
        {
        }
    }

    public sealed class Texture2D : Texture
    {
        internal readonly Texels Content;

        public Texture2D(int width, int height, TextureFormat textureFormat, bool mipChain, bool linear)
        {
            Faults.Call("new Texture2D", this);
            if (width < 1 || height < 1 || mipChain) throw new UnityException("a texture of " + width + " x " + height);
            this.width = width;
            this.height = height;
            Content = new Texels(4L * width * height);
        }

        public static Texture2D whiteTexture { get; } = World.Own(() => new Texture2D(4, 4, TextureFormat.RGBA32, false, false));

        public int width { get; }
        public int height { get; }

        public void SetPixels32(Color32[] colors)
        {
            Require();
            Faults.Call("Texture2D.SetPixels32");
            if (colors.Length != width * height) throw new UnityException("SetPixels32: " + colors.Length + " colours");
            Content.RequireReadable();
            for (int i = 0; i < colors.Length; i++)
            {
                Content.Cpu[4 * i] = colors[i].r;
                Content.Cpu[4 * i + 1] = colors[i].g;
                Content.Cpu[4 * i + 2] = colors[i].b;
                Content.Cpu[4 * i + 3] = colors[i].a;
            }
        }

        public void SetPixelData<T>(T[] data, int mipLevel)
        {
            Require();
            Faults.Call("Texture2D.SetPixelData");
            Content.RequireReadable();
            Content.Set(data, 0, Marshal.SizeOf(typeof(T)));
        }

        public void Apply(bool updateMipmaps, bool makeNoLongerReadable)
        {
            Require();
            Faults.Call("Texture2D.Apply");
            Content.Apply(makeNoLongerReadable);
        }
    }

    public sealed class Texture3D : Texture
    {
        internal readonly Texels Content;
        internal readonly int SliceBytes;

        public Texture3D(int width, int height, int depth, GraphicsFormat format, TextureCreationFlags flags)
        {
            Faults.Call("new Texture3D", this);
            int most = SystemInfo.maxTexture3DSize;
            if (width < 1 || height < 1 || depth < 1 || width > most || height > most || depth > most)
            {
                throw new UnityException("a texture of " + width + " x " + height + " x " + depth);
            }
            this.depth = depth;
            SliceBytes = width * height * Formats.BytesOf(format);
            Content = new Texels((long)SliceBytes * depth);
        }

        public int depth { get; }

        public void SetPixelData<T>(T[] data, int mipLevel)
        {
            Require();
            Faults.Call("Texture3D.SetPixelData");
            Content.RequireReadable();
            Content.Set(data, 0, Marshal.SizeOf(typeof(T)));
        }

        public void SetPixelData<T>(NativeArray<T> data, int mipLevel, int sourceDataStartIndex = 0) where T : struct
        {
            Require();
            Faults.Call("Texture3D.SetPixelData");
            Content.RequireReadable();
            data.CopyTo(sourceDataStartIndex, Content.Cpu);
        }

        public void Apply(bool updateMipmaps, bool makeNoLongerReadable)
        {
            Require();
            Faults.Call("Texture3D.Apply");
            Content.Apply(makeNoLongerReadable);
            Machine.BytesUploaded += Content.Gpu.Length;
        }
    }

    public struct RenderTextureDescriptor
    {
        public RenderTextureDescriptor(int width, int height) : this()
        {
            this.width = width;
            this.height = height;
        }

        public int width { get; set; }
        public int height { get; set; }
        public int volumeDepth { get; set; }
        public TextureDimension dimension { get; set; }
        public GraphicsFormat graphicsFormat { get; set; }
        public int depthBufferBits { get; set; }
        public int msaaSamples { get; set; }
        public bool enableRandomWrite { get; set; }
        public bool useMipMap { get; set; }
    }

    public sealed class RenderTexture : Texture
    {
        readonly RenderTextureDescriptor descriptor;
        internal IntPtr Native;

        public RenderTexture(RenderTextureDescriptor desc)
        {
            Faults.Call("new RenderTexture", this);
            if (desc.dimension != TextureDimension.Tex3D || !desc.enableRandomWrite || desc.msaaSamples != 1)
            {
                throw new UnityException("the stub has 3D textures with random write only");
            }
            descriptor = desc;
        }

        public bool Create()
        {
            Require();
            Faults.Call("RenderTexture.Create");
            if (Machine.RefusesRenderTextures) return false;
            if (Native == IntPtr.Zero)
            {
                Native = FakeUnity.Texture(descriptor.width, descriptor.height, descriptor.volumeDepth,
                    Formats.VulkanOf(descriptor.graphicsFormat));
            }
            return true;
        }

        public bool IsCreated() => Native != IntPtr.Zero;

        public IntPtr GetNativeTexturePtr()
        {
            Require();
            Faults.Call("RenderTexture.GetNativeTexturePtr");
            return Native;
        }

        public void Release()
        {
            // What was issued runs before: the render thread is in order.
            if (Native != IntPtr.Zero) FakeUnity.Destroy(Native);
            Native = IntPtr.Zero;
        }

        internal override void Vanish()
        {
            if (!IsDestroyed) Release();
            base.Vanish();
        }
    }

    public static class Graphics
    {
        public static void ExecuteCommandBuffer(CommandBuffer buffer)
        {
            Faults.Call("Graphics.ExecuteCommandBuffer");
            buffer.Execute();
        }

        public static void CopyTexture(Texture src, int srcElement, int srcMip, Texture dst, int dstElement, int dstMip)
        {
            Faults.Call("Graphics.CopyTexture");
            var from = (Texture3D)src;
            var to = (Texture3D)dst;
            from.Require();
            to.Require();
            if ((SystemInfo.copyTextureSupport & CopyTextureSupport.Copy3D) == 0) throw new UnityException("no copies of 3D textures");
            if (from.SliceBytes != to.SliceBytes || srcElement >= from.depth || dstElement >= to.depth || srcElement < 0)
            {
                throw new UnityException("CopyTexture: the textures do not fit");
            }
            Buffer.BlockCopy(from.Content.Gpu, srcElement * from.SliceBytes, to.Content.Gpu, dstElement * to.SliceBytes,
                from.SliceBytes);
        }
    }

    public static class SystemInfo
    {
        public static GraphicsDeviceType graphicsDeviceType => Machine.Device;
        public static int maxTexture3DSize => Machine.MaxTexture3DSize;
        public static bool supports3DRenderTextures => true;
        public static CopyTextureSupport copyTextureSupport => Machine.CopiesTextures ? CopyTextureSupport.Copy3D : 0;
        public static bool IsFormatSupported(GraphicsFormat format, FormatUsage usage) =>
            !Machine.Unsupported.Contains(format + " " + usage) && !Machine.Unsupported.Contains(format.ToString());
        public static bool IsFormatSupported(GraphicsFormat format, GraphicsFormatUsage usage) =>
            IsFormatSupported(format, (FormatUsage)usage);
    }

    internal static class Formats
    {
        internal static int BytesOf(GraphicsFormat format)
        {
            switch (format)
            {
                case GraphicsFormat.R8_UNorm: return 1;
                case GraphicsFormat.R16_UNorm: case GraphicsFormat.R16_SFloat: return 2;
                case GraphicsFormat.R32_SFloat: return 4;
                case GraphicsFormat.R32G32_SFloat: return 8;
                default: throw new UnityException("the format " + format);
            }
        }

        internal static int VulkanOf(GraphicsFormat format)
        {
            switch (format)
            {
                case GraphicsFormat.R8_UNorm: return 9;
                case GraphicsFormat.R16_UNorm: return 70;
                case GraphicsFormat.R16_SFloat: return 76;
                case GraphicsFormat.R32_SFloat: return 100;
                default: throw new UnityException("the format " + format);
            }
        }
    }
}

namespace UnityEngine.Rendering
{
    public enum GraphicsDeviceType
    {
        Direct3D11 = 2,
        Direct3D12 = 18,
        Metal = 16,
        Vulkan = 21,
    }

    public enum TextureDimension
    {
        Tex3D = 3,
    }

    [Flags]
    public enum CopyTextureSupport
    {
        None = 0,
        Copy3D = 2,
    }

    public enum ShadowCastingMode
    {
        Off,
    }

    public sealed class CommandBuffer
    {
        IntPtr function;
        int id;
        bool isReleased;

        public CommandBuffer()
        {
            Faults.Call("new CommandBuffer");
            World.CommandBuffers++;
        }

        public string name { get; set; }

        public void IssuePluginEvent(IntPtr callback, int eventID)
        {
            Faults.Call("CommandBuffer.IssuePluginEvent");
            if (callback == IntPtr.Zero) throw new ArgumentException("callback");
            function = callback;
            id = eventID;
        }

        internal void Execute()
        {
            if (isReleased) throw new UnityException("the command buffer is released");
            FakeUnity.Issue(function, id);
        }

        public void Release()
        {
            if (!isReleased) World.CommandBuffers--;
            isReleased = true;
        }
    }
}
