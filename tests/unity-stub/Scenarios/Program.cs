using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using Neuvol.Fakes;

/// Runs scenarios: those whose names begin with an argument, or all. Each is a public static method of a class of Scenarios.
static class Program
{
    /// Where the files of the tests are.
    internal static string Folder, Library;

    /// Smoke over a hill: 72 x 56 x 80 voxels, 8 steps, voxels in the ground are not valid. It says nothing of its axes.
    internal static string Plume => Path.Combine(Folder, "plume.neuvol");

    /// Temperature on longitudes, latitudes and heights: 37 x 20 x 18 voxels, 5 steps from 2020-01-01 on.
    internal static string Sample => Path.Combine(Folder, "sample.neuvol");

    /// 30 MiB of noise in one step: decoding takes many frames.
    internal static string Large => Path.Combine(Folder, "large.neuvol");

    static int Main(string[] arguments)
    {
        Library = arguments[0];
        Folder = Path.GetFullPath(arguments[1]);
        bool needsVulkan = arguments[2] == "vulkan";
        var filter = arguments.Skip(3).ToArray();
        Machine.StreamingAssets = Folder;
        // Someone has to have loaded it; some scenarios are about nobody having done so.
        bool isAlone = filter.Length == 1 && filter[0].StartsWith("Alone");
        bool hasVulkan = !isAlone && FakeUnity.Start(Library);
        if (isAlone) needsVulkan = false;
        if (needsVulkan && !hasVulkan) throw new Exception("there is no Vulkan device");
        Machine.Device = UnityEngine.Rendering.GraphicsDeviceType.Direct3D11;
        // Unity has it from the start.
        Check.Equal(UnityEngine.Texture2D.whiteTexture.width, 4, "the white texture");
        int failed = 0, run = 0, left = 0;
        var chosen = All().Where(method => filter.Length == 0 ? !Name(method).StartsWith("Alone") : filter.Any(Name(method).StartsWith));
        foreach (var scenario in chosen)
        {
            if (scenario.GetCustomAttribute<OnVulkan>() != null && !hasVulkan)
            {
                left++;
                continue;
            }
            if (!Run(scenario)) failed++;
            run++;
        }
        int problems = hasVulkan ? FakeUnity.Stop() : 0;
        Console.WriteLine(run + " scenarios, " + failed + " failed, " + left + " without Vulkan left out, " + problems +
            " rules of Unity broken");
        return failed == 0 && problems == 0 && run > 0 ? 0 : 1;
    }

    static IEnumerable<MethodInfo> All()
    {
        var types = Assembly.GetExecutingAssembly().GetTypes().Where(type => type.Namespace == "Scenarios" && type.IsPublic);
        return types.OrderBy(type => type.Name).SelectMany(type =>
            type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly));
    }

    static string Name(MethodInfo method) => method.DeclaringType.Name + "." + method.Name;

    static bool Run(MethodInfo scenario)
    {
        var clock = Stopwatch.StartNew();
        bool isVulkan = scenario.GetCustomAttribute<OnVulkan>() != null;
        Machine.Device = isVulkan
            ? UnityEngine.Rendering.GraphicsDeviceType.Vulkan
            : UnityEngine.Rendering.GraphicsDeviceType.Direct3D11;
        World.Exceptions.Clear();
        World.Log.Clear();
        Check.First = null;
        Exception problem = null;
        try
        {
            scenario.Invoke(null, null);
            Check.Quiet();
        }
        catch (TargetInvocationException error)
        {
            problem = error.InnerException;
        }
        catch (Exception error)
        {
            problem = error;
        }
        Faults.Arm(null);
        Console.WriteLine((problem == null ? "ok     " : "FAILED ") + Name(scenario) + " " + clock.ElapsedMilliseconds + " ms");
        if (problem != null) Console.WriteLine((Check.First == null ? "" : "first: " + Check.First + "\n") + problem);
        return problem == null;
    }
}

/// Runs with Unity on Vulkan; else on Direct3D, which uploads.
sealed class OnVulkan : Attribute
{
}
