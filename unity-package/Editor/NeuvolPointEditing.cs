using System.Collections.Generic;
using UnityEngine;

namespace Neuvol.Editor
{
    /// Control points in the rectangle of an editor: values to the right, opacities upwards.
    internal static class NeuvolPointEditing
    {
        /// Pixels in which a point is met.
        const float Reach = 8;

        internal static Vector2 Place(Rect area, NeuvolTransferFunction.Point point, float min, float max)
        {
            float part = max > min ? (point.value - min) / (max - min) : 0;
            // Pixels go down.
            return new Vector2(area.x + part * area.width, area.yMax - point.opacity * area.height);
        }

        /// The point at a place, with this colour.
        internal static NeuvolTransferFunction.Point At(Rect area, Vector2 place, float min, float max, Color colour)
        {
            float part = Mathf.Clamp01((place.x - area.x) / area.width);
            float opacity = Mathf.Clamp01((area.yMax - place.y) / area.height);
            return new NeuvolTransferFunction.Point(Mathf.Lerp(min, max, part), colour, opacity);
        }

        /// The nearest point within reach, or -1.
        internal static int Find(Rect area, IReadOnlyList<NeuvolTransferFunction.Point> points, Vector2 place, float min, float max)
        {
            int found = -1;
            float nearest = Reach * Reach;
            for (int i = 0; i < points.Count; i++)
            {
                var at = Place(area, points[i], min, max);
                float distance = (at.x - place.x) * (at.x - place.x) + (at.y - place.y) * (at.y - place.y);
                if (distance > nearest) continue;
                nearest = distance;
                found = i;
            }
            return found;
        }

        /// Moves a point, not past its neighbours: points keep their order. The ends keep the range.
        internal static void Move(NeuvolTransferFunction function, int index, NeuvolTransferFunction.Point to)
        {
            var points = new List<NeuvolTransferFunction.Point>(function.Points);
            bool isEnd = index == 0 || index == points.Count - 1;
            float low = isEnd ? points[index].value : points[index - 1].value;
            float high = isEnd ? points[index].value : points[index + 1].value;
            to.value = Mathf.Clamp(to.value, low, high);
            points[index] = to;
            function.SetPoints(points);
        }

        /// Adds a point on the line, in the colour that is there. Gives its index.
        internal static int Add(NeuvolTransferFunction function, NeuvolTransferFunction.Point point)
        {
            point.color = function.Evaluate(point.value);
            point.color.a = 1;
            var points = new List<NeuvolTransferFunction.Point>(function.Points) { point };
            function.SetPoints(points);
            for (int i = 0; i < function.Points.Count; i++) if (function.Points[i].value >= point.value) return i;
            return function.Points.Count - 1;
        }

        /// Removes a point, unless it is an end.
        internal static void Remove(NeuvolTransferFunction function, int index)
        {
            if (index <= 0 || index >= function.Points.Count - 1) return;
            var points = new List<NeuvolTransferFunction.Point>(function.Points);
            points.RemoveAt(index);
            function.SetPoints(points);
        }

        /// Stretches all points to a range.
        internal static void Fit(NeuvolTransferFunction function, float min, float max)
        {
            if (!(max > min)) return;
            float from = function.Min, width = function.Max - function.Min;
            var points = new List<NeuvolTransferFunction.Point>(function.Points);
            for (int i = 0; i < points.Count; i++)
            {
                var point = points[i];
                point.value = width > 0 ? min + (point.value - from) / width * (max - min) : min;
                points[i] = point;
            }
            function.SetPoints(points);
        }
    }
}
