using System;
using System.Collections.Generic;
using System.IO;
using NUnit.Framework;

namespace Neuvol.Tests
{
    public sealed class DataTests
    {
        [Test]
        public void JsonIsRead()
        {
            var read = (Dictionary<string, object>)Json.Parse(
                " {\"a\": [1, -2.5e3, \"x\\u00e9\\n\\\"\", true, null, {}], \"b\": {\"c\": []}} ");
            var list = (List<object>)read["a"];
            Assert.AreEqual(new object[] { 1.0, -2500.0, "xé\n\"", true, null }, list.GetRange(0, 5));
            Assert.AreEqual(0, ((List<object>)((Dictionary<string, object>)read["b"])["c"]).Count);
        }

        [TestCase("{")]
        [TestCase("{\"a\" 1}")]
        [TestCase("[1,]")]
        [TestCase("[1] 2")]
        [TestCase("\"a")]
        [TestCase("\"\\x\"")]
        [TestCase("\"\\u12\"")]
        [TestCase("tru")]
        [TestCase("")]
        public void WhatIsNoJsonIsSaid(string text)
        {
            StringAssert.Contains("JSON: at character", Assert.Throws<NeuvolException>(() => Json.Parse(text)).Message);
        }

        [Test]
        public void DeepNestingIsNoCrash()
        {
            Assert.Throws<NeuvolException>(() => Json.Parse(new string('[', 100000)));
        }

        [Test]
        public void AttributesAreFound()
        {
            var read = (Dictionary<string, object>)Json.Parse("{\"attributes\": [{\"name\": \"n\", \"type\": \"float\", \"value\": [1]}, " +
                "{\"name\": \"s\", \"type\": \"string\", \"value\": [\"one\"]}, {\"name\": \"c\", \"type\": \"char\", \"value\": \"two\"}]}");
            Assert.AreEqual("one", Attributes.Text(read, "s"));
            Assert.AreEqual("two", Attributes.Text(read, "c"));
            Assert.AreEqual("", Attributes.Text(read, "n"), "a number is no text");
            Assert.AreEqual("", Attributes.Text(read, "none"));
            Assert.AreEqual("", Attributes.Text(null, "s"));
        }

        [Test]
        public void FilesThatAreNoneAreNamed()
        {
            var path = Path.Combine(Path.GetTempPath(), "größer " + Guid.NewGuid() + ".neuvol");
            var error = Assert.Throws<NeuvolException>(() => NeuvolFile.Open(path));
            StringAssert.Contains(path, error.Message);
            Assert.AreEqual(NeuvolNative.NEUVOL_ERROR_IO, error.Result);
            StringAssert.Contains("bytes of a test", Assert.Throws<NeuvolException>(
                () => NeuvolFile.OpenMemory(new byte[] { 1, 2, 3 }, "bytes of a test")).Message);
            Assert.Throws<NeuvolException>(() => NeuvolFile.Open(""));
            Assert.AreEqual(0, NeuvolFile.OpenCount);
        }

        [Test]
        public void OnlyTheNewestRequestWaits()
        {
            var queue = new RequestQueue();
            Assert.IsFalse(queue.Add(At(0), 0));
            Assert.IsTrue(queue.Next());
            Assert.IsFalse(queue.Add(At(0.5), 0), "a near time does not end the decode");
            Assert.IsTrue(queue.Add(At(5), 0), "a far one does");
            queue.Cancelled();
            Assert.IsTrue(queue.Next());
            Assert.AreEqual(5.0, queue.Current.Time, 0);
            Assert.IsFalse(queue.Add(At(9), 0.6f), "not when it is half done");
            queue.Finished();
            Assert.IsTrue(queue.Next());
            Assert.AreEqual(9.0, queue.Current.Time, 0);
            Assert.IsFalse(queue.Add(At(9), 0), "the same again");
            Assert.IsFalse(queue.Next());
        }

        [Test]
        public void ScrubbingAlwaysShowsSomething()
        {
            var queue = new RequestQueue();
            int shown = 0;
            for (int i = 0; i < 30; i++)
            {
                if (queue.Add(At(i * 10), 0)) queue.Cancelled();
                else if (queue.HasCurrent && i % 2 == 0)
                {
                    queue.Finished();
                    shown++;
                }
                queue.Next();
            }
            Assert.IsTrue(shown >= 5, shown + " of 30");
        }

        [Test]
        public void AnotherVariableEndsTheDecode()
        {
            var queue = new RequestQueue();
            queue.Add(At(1), 0);
            queue.Next();
            Assert.IsTrue(queue.Add(new DecodeRequest(null, 1, 1, 0), 0.99f));
            queue.Restart();
            Assert.IsTrue(queue.Next());
            Assert.AreEqual(1, queue.Current.Level, "the newer one goes first after a restart");
        }

        static DecodeRequest At(double time)
        {
            return new DecodeRequest(null, time, 0, 0);
        }
    }
}
