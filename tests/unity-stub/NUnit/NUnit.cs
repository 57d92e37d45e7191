using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace NUnit.Framework
{
    public sealed class TestAttribute : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public sealed class TestCaseAttribute : Attribute
    {
        internal readonly object[] Arguments;

        public TestCaseAttribute(params object[] arguments)
        {
            Arguments = arguments;
        }
    }

    public class AssertionException : Exception
    {
        public AssertionException(string message) : base(message)
        {
        }
    }

    public static class Assert
    {
        public static void IsTrue(bool condition, string message = "")
        {
            if (!condition) throw new AssertionException("not true " + message);
        }

        public static void IsFalse(bool condition, string message = "") => IsTrue(!condition, message);

        public static void AreEqual(object expected, object actual, string message = "")
        {
            var list = expected as IEnumerable;
            bool isSame = list != null && !(expected is string)
                ? list.Cast<object>().SequenceEqual(((IEnumerable)actual).Cast<object>())
                : Equals(expected, actual);
            if (!isSame) throw new AssertionException("expected " + expected + ", but was " + actual + " " + message);
        }

        public static void AreEqual(double expected, double actual, double delta, string message = "")
        {
            if (!(Math.Abs(expected - actual) <= delta))
            {
                throw new AssertionException("expected " + expected + " +- " + delta + ", but was " + actual + " " + message);
            }
        }

        public static void Less(double arg1, double arg2) => IsTrue(arg1 < arg2, arg1 + " < " + arg2);

        public static T Throws<T>(Action code) where T : Exception
        {
            try
            {
                code();
            }
            catch (T error)
            {
                return error;
            }
            throw new AssertionException("did not throw " + typeof(T).Name);
        }
    }

    public static class StringAssert
    {
        public static void Contains(string expected, string actual)
        {
            if (!actual.Contains(expected)) throw new AssertionException("\"" + actual + "\" lacks \"" + expected + "\"");
        }
    }

    /// Runs all tests of an assembly.
    public static class Runner
    {
        /// Gives the number of cases; failures are printed.
        public static int Run(Assembly tests, out int failed)
        {
            int run = 0;
            failed = 0;
            foreach (var type in tests.GetTypes())
            {
                foreach (var method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public))
                {
                    foreach (var arguments in Cases(method))
                    {
                        run++;
                        if (!Passes(type, method, arguments)) failed++;
                    }
                }
            }
            return run;
        }

        static IEnumerable<object[]> Cases(MethodInfo method)
        {
            foreach (TestCaseAttribute found in method.GetCustomAttributes(typeof(TestCaseAttribute), false)) yield return found.Arguments;
            if (method.GetCustomAttributes(typeof(TestAttribute), false).Length > 0) yield return new object[0];
        }

        static bool Passes(Type type, MethodInfo method, object[] arguments)
        {
            try
            {
                method.Invoke(Activator.CreateInstance(type), arguments);
                return true;
            }
            catch (TargetInvocationException error)
            {
                Console.WriteLine("FAILED " + type.Name + "." + method.Name + "(" + string.Join(", ", arguments) + "): " +
                    error.InnerException);
                return false;
            }
        }
    }
}
