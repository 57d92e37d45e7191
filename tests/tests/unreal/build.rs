//! Compiles the plugin twice: each file by clang++, as Unreal's build tool does on Linux, and a program of the plugin, the fake
//! engine and the scenarios by g++ with sanitizers, which runs.

use crate::{engine, header_tool, plugin};
use neuvol_tests::native::{self, tool};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::{fs, thread};

/// Unreal's standard, warnings as errors, and the macro that each module has of its name: it clashes with that of the C header.
const OPTIONS: [&str; 5] = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-DNEUVOL_API="];
/// As Unreal builds modules.
const OF_PLUGIN: [&str; 3] = ["-fno-exceptions", "-fno-rtti", "-Wshadow"];
/// Checks of virtual tables need the run-time types that modules are built without.
const SANITIZERS: [&str; 4] = ["-g", "-fsanitize=address,undefined", "-fno-sanitize=vptr", "-fno-sanitize-recover=all"];

/// The program that runs scenarios. Compiled once.
pub(crate) fn host() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unreal");
        fs::create_dir_all(&folder).expect("a folder");
        let mut sources = Vec::new();
        for path in [plugin().join("Source"), engine()] {
            files_below(&path, "cpp", &mut sources);
        }
        let object = |source: &PathBuf| folder.join(source.file_name().expect("a file")).with_extension("o");
        let objects: Vec<PathBuf> = sources.iter().map(object).collect();
        assert_eq!(
            objects.iter().collect::<std::collections::BTreeSet<_>>().len(),
            objects.len(),
            "two files of one name"
        );
        let compile = |(source, object): (&PathBuf, &PathBuf)| {
            let mut compiler = compiler("g++", source, true);
            compiler.args(SANITIZERS).arg("-c").arg(source).arg("-o").arg(object);
            compiler
        };
        run_all(sources.iter().zip(&objects).map(compile).collect());
        let program = folder.join("host");
        let mut link = tool("g++");
        link.args(SANITIZERS).arg("-o").arg(&program).args(objects);
        native::succeed(link.args(["-lvulkan", "-ldl", "-pthread"]));
        program
    })
}

/// Every source of the plugin by clang++, with Vulkan and for a platform without it.
#[test]
fn every_source_compiles_with_clang() {
    let mut sources = Vec::new();
    files_below(&plugin().join("Source"), "cpp", &mut sources);
    assert!(sources.len() > 10);
    let both = sources.iter().flat_map(|source| [(source, true), (source, false)]);
    let names_vulkan = |source: &Path| fs::read_to_string(source).expect("a source").contains("NEUVOL_WITH_VULKAN");
    let wanted = both.filter(|(source, has_vulkan)| *has_vulkan || names_vulkan(source));
    let check = |(source, has_vulkan): (&PathBuf, bool)| {
        let mut compiler = compiler("clang++", source, has_vulkan);
        compiler.arg("-fsyntax-only").arg(source);
        compiler
    };
    run_all(wanted.map(check).collect());
}

/// A compiler with the options and folders for a file.
fn compiler(name: &str, source: &Path, has_vulkan: bool) -> Command {
    let mut compiler = tool(name);
    compiler.args(OPTIONS).arg(format!("-DNEUVOL_WITH_VULKAN={}", i32::from(has_vulkan)));
    compiler.args(if source.starts_with(plugin()) { &OF_PLUGIN[..] } else { &[] });
    for module in ["Neuvol/Public", "Neuvol/Private", "NeuvolEditor/Private"] {
        compiler.arg("-I").arg(plugin().join("Source").join(module));
    }
    compiler.arg("-I").arg(generated()).arg("-I").arg(engine().join("engine")).arg("-isystem").arg(native::include());
    compiler
}

/// Folder of what the header tool writes.
fn generated() -> &'static Path {
    static WRITTEN: OnceLock<PathBuf> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unreal-generated");
        fs::create_dir_all(&folder).expect("a folder");
        header_tool::write(&folder).unwrap_or_else(|problems| panic!("{}", problems.join("\n")));
        folder
    })
}

/// Runs commands, as many at once as there are cores.
fn run_all(commands: Vec<Command>) {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let mut commands = commands.into_iter();
    loop {
        let running: Vec<(String, Child)> = commands.by_ref().take(cores).map(start).collect();
        if running.is_empty() {
            return;
        }
        for (name, child) in running {
            let output = child.wait_with_output().expect("a compiler");
            assert!(output.status.success(), "{name}\n{}", native::text_of(&output));
        }
    }
}

fn start(mut command: Command) -> (String, Child) {
    let name = format!("{command:?}");
    (name, command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a compiler starts"))
}

/// Files with an extension in a folder and those below it, in order.
pub(crate) fn files_below(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files_below(&path, extension, found);
        } else if path.extension() == Some(OsStr::new(extension)) {
            found.push(path);
        }
    }
}
