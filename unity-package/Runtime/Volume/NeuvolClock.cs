using System;

namespace Neuvol
{
    /// <summary>What a player does at the last step.</summary>
    public enum NeuvolLoop
    {
        /// <summary>Goes on with the first one.</summary>
        Repeat,

        /// <summary>Stops there.</summary>
        Once,

        /// <summary>Turns back.</summary>
        PingPong,
    }

    /// <summary>What is shown between two steps.</summary>
    public enum NeuvolInterpolation
    {
        /// <summary>Values between those of the two steps.</summary>
        Linear,

        /// <summary>The nearest step.</summary>
        Nearest,
    }

    /// Where a player stands: time in steps, going forth or back.
    internal struct NeuvolClock
    {
        internal double Time;
        internal bool IsPlaying;
        bool isReturning;

        /// Steps per second at which it moves now; negative backwards.
        internal double Velocity(float speed)
        {
            return !IsPlaying ? 0 : isReturning ? -speed : speed;
        }

        internal void Play(int steps, float speed, NeuvolLoop loop)
        {
            IsPlaying = steps > 1;
            if (loop == NeuvolLoop.PingPong) return;
            isReturning = false;
            // From the end, where it stopped, it begins again.
            if (loop == NeuvolLoop.Once && speed >= 0 && Time >= steps - 1) Time = 0;
            if (loop == NeuvolLoop.Once && speed < 0 && Time <= 0) Time = steps - 1;
        }

        internal void Advance(double seconds, int steps, float speed, NeuvolLoop loop)
        {
            double last = steps - 1;
            if (!IsPlaying || last <= 0 || !(seconds > 0)) return;
            double time = Time + seconds * Velocity(speed);
            switch (loop)
            {
                case NeuvolLoop.Repeat:
                    // From the last step it goes to the first at once: there is nothing between them.
                    if (time > last || time < 0) time -= last * Math.Floor(time / last);
                    break;
                case NeuvolLoop.Once:
                    bool isForth = Velocity(speed) > 0;
                    if (isForth ? time >= last : time <= 0) IsPlaying = false;
                    break;
                default:
                    // The way there and back is one round.
                    double round = 2 * last, at = (isReturning ? round - Time : Time) + seconds * speed;
                    at -= round * Math.Floor(at / round);
                    isReturning = at > last;
                    time = isReturning ? round - at : at;
                    break;
            }
            Time = Math.Max(0, Math.Min(last, time));
        }
    }
}
