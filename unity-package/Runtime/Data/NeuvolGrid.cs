using System;
using System.Collections.Generic;
using UnityEngine;

namespace Neuvol
{
    /// <summary>Where in the world the voxels of a variable are: extents in metres, positions along the axes, and which way the
    /// axes go.</summary>
    /// <remarks>
    /// Textures have the axes x, y, z of the file, x fastest. Unity is left-handed with Y up: east is +X, up is +Y, north is +Z.
    /// Files whose axes say nothing are taken as x to the east, y to the north, z up.
    /// </remarks>
    public sealed class NeuvolGrid
    {
        /// Mean radius of the Earth in metres.
        const double EarthRadius = 6371008.8;

        readonly NeuvolAxis[] axes;
        readonly NeuvolDirection[] directions;
        readonly List<string> notes = new List<string>();

        internal NeuvolGrid(Vector3Int size, IReadOnlyList<string> dimensions, NeuvolCoordinate[] coordinates)
        {
            axes = new NeuvolAxis[3];
            for (int i = 0; i < 3; i++) axes[i] = new NeuvolAxis(dimensions[i], coordinates[i], size[i]);
            directions = Directions(coordinates);
            Metres = Extents(size);
            Note(coordinates);
        }

        /// <summary>The axis x, y or z.</summary>
        /// <param name="axis">0 to 2.</param>
        public NeuvolAxis Axis(int axis)
        {
            return axes[axis];
        }

        /// <summary>Which way the axis x, y or z of the texture goes.</summary>
        /// <param name="axis">0 to 2.</param>
        public NeuvolDirection Direction(int axis)
        {
            return directions[axis];
        }

        /// <summary>Extents of the box along x, y, z of the texture in metres, from face to face. Degrees are taken on a sphere,
        /// longitudes at the middle latitude. Without lengths voxels are cubes of 1 m.</summary>
        public Vector3 Metres { get; }

        /// <summary>Whether <see cref="Metres"/> comes from the file for all axes that have more than one voxel.</summary>
        public bool HasLengths { get; private set; }

        /// <summary>What is not shown as it is in the world, in words; empty if all is.</summary>
        public IReadOnlyList<string> Notes => notes;

        /// <summary>The direction of an axis as a vector of Unity.</summary>
        /// <param name="direction">The direction.</param>
        public static Vector3 VectorOf(NeuvolDirection direction)
        {
            switch (direction)
            {
                case NeuvolDirection.East: return new Vector3(1, 0, 0);
                case NeuvolDirection.West: return new Vector3(-1, 0, 0);
                case NeuvolDirection.Up: return new Vector3(0, 1, 0);
                case NeuvolDirection.Down: return new Vector3(0, -1, 0);
                case NeuvolDirection.North: return new Vector3(0, 0, 1);
                default: return new Vector3(0, 0, -1);
            }
        }

        static readonly NeuvolDirection[] Usual = { NeuvolDirection.East, NeuvolDirection.North, NeuvolDirection.Up };

        NeuvolDirection[] Directions(NeuvolCoordinate[] coordinates)
        {
            var found = new NeuvolDirection?[3];
            for (int i = 0; i < 3; i++) found[i] = Ahead(axes[i], coordinates[i]);
            // The rest takes the usual ones that are free.
            var result = new NeuvolDirection[3];
            var isTaken = new bool[3];
            for (int i = 0; i < 3; i++)
            {
                if (found[i] == null) continue;
                int world = (int)found[i].Value / 2;
                if (isTaken[world])
                {
                    notes.Add("two axes go the same way by what the file says of them: the usual order is taken");
                    return (NeuvolDirection[])Usual.Clone();
                }
                isTaken[world] = true;
                result[i] = found[i].Value;
            }
            for (int i = 0; i < 3; i++)
            {
                if (found[i] != null) continue;
                var free = isTaken[(int)Usual[i] / 2] ? Array.Find(Usual, d => !isTaken[(int)d / 2]) : Usual[i];
                isTaken[(int)free / 2] = true;
                result[i] = Turned(free, !axes[i].IsAscending);
            }
            return result;
        }

