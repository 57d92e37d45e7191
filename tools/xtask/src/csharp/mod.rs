//! The C# declarations of the C ABI, made from the C header: the header is all that hosts may rely on.
//!
//! They are the lowest layer of the engines' bindings: names, types and memory are those of C, so that nothing is converted
//! at a call. Enumerations stay numbers, as in the header: C# would have to trust the library to know all values.

mod declarations;

use declarations::{Constant, Function, Header, Struct, Variable};
use std::collections::BTreeMap;

const FRONT: &str = "\
// Written by `cargo xtask header` from bindings/include/neuvol.h. Do not edit.

using System;
using System.Runtime.InteropServices;

namespace Neuvol
{
    /// <summary>The C interface of Neuvol as it is: see the header for its rules. Texts are UTF-8.</summary>
    public static unsafe partial class NeuvolNative
    {
        const string Library = \"neuvol\";
";

/// The C# file for a header.
pub(crate) fn write(header: &str) -> Result<String, String> {
    let header = declarations::read(header)?;
    let types = Types::new(&header)?;
    let mut out = String::from(FRONT);
    for constant in &header.constants {
        out.push('\n');
        write_constant(&mut out, constant)?;
    }
    for structure in &header.structs {
        out.push('\n');
        write_struct(&mut out, structure, &types)?;
    }
    for function in &header.functions {
        out.push('\n');
        write_function(&mut out, function, &types)?;
    }
    out.push_str("    }\n}\n");
    Ok(out)
}

/// Numbers are `int`: C# converts constants that fit without being asked.
fn write_constant(out: &mut String, constant: &Constant) -> Result<(), String> {
    let Constant { name, value, .. } = constant;
    let value = value.as_str();
    let (ty, value) = match value {
        "UINT64_MAX" => ("ulong", "ulong.MaxValue"),
        "UINT32_MAX" => ("uint", "uint.MaxValue"),
        _ if value.parse::<i32>().is_ok() || is_expression(value) => ("int", value),
        _ => return Err(format!("the value of {name}, `{value}`, is no number that tools/xtask/src/csharp knows")),
    };
    write_docs(out, "        ", &constant.docs);
    out.push_str(&format!("        public const {ty} {name} = {value};\n"));
    Ok(())
}

/// Names of other constants and small numbers with operators that are the same in C#.
fn is_expression(value: &str) -> bool {
    value.starts_with('(')
        && value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "_()<>| ".contains(c))
}

fn write_struct(out: &mut String, structure: &Struct, types: &Types) -> Result<(), String> {
    write_docs(out, "        ", &structure.docs);
    out.push_str("        [StructLayout(LayoutKind.Sequential)]\n");
    out.push_str(&format!("        public struct {}\n        {{\n", structure.name));
    for field in &structure.fields {
        write_docs(out, "            ", &field.docs);
        let ty = types.of(&field.ty, field.pointers)?;
        let (kind, length) = match &field.length {
            // Buffers of other types are not allowed; there are none.
            Some(length) if matches!(ty.as_str(), "byte" | "int" | "uint" | "ulong" | "float" | "double") => {
                ("fixed ", format!("[{length}]"))
            }
            Some(_) => return Err(format!("{}.{}: C# has no array of {ty}", structure.name, field.name)),
            None => ("", String::new()),
        };
        out.push_str(&format!("            public {kind}{ty} {}{length};\n", escaped(&field.name)));
    }
    out.push_str("        }\n");
    Ok(())
}

fn write_function(out: &mut String, function: &Function, types: &Types) -> Result<(), String> {
    write_docs(out, "        ", &function.docs);
    let (ty, pointers) = &function.result;
    let result = types.of(ty, *pointers)?;
    let parameter = |parameter: &Variable| {
        Ok::<_, String>(format!("{} {}", types.of(&parameter.ty, parameter.pointers)?, escaped(&parameter.name)))
    };
    let parameters: Vec<String> = function.parameters.iter().map(parameter).collect::<Result<_, _>>()?;
    out.push_str("        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]\n");
    out.push_str(&format!("        public static extern {result} {}({});\n", function.name, parameters.join(", ")));
    Ok(())
}

/// The documentation of one item: its text, `@param`, `@return` and `# Safety`.
fn write_docs(out: &mut String, indent: &str, docs: &[String]) {
    let mut tag = Tag { open: "<summary>".into(), close: "</summary>" };
    let mut text: Vec<String> = Vec::new();
    let mut flush = |tag: &Tag, text: &mut Vec<String>| {
        while text.last().is_some_and(|line| line.is_empty()) {
            text.pop();
        }
        match &text[..] {
            [] => {}
            [line] => out.push_str(&format!("{indent}/// {}{line}{}\n", tag.open, tag.close)),
            lines => {
                out.push_str(&format!("{indent}/// {}\n", tag.open));
                for line in lines {
                    let line = if line.is_empty() { "<para/>" } else { line };
                    out.push_str(&format!("{indent}/// {line}\n"));
                }
                out.push_str(&format!("{indent}/// {}\n", tag.close));
            }
        }
        text.clear();
    };
    for line in docs {
        let (next, rest) = if let Some(rest) = line.strip_prefix("@param ") {
            let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            (Tag { open: format!("<param name=\"{name}\">"), close: "</param>" }, rest)
        } else if let Some(rest) = line.strip_prefix("@return ") {
            (Tag { open: "<returns>".into(), close: "</returns>" }, rest)
        } else if line == "# Safety" {
            (Tag { open: "<remarks>".into(), close: "</remarks>" }, "")
        } else {
            if !(line.is_empty() && text.is_empty()) {
                text.push(xml(line));
            }
            continue;
        };
        flush(&tag, &mut text);
        tag = next;
        if !rest.is_empty() {
            text.push(xml(rest));
        }
    }
    flush(&tag, &mut text);
}

struct Tag {
    open: String,
    close: &'static str,
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A name that may be a word of C#.
fn escaped(name: &str) -> String {
    const WORDS: &[&str] = &[
        "base",
        "checked",
        "event",
        "fixed",
        "in",
        "internal",
        "is",
        "lock",
        "object",
        "operator",
        "out",
        "override",
        "params",
        "private",
        "protected",
        "public",
        "readonly",
        "ref",
        "string",
        "this",
        "var",
    ];
    if WORDS.contains(&name) { format!("@{name}") } else { name.to_owned() }
}

/// Which type of C# stands for which of C.
struct Types(BTreeMap<String, &'static str>, Vec<String>);

impl Types {
    fn new(header: &Header) -> Result<Self, String> {
        let mut numbers: BTreeMap<String, &'static str> = [
            ("uint8_t", "byte"),
            ("int32_t", "int"),
            ("uint32_t", "uint"),
            ("int64_t", "long"),
            ("uint64_t", "ulong"),
            ("float", "float"),
            ("double", "double"),
            ("size_t", "UIntPtr"),
            // UTF-8, which `char` of C# is not.
            ("char", "byte"),
            ("void", "void"),
        ]
        .map(|(c, csharp)| (c.to_owned(), csharp))
        .into();
        for typedef in &header.typedefs {
            let target = numbers.get(&typedef.target).copied();
            let target = target.ok_or_else(|| format!("{}: unknown type {}", typedef.name, typedef.target))?;
            numbers.insert(typedef.name.clone(), target);
        }
        Ok(Self(numbers, header.structs.iter().map(|structure| structure.name.clone()).collect()))
    }

    fn of(&self, ty: &str, pointers: usize) -> Result<String, String> {
        let name = match self.0.get(ty) {
            Some(&name) => name,
            None if self.1.iter().any(|name| name == ty) => ty,
            None => return Err(format!("unknown type {ty}: add it to tools/xtask/src/csharp")),
        };
        // Addresses of nothing in particular are IntPtr, as C# has them from engines.
        if (name, pointers) == ("void", 1) {
            return Ok("IntPtr".into());
        }
        Ok(format!("{name}{}", "*".repeat(pointers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> String {
        format!("#ifndef NEUVOL_H\n#define NEUVOL_H\n{text}\n#endif\n")
    }

    #[test]
    fn functions_structures_and_constants_are_written() {
        let text = write(&header(
            "/**\n * All: a & b.\n */\n#define NEUVOL_ALL UINT64_MAX\n#define NEUVOL_V ((NEUVOL_A << 16) | NEUVOL_B)\n\
             #define NEUVOL_E -3\ntypedef int32_t neuvol_result;\n\
             typedef struct neuvol_a {\n  neuvol_result kind;\n  uint32_t dims[3];\n  void *device;\n} neuvol_a;\n\
             /**\n * Does.\n *\n * Any thread.\n *\n * @param out Where\n * it goes.\n * @return Bytes.\n *\n * # Safety\n * None.\n */\n\
             NEUVOL_API size_t neuvol_do(struct neuvol_a a, const char *name, struct neuvol_a *out);",
        ))
        .unwrap();
        for expected in [
            "/// <summary>All: a &amp; b.</summary>\n        public const ulong NEUVOL_ALL = ulong.MaxValue;\n",
            "public const int NEUVOL_V = ((NEUVOL_A << 16) | NEUVOL_B);\n",
            "public const int NEUVOL_E = -3;\n",
            "public struct neuvol_a\n        {\n            public int kind;\n            public fixed uint dims[3];\n            public IntPtr device;\n        }\n",
            "/// <summary>\n        /// Does.\n        /// <para/>\n        /// Any thread.\n        /// </summary>\n",
            "/// <param name=\"out\">\n        /// Where\n        /// it goes.\n        /// </param>\n",
            "/// <returns>Bytes.</returns>\n        /// <remarks>None.</remarks>\n",
            "public static extern UIntPtr neuvol_do(neuvol_a a, byte* name, neuvol_a* @out);\n",
        ] {
            assert!(text.contains(expected), "{expected}\nis not in\n{text}");
        }
    }

    #[test]
    fn what_has_no_counterpart_is_an_error() {
        for text in [
            "#define NEUVOL_X 0x10",
            "#define NEUVOL_X \"text\"",
            "#define NEUVOL_X 3000000000",
            "NEUVOL_API void f(uint16_t x);",
            "typedef uint16_t neuvol_word;",
            "typedef struct neuvol_a {\n  uint32_t x;\n} neuvol_a;\ntypedef struct neuvol_b {\n  neuvol_a a[2];\n} neuvol_b;",
        ] {
            assert!(write(&header(text)).is_err(), "{text}");
        }
    }
}
