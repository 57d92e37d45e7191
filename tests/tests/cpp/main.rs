//! `bindings/include/neuvol.hpp` and `neuvol_time.hpp` from outside: programs of `tests/cpp`, by both compilers and both
//! standards that hosts use, without exceptions and run-time types as Unreal builds them; those of g++ with sanitizers.

mod calendar;

use neuvol_tests::native::{self, succeed, tool};
use neuvol_tests::{reference, sample};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const COMPILERS: [&str; 2] = ["g++", "clang++"];
const STANDARDS: [&str; 2] = ["-std=c++17", "-std=c++20"];
const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| native::library(Path::new(env!("CARGO_TARGET_TMPDIR")), false))
}

fn source(name: &str) -> PathBuf {
    native::root().join("tests/cpp").join(name)
}

/// Sanitizers; those of clang are packages of their own, whose names change with each version.
fn sanitizers(compiler: &Command) -> &'static [&'static str] {
    if compiler.get_program() == "g++" { &SANITIZERS } else { &[] }
}

fn compiler(name: &str, standard: &str) -> Command {
    let mut compiler = tool(name);
    compiler.args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]);
    compiler.args(["-fno-exceptions", "-fno-rtti", "-O1", "-g", "-I"]).arg(native::include());
    compiler
}

/// Every compiler with every standard.
fn each_compiler(mut test: impl FnMut(&dyn Fn() -> Command)) {
    for name in COMPILERS {
        for standard in STANDARDS {
            test(&|| compiler(name, standard));
        }
    }
}

#[test]
fn the_headers_need_nothing_before_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for header in ["neuvol.hpp", "neuvol_time.hpp"] {
        let path = folder.path().join("twice.cpp");
        // As names in Unreal: macros that a header must not trip over.
        let unreal =
            "#define check(x) ;\n#define verify(x) ;\n#define ensure(x) ;\n#define TEXT(x) u##x\n#define PI 3\n";
        let text = format!("{unreal}#include \"{header}\"\n#include \"{header}\"\nint main() {{ return 0; }}\n");
        fs::write(&path, text).expect("a file");
        each_compiler(|compiler| {
            succeed(compiler().arg("-fsyntax-only").arg(&path));
        });
    }
}

/// A function that is new in neuvol.h must come into the table, too.
#[test]
fn the_table_has_every_function_of_the_header() {
    let header = fs::read_to_string(native::include().join("neuvol.h")).expect("the header");
    let wrapper = fs::read_to_string(native::include().join("neuvol.hpp")).expect("the wrapper");
    let functions: Vec<&str> = header
        .split("NEUVOL_API")
        .skip(1)
        .filter_map(|text| text.split_once('(')?.0.rsplit([' ', '*', '\n']).next()?.strip_prefix("neuvol_"))
        .filter(|name| !name.starts_with("unity_"))
        .collect();
    let (_, table) = wrapper.split_once("#define NEUVOL_FOR_EACH_FUNCTION(X)").expect("the table");
    let (table, _) = table.split_once("\n\n").expect("its end");
    let listed: Vec<&str> = table.split("X(").skip(1).filter_map(|text| Some(text.split_once(')')?.0)).collect();
    assert!(functions.len() > 30, "{functions:?}");
    assert_eq!(listed, functions, "NEUVOL_FOR_EACH_FUNCTION of neuvol.hpp and the functions of neuvol.h");
}

fn model(folder: &Path) -> PathBuf {
    let path = folder.join("Modell größer.neuvol");
    sample::write(&path);
    path
}

/// What `volume.cpp` prints must be what the reference decodes.
fn compare(printed: &str, model: &Path) {
    let grid = reference::grid(&fs::read(model).expect("the model"), sample::THETA, 0, 0, 1.0);
    let valid: Vec<f64> = grid.values.into_iter().filter(|value| !value.is_nan()).map(f64::from).collect();
    let line = printed.lines().last().expect("a line");
    let (count, sum) = line.split_once(' ').expect("two numbers");
    assert_eq!(count, valid.len().to_string());
    let difference =
        sum.parse::<f64>().expect("a number") / valid.len() as f64 - valid.iter().sum::<f64>() / valid.len() as f64;
    assert!(difference.abs() < 1e-3, "{printed}: the means differ by {difference}");
}

#[test]
fn a_volume_through_the_linked_library() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (model, program) = (model(folder.path()), folder.path().join("volume"));
    let library = library().parent().expect("a folder");
    each_compiler(|compiler| {
        let mut compiler = compiler();
        compiler
            .args(sanitizers(&compiler))
            .arg("-DNEUVOL_TEST_LINKED")
            .arg(source("volume.cpp"))
            .arg("-o")
            .arg(&program);
        compiler.arg("-L").arg(library).args(["-lneuvol", "-ldl", "-pthread"]);
        succeed(compiler.arg(format!("-Wl,-rpath,{}", library.display())));
        compare(&succeed(Command::new(&program).arg(&model)), &model);
    });
}

#[test]
fn a_volume_through_a_library_loaded_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (model, program) = (model(folder.path()), folder.path().join("volume"));
    each_compiler(|compiler| {
        // Not linked with the library: what is not in the table would be missing here.
        let mut compiler = compiler();
        compiler
            .args(sanitizers(&compiler))
            .arg(source("volume.cpp"))
            .arg("-o")
            .arg(&program)
            .args(["-ldl", "-pthread"]);
        succeed(&mut compiler);
        compare(&succeed(Command::new(&program).arg(&model).arg(library())), &model);
    });
}

#[test]
fn dates_of_all_calendars() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (cases, program) = (folder.path().join("cases.txt"), folder.path().join("time"));
    let lines = calendar::cases();
    fs::write(&cases, lines.join("\n")).expect("a file");
    for name in COMPILERS {
        let mut compiler = compiler(name, "-std=c++17");
        succeed(compiler.args(sanitizers(&compiler)).arg(source("time.cpp")).arg("-o").arg(&program));
        let input = Stdio::from(fs::File::open(&cases).expect("the cases"));
        assert_eq!(succeed(Command::new(&program).stdin(input)), format!("{} dates\n", lines.len()));
    }
}
