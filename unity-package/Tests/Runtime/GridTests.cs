using System;
using NUnit.Framework;
using UnityEngine;

namespace Neuvol.Tests
{
    public sealed class GridTests
    {
        static double[] Even(double first, double step, int count)
        {
            var values = new double[count];
            for (int i = 0; i < count; i++) values[i] = first + step * i;
            return values;
        }

        static NeuvolGrid Grid(NeuvolCoordinate x, NeuvolCoordinate y, NeuvolCoordinate z)
        {
            return new NeuvolGrid(new Vector3Int(5, 4, 3), new[] { "x", "y", "z" }, new[] { x, y, z });
        }

        static void Same(Vector3 expected, Vector3 found)
        {
            for (int axis = 0; axis < 3; axis++) Assert.AreEqual(expected[axis], found[axis], 1e-5, "axis " + axis);
        }

        static readonly NeuvolCoordinate Longitude = NeuvolCoordinate.Of("x", "degrees_east", Even(10, 0.5, 5));
        static readonly NeuvolCoordinate NorthFirst = NeuvolCoordinate.Of("y", "degrees_north", Even(61.5, -1, 4));
        static readonly NeuvolCoordinate Depth = NeuvolCoordinate.Of("z", "m", Even(0, 10, 3), "", "depth", "down");

        [Test]
        public void DegreesAreMetresOnASphere()
        {
            var metres = Grid(Longitude, NorthFirst, Depth).Metres;
            // 2.5° at 60° N, 4° of latitude, of 111.195 km.
            Assert.AreEqual(2.5 * 111195 * 0.5, metres.x, 50);
            Assert.AreEqual(4 * 111195.0, metres.y, 50);
            Assert.AreEqual(30.0, metres.z, 1e-4);
        }

        [Test]
        public void AxesGoWhereTheFileSays()
        {
            var grid = Grid(Longitude, NorthFirst, Depth);
            Assert.AreEqual(NeuvolDirection.East, grid.Direction(0));
            Assert.AreEqual(NeuvolDirection.South, grid.Direction(1));
            Assert.AreEqual(NeuvolDirection.Down, grid.Direction(2));
            Assert.AreEqual("60.5°N", grid.Axis(1).Label(grid.Axis(1).At(1)));
        }

        [Test]
        public void WithoutWordsZIsUp()
        {
            var grid = Grid(null, null, null);
            Assert.AreEqual(NeuvolDirection.East, grid.Direction(0));
            Assert.AreEqual(NeuvolDirection.North, grid.Direction(1));
            Assert.AreEqual(NeuvolDirection.Up, grid.Direction(2));
            Same(new Vector3(5, 4, 3), grid.Metres);
            Assert.IsFalse(grid.HasLengths);
        }

        [Test]
        public void PressureFallsUpwards()
        {
            var pressure = NeuvolCoordinate.Of("z", "hPa", new double[] { 1000, 850, 500 });
            var grid = Grid(Longitude, NorthFirst, pressure);
            Assert.AreEqual(NeuvolDirection.Up, grid.Direction(2));
            Assert.IsFalse(grid.HasLengths);
            StringAssert.Contains("\"hPa\", which are no length", string.Join("; ", grid.Notes));
            StringAssert.Contains("uneven steps", string.Join("; ", grid.Notes));
        }

        [Test]
        public void MillimetresOfScannersAreLengths()
        {
            var x = NeuvolCoordinate.Of("x", "mm", Even(0, 0.5, 5));
            var metres = Grid(x, x, x).Metres;
            Assert.AreEqual(0.0025, metres.x, 1e-7);
        }

        [Test]
        public void ABoxHasTrueProportions()
        {
            var box = new NeuvolBox(Grid(Longitude, NorthFirst, Depth), NeuvolSizing.LongestSide, 2, 1);
            Assert.AreEqual(2.0, box.Edges.z, 1e-5, "north is Z, and the longest");
            Assert.AreEqual(2 * 30 / (4 * 111195.0), box.Edges.y, 1e-6);
            var high = new NeuvolBox(Grid(Longitude, NorthFirst, Depth), NeuvolSizing.PerMetre, 0.001f, 100);
            Assert.AreEqual(3.0, high.Edges.y, 1e-4, "30 m, 100 times as high, 1 mm per metre");
            Assert.AreEqual(444.78, high.Edges.z, 0.1);
            // North is axis 2 of the box, up is 1; both the other way.
            Same(new Vector3(0, -3, -2), high.Axes);
        }

        [Test]
        public void PointsOfABoxGoThereAndBack()
        {
            var box = new NeuvolBox(Grid(Longitude, NorthFirst, Depth), NeuvolSizing.LongestSide, 2, 1);
            // The file's first voxel is in the north-west, at the top.
            var first = box.FromTexture(Vector3.zero);
            Same(new Vector3(-box.Edges.x / 2, box.Edges.y / 2, box.Edges.z / 2), first);
            var point = new Vector3(0.25f, 0.5f, 0.75f);
            Same(point, box.ToTexture(box.FromTexture(point)));
        }

        [Test]
        public void PlanesFollowTheObject()
        {
            var owner = new GameObject("owner");
            try
            {
                owner.transform.localPosition = new Vector3(3, 4, 5);
                owner.transform.localScale = new Vector3(2, 2, 2);
                owner.transform.localRotation = Quaternion.AngleAxis(90, Vector3.up);
                var box = new NeuvolBox(Grid(null, null, null), NeuvolSizing.LongestSide, 1, 1);
                var plane = box.Plane(owner.transform, new Vector3(3, 4, 5), owner.transform.up);
                Assert.AreEqual(1.0, plane.y, 1e-5);
                Assert.AreEqual(-0.5, plane.w, 1e-5);
                // The object's +X looks to the world's -Z now: of its edge, 1 long in the object, 2 in the world.
                var east = box.Plane(owner.transform, new Vector3(3, 4, 5 - 0.5f), new Vector3(0, 0, -1));
                Assert.AreEqual(1.0, east.x, 1e-5);
                Assert.AreEqual(-0.75, east.w, 1e-5);
            }
            finally
            {
                UnityEngine.Object.DestroyImmediate(owner);
            }
        }
    }
}
