using NUnit.Framework;
using UnityEngine;

namespace Neuvol.Editor.Tests
{
    public sealed class PointEditingTests
    {
        static readonly Rect Area = new Rect(10, 20, 100, 50);

        static NeuvolTransferFunction Function()
        {
            var function = NeuvolTransferFunction.Create(NeuvolColormap.Grey, 0, 10);
            var points = new[]
            {
                new NeuvolTransferFunction.Point(0, Color.white, 0), new NeuvolTransferFunction.Point(4, Color.white, 0.5f),
                new NeuvolTransferFunction.Point(10, Color.white, 1),
            };
            function.SetPoints(points);
            return function;
        }

        [Test]
        public void PlacesGoThereAndBack()
        {
            var function = Function();
            var place = NeuvolPointEditing.Place(Area, function.Points[1], 0, 10);
            Assert.AreEqual(50.0, place.x, 1e-4);
            Assert.AreEqual(45.0, place.y, 1e-4);
            Assert.AreEqual(1, NeuvolPointEditing.Find(Area, function.Points, new Vector2(53, 47), 0, 10));
            Assert.AreEqual(-1, NeuvolPointEditing.Find(Area, function.Points, new Vector2(80, 25), 0, 10));
            var at = NeuvolPointEditing.At(Area, place, 0, 10, Color.white);
            Assert.AreEqual(4.0, at.value, 1e-5);
            Assert.AreEqual(0.5, at.opacity, 1e-5);
            UnityEngine.Object.DestroyImmediate(function);
        }

        [Test]
        public void PointsStayBetweenTheirNeighbours()
        {
            var function = Function();
            NeuvolPointEditing.Move(function, 1, new NeuvolTransferFunction.Point(50, Color.white, 0.25f));
            Assert.AreEqual(10.0, function.Points[1].value, 0);
            Assert.AreEqual(0.25, function.Points[1].opacity, 1e-6);
            NeuvolPointEditing.Move(function, 0, new NeuvolTransferFunction.Point(5, Color.white, 1));
            Assert.AreEqual(0.0, function.Points[0].value, 0, "the ends keep the range");
            UnityEngine.Object.DestroyImmediate(function);
        }

        [Test]
        public void PointsComeAndGo()
        {
            var function = Function();
            int added = NeuvolPointEditing.Add(function, new NeuvolTransferFunction.Point(7, Color.white, 0.1f));
            Assert.AreEqual(2, added);
            Assert.AreEqual(4, function.Points.Count);
            NeuvolPointEditing.Remove(function, 2);
            NeuvolPointEditing.Remove(function, 0);
            Assert.AreEqual(3, function.Points.Count, "the ends stay");
            NeuvolPointEditing.Fit(function, 100, 300);
            Assert.AreEqual(180.0, function.Points[1].value, 1e-4);
            UnityEngine.Object.DestroyImmediate(function);
        }
    }
}
