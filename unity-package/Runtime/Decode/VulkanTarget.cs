using System;
using UnityEngine;
using UnityEngine.Rendering;

namespace Neuvol
{
    /// One texture of Unity that the library writes to on the graphics device.
    internal sealed unsafe class VulkanTarget : IDisposable
    {
        readonly NeuvolNative.neuvol_context context;
        NeuvolNative.neuvol_texture handle;

        /// <exception cref="NeuvolException">If it cannot be made; nothing is left then.</exception>
        internal VulkanTarget(NeuvolNative.neuvol_context context, Vector3Int size, NeuvolTexelFormat texel, string name)
        {
            this.context = context;
            Size = size;
            Bytes = (long)size.x * size.y * size.z * Texels.BytesOf(texel);
            try
            {
                Texture = Make(size, texel, name);
                var desc = new NeuvolNative.neuvol_unity_texture_desc
                {
                    struct_size = (uint)sizeof(NeuvolNative.neuvol_unity_texture_desc),
                    texel = Texels.NativeTexel(texel),
                    // Waits for the render thread, so it is asked for once.
                    native_texture = Texture.GetNativeTexturePtr(),
                };
                for (int axis = 0; axis < 3; axis++) desc.dims[axis] = (uint)size[axis];
                NeuvolNative.neuvol_texture registered;
                NativeCall.Check(NeuvolNative.neuvol_unity_texture_register(&desc, &registered));
                handle = registered;
                LiveObjects.Textures++;
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        internal RenderTexture Texture { get; private set; }

        internal Vector3Int Size { get; }

        internal long Bytes { get; }

        internal NeuvolNative.neuvol_texture Handle => handle;

        /// Whether Unity still has what is behind it.
        internal bool IsAlive => Texture != null && Texture.IsCreated();

        /// NEUVOL_OK, NEUVOL_NOT_READY, or the error why it cannot be written to.
        internal int Status()
        {
            return NeuvolNative.neuvol_texture_status(context, handle);
        }

        static RenderTexture Make(Vector3Int size, NeuvolTexelFormat texel, string name)
        {
            var descriptor = new RenderTextureDescriptor(size.x, size.y)
            {
                dimension = TextureDimension.Tex3D,
                volumeDepth = size.z,
                graphicsFormat = Texels.FormatOf(texel),
                depthBufferBits = 0,
                msaaSamples = 1,
                enableRandomWrite = true,
                useMipMap = false,
            };
            var texture = new RenderTexture(descriptor)
            {
                name = name,
                hideFlags = HideFlags.HideAndDontSave,
                filterMode = FilterMode.Bilinear,
                wrapMode = TextureWrapMode.Clamp,
            };
            bool isMade = false;
            try
            {
                isMade = texture.Create();
            }
            finally
            {
                if (!isMade) Objects.Destroy(texture);
            }
            if (isMade) return texture;
            throw new NeuvolException("Unity could not make a 3D render texture of " + size.x + " x " + size.y + " x " + size.z +
                " in " + descriptor.graphicsFormat + " with random write: choose a coarser level or another texel format");
        }

        public void Dispose()
        {
            if (handle.id != 0)
            {
                // What was asked for is cancelled; no later frame writes to it.
                NeuvolNative.neuvol_texture_unregister(context, handle);
                handle.id = 0;
                LiveObjects.Textures--;
            }
            var texture = Texture;
            Texture = null;
            if (texture == null) return;
            texture.Release();
            Objects.Destroy(texture);
        }
    }
}
