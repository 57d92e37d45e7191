//! What Unreal's header tool would do with the plugin's headers: the bodies that it generates (as far as the fake engine needs
//! them), and the rules by which it refuses headers, which no compiler knows.

use crate::build::files_below;
use crate::plugin;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Types that a property or a parameter may have, besides those of this plugin and pointers to objects.
const KNOWN: [&str; 17] = [
    "bool",
    "int32",
    "int64",
    "uint8",
    "float",
    "double",
    "FString",
    "FName",
    "FText",
    "FVector",
    "FVector2D",
    "FIntVector",
    "FLinearColor",
    "FDateTime",
    "FFilePath",
    "FTransform",
    "void",
];

/// A header that the tool reads.
struct Header {
    /// Name without the extension.
    name: String,
    /// Macro of the module, for example `NEUVOL_API`.
    export: String,
    is_public: bool,
    lines: Vec<String>,
}

/// Something that is declared with UCLASS, USTRUCT or UENUM.
struct Declared {
    kind: &'static str,
    line: usize,
    words: Vec<String>,
}

/// Writes a `.generated.h` for each header, or gives all that is wrong with them.
pub(crate) fn write(folder: &Path) -> Result<(), Vec<String>> {
    let headers = headers();
    let own = own_types(&headers);
    let problems: Vec<String> = headers.iter().flat_map(|header| problems(header, &own)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    for header in &headers {
        fs::write(folder.join(format!("{}.generated.h", header.name)), generated(header)).expect("a file");
    }
    Ok(())
}

fn headers() -> Vec<Header> {
    let mut paths: Vec<PathBuf> = Vec::new();
    files_below(&plugin().join("Source"), "h", &mut paths);
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a header");
        let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let module = &parts[parts.iter().rposition(|part| part == "Source").expect("a module") + 1];
        Header {
            name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
            export: format!("{}_API", module.to_uppercase()),
            is_public: parts.iter().any(|part| part == "Public"),
            lines: text.lines().map(str::to_owned).collect(),
        }
    };
    paths.iter().map(read).filter(|header| header.lines.iter().any(|line| line.contains(".generated.h"))).collect()
}

