//! C and C++ programs: plain, with the compiler's checks, and in valgrind.

use crate::{TEMPORARY, library, model};
use neuvol_tests::native::{self, Language, succeed, tool};
use neuvol_tests::{cases, reference, sample};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SANITIZERS: &str = "-fsanitize=address,undefined";

fn check_program(folder: &Path, flags: &[&str]) -> PathBuf {
    let program = folder.join("check");
    native::program(Language::C99, "check", &library(), &program, flags);
    program
}

fn write_cases(folder: &Path, model: &Path) -> PathBuf {
    let path = folder.join("cases.txt");
    fs::write(&path, cases::text(&fs::read(model).expect("the model"))).expect("a writable folder");
    path
}

/// Everything that the program checks, each in a process of its own that `start` makes.
fn run_all(program: &Path, folder: &Path, model: &Path, start: impl Fn(&Path) -> Command) {
    let cases = write_cases(folder, model);
    succeed(start(program).arg("describe").arg(model));
    let printed = succeed(start(program).arg("decode").arg(model).arg(cases));
    assert_eq!(printed, format!("{} cases\n", cases::all().len()));
    succeed(start(program).arg("misuse").arg(model));
    let budgets = succeed(start(program).arg("cache").arg(model));
    assert_eq!(budgets.lines().count(), 5, "{budgets}");
    let closed = succeed(start(program).arg("threads").arg(model));
    assert_eq!(closed.lines().count(), 4, "{closed}");
}

#[test]
fn c_program() {
    let (folder, model) = model();
    let program = check_program(folder.path(), &[]);
    run_all(&program, folder.path(), &model, |program| Command::new(program));
}

#[test]
fn c_program_with_sanitizers() {
    let (folder, model) = model();
    let program = check_program(folder.path(), &[SANITIZERS, "-fno-sanitize-recover=all"]);
    run_all(&program, folder.path(), &model, |program| Command::new(program));
}

/// Valgrind does not know AVX-512: the library must see that for itself.
#[test]
fn c_program_in_valgrind() {
    let (folder, model) = model();
    let program = check_program(folder.path(), &[]);
    run_all(&program, folder.path(), &model, |program| {
        let mut valgrind = tool("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=9", "--leak-check=full", "--fair-sched=yes"]);
        // What Rust's runtime and the threads of a pool that is just ending still hold at exit is not lost.
        valgrind.args(["--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"]).arg(program);
        valgrind
    });
}

#[test]
fn cpp_program() {
    let (folder, model) = model();
    let program = folder.path().join("check-cpp");
    native::program(Language::Cpp17, "check.cpp", &library(), &program, &[SANITIZERS, "-fno-sanitize-recover=all"]);
    let printed = succeed(Command::new(&program).arg("decode").arg(&model));
    let grid = reference::grid(&fs::read(&model).expect("the model"), sample::THETA, 0, 0, 1.0);
    let valid: Vec<f64> = grid.values.into_iter().filter(|value| !value.is_nan()).map(f64::from).collect();
    let (count, sum) = printed.trim().split_once(' ').expect("two numbers");
    assert_eq!(count, valid.len().to_string());
    let mean = |sum: f64| sum / valid.len() as f64;
    let difference = mean(sum.parse().expect("a number")) - mean(valid.iter().sum());
    assert!(difference.abs() < 1e-3, "{printed}: the means differ by {difference}");
}

/// With the hooks for tests: panics inside the library are errors, and the host's stderr stays clean.
#[test]
fn panics_do_not_reach_the_host() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("check-hooks");
    let library = native::library(Path::new(TEMPORARY), true);
    native::program(Language::C99, "check", &library, &program, &["-DNEUVOL_TEST_HOOKS", SANITIZERS]);
    // Leaks are what this must be able to do: the payload of a panic that panics again when it is dropped.
    let output = native::run(Command::new(&program).arg("panic").env("ASAN_OPTIONS", "detect_leaks=0"));
    assert!(output.status.success(), "{}", native::text_of(&output));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn demo_program() {
    let (folder, model) = model();
    let program = folder.path().join("demo");
    native::program(Language::C99, "demo.c", &library(), &program, &[]);
    let printed = succeed(Command::new(&program).arg(&model).arg("theta").arg("1.5"));
    assert!(printed.contains("theta: 37 x 20 x 18 voxels"), "{printed}");
    assert!(printed.contains("variable 0 at step 1.5: "), "{printed}");
    let output = native::run(Command::new(&program).arg(&model).arg("no such"));
    assert_eq!(output.status.code(), Some(1), "{}", native::text_of(&output));
    assert!(native::text_of(&output).contains("NEUVOL_ERROR_INVALID_ARGUMENT: neuvol_variable_find: variable name"));
}
