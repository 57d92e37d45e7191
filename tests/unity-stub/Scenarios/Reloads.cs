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

        /// In turn by upload and on Vulkan, where there is a device.
        static void HundredTimes(bool hasVulkan)
        {
            var figures = new Dictionary<int, long[]>();
            for (int i = 1; i <= Times; i++)
            {
                var domain = AppDomain.CreateDomain("scripts " + i);
                var scripts = (Scripts)domain.CreateInstanceAndUnwrap(typeof(Scripts).Assembly.FullName, typeof(Scripts).FullName);
                var problem = scripts.Run(Program.Folder, hasVulkan && i % 2 == 0, i);
                Check.Equal(problem, "", "the problem of reload " + i);
                AppDomain.Unload(domain);
                if (i != 10 && i % 50 != 0) continue;
                figures[i] = Figures();
                Console.WriteLine("       after " + i + " reloads: " + Text(figures[i]));
            }
            var first = figures[10];
            var last = figures[Times];
            Check.That(last[0] <= first[0] && last[1] <= first[1] && last[2] == 0, "something grows with each reload");
            // Until then the library fills the memory that it may have for models on the device.
            Check.That(last[3] <= figures[50][3] + 32, "memory grows with each reload");
        }

        [OnVulkan]
        public static void OnVulkanAndByUpload() => HundredTimes(true);

        /// What Mono itself keeps of each domain: the figure to compare the memory above with.
        public static void OfNothing()
        {
            long before = 0;
            for (int i = 1; i <= Times; i++)
            {
                var domain = AppDomain.CreateDomain("nothing " + i);
                var scripts = (Scripts)domain.CreateInstanceAndUnwrap(typeof(Scripts).Assembly.FullName, typeof(Scripts).FullName);
                scripts.Nothing();
                AppDomain.Unload(domain);
                if (i == 50) before = Figures()[3];
            }
            Console.WriteLine("       " + (Times - 50) + " reloads of nothing: " + (Figures()[3] - before) + " MiB more");
        }
    }

    /// What runs in the domain that is unloaded.
    public sealed class Scripts : MarshalByRefObject
    {
        public void Nothing()
        {
            new GameObject("Nothing").AddComponent<NeuvolVolume>();
            World.Frame();
        }

        public string Run(string folder, bool isVulkan, int round)
        {
            try
            {
                Program.Folder = Machine.StreamingAssets = folder;
                if (isVulkan) FakeUnity.Attach();
                World.IsEditor = true;
                var root = new GameObject("Volume");
                var volume = root.AddComponent<NeuvolVolume>();
                root.AddComponent<NeuvolRenderer>();
                volume.Speed = 8;
                volume.FilePath = round % 3 == 0 ? Program.Large : Program.Sample;
                volume.Play();
                // A file that a script forgets to close.
                NeuvolFile.Open(Program.Plume);
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

        /// What the editor calls before it unloads the scripts. Their objects are not told.
        static void Before()
        {
            EditorWorld.Load();
            EditorWorld.BeforeReload();
        }
    }
}
