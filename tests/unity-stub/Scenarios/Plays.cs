using System;
using Neuvol;
using Neuvol.Fakes;
using UnityEngine;

namespace Scenarios
{
    /// Playing, scrubbing, dates.
    public static class Plays
    {
        static void Day(string file, float speed, int rounds)
        {
            using (var scene = new Scene(file, volume =>
            {
                World.SetField(volume, "playOnStart", true);
                volume.Speed = speed;
                volume.FrameBudget = 8;
            }))
            {
                double last = -1;
                int shown = 0, turns = 0;
                scene.Volume.ShownChanged += volume =>
                {
                    if (volume.ShownTime < last) turns++;
                    last = volume.ShownTime;
                    shown++;
                };
                // On a busy machine a round may show less.
                World.Until(() => turns >= rounds && shown > 4, "the rounds", 20000);
                Check.That(scene.Volume.IsPlaying, "it stopped");
                scene.Volume.Pause();
                scene.Shown();
                World.Frame();
                Check.Equal(scene.Volume.ShownTime, scene.Volume.Time, "the time that is shown when it stands");
                Voxels.Compare(scene.Volume);
                Console.WriteLine("       " + shown + " times shown in " + turns + " rounds");
            }
        }

        public static void RoundAndRoundByUpload() => Day(Program.Plume, 4, 2);

        [OnVulkan]
        public static void RoundAndRoundOnVulkan() => Day(Program.Plume, 2, 1);

        /// Someone drags the time to and fro: what is shown follows, and it never waits for what nobody wants any more.
        static void Scrub()
        {
            using (var scene = new Scene(Program.Plume).Shown())
            {
                var random = new System.Random(1);
                int shown = 0;
                scene.Volume.ShownChanged += volume => shown++;
                for (int i = 0; i < 120; i++)
                {
                    scene.Volume.Time = random.NextDouble() * 7;
                    World.Frame();
                }
                Check.That(shown > 3, "only " + shown + " times were shown while scrubbing");
                scene.Volume.Time = 3.5;
                World.Frame();
                scene.Shown();
                Check.Equal(scene.Volume.ShownTime, 3.5, "the time that is shown");
                Voxels.Compare(scene.Volume);
            }
        }

        public static void ScrubbingByUpload() => Scrub();

        [OnVulkan]
        public static void ScrubbingOnVulkan() => Scrub();

        public static void Dates()
        {
            using (var scene = new Scene(Program.Sample).Shown())
            {
                var volume = scene.Volume;
                Check.Equal(volume.Variable.Name, "theta", "the variable");
                volume.SeekDate(new DateTime(2020, 1, 1, 4, 30, 0));
                Check.Equal(volume.Time, 1.5, "the time of a date");
                World.Frame();
                scene.Shown();
                Check.Equal(volume.TimeLabel, "2020-01-01 04:30 UTC", "the label");
                Check.Equal(volume.Date, new DateTime(2020, 1, 1, 4, 30, 0), "the date");
                volume.SeekDate(new DateTime(1999, 1, 1));
                Check.Equal(volume.Time, 0.0, "the time of a date before");
                volume.Interpolation = NeuvolInterpolation.Nearest;
                volume.Time = 2.6;
                World.Frame();
                scene.Shown();
                Check.Equal(volume.ShownTime, 3.0, "the nearest step");
            }
            using (var scene = new Scene(Program.Plume).Shown())
            {
                Check.Equal(scene.Volume.Date, null, "the date of a file without");
                Check.Has(Check.Throws<NeuvolException>(() => scene.Volume.SeekDate(DateTime.Now), "seeking a date"),
                    "no coordinate for the time steps", "why there are no dates");
                Check.Has(scene.Volume.TimeLabel, "step 0 of 7", "the label");
            }
        }

        public static void OnceAndBack()
        {
            using (var scene = new Scene(Program.Sample, volume =>
            {
                volume.Loop = NeuvolLoop.Once;
                volume.Speed = 30;
            }).Shown())
            {
                scene.Volume.Play();
                World.Until(() => !scene.Volume.IsPlaying, "the end");
                Check.Equal(scene.Volume.Time, 4.0, "the time at the end");
                scene.Volume.Speed = -30;
                scene.Volume.Play();
                World.Until(() => !scene.Volume.IsPlaying, "the beginning");
                Check.Equal(scene.Volume.Time, 0.0, "the time at the beginning");
                scene.Shown();
            }
        }
    }
}
