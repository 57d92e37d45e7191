//! Reads the C header that cbindgen writes. It is regular, and this reads exactly its constructs: anything else is an
//! error, so that nothing is left out of the bindings unnoticed.

/// What a header declares, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) constants: Vec<Constant>,
    pub(super) typedefs: Vec<Typedef>,
    pub(super) structs: Vec<Struct>,
    pub(super) functions: Vec<Function>,
}

/// `#define NAME value`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) docs: Vec<String>,
    pub(super) name: String,
    pub(super) value: String,
}

/// `typedef int32_t name;`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typedef {
    pub(super) docs: Vec<String>,
    pub(super) name: String,
    pub(super) target: String,
}

/// `typedef struct name { fields } name;`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Struct {
    pub(super) docs: Vec<String>,
    pub(super) name: String,
    pub(super) fields: Vec<Variable>,
}

/// A field or a parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) docs: Vec<String>,
    pub(super) name: String,
    /// Without `const` and `struct`, which C# does not have.
    pub(super) ty: String,
    pub(super) pointers: usize,
    /// Of a field: number or constant between brackets.
    pub(super) length: Option<String>,
}

/// `NEUVOL_API result name(parameters);`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) docs: Vec<String>,
    pub(super) name: String,
    pub(super) result: (String, usize),
    pub(super) parameters: Vec<Variable>,
}

/// Reads a header; the error names the line.
pub(super) fn read(text: &str) -> Result<Header, String> {
    let mut lines = Lines { lines: text.lines().collect(), next: 0 };
    let mut header = Header::default();
    let mut docs = Vec::new();
    // Inside of #if ... #endif stand what compilers need and no declarations; but the include guard is around everything.
    let mut depth = 0;
    while let Some(line) = lines.take() {
        let result = match line {
            "" => continue,
            "#ifndef NEUVOL_H" | "#define NEUVOL_H" => continue,
            "/**" => lines.comment().map(|comment| docs = comment),
            _ if line.starts_with("/*") => lines.skip_comment(line),
            _ if line.starts_with("#if") => {
                depth += 1;
                continue;
            }
            _ if line.starts_with("#endif") => {
                depth -= 1;
                continue;
            }
            _ if depth > 0 || line.starts_with("#include <") => continue,
            _ => declaration(line, &mut lines, std::mem::take(&mut docs), &mut header),
        };
        result.map_err(|error| format!("line {}: {error}", lines.next))?;
    }
    // The guard's own #endif.
    if depth != -1 { Err(format!("the conditions end {depth} levels away from the start")) } else { Ok(header) }
}

fn declaration(line: &str, lines: &mut Lines<'_>, docs: Vec<String>, header: &mut Header) -> Result<(), String> {
    if let Some(rest) = line.strip_prefix("#define ") {
        let (name, value) = rest.split_once(' ').ok_or_else(|| unknown(line))?;
        header.constants.push(Constant { docs, name: identifier(name)?, value: value.to_owned() });
    } else if let Some(rest) = line.strip_prefix("typedef struct ") {
        let name = identifier(rest.strip_suffix(" {").ok_or_else(|| unknown(line))?)?;
        let fields = fields(lines, &format!("}} {name};"))?;
        header.structs.push(Struct { docs, name, fields });
    } else if let Some(rest) = line.strip_prefix("typedef ") {
        let (target, name) =
            rest.strip_suffix(';').and_then(|rest| rest.split_once(' ')).ok_or_else(|| unknown(line))?;
        header.typedefs.push(Typedef { docs, name: identifier(name)?, target: identifier(target)? });
    } else if let Some(rest) = line.strip_prefix("NEUVOL_API") {
        let mut text = rest.to_owned();
        while !text.ends_with(';') {
            text = format!("{text} {}", lines.take().ok_or("the file ends inside of a function")?);
        }
        header.functions.push(function(text.trim(), docs)?);
    } else {
        return Err(unknown(line));
    }
    Ok(())
}

fn fields(lines: &mut Lines<'_>, end: &str) -> Result<Vec<Variable>, String> {
    let mut fields = Vec::new();
    let mut docs = Vec::new();
    loop {
        let line = lines.take().ok_or("the file ends inside of a structure")?;
        if line == end {
            return Ok(fields);
        }
        if line == "/**" {
            docs = lines.comment()?;
            continue;
        }
        let field = line.strip_suffix(';').ok_or_else(|| unknown(line))?;
        let (field, length) = match field.strip_suffix(']').and_then(|field| field.split_once('[')) {
            Some((field, length)) => (field, Some(length.to_owned())),
            None => (field, None),
        };
        fields.push(Variable { docs: std::mem::take(&mut docs), length, ..variable(field)? });
    }
}

fn function(text: &str, docs: Vec<String>) -> Result<Function, String> {
    let (before, after) = text.split_once('(').ok_or_else(|| unknown(text))?;
    let result = variable(before)?;
    let list = after.strip_suffix(");").ok_or_else(|| unknown(text))?;
    let parameters =
        if list == "void" { Ok(Vec::new()) } else { list.split(',').map(|text| variable(text.trim())).collect() };
    Ok(Function { docs, name: result.name, result: (result.ty, result.pointers), parameters: parameters? })
}

