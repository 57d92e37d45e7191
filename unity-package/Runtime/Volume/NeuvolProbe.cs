using System;
using System.Globalization;
using System.Text;
using UnityEngine;

namespace Neuvol
{
    /// <summary>What a volume has at a point.</summary>
    public readonly struct NeuvolProbe
    {
        internal NeuvolProbe(NeuvolVariable variable, Vector3 voxel, double time, float value)
        {
            Variable = variable;
            Voxel = voxel;
            Time = time;
            Value = value;
        }

        /// <summary>The variable.</summary>
        public NeuvolVariable Variable { get; }

        /// <summary>Where, in voxels of level 0 from the centre of the first one.</summary>
        public Vector3 Voxel { get; }

        /// <summary>When, in steps.</summary>
        public double Time { get; }

        /// <summary>The value, linear between the voxels around the point, in <see cref="Units"/>; NaN if none of them is
        /// valid.</summary>
        public float Value { get; }

        /// <summary>The units of the value.</summary>
        public string Units => Variable.Units;

        /// <summary>Whether there is a value.</summary>
        public bool IsValid => !float.IsNaN(Value);

        /// <summary>The position along an axis of the file, for example the longitude.</summary>
        /// <param name="axis">0 to 2 for x, y, z.</param>
        /// <returns>In the units of that axis.</returns>
        public double Position(int axis)
        {
            return Variable.Grid.Axis(axis).At(Voxel[axis]);
        }

        /// <summary>All of it in words: "12.3 ug m-3 at 16.37°E, 48.2°N, 120 m, 2020-01-01 06:00 UTC".</summary>
        public override string ToString()
        {
            var text = new StringBuilder();
            text.Append(IsValid ? Value.ToString("0.####", CultureInfo.InvariantCulture) + " " + Units : "no valid value");
            text.Append(text[text.Length - 1] == ' ' ? "at" : " at");
            for (int axis = 0; axis < 3; axis++)
            {
                var along = Variable.Grid.Axis(axis);
                text.Append(axis == 0 ? " " : ", ").Append(along.Label(along.At(Voxel[axis])));
            }
            if (Variable.HasTime) text.Append(", ").Append(Variable.Times.Label(Time));
            return text.ToString();
        }

        /// Decodes the voxels around a point.
        /// <exception cref="NeuvolException">If the file is damaged or closed.</exception>
        internal static NeuvolProbe At(NeuvolVariable variable, Vector3 inBox, double time, int quality)
        {
            var size = variable.Size;
            var voxel = new Vector3(inBox.x * size.x - 0.5f, inBox.y * size.y - 0.5f, inBox.z * size.z - 0.5f);
            var min = new Vector3Int();
            var max = new Vector3Int();
            for (int axis = 0; axis < 3; axis++)
            {
                voxel[axis] = Mathf.Clamp(voxel[axis], 0, size[axis] - 1);
                min[axis] = (int)Math.Floor(voxel[axis]);
                max[axis] = Math.Min(size[axis], min[axis] + 2);
            }
            var corners = variable.File.Decode(variable, time, min, max, 0, quality);
            return new NeuvolProbe(variable, voxel, time, Mean(corners, max - min, voxel, min));
        }

        /// The mean of the valid corners, weighted by how near they are.
        static float Mean(float[] corners, Vector3Int size, Vector3 voxel, Vector3Int min)
        {
            double sum = 0, weights = 0;
            for (int i = 0; i < corners.Length; i++)
            {
                var corner = new Vector3Int(i % size.x, i / size.x % size.y, i / (size.x * size.y));
                double weight = 1;
                for (int axis = 0; axis < 3; axis++)
                {
                    double along = voxel[axis] - min[axis];
                    weight *= corner[axis] == 0 ? 1 - along : along;
                }
                if (float.IsNaN(corners[i]) || weight <= 0) continue;
                sum += weight * corners[i];
                weights += weight;
            }
            return weights > 0 ? (float)(sum / weights) : float.NaN;
        }
    }
}
