using System;

namespace Neuvol
{
    /// <summary>
    /// What the native library, or this package, says about something that failed: which argument or file, the cause, and
    /// where there is one the cure.
    /// </summary>
    public sealed class NeuvolException : Exception
    {
        /// <summary>Makes one with a text of this package.</summary>
        /// <param name="message">Which argument or file, the cause, the cure.</param>
        /// <param name="cause">The exception behind it, or null.</param>
        public NeuvolException(string message, Exception cause = null) : base(message, cause)
        {
        }

        /// <summary>Makes one with the result of a native function.</summary>
        /// <param name="message">The text of the library.</param>
        /// <param name="result">The result, one of <c>NeuvolNative.NEUVOL_ERROR_*</c>.</param>
        public NeuvolException(string message, int result) : base(message)
        {
            Result = result;
        }

        /// <summary>The result of the native function, less than 0; 0 if the error is not from there.</summary>
        public int Result { get; }
    }
}