        /// Where the axis goes with its numbers of voxels, as far as the file says it.
        static NeuvolDirection? Ahead(NeuvolAxis axis, NeuvolCoordinate coordinate)
        {
            if (coordinate == null) return null;
            NeuvolDirection? rising = null;
            var standard = coordinate.StandardName;
            if (axis.Kind == NeuvolAxisKind.Longitude || standard == "projection_x_coordinate" || coordinate.Axis == "X")
            {
                rising = NeuvolDirection.East;
            }
            else if (axis.Kind == NeuvolAxisKind.Latitude || standard == "projection_y_coordinate" || coordinate.Axis == "Y")
            {
                rising = NeuvolDirection.North;
            }
            else if (coordinate.Positive == "down" || standard == "depth" || standard == "air_pressure" || IsPressure(axis.Units))
            {
                rising = NeuvolDirection.Down;
            }
            else if (coordinate.Positive == "up" || coordinate.Axis == "Z" || standard == "height" || standard == "altitude")
            {
                rising = NeuvolDirection.Up;
            }
            if (rising == null) return null;
            return Turned(rising.Value, !axis.IsAscending);
        }

        static bool IsPressure(string units)
        {
            return units == "hPa" || units == "Pa" || units == "mbar" || units == "millibar" || units == "millibars";
        }

        static NeuvolDirection Turned(NeuvolDirection direction, bool turn)
        {
            return turn ? (NeuvolDirection)((int)direction ^ 1) : direction;
        }

        Vector3 Extents(Vector3Int size)
        {
            var metres = new double[3];
            double latitude = 0;
            foreach (var axis in axes)
            {
                if (axis.Kind == NeuvolAxisKind.Latitude) latitude = (axis.First + axis.Last) / 2;
            }
            HasLengths = true;
            double voxel = double.PositiveInfinity;
            for (int i = 0; i < 3; i++)
            {
                metres[i] = Length(axes[i], latitude);
                if (metres[i] > 0) voxel = Math.Min(voxel, metres[i] / size[i]);
                else if (size[i] > 1) HasLengths = false;
            }
            if (double.IsPositiveInfinity(voxel)) voxel = 1;
            // Axes without a length get the smallest voxel of the others.
            for (int i = 0; i < 3; i++) if (!(metres[i] > 0)) metres[i] = voxel * size[i];
            return new Vector3((float)metres[0], (float)metres[1], (float)metres[2]);
        }

        /// Metres of an axis, 0 if it has no length.
        static double Length(NeuvolAxis axis, double latitude)
        {
            double degree = Math.PI / 180 * EarthRadius;
            if (axis.Count < 2) return 0;
            switch (axis.Kind)
            {
                case NeuvolAxisKind.Length: return axis.Extent * axis.MetresPerUnit;
                case NeuvolAxisKind.Latitude: return axis.Extent * degree;
                // Near the poles a box of degrees is no box: not narrower than at 85°.
                case NeuvolAxisKind.Longitude: return axis.Extent * degree * Math.Max(0.087, Math.Cos(latitude * Math.PI / 180));
                default: return 0;
            }
        }

        void Note(NeuvolCoordinate[] coordinates)
        {
            for (int i = 0; i < 3; i++)
            {
                var axis = axes[i];
                var name = "the axis " + "xyz"[i] + (axis.Name == "" ? "" : " (" + axis.Name + ")");
                if (axis.Count < 2) continue;
                if (coordinates[i] != null && !axis.HasPositions)
                {
                    notes.Add(name + " has positions that do not ascend or descend: voxels are counted");
                }
                else if (axis.Kind == NeuvolAxisKind.Index && axis.HasPositions)
                {
                    var units = axis.Units == "" ? "no units" : "the units \"" + axis.Units + "\"";
                    notes.Add(name + " has " + units + ", which are no length: its voxels are as high as the shortest others");
                }
                if (!axis.IsEven)
                {
                    notes.Add(name + " has uneven steps and is shown with even ones; the probe gives true positions");
                }
            }
        }
    }
}
