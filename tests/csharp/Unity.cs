using System;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using Neuvol;

/// What a script of Unity does: asks for the context, registers a texture, decodes into it frame by frame.
static unsafe class Unity
{
    const string Fake = "neuvol_fake_unity";
    const int R32Sfloat = 100;

    [DllImport(Fake, CallingConvention = CallingConvention.Cdecl)]
    static extern int fake_unity_start(byte* plugin);
    [DllImport(Fake, CallingConvention = CallingConvention.Cdecl)]
    static extern IntPtr fake_unity_texture(uint x, uint y, uint z, int format);
    [DllImport(Fake, CallingConvention = CallingConvention.Cdecl)]
    static extern void fake_unity_issue(IntPtr function, int id);
    [DllImport(Fake, CallingConvention = CallingConvention.Cdecl)]
    static extern void fake_unity_frame();
    [DllImport(Fake, CallingConvention = CallingConvention.Cdecl)]
    static extern void fake_unity_read(IntPtr texture, uint bytesPerTexel, byte* destination, UIntPtr bytes);
    [DllImport(Fake, CallingConvention = CallingConvention.Cdecl)]
    static extern int fake_unity_stop();

    internal static void Run(string plugin, string model)
    {
        NeuvolNative.neuvol_context context;
        Check.Equal(NeuvolNative.neuvol_unity_context(&context), NeuvolNative.NEUVOL_NOT_READY, "the result before Unity");
        Check.Equal(NeuvolNative.neuvol_unity_event_id(), -1, "the number of the event before Unity");
        int started;
        fixed (byte* path = Encoding.UTF8.GetBytes(plugin + "\0")) started = fake_unity_start(path);
        if (started == 0)
        {
            Console.WriteLine("no Vulkan");
            return;
        }
        Check.Ok(NeuvolNative.neuvol_unity_context(&context), "the context");
        NeuvolNative.neuvol_volume volume;
        Check.Ok(Check.Open(model, out volume), "opening");
        Decode(context, volume);
        Check.Ok(NeuvolNative.neuvol_volume_close(volume), "closing");
        Check.Equal(fake_unity_stop(), 0, "the number of broken rules");
        Check.Equal(NeuvolNative.neuvol_unity_context(&context), NeuvolNative.NEUVOL_NOT_READY, "the result after Unity");
    }

    static void Decode(NeuvolNative.neuvol_context context, NeuvolNative.neuvol_volume volume)
    {
        const uint x = 37, y = 20, z = 18;
        var desc = new NeuvolNative.neuvol_unity_texture_desc();
        desc.struct_size = (uint)sizeof(NeuvolNative.neuvol_unity_texture_desc);
        desc.texel = NeuvolNative.NEUVOL_TEXEL_R32F;
        desc.dims[0] = x;
        desc.dims[1] = y;
        desc.dims[2] = z;
        desc.native_texture = fake_unity_texture(x, y, z, R32Sfloat);
        NeuvolNative.neuvol_texture texture;
        Check.Ok(NeuvolNative.neuvol_unity_texture_register(&desc, &texture), "the texture");

        var submit = new NeuvolNative.neuvol_submit_desc();
        submit.struct_size = (uint)sizeof(NeuvolNative.neuvol_submit_desc);
        submit.volume = volume;
        submit.texture = texture;
        submit.time = 1.75;
        submit.box_max[0] = x;
        submit.box_max[1] = y;
        submit.box_max[2] = z;
        submit.priority = 1;
        NeuvolNative.neuvol_ticket ticket;
        Check.Ok(NeuvolNative.neuvol_decode_submit(context, &submit, &ticket), "asking for a decode");
        int status = NeuvolNative.NEUVOL_NOT_READY;
        for (int frame = 0; frame < 3000 && status == NeuvolNative.NEUVOL_NOT_READY; frame++)
        {
            fake_unity_issue(NeuvolNative.neuvol_unity_render_event(), NeuvolNative.neuvol_unity_event_id());
            fake_unity_frame();
            Thread.Sleep(1);
            status = NeuvolNative.neuvol_decode_status(context, ticket);
        }
        Check.Ok(status, "the decode");
        Check.Equal(status, NeuvolNative.NEUVOL_OK, "the decode's status");

        var found = new float[x * y * z];
        fixed (float* to = found)
        {
            fake_unity_read(desc.native_texture, 4, (byte*)to, (UIntPtr)(4 * found.Length));
        }
        Compare(found, volume, submit);
        Check.Ok(NeuvolNative.neuvol_texture_unregister(context, texture), "unregistering");
    }

    static void Compare(float[] found, NeuvolNative.neuvol_volume volume, NeuvolNative.neuvol_submit_desc submit)
    {
        var desc = new NeuvolNative.neuvol_decode_desc();
        desc.struct_size = (uint)sizeof(NeuvolNative.neuvol_decode_desc);
        desc.format = NeuvolNative.NEUVOL_FORMAT_F32;
        desc.time = submit.time;
        for (int axis = 0; axis < 3; axis++) desc.box_max[axis] = submit.box_max[axis];
        var expected = new float[found.Length];
        fixed (float* to = expected)
        {
            Check.Ok(NeuvolNative.neuvol_decode_to_host(volume, &desc, (IntPtr)to, (UIntPtr)(4 * found.Length), null,
                UIntPtr.Zero), "decoding into memory");
        }
        for (int i = 0; i < found.Length; i++)
        {
            float wanted = float.IsNaN(expected[i]) ? submit.invalid : expected[i];
            Check.That(Math.Abs(found[i] - wanted) <= 0.006f, "texel " + i + " is " + found[i] + ", not " + wanted);
        }
        Console.WriteLine(found.Length + " texels");
    }
}
