using UnityEngine;

namespace Neuvol
{
    /// Objects of Unity that belong to this package.
    internal static class Objects
    {
        /// Destroys an object, in play mode at the end of the frame. Null and destroyed ones are fine.
        internal static void Destroy(Object target)
        {
            if (target == null) return;
            if (Application.isPlaying) Object.Destroy(target);
            else Object.DestroyImmediate(target);
        }
    }
}
