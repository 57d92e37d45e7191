//! Compiles the driver, and every `.cu` of `native/cuda/kernels` and of `kernels/` into a module beside it, with the system's
//! C++ compiler:
//!
//! ```text
//! OUT_DIR/cuda/libcuda.so.1, libcuda.so, libneuvol-kernels-NAME.so
//! OUT_DIR/stub/libcuda.so.1, libcuda.so
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs};

const KERNELS: &str = "../../native/cuda/kernels";

/// For everything. Kernels are not fused into multiply-adds, unless they say so: what they compute must not depend on g++.
const COMMON: [&str; 10] = [
    "-std=c++17",
    "-O2",
    "-g1",
    "-fPIC",
    "-pthread",
    "-fvisibility=hidden",
    "-fno-strict-aliasing",
    "-fno-gnu-unique",
    "-Wall",
    "-Wextra",
];
const EMULATED: [&str; 8] = [
    "-DNEUVOL_EMULATED",
    "-mavx2",
    "-mf16c",
    "-mfma",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-exceptions",
    "-Wno-unknown-pragmas",
];
/// Misaligned addresses and indices beyond arrays end the block.
const CHECKED: [&str; 2] = ["-fsanitize=alignment,bounds", "-fsanitize-undefined-trap-on-error"];

struct Object {
    source: PathBuf,
    path: PathBuf,
    flags: Vec<String>,
}

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    let target = format!("{}-{}", var("CARGO_CFG_TARGET_ARCH"), var("CARGO_CFG_TARGET_OS"));
    assert!(target == "x86_64-linux", "neuvol-fake-cuda builds for x86-64 Linux only, this is {target}");
    for path in ["emulated", "driver", "kernels", KERNELS] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo::rerun-if-env-changed=CXX");

    for folder in ["objects", "sources", "cuda", "stub"] {
        let folder = out.join(folder);
        // What is not made any more must not stay.
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the folder of the build can be emptied");
        }
        fs::create_dir_all(&folder).expect("the folder of the build can be made");
    }
    let object = |source: PathBuf, flags: &[&str]| Object {
        path: out.join("objects").join(format!("{}.o", source.file_name().expect("a file").to_string_lossy())),
        source,
        flags: COMMON.iter().chain(flags).map(|flag| (*flag).to_owned()).collect(),
    };

    let include = format!("-I{}", root.join("emulated").display());
    let mut emulated_flags: Vec<&str> = EMULATED.to_vec();
    emulated_flags.push(&include);
    let runtime: Vec<Object> = ["block.cpp", "matrix.cpp", "begin.cpp", "end.cpp"]
        .map(|name| object(root.join("emulated").join(name), &emulated_flags))
        .into();
    let driver: Vec<Object> = files(&root.join("driver"), "cpp")
        .into_iter()
        .filter(|path| !path.ends_with("stub.cpp"))
        .map(|path| object(path, &["-Wno-missing-field-initializers"]))
        .collect();
    let stub = object(root.join("driver/stub.cpp"), &[]);
    emulated_flags.extend(CHECKED);
    let modules: Vec<Object> = sources(&root, &out).into_iter().map(|source| object(source, &emulated_flags)).collect();
    let all: Vec<&Object> = modules.iter().chain(&driver).chain(&runtime).chain([&stub]).collect();
    compile(&all);

    let path = |name: &str| out.join("objects").join(name);
    for module in &modules {
        let name = module.source.file_stem().expect("a file").to_string_lossy();
        // What lies between the first and the last is the static shared memory of the kernels.
        let parts = ["block.cpp.o", "matrix.cpp.o", "begin.cpp.o"].map(path);
        let objects: Vec<PathBuf> = parts.into_iter().chain([module.path.clone(), path("end.cpp.o")]).collect();
        link(&objects, &out.join(format!("cuda/libneuvol-kernels-{name}.so")), &["-Wl,-z,defs"]);
    }
    let objects: Vec<PathBuf> = driver.into_iter().map(|object| object.path).collect();
    for (folder, objects) in [("cuda", objects), ("stub", vec![stub.path])] {
        // The library stays loaded: it has threads.
        let flags = ["-Wl,-soname,libcuda.so.1", "-Wl,-z,nodelete", "-Wl,-z,defs"];
        link(&objects, &out.join(folder).join("libcuda.so.1"), &flags);
        std::os::unix::fs::symlink("libcuda.so.1", out.join(folder).join("libcuda.so")).expect("a link can be made");
    }
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.expect("the folder can be read").path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

/// Copies of the kernels for g++, where `extern __shared__` is `extern`: `__shared__` alone is `static`. The copies of a folder
/// of kernels stay together, so that they find their headers.
fn sources(root: &Path, out: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for (number, folder) in ["kernels", KERNELS].into_iter().enumerate() {
        let copies = out.join("sources").join(number.to_string());
        fs::create_dir_all(&copies).expect("a folder can be made");
        let folder = root.join(folder);
        for path in files(&folder, "cu").into_iter().chain(files(&folder, "cuh")) {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let text = text.replace("extern __shared__", "extern").replace("static __shared__", "__shared__");
            let place = path.canonicalize().unwrap_or_else(|_| path.clone());
            let copy = copies.join(path.file_name().expect("a file"));
            fs::write(&copy, format!("#line 1 \"{}\"\n{text}", place.display())).expect("a file can be written");
            if path.extension().is_some_and(|extension| extension == "cu") {
                sources.push(copy);
            }
        }
    }
    sources
}

fn compiler() -> Command {
    Command::new(env::var_os("CXX").unwrap_or_else(|| "g++".into()))
}

fn run(mut command: Command, what: &Path) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; a C++ compiler is needed (Debian: apt install g++), CXX names another one")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {command:?} failed:\n{said}", what.display());
    for line in said.lines().filter(|line| line.contains("warning:")) {
        println!("cargo::warning={line}");
    }
}

fn compile(objects: &[&Object]) {
    let next = Mutex::new(objects.iter());
    let jobs: usize = var("NUM_JOBS").parse().unwrap_or(1);
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(objects.len()) {
            scope.spawn(|| {
                loop {
                    let Some(object) = next.lock().expect("no thread failed").next() else { return };
                    let mut command = compiler();
                    command.args(&object.flags).arg("-x").arg("c++").arg("-c").arg(&object.source);
                    run(
                        {
                            command.arg("-o").arg(&object.path);
                            command
                        },
                        &object.source,
                    );
                }
            });
        }
    });
}

fn link(objects: &[PathBuf], library: &Path, flags: &[&str]) {
    let mut command = compiler();
    command.arg("-shared").arg("-pthread").args(flags).args(objects).arg("-o").arg(library).arg("-ldl");
    run(command, library);
}