/// A type, stars, and a name.
fn variable(text: &str) -> Result<Variable, String> {
    let at = text.rfind(|c: char| !is_part_of_name(c)).ok_or_else(|| unknown(text))? + 1;
    let (ty, name) = text.split_at(at);
    let pointers = ty.matches('*').count();
    let words: Vec<&str> = ty.trim_end_matches(['*', ' ']).split(' ').collect();
    let ty = match words[..] {
        ["const", "struct", ty] | ["const" | "struct", ty] | [ty] => identifier(ty)?,
        _ => return Err(unknown(text)),
    };
    Ok(Variable { docs: Vec::new(), name: identifier(name)?, ty, pointers, length: None })
}

fn identifier(text: &str) -> Result<String, String> {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts && text.chars().all(is_part_of_name) { Ok(text.to_owned()) } else { Err(unknown(text)) }
}

fn is_part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn unknown(text: &str) -> String {
    format!("`{text}` is not what cbindgen wrote so far: teach tools/xtask/src/csharp what it means")
}

/// The lines that are not read yet.
struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn take(&mut self) -> Option<&'a str> {
        let line = self.lines.get(self.next)?.trim();
        self.next += 1;
        Some(line)
    }

    /// The lines of a comment for documentation, whose first line is taken.
    fn comment(&mut self) -> Result<Vec<String>, String> {
        let mut text = Vec::new();
        loop {
            match self.take().ok_or("the file ends inside of a comment")? {
                "*/" => return Ok(text),
                line => text.push(line.strip_prefix('*').ok_or_else(|| unknown(line))?.trim().to_owned()),
            }
        }
    }

    fn skip_comment(&mut self, first: &str) -> Result<(), String> {
        let mut line = first;
        while !line.ends_with("*/") {
            line = self.take().ok_or("the file ends inside of a comment")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "/*\n * Front.\n */\n\n#ifndef NEUVOL_H\n#define NEUVOL_H\n\n#include <stdint.h>\n\
        #if defined(_WIN32)\n#  define NEUVOL_CALL __cdecl\n#endif\n\
        /**\n * Most.\n */\n#define NEUVOL_MOST 8\n\
        /**\n * Result.\n */\ntypedef int32_t neuvol_result;\n\
        typedef struct neuvol_a {\n  /**\n   * Size.\n   */\n  uint32_t struct_size;\n  uint64_t shape[NEUVOL_MOST];\n} neuvol_a;\n\
        #ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n\
        /**\n * Name.\n *\n * Any thread.\n */\nNEUVOL_API const char *neuvol_name(void);\n\
        NEUVOL_API\nneuvol_result neuvol_get(struct neuvol_a a,\n    const struct neuvol_a *b);\n\
        #ifdef __cplusplus\n}\n#endif\n#endif  /* NEUVOL_H */\n";

    #[test]
    fn every_construct_is_read() {
        let header = read(HEADER).unwrap();
        let constant = Constant { docs: vec!["Most.".into()], name: "NEUVOL_MOST".into(), value: "8".into() };
        assert_eq!(header.constants, [constant]);
        assert_eq!(header.typedefs[0].target, "int32_t");
        let fields = &header.structs[0].fields;
        assert_eq!((fields[0].docs.as_slice(), fields[0].ty.as_str()), (["Size.".to_owned()].as_slice(), "uint32_t"));
        assert_eq!(fields[1].length.as_deref(), Some("NEUVOL_MOST"));
        let [name, get] = &header.functions[..] else { panic!("{:?}", header.functions) };
        assert_eq!((name.name.as_str(), name.parameters.len()), ("neuvol_name", 0));
        assert_eq!((name.result.clone(), name.docs.len()), (("char".to_owned(), 1), 3));
        assert_eq!(get.name, "neuvol_get");
        let parameters: Vec<_> = get.parameters.iter().map(|p| (p.ty.as_str(), p.pointers, p.name.as_str())).collect();
        assert_eq!(parameters, [("neuvol_a", 0, "a"), ("neuvol_a", 1, "b")]);
    }

    #[test]
    fn what_is_not_known_is_an_error_with_its_line() {
        let with = |text: &str| HEADER.replace("#define NEUVOL_MOST 8\n", text);
        for text in [
            "enum neuvol_e { A };\n",
            "typedef void (*neuvol_callback)(int);\n",
            "typedef union neuvol_u {\n",
            "typedef struct neuvol_s;\n",
            "NEUVOL_API int f(int (*g)(void));\n",
            "NEUVOL_API unsigned long f(void);\n",
            "#pragma once\n",
        ] {
            let error = read(&with(text)).expect_err(text);
            assert!(error.starts_with("line 15: "), "{text}: {error}");
        }
        assert!(read(&HEADER.replace("  uint32_t struct_size;", "  uint32_t a : 3;")).is_err());
        assert!(read(&HEADER.replace("#endif  /* NEUVOL_H */\n", "")).is_err());
    }
}
