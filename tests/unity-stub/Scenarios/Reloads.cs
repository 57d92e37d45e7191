using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// Unity loads the scripts again: their domain is unloaded, with all objects, while the native library stays.
    public static class Reloads
    {
        /// More for a long run.
        static readonly int Times = int.Parse(Environment.GetEnvironmentVariable("NEUVOL_RELOADS") ?? "100");

        /// Threads, open files, mapped models and memory of this process.
        internal static long[] Figures()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            var status = File.ReadAllLines("/proc/self/status").Where(line => line.Contains(":"))
                .ToDictionary(line => line.Split(':')[0], line => line.Split(':')[1].Trim());
            return new[]
            {
                long.Parse(status["Threads"]),
                Directory.GetFileSystemEntries("/proc/self/fd").Length,
                File.ReadAllLines("/proc/self/maps").Count(line => line.EndsWith(".neuvol")),
                long.Parse(status["VmRSS"].Split(' ')[0]) >> 10,
            };
        }

        static string Text(long[] figures)
        {
            return figures[0] + " threads, " + figures[1] + " descriptors, " + figures[2] + " mapped models, " + figures[3] + " MiB";
        }

        /// Loads scripts again so many times, in turn on Vulkan and by upload, and gives figures by the number of reloads.
        static Dictionary<int, long[]> Reload(int times, bool hasVolume)
        {
            var figures = new Dictionary<int, long[]>();
            for (int i = 1; i <= times; i++)
            {
                var domain = AppDomain.CreateDomain("scripts " + i);
                var scripts = (Scripts)domain.CreateInstanceAndUnwrap(typeof(Scripts).Assembly.FullName, typeof(Scripts).FullName);
                var problem = scripts.Run(Program.Folder, i, hasVolume);
                Check.Equal(problem, "", "the problem of reload " + i);
                AppDomain.Unload(domain);
                if (i != 10 && i % 50 != 0) continue;
                figures[i] = Figures();
                if (hasVolume) Console.WriteLine("       after " + i + " reloads: " + Text(figures[i]));
            }
            return figures;
        }

        [OnVulkan]
        public static void HundredTimes()
        {
            // What Mono, the driver and its validation keep of domains and frames is not of the package.
            var control = Reload(50, false);
            long usual = (control[50][3] - control[10][3]) * 50 / 40;
            var figures = Reload(Times, true);
            Console.WriteLine("       50 reloads and their frames without a volume: " + usual + " MiB more");
            var first = figures[10];
            var last = figures[Times];
            Check.That(last[0] <= first[0] && last[1] <= first[1] && last[2] == 0, "something grows with each reload");
            // Until the 50th the library fills the memory that it may have for models on the device.
            long growth = (last[3] - figures[50][3]) * 50 / (Times - 50);
            Check.That(growth <= usual + 32, "memory grows by " + growth + " MiB in 50 reloads, " + usual + " without a volume");
        }
    }

    /// What runs in the domain that is unloaded.
    public sealed class Scripts : MarshalByRefObject
    {
        public string Run(string folder, int round, bool hasVolume)
        {
            try
            {
                Program.Folder = Machine.StreamingAssets = folder;
                FakeUnity.Attach(round % 2 == 0);
                World.IsEditor = true;
                if (hasVolume) Volumes(round);
                // Busy in all ways when it comes: opened just now, decoding, uploading, playing.
                for (int i = 0; i < round % 12; i++) World.Frame();
                Before();
                Scene.Nothing();
                Check.Quiet();
                return "";
            }
            catch (Exception error)
            {
                return error.ToString();
            }
        }

        static void Volumes(int round)
        {
            var root = new GameObject("Volume");
            var volume = root.AddComponent<NeuvolVolume>();
            root.AddComponent<NeuvolRenderer>();
            volume.Speed = 8;
            // Small arrays: those of large ones come and go in Mono's heap, and would hide what grows.
            volume.TexelFormat = NeuvolTexelFormat.UNorm8;
            volume.FilePath = round % 3 == 0 ? Program.Large : Program.Sample;
            volume.Play();
            // A file that a script forgets to close.
            NeuvolFile.Open(Program.Plume);
        }

        /// What the editor calls before it unloads the scripts. Their objects are not told.
        static void Before()
        {
            EditorWorld.Load();
            EditorWorld.BeforeReload();
        }
    }
}
