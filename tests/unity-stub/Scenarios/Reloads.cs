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
        const int Times = 100;

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

        static void HundredTimes(bool isVulkan)
        {
            var figures = new List<long[]>();
            for (int i = 0; i <= Times; i++)
            {
                var domain = AppDomain.CreateDomain("scripts " + i);
                var scripts = (Scripts)domain.CreateInstanceAndUnwrap(typeof(Scripts).Assembly.FullName, typeof(Scripts).FullName);
                var problem = scripts.Run(Program.Folder, isVulkan, i);
                Check.Equal(problem, "", "the problem of reload " + i);
                AppDomain.Unload(domain);
                if (i % 10 == 0) figures.Add(Figures());
            }
            // The first ten warm everything up.
            var first = figures[1];
            var last = figures[figures.Count - 1];
            Console.WriteLine("       after 10 reloads:  " + Text(first));
            Console.WriteLine("       after " + Times + " reloads: " + Text(last));
            Check.That(last[0] <= first[0] && last[1] <= first[1] && last[2] == 0, "something grows with each reload");
            Check.That(last[3] <= first[3] + 64, "memory grows with each reload");
        }

        public static void ByUpload() => HundredTimes(false);

        [OnVulkan]
        public static void OnVulkan() => HundredTimes(true);
    }

    /// What runs in the domain that is unloaded.
    public sealed class Scripts : MarshalByRefObject
    {
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
            UnityEditor.AssemblyReloadEvents.Raise();
        }
    }
}
