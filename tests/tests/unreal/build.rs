//! Compiles the plugin, the fake engine and the scenarios: clang++, C++20, warnings as errors; the plugin's own files without
//! exceptions and run-time types, as Unreal builds them.

use crate::{engine, header_tool, plugin};
use neuvol_tests::native::{self, tool};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::{fs, thread};

/// What Unreal's build tool compiles modules with, as far as a stranger's compiler knows it.
const OPTIONS: [&str; 9] = [
    "-std=c++20",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-g",
    "-O1",
    // Each module has a macro of its name, which clashes with that of the C header.
    "-DNEUVOL_API=",
    "-DNEUVOL_WITH_VULKAN=1",
    "-fsanitize=address,undefined",
];
const OF_PLUGIN: [&str; 3] = ["-fno-exceptions", "-fno-rtti", "-Wshadow"];

/// The program that runs scenarios. Compiled once.
pub(crate) fn host() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unreal");
        let generated = folder.join("generated");
        fs::create_dir_all(&generated).expect("a folder");
        header_tool::write(&generated).unwrap_or_else(|problems| panic!("{}", problems.join("\n")));
        let objects = compile(&folder, &generated);
        let program = folder.join("host");
        let mut link = tool("clang++");
        link.args(["-g", "-fsanitize=address,undefined", "-o"]).arg(&program).args(objects);
        native::succeed(link.args(["-lvulkan", "-ldl", "-pthread"]));
        program
    })
}

/// All object files; as many compilers at once as there are cores.
fn compile(folder: &Path, generated: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for path in [plugin().join("Source"), engine()] {
        files_below(&path, "cpp", &mut sources);
    }
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let mut objects = Vec::new();
    for some in sources.chunks(cores) {
        let running: Vec<(PathBuf, Child)> = some.iter().map(|source| start(source, folder, generated)).collect();
        for (object, child) in running {
            let output = child.wait_with_output().expect("a compiler");
            assert!(output.status.success(), "{}: {}", object.display(), native::text_of(&output));
            objects.push(object);
        }
    }
    objects
}

fn start(source: &Path, folder: &Path, generated: &Path) -> (PathBuf, Child) {
    let is_of_plugin = source.starts_with(plugin());
    let object = folder.join(source.file_name().expect("a file")).with_extension("o");
    let mut compiler: Command = tool("clang++");
    compiler.args(OPTIONS).args(if is_of_plugin { &OF_PLUGIN[..] } else { &[] });
    for module in ["Neuvol/Public", "Neuvol/Private", "NeuvolEditor/Private"] {
        compiler.arg("-I").arg(plugin().join("Source").join(module));
    }
    compiler.arg("-I").arg(generated).arg("-I").arg(engine().join("engine")).arg("-isystem").arg(native::include());
    compiler.arg("-c").arg(source).arg("-o").arg(&object);
    let child = compiler.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("clang++ starts");
    (object, child)
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