fn declared(header: &Header) -> Vec<Declared> {
    let kinds = ["UCLASS(", "USTRUCT(", "UENUM("];
    let of = |line: usize, text: &String| {
        let kind = kinds.into_iter().find(|kind| text.starts_with(kind))?;
        let next = header.lines.get(line + 1)?;
        let words = next.split([' ', ':', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Some(Declared { kind: &kind[..kind.len() - 1], line, words })
    };
    header.lines.iter().enumerate().filter_map(|(line, text)| of(line, text)).collect()
}

impl Declared {
    /// The name, behind `class`, `enum class` or `struct` and the macro of the module.
    fn name(&self) -> &str {
        let mut words = self.words.iter().filter(|word| !word.ends_with("_API"));
        words.find(|word| !["class", "struct", "enum"].contains(&word.as_str())).map_or("", |word| word)
    }

    fn base(&self) -> Option<&str> {
        let at = self.words.iter().position(|word| word == "public")?;
        self.words.get(at + 1).map(String::as_str)
    }
}

fn own_types(headers: &[Header]) -> BTreeSet<String> {
    headers.iter().flat_map(declared).map(|declared| declared.name().to_owned()).collect()
}

/// The `GENERATED_BODY()` that belongs to a declaration.
fn body_line(header: &Header, declared: &Declared) -> Option<usize> {
    let inside = header.lines.iter().enumerate().skip(declared.line + 1).take(4);
    inside.into_iter().find(|(_, text)| text.trim() == "GENERATED_BODY()").map(|(line, _)| line)
}

fn generated(header: &Header) -> String {
    let name = &header.name;
    let mut text =
        format!("#include \"UObject/ObjectMacros.h\"\n#undef CURRENT_FILE_ID\n#define CURRENT_FILE_ID {name}\n");
    for declared in declared(header) {
        let Some(line) = body_line(header, &declared) else { continue };
        text += &format!("#define {name}_{}_GENERATED_BODY", line + 1);
        if declared.kind == "UCLASS" {
            let (class, base) = (declared.name(), declared.base().unwrap_or("UObject"));
            text += &format!(
                " public: using Super = {base}; using ThisClass = {class}; \
                 static UClass* StaticClass() {{ static UClass Made(TEXT(\"{}\"), Super::StaticClass(), \
                 []() -> UObject* {{ return new {class}; }}); return &Made; }} \
                 virtual UClass* GetClass() const override {{ return StaticClass(); }} private:",
                &class[1..]
            );
        }
        text += "\n";
    }
    text
}

fn problems(header: &Header, own: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut problem = |line: usize, text: String| found.push(format!("{}.h:{}: {text}", header.name, line + 1));
    let includes: Vec<(usize, &String)> =
        header.lines.iter().enumerate().filter(|(_, text)| text.starts_with("#include")).collect();
    let own_include = format!("#include \"{}.generated.h\"", header.name);
    match includes.last() {
        Some((_, last)) if **last == own_include => {}
        last => problem(last.map_or(0, |(line, _)| *line), format!("the last include must be {own_include}")),
    }

    let all = declared(header);
    for declared in &all {
        let (name, line) = (declared.name(), declared.line);
        if declared.kind != "UENUM" && body_line(header, declared).is_none() {
            problem(line, format!("{name} has no GENERATED_BODY() at its beginning"));
        }
        if declared.kind == "UENUM" && !(name.starts_with('E') && header.lines[line + 1].ends_with(": uint8")) {
            problem(line, format!("{name} must be an enum class E... : uint8"));
        }
        if declared.kind == "USTRUCT" && !name.starts_with('F') {
            problem(line, format!("the struct {name} must have the prefix F"));
        }
        if declared.kind == "UCLASS" {
            let prefix = if declared.base() == Some("AActor") { 'A' } else { 'U' };
            if !name.starts_with(prefix) {
                problem(line, format!("the class {name} must have the prefix {prefix}"));
            }
            if name.get(1..) != Some(&header.name) {
                problem(line, format!("the class {name} must be in {}.h", name.get(1..).unwrap_or("")));
            }
        }
        if header.is_public && declared.kind != "UENUM" && !declared.words.contains(&header.export) {
            problem(line, format!("{name} is public, and not exported with {}", header.export));
        }
    }

    let (mut access, mut condition) = ("public", None);
    for (line, text) in header.lines.iter().enumerate() {
        let text = text.trim();
        match text {
            "public:" | "protected:" | "private:" => access = &text[..text.len() - 1],
            "GENERATED_BODY()" => {
                let owner = all.iter().rev().find(|declared| declared.line < line);
                access = if owner.is_some_and(|owner| owner.kind == "USTRUCT") { "public" } else { "private" };
            }
            _ if text.starts_with("#if") => condition = Some(text),
            "#endif" => condition = None,
            _ => {}
        }
        let is_property = text.starts_with("UPROPERTY(");
        if !is_property && !text.starts_with("UFUNCTION(") {
            continue;
        }
        if condition.is_some_and(|condition| condition != "#if WITH_EDITORONLY_DATA") {
            problem(line, format!("the header tool does not see conditions: {}", condition.unwrap_or_default()));
        }
        let shown = text.contains("Blueprint") || text.contains("Anywhere");
        if shown && !text.contains("Category") {
            problem(line, "needs a Category".into());
        }
        if is_property && text.contains("Blueprint") && access == "private" {
            problem(line, "a private property cannot be seen by Blueprints".into());
        }
        let next = header.lines.get(line + 1).map_or("", |next| next.trim());
        let types = if is_property { vec![property_type(next)] } else { function_types(next) };
        for ty in types {
            if !is_known(&ty, own) {
                problem(line + 1, format!("the header tool does not know the type `{ty}`"));
            }
        }
    }
    found
}

/// `float ValueMin = 0.0f;`: the type.
fn property_type(line: &str) -> String {
    let declaration = line.split(['=', ';']).next().unwrap_or("").trim();
    declaration.rsplit_once(' ').map_or(declaration, |(ty, _)| ty).trim().to_owned()
}

/// `bool ProbeValue(const FVector& WorldLocation, FNeuvolProbe& Probe) const;`: the types of result and parameters.
fn function_types(line: &str) -> Vec<String> {
    let Some((head, rest)) = line.split_once('(') else { return vec![line.to_owned()] };
    let parameters = rest.split(')').next().unwrap_or("");
    let words = std::iter::once(head).chain(parameters.split(',')).map(str::trim).filter(|word| !word.is_empty());
    words.map(property_type).collect()
}

fn is_known(ty: &str, own: &BTreeSet<String>) -> bool {
    let ty = ty.trim_start_matches("const ").trim_end_matches('&').trim();
    if let Some(inner) = ty.strip_prefix("TArray<").and_then(|rest| rest.strip_suffix('>')) {
        return is_known(inner, own);
    }
    let object = ty.strip_prefix("TObjectPtr<").and_then(|rest| rest.strip_suffix('>')).or(ty.strip_suffix('*'));
    if let Some(object) = object {
        return object.starts_with(['U', 'A']);
    }
    // Objects are held by pointers only.
    KNOWN.contains(&ty) || (own.contains(ty) && !ty.starts_with(['U', 'A']))
}

#[test]
fn the_headers_keep_the_rules() {
    let headers = headers();
    assert!(headers.len() >= 6, "the headers of {} are not found", plugin().display());
    let own = own_types(&headers);
    let found: Vec<String> = headers.iter().flat_map(|header| problems(header, &own)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn broken_rules_are_named() {
    let good = "#include \"CoreMinimal.h\"\n#include \"Thing.generated.h\"\n\nUCLASS()\nclass NEUVOL_API UThing : public UObject\n{\n\
                \tGENERATED_BODY()\npublic:\n\tUPROPERTY(EditAnywhere, BlueprintReadOnly, Category = \"N\")\n\tfloat Size = 1.0f;\n\
                \tUFUNCTION(BlueprintCallable, Category = \"N\")\n\tbool Get(const FVector& Place, TArray<int32>& Out) const;\n};\n";
    let check = |text: &str| {
        let lines = text.lines().map(str::to_owned).collect();
        let header = Header { name: "Thing".into(), export: "NEUVOL_API".into(), is_public: true, lines };
        problems(&header, &own_types(std::slice::from_ref(&header)))
    };
    assert_eq!(check(good), Vec::<String>::new());
    for (from, to, word) in [
        ("#include \"Thing.generated.h\"\n", "#include \"Thing.generated.h\"\n#include \"More.h\"\n", "last include"),
        ("NEUVOL_API ", "", "not exported"),
        ("UThing", "FThing", "prefix U"),
        ("UThing", "UOther", "must be in Other.h"),
        ("\tGENERATED_BODY()\n", "", "no GENERATED_BODY"),
        ("public:\n", "", "private property"),
        ("float Size", "uint64_t Size", "`uint64_t`"),
        ("float Size", "std::string Size", "`std::string`"),
        ("float Size", "TArray<UThing> Size", "`TArray<UThing>`"),
        ("TArray<int32>&", "TMap<int, int>&", "TMap<int"),
        (", Category = \"N\")\n\tfloat", ")\n\tfloat", "needs a Category"),
        ("\tUPROPERTY", "#if WITH_EDITOR\n\tUPROPERTY", "WITH_EDITOR"),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        let found = check(&changed);
        assert!(found.iter().any(|problem| problem.contains(word)), "{to}: {found:?}");
    }
}
