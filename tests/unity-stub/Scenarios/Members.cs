using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;

/// The members of Unity that the package uses, read from its compiled code.
static class Members
{
    static readonly string[] Package = { "Neuvol", "Neuvol.Editor", "Neuvol.Tests", "Neuvol.Editor.Tests", "Samples" };
    static readonly string[] Unity = { "UnityEngine", "UnityEditor" };
    static readonly Dictionary<short, OpCode> opcodes = typeof(OpCodes).GetFields(BindingFlags.Static | BindingFlags.Public)
        .Select(field => (OpCode)field.GetValue(null)).ToDictionary(code => code.Value);
    const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic |
        BindingFlags.DeclaredOnly;

    /// What is used, one line each, sorted.
    internal static SortedSet<string> Used()
    {
        var used = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in Package.SelectMany(name => Assembly.Load(name).GetTypes())) Add(used, type);
        return used;
    }

    /// What the stub offers.
    internal static SortedSet<string> Offered()
    {
        var offered = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in Unity.SelectMany(name => Assembly.Load(name).GetExportedTypes()).Where(IsOfUnity))
        {
            offered.Add(Name(type));
            // Values of enumerations are numbers in compiled code: their uses cannot be told from it.
            if (type.IsEnum || typeof(Delegate).IsAssignableFrom(type)) continue;
            foreach (var member in type.GetMembers(All).Where(IsOffered)) offered.Add(Name(member));
        }
        return offered;
    }

    static bool IsOfUnity(Type type)
    {
        return Unity.Contains(type.Assembly.GetName().Name) && type.Namespace != null && !type.Namespace.StartsWith("Neuvol");
    }

    static bool IsOffered(MemberInfo member)
    {
        var method = member as MethodBase;
        if (method != null && !method.IsPublic) return false;
        var field = member as FieldInfo;
        if (field != null && !field.IsPublic) return false;
        // What every object of .NET has; and properties and events are told by their methods.
        bool isUsual = member.Name == "Equals" || member.Name == "GetHashCode" || member.Name == "ToString" || member.Name == "Dispose";
        return !isUsual && (method != null || field != null);
    }

    static void Add(SortedSet<string> used, Type type)
    {
        for (var at = type.BaseType; at != null; at = at.BaseType) AddType(used, at);
        AddAttributes(used, type);
        foreach (var field in type.GetFields(All))
        {
            AddType(used, field.FieldType);
            AddAttributes(used, field);
        }
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
        {
            AddAttributes(used, method);
            foreach (var parameter in method.GetParameters()) AddType(used, parameter.ParameterType);
            var plain = method as MethodInfo;
            if (plain != null)
            {
                AddType(used, plain.ReturnType);
                if (plain.GetBaseDefinition() != plain) AddMember(used, plain.GetBaseDefinition());
            }
            AddBody(used, method);
        }
    }

    static void AddAttributes(SortedSet<string> used, MemberInfo member)
    {
        foreach (var attribute in CustomAttributeData.GetCustomAttributes(member))
        {
            AddMember(used, attribute.Constructor);
            foreach (var named in attribute.NamedArguments)
            {
                var property = named.MemberInfo as PropertyInfo;
                AddMember(used, property != null ? property.GetSetMethod() : named.MemberInfo);
            }
            foreach (var argument in attribute.ConstructorArguments)
            {
                AddType(used, argument.ArgumentType);
                if (argument.Value is Type) AddType(used, (Type)argument.Value);
            }
        }
    }

    static void AddBody(SortedSet<string> used, MethodBase method)
    {
        var body = method.GetMethodBody();
        if (body == null) return;
        foreach (var local in body.LocalVariables) AddType(used, local.LocalType);
        var code = body.GetILAsByteArray();
        var ofType = method.DeclaringType.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        int at = 0;
        while (at < code.Length)
        {
            short value = code[at++];
            if (value == 0xFE) value = (short)(0xFE00 | code[at++]);
            var opcode = opcodes[value];
            bool isToken = opcode.OperandType == OperandType.InlineMethod || opcode.OperandType == OperandType.InlineField ||
                opcode.OperandType == OperandType.InlineType || opcode.OperandType == OperandType.InlineTok;
            if (isToken) AddMember(used, method.Module.ResolveMember(BitConverter.ToInt32(code, at), ofType, ofMethod));
            at += Size(opcode.OperandType, code, at);
        }
    }

    static int Size(OperandType type, byte[] code, int at)
    {
        switch (type)
        {
            case OperandType.InlineNone: return 0;
            case OperandType.ShortInlineBrTarget: case OperandType.ShortInlineI: case OperandType.ShortInlineVar: return 1;
            case OperandType.InlineVar: return 2;
            case OperandType.InlineI8: case OperandType.InlineR: return 8;
            case OperandType.InlineSwitch: return 4 + 4 * BitConverter.ToInt32(code, at);
            default: return 4;
        }
    }

    static void AddMember(SortedSet<string> used, MemberInfo member)
    {
        var type = member as Type;
        if (type != null)
        {
            AddType(used, type);
            return;
        }
        AddType(used, member.DeclaringType);
        var method = member as MethodInfo;
        if (method != null && method.IsGenericMethod)
        {
            foreach (var argument in method.GetGenericArguments()) AddType(used, argument);
            method = method.GetGenericMethodDefinition();
        }
        member = method ?? member;
        if (!IsOfUnity(member.DeclaringType)) return;
        if (member.DeclaringType.IsGenericType) member = Definition(member);
        if (member != null) used.Add(Name(member));
    }

    /// The member of the generic type that a member of one with arguments is of.
    static MemberInfo Definition(MemberInfo member)
    {
        var definition = member.DeclaringType.GetGenericTypeDefinition();
        return definition.GetMembers(All).FirstOrDefault(found => found.MetadataToken == member.MetadataToken);
    }

    static void AddType(SortedSet<string> used, Type type)
    {
        while (type.HasElementType) type = type.GetElementType();
        if (type.IsGenericType) foreach (var argument in type.GetGenericArguments()) if (!argument.IsGenericParameter) AddType(used, argument);
        if (!type.IsGenericParameter && IsOfUnity(type)) used.Add(Name(type));
    }

    static string Name(Type type)
    {
        var name = (type.IsNested ? type.DeclaringType.FullName + "." : type.Namespace + ".") + type.Name;
        return type.IsGenericType ? name.Split('`')[0] + "<T>" : name;
    }

    static string Name(MemberInfo member)
    {
        var type = member.DeclaringType.IsGenericType ? member.DeclaringType.GetGenericTypeDefinition() : member.DeclaringType;
        var method = member as MethodBase;
        if (method == null) return Name(type) + "." + member.Name;
        var name = method.IsConstructor ? "new" : method.Name + (method.IsGenericMethod ? "<T>" : "");
        var parameters = method.GetParameters().Select(parameter => Short(parameter.ParameterType)).ToArray();
        return Name(type) + "." + name + "(" + string.Join(", ", parameters) + ")";
    }

    static string Short(Type type)
    {
        return type.IsGenericType ? type.Name.Split('`')[0] + "<" + string.Join(", ", type.GetGenericArguments().Select(Short).ToArray()) + ">"
            : type.Name;
    }
}
