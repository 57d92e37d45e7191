using System;

namespace Neuvol
{
    // Playing and seeking.
    public sealed partial class NeuvolVolume
    {
        NeuvolClock clock;

        /// <summary>The time that is wanted, in steps: 0 to the number of steps - 1. Setting it seeks.</summary>
        public double Time
        {
            get => clock.Time;
            set => SeekStep(value);
        }

        /// <summary>The time that is wanted as a part of the whole, 0 to 1, for sliders. Setting it seeks.</summary>
        public double TimeNormalized
        {
            get => StepCount > 1 ? clock.Time / (StepCount - 1) : 0;
            set => SeekStep(value * (StepCount - 1));
        }

        /// <summary>Number of time steps; 1 without a file.</summary>
        public int StepCount => Variable == null ? 1 : Variable.StepCount;

        /// <summary>The date that is shown in UTC, or null if the file has no dates: then
        /// <see cref="NeuvolTimeAxis.Problem"/> of the variable says why.</summary>
        public DateTime? Date =>
            Variable != null && Variable.Times.HasDates ? (DateTime?)Variable.Times.DateAt(ShownTime) : null;

        /// <summary>The time that is shown in words; "" without a file.</summary>
        public string TimeLabel => Variable == null ? "" : Variable.Times.Label(ShownTime);

        /// <summary>Whether it plays.</summary>
        public bool IsPlaying => clock.IsPlaying;

        /// <summary>Steps of the file per second; negative plays backwards.</summary>
        public float Speed
        {
            get => speed;
            set
            {
                if (float.IsNaN(value) || float.IsInfinity(value))
                {
                    throw new ArgumentOutOfRangeException(nameof(Speed), value, "must be a number");
                }
                speed = value;
            }
        }

        /// <summary>What happens at the last step.</summary>
        public NeuvolLoop Loop
        {
            get => loop;
            set => loop = value;
        }

        /// <summary>What is shown between two steps.</summary>
        public NeuvolInterpolation Interpolation
        {
            get => interpolation;
            set => interpolation = value;
        }

        /// <summary>Plays on from the time that is wanted. Without a file it plays as soon as one is open.</summary>
        public void Play()
        {
            wantsToPlay = true;
            if (Variable != null) clock.Play(StepCount, speed, loop);
        }

        /// <summary>Stops at the time that is wanted.</summary>
        public void Pause()
        {
            wantsToPlay = false;
            clock.IsPlaying = false;
        }

        /// <summary>Goes to a time.</summary>
        /// <param name="step">Time in steps; limited to those there are.</param>
        public void SeekStep(double step)
        {
            if (double.IsNaN(step)) throw new ArgumentOutOfRangeException(nameof(step), step, "must be a number");
            // Before a file is open, its number of steps is not known.
            time = Variable == null ? Math.Max(0, step) : Math.Max(0, Math.Min(StepCount - 1, step));
            clock.Time = time;
        }

        /// <summary>Goes to a date.</summary>
        /// <param name="date">Limited to those there are; one without a kind is taken as UTC.</param>
        /// <exception cref="NeuvolException">If no file is open, or it has no dates; the text says why.</exception>
        public void SeekDate(DateTime date)
        {
            if (Variable == null) throw new NeuvolException("There are no dates: no file is open. " + Status);
            SeekStep(Variable.Times.StepAt(date));
        }

        bool wantsToPlay;

        /// The time to ask for now. A player asks for what it will need when the decode is done.
        double WantedTime()
        {
            double wanted = clock.Time;
            if (clock.IsPlaying)
            {
                double ahead = wanted + clock.Velocity(speed) * Math.Min(0.5, latency);
                if (ahead >= 0 && ahead <= StepCount - 1) wanted = ahead;
            }
            return interpolation == NeuvolInterpolation.Nearest ? Math.Round(wanted, MidpointRounding.AwayFromZero) : wanted;
        }
    }
}
