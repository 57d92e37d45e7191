using System;
using NUnit.Framework;

namespace Neuvol.Tests
{
    public sealed class TimeTests
    {
        static NeuvolTimeAxis Axis(string units, string calendar, params double[] values)
        {
            return new NeuvolTimeAxis(NeuvolCoordinate.Of("time", units, values, calendar), values.Length);
        }

        // Dates that data sets state themselves.
        [TestCase("hours since 1900-01-01 00:00:0.0", "gregorian", 1051896.0, "2020-01-01 00:00 UTC")]
        [TestCase("hours since 1800-01-01 00:00:0.0", "", 1297320.0, "1948-01-01 00:00 UTC")]
        [TestCase("hours since 1-1-1 00:00:0.0", "standard", 17067072.0, "1948-01-01 00:00 UTC")]
        [TestCase("days since 1950-01-01", "", 25567.5, "2020-01-01 12:00 UTC")]
        [TestCase("seconds since 1970-01-01T00:00:00Z", "proleptic_gregorian", 1577836800.0, "2020-01-01 00:00 UTC")]
        [TestCase("days since 1582-10-04", "standard", 1.0, "1582-10-15 00:00 UTC")]
        [TestCase("days since 1582-10-04", "proleptic_gregorian", 1.0, "1582-10-05 00:00 UTC")]
        [TestCase("minutes since 2020-01-01 01:30:00 +1:30", "", 15.0, "2020-01-01 00:15 UTC")]
        [TestCase("Hours Since 2020-01-01 00:00:00 -0530", "", 0.0, "2020-01-01 05:30 UTC")]
        [TestCase("days since 2000-02-28", "", 2.0, "2000-03-01 00:00 UTC")]
        [TestCase("days since 1900-02-28", "", 1.0, "1900-03-01 00:00 UTC")]
        [TestCase("hours since 2020-01-01", "", 0.99999999, "2020-01-01 01:00 UTC")]
        public void DatesAreThoseOfTheFile(string units, string calendar, double value, string expected)
        {
            var axis = Axis(units, calendar, value, value + 1);
            Assert.AreEqual("", axis.Problem);
            Assert.AreEqual(expected, axis.Label(0));
        }

        [TestCase("hours since 2020-01-01", "noleap", "the calendar \"noleap\" has days that real dates lack")]
        [TestCase("hours since 2020-01-01", "360_day", "the calendar \"360_day\"")]
        [TestCase("months since 2020-01-01", "", "the unit of time \"months\" has no fixed length")]
        [TestCase("K", "", "\"K\", are not \"hours since YYYY-MM-DD\"")]
        [TestCase("", "", "no units")]
        [TestCase("days since 2020-13-01", "", "2020-13-1, which is no date")]
        [TestCase("days since 0000-01-01", "", "the year 0")]
        [TestCase("days since 9999-12-01", "", "the years 1 to 9999")]
        public void WithoutDatesTheReasonIsSaid(string units, string calendar, string reason)
        {
            var axis = Axis(units, calendar, 0, 100);
            Assert.IsFalse(axis.HasDates);
            StringAssert.Contains(reason, axis.Problem);
            StringAssert.Contains(reason, Assert.Throws<NeuvolException>(() => axis.DateAt(0)).Message);
        }

        [Test]
        public void UnevenStepsKeepTheirDates()
        {
            var axis = Axis("hours since 2020-01-01", "", 0, 1, 6);
            Assert.AreEqual(new DateTime(2020, 1, 1, 3, 30, 0), axis.DateAt(1.5));
            Assert.AreEqual(1.5, axis.StepAt(new DateTime(2020, 1, 1, 3, 30, 0)), 1e-9);
            Assert.AreEqual(2.0, axis.StepAt(new DateTime(2021, 1, 1)), 0);
            Assert.AreEqual(0.0, axis.StepAt(new DateTime(2019, 1, 1)), 0);
        }

        [Test]
        public void TimesThatGoBackAreNone()
        {
            StringAssert.Contains("does not ascend", Axis("hours since 2020-01-01", "", 0, 2, 1).Problem);
            StringAssert.Contains("no coordinate", new NeuvolTimeAxis(null, 5).Problem);
            Assert.AreEqual("step 2.5 of 4", new NeuvolTimeAxis(null, 5).Label(2.5));
            Assert.AreEqual("3 K", Axis("K", "", 2, 4).Label(0.5));
        }

        [Test]
        public void AClockGoesRound()
        {
            var clock = new NeuvolClock { Time = 3.5 };
            clock.Play(5, 1, NeuvolLoop.Repeat);
            clock.Advance(1, 5, 1, NeuvolLoop.Repeat);
            Assert.AreEqual(0.5, clock.Time, 1e-9);
            clock.Advance(1, 5, -1, NeuvolLoop.Repeat);
            Assert.AreEqual(3.5, clock.Time, 1e-9);
            clock.Advance(100, 5, 1.25f, NeuvolLoop.Repeat);
            Assert.AreEqual(0.5, clock.Time, 1e-4, "many rounds at once");
        }

        [Test]
        public void AClockTurnsBack()
        {
            var clock = new NeuvolClock { Time = 3.5 };
            clock.Play(5, 1, NeuvolLoop.PingPong);
            clock.Advance(1, 5, 1, NeuvolLoop.PingPong);
            Assert.AreEqual(3.5, clock.Time, 1e-9);
            Assert.AreEqual(-1.0, clock.Velocity(1), 0);
            clock.Advance(4, 5, 1, NeuvolLoop.PingPong);
            Assert.AreEqual(0.5, clock.Time, 1e-9);
            Assert.AreEqual(1.0, clock.Velocity(1), 0);
        }

        [Test]
        public void AClockStops()
        {
            var clock = new NeuvolClock { Time = 3.5 };
            clock.Play(5, 2, NeuvolLoop.Once);
            clock.Advance(1, 5, 2, NeuvolLoop.Once);
            Assert.AreEqual(4.0, clock.Time, 0);
            Assert.IsFalse(clock.IsPlaying);
            clock.Play(5, 2, NeuvolLoop.Once);
            Assert.AreEqual(0.0, clock.Time, 0, "from the end it begins again");
            var still = new NeuvolClock();
            still.Play(1, 2, NeuvolLoop.Repeat);
            Assert.IsFalse(still.IsPlaying, "one step does not play");
        }
    }
}
