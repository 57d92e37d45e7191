using System;
using System.Collections.Generic;
using NUnit.Framework;
using UnityEngine;

namespace Neuvol.Tests
{
    public sealed class LookTests
    {
        static void With(Action<NeuvolTransferFunction> test)
        {
            var function = NeuvolTransferFunction.Create(NeuvolColormap.Grey, 10, 30);
            try
            {
                test(function);
            }
            finally
            {
                UnityEngine.Object.DestroyImmediate(function);
            }
        }

        [Test]
        public void ColoursAreLinearBetweenPoints()
        {
            With(function =>
            {
                function.SetPoints(new[]
                {
                    new NeuvolTransferFunction.Point(20, new Color(1, 0, 0), 1), new NeuvolTransferFunction.Point(10, new Color(0, 0, 1), 0),
                });
                var middle = function.Evaluate(15);
                Assert.AreEqual(0.5, middle.r, 1e-5);
                Assert.AreEqual(0.5, middle.b, 1e-5);
                Assert.AreEqual(0.5, middle.a, 1e-5);
                Assert.AreEqual(1.0, function.Evaluate(1000).a, 0);
                Assert.AreEqual(0.0, function.Evaluate(float.NegativeInfinity).a, 0);
                Assert.AreEqual(10.0, function.Min, 0);
            });
        }

        [Test]
        public void TwoPointsOfOneValueAreAStep()
        {
            With(function =>
            {
                var white = Color.white;
                function.SetPoints(new[]
                {
                    new NeuvolTransferFunction.Point(0, white, 0), new NeuvolTransferFunction.Point(1, white, 0),
                    new NeuvolTransferFunction.Point(1, white, 1), new NeuvolTransferFunction.Point(2, white, 1),
                });
                Assert.AreEqual(0.0, function.Evaluate(0.999f).a, 1e-6);
                Assert.AreEqual(1.0, function.Evaluate(1.001f).a, 1e-6);
            });
        }

        [Test]
        public void NumbersThatAreNoneAreRefused()
        {
            With(function =>
            {
                int version = function.Version;
                Assert.Throws<ArgumentException>(() => function.SetPoints(new NeuvolTransferFunction.Point[0]));
                Assert.Throws<ArgumentException>(() =>
                    function.SetPoints(new[] { new NeuvolTransferFunction.Point(float.NaN, Color.white, 1) }));
                Assert.AreEqual(version, function.Version);
                function.SetPreset(NeuvolColormap.Viridis, 5, 5);
                Assert.IsTrue(function.Max > function.Min, "a range without a width");
            });
        }

        [TestCase(NeuvolColormap.Viridis)]
        [TestCase(NeuvolColormap.Turbo)]
        [TestCase(NeuvolColormap.Grey)]
        [TestCase(NeuvolColormap.Plume)]
        [TestCase(NeuvolColormap.Diverging)]
        [TestCase(NeuvolColormap.Tomography)]
        public void PresetsShowSomething(NeuvolColormap map)
        {
            With(function =>
            {
                function.SetPreset(map, -100, 3000);
                float most = 0;
                foreach (var point in function.Points) most = Math.Max(most, point.opacity);
                Assert.IsTrue(most > 0.2f);
                Assert.AreEqual(NeuvolTransferFunction.Resolution, function.Texture.width);
            });
        }

        [TestCase(0, 100, 6, "0 20 40 60 80 100")]
        [TestCase(0.1, 0.73, 5, "0.2 0.4 0.6")]
        [TestCase(-1, 1, 5, "-1 -0.5 0 0.5 1")]
        [TestCase(250, 310, 6, "260 280 300")]
        public void MarksAreRoundNumbers(double min, double max, int most, string expected)
        {
            var texts = new List<string>();
            foreach (double mark in NiceNumbers.Between(min, max, most)) texts.Add(NiceNumbers.Text(mark));
            Assert.AreEqual(expected, string.Join(" ", texts.ToArray()));
        }

        [Test]
        public void NoRangeHasNoMarks()
        {
            Assert.AreEqual(0, NiceNumbers.Between(3, 3, 6).Count);
            Assert.AreEqual(0, NiceNumbers.Between(double.NaN, 3, 6).Count);
            Assert.AreEqual("1.5e+7", NiceNumbers.Text(15e6));
        }

        [Test]
        public void BoxesAreClosedAndLookOutwards()
        {
            Mesh mesh = null;
            BoxMesh.Shape(ref mesh, new Vector3(2, 4, 6));
            try
            {
                double volume = 0;
                var corners = mesh.vertices;
                var indices = mesh.triangles;
                for (int i = 0; i < indices.Length; i += 3)
                {
                    var a = corners[indices[i]];
                    var b = corners[indices[i + 1]];
                    var c = corners[indices[i + 2]];
                    // Clockwise from outside is outwards in Unity's left-handed space.
                    volume += Vector3.Dot(a, Vector3.Cross(b, c)) / 6;
                }
                Assert.AreEqual(48.0, volume, 1e-4);
            }
            finally
            {
                UnityEngine.Object.DestroyImmediate(mesh);
            }
        }
    }
}
