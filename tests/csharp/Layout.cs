using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Neuvol;

/// Sizes and offsets of all structures, compared with those that a C program printed.
static class Layout
{
    /// Lines are "structure size" and "structure.field offset size".
    internal static void Compare(string path)
    {
        var structures = typeof(NeuvolNative).GetNestedTypes().Where(type => type.IsValueType).ToArray();
        var missing = new HashSet<string>(structures.Select(type => type.Name));
        int fields = 0;
        foreach (var line in File.ReadAllLines(path))
        {
            var words = line.Split(' ');
            var names = words[0].Split('.');
            var type = structures.SingleOrDefault(found => found.Name == names[0]);
            Check.That(type != null, "C# lacks " + names[0]);
            if (names.Length == 1)
            {
                missing.Remove(type.Name);
                Check.Equal(Marshal.SizeOf(type), int.Parse(words[1]), "the size of " + type.Name);
                fields += type.GetFields().Length;
                continue;
            }
            fields--;
            var field = type.GetField(names[1]);
            Check.That(field != null, "C# lacks " + words[0]);
            Check.Equal((int)Marshal.OffsetOf(type, names[1]), int.Parse(words[1]), "the offset of " + words[0]);
            Check.Equal(SizeOf(field), int.Parse(words[2]), "the size of " + words[0]);
        }
        Check.That(missing.Count == 0, "C does not print " + string.Join(", ", missing));
        Check.Equal(fields, 0, "the number of fields that C does not print");
        Console.WriteLine(structures.Length + " structures");
    }

    static int SizeOf(FieldInfo field)
    {
        var array = field.GetCustomAttribute<System.Runtime.CompilerServices.FixedBufferAttribute>();
        if (array == null) return Marshal.SizeOf(field.FieldType);
        return array.Length * Marshal.SizeOf(array.ElementType);
    }
}
