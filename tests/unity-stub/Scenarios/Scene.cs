using System;
using System.Reflection;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

/// A scene with one volume, and what must be as before when it is gone.
sealed class Scene : IDisposable
{
    readonly string before;
    internal readonly GameObject Root;
    internal readonly NeuvolVolume Volume;
    internal readonly NeuvolRenderer Renderer;

    internal Scene(string file, Action<NeuvolVolume> prepare = null)
    {
        before = World.Census();
        Root = new GameObject("Volume");
        Root.SetActive(false);
        Volume = Root.AddComponent<NeuvolVolume>();
        Renderer = Root.AddComponent<NeuvolRenderer>();
        if (file != null) World.SetField(Volume, "path", file);
        prepare?.Invoke(Volume);
        Root.SetActive(true);
    }

    /// Frames until what is wanted is shown.
    internal Scene Shown()
    {
        World.Until(() => Volume.State == NeuvolState.Failed || (Volume.State == NeuvolState.Ready && !Volume.IsBusy), "shown");
        Check.Equal(Volume.Error, "", "the error");
        return this;
    }

    public void Dispose()
    {
        UnityEngine.Object.Destroy(Root);
        World.Frame();
        Check.Equal(World.Census(), before, "what is left of the scene");
        Nothing();
    }

    /// Nothing of the library is held.
    internal static void Nothing()
    {
        Check.Equal(Count("LiveObjects", "Textures"), 0L, "the number of registered textures");
        Check.Equal(Count("LiveObjects", "StagingBytes"), 0L, "the bytes of staging memory");
        Check.Equal(Count("NeuvolFile", "OpenCount"), 0L, "the number of open files");
    }

    /// What the package counts for its own tests.
    internal static long Count(string type, string member)
    {
        const BindingFlags flags = BindingFlags.Static | BindingFlags.NonPublic;
        var of = typeof(NeuvolFile).Assembly.GetType("Neuvol." + type);
        var field = of.GetField(member, flags);
        return Convert.ToInt64(field != null ? field.GetValue(null) : of.GetProperty(member, flags).GetValue(null));
    }
}
