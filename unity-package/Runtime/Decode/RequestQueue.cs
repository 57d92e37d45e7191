namespace Neuvol
{
    /// One decode under way and the newest one that waits, and when the first is given up for the second.
    ///
    /// A player asks for another time in every frame. Were each request given up for the next one, nothing would ever be shown
    /// on a slow device; were none given up, scrubbing would lag. So one under way is taken back if it is of another variable
    /// or level, or if it is far from the wanted time and not half done; never more than twice in a row.
    internal struct RequestQueue
    {
        const int MostCancels = 2;

        internal DecodeRequest Current;
        internal bool HasCurrent;
        DecodeRequest waiting;
        bool hasWaiting;
        int cancels;

        internal bool IsBusy => HasCurrent || hasWaiting;

        /// Takes a request. Returns whether the one under way should be taken back.
        internal bool Add(DecodeRequest request, float progress)
        {
            if (HasCurrent && Current.IsSame(request))
            {
                hasWaiting = false;
                return false;
            }
            waiting = request;
            hasWaiting = true;
            if (!HasCurrent) return false;
            if (!Current.IsAlike(request)) return true;
            bool isFar = System.Math.Abs(Current.Time - request.Time) > 1;
            return isFar && progress < 0.5f && cancels < MostCancels;
        }

        /// The one under way was taken back.
        internal void Cancelled()
        {
            HasCurrent = false;
            cancels++;
        }

        /// The one under way is shown.
        internal void Finished()
        {
            HasCurrent = false;
            cancels = 0;
        }

        /// Forgets everything, after an error.
        internal void Clear()
        {
            HasCurrent = hasWaiting = false;
            cancels = 0;
        }

        /// Lets the one under way begin again, unless a newer one waits.
        internal void Restart()
        {
            if (HasCurrent && !hasWaiting)
            {
                waiting = Current;
                hasWaiting = true;
            }
            HasCurrent = false;
        }

        /// Makes the one that waits the one under way, if there is one and nothing else is.
        internal bool Next()
        {
            if (HasCurrent || !hasWaiting) return false;
            Current = waiting;
            HasCurrent = true;
            hasWaiting = false;
            return true;
        }
    }
}
