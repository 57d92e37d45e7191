using System;
using System.Reflection;
using NUnit.Framework;

namespace Scenarios
{
    /// The package's own tests, which Unity's test runner runs in a project.
    public static class PackageTests
    {
        static void Run(string assembly)
        {
            int failed;
            int run = Runner.Run(Assembly.Load(assembly), out failed);
            Console.WriteLine("       " + run + " cases of " + assembly);
            Neuvol.Fakes.World.Frame();
            Check.That(run > 0 && failed == 0, failed + " of " + run + " cases failed");
        }

        public static void OfTheRuntime() => Run("Neuvol.Tests");

        public static void OfTheEditor() => Run("Neuvol.Editor.Tests");
    }
}
