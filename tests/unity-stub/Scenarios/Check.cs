using System;
using Neuvol.Fakes;

/// What all scenarios share.
static class Check
{
    /// The first check of a scenario that failed: what comes of it may hide it.
    internal static string First;

    internal static void That(bool condition, string what)
    {
        if (condition) return;
        if (First == null) First = what;
        throw new Exception(what);
    }

    internal static void Equal<T>(T found, T expected, string what)
    {
        That(Equals(found, expected), what + " is \"" + found + "\", not \"" + expected + "\"");
    }

    internal static void Has(string text, string part, string what)
    {
        That(text != null && text.Contains(part), what + " is \"" + text + "\", which lacks \"" + part + "\"");
    }

    internal static string Throws<E>(Action action, string what) where E : Exception
    {
        try
        {
            action();
        }
        catch (E error)
        {
            return error.Message;
        }
        throw new Exception(what + " did not throw " + typeof(E).Name);
    }

    /// Unity's console has no exceptions and no errors.
    internal static void Quiet()
    {
        if (World.Exceptions.Count > 0) throw new Exception("Unity logged " + World.Exceptions[0], World.Exceptions[0]);
        foreach (var line in World.Log) That(!line.StartsWith("error"), "Unity logged " + line);
    }
}
