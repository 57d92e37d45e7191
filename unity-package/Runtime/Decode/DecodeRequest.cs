using System;

namespace Neuvol
{
    /// What is wanted in a texture: a whole variable at one time, level and quality.
    internal struct DecodeRequest
    {
        internal readonly NeuvolVariable Variable;
        internal readonly double Time;
        internal readonly int Level;
        internal readonly int Quality;
        internal NeuvolPrecision Precision;

        /// Steps per second in which a player moves: what comes next is made ready.
        internal double Velocity;

        internal DecodeRequest(NeuvolVariable variable, double time, int level, int quality)
        {
            Variable = variable;
            Time = time;
            Level = level;
            Quality = quality;
            Precision = NeuvolPrecision.Exact;
            Velocity = 0;
        }

        /// Whether it gives the same voxels.
        internal bool IsSame(DecodeRequest other)
        {
            return IsAlike(other) && Time == other.Time;
        }

        /// Whether it differs in time alone.
        internal bool IsAlike(DecodeRequest other)
        {
            return Variable == other.Variable && Level == other.Level && Quality == other.Quality &&
                Precision == other.Precision;
        }

        /// <exception cref="NeuvolException">If a number is out of range.</exception>
        internal void Check()
        {
            Range("level", Level, Variable.LevelCount);
            Range("quality", Quality, Variable.QualityCount);
            if (!(Time >= 0 && Time <= Variable.StepCount - 1))
            {
                throw new NeuvolException("time " + Time + " is outside of " + Variable.Name + ": 0 to " +
                    (Variable.StepCount - 1));
            }
        }

        void Range(string name, int value, int count)
        {
            if (value >= 0 && value < count) return;
            throw new NeuvolException(name + " " + value + " does not exist: " + Variable.Name + " has " +
                (count == 1 ? "only 0" : "0 to " + (count - 1)));
        }

        /// Without a box.
        internal unsafe NeuvolNative.neuvol_decode_desc Desc(int format)
        {
            return new NeuvolNative.neuvol_decode_desc
            {
                struct_size = (uint)sizeof(NeuvolNative.neuvol_decode_desc),
                format = format,
                precision = NativePrecision,
                variable = checked((uint)Variable.Index),
                level = checked((uint)Math.Max(0, Level)),
                quality = checked((uint)Math.Max(0, Quality)),
                time = Time,
            };
        }

        internal int NativePrecision =>
            Precision == NeuvolPrecision.Fast ? NeuvolNative.NEUVOL_PRECISION_FAST : NeuvolNative.NEUVOL_PRECISION_EXACT;
    }
}
