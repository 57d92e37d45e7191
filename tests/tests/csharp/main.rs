//! The C# bindings, compiled and run by Mono, whose C# is that of the engines.

use neuvol_tests::native::{self, Language, succeed, tool};
use neuvol_tests::{cases, sample};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// `target/tmp`, where the shared libraries of the tests go.
const TEMPORARY: &str = env!("CARGO_TARGET_TMPDIR");

/// The libraries, the program of `tests/csharp` and the sample model, each made once.
struct Bench {
    folder: TempDir,
    library: PathBuf,
    fake_unity: PathBuf,
    program: PathBuf,
    model: PathBuf,
}

fn bench() -> &'static Bench {
    static MADE: OnceLock<Bench> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("check.exe");
        let model = folder.path().join("Modell größer.neuvol");
        sample::write(&model);
        compile(&program);
        let temporary = Path::new(TEMPORARY);
        let (library, fake_unity) = (native::library(temporary, false), native::fake_unity(temporary));
        Bench { folder, library, fake_unity, program, model }
    })
}

fn compile(program: &Path) {
    let root = native::root();
    let own = fs::read_dir(root.join("tests/csharp")).expect("the sources");
    let mut sources: Vec<PathBuf> = own.map(|entry| entry.expect("a source").path()).collect();
    sources.sort();
    let mut compiler = tool("mcs");
    // The C# of Unity 2022.3 is newer. Comments for documentation are checked, too.
    compiler.args(["-langversion:7.2", "-unsafe", "-warnaserror", "-warn:4"]);
    compiler.arg(format!("-doc:{}", program.with_extension("xml").display()));
    // Public names of the test itself need no comments, nor does every parameter.
    compiler.arg("-nowarn:1591,1573").arg(format!("-out:{}", program.display()));
    compiler.arg(root.join("bindings/csharp/NeuvolNative.cs")).args(sources);
    succeed(&mut compiler);
}

impl Bench {
    fn run(&self, check: &str) -> Command {
        let mut mono = tool("mono");
        // Where Mono looks for libraries that no path is given for.
        let folders = [&self.library, &self.fake_unity].map(|library| library.parent().expect("its folder"));
        mono.env("LD_LIBRARY_PATH", std::env::join_paths(folders).expect("folders without colons"));
        // Names of files are UTF-8, whatever the machine's language is.
        mono.env("LANG", "C.UTF-8").arg(&self.program).arg(check);
        mono
    }
}

#[test]
fn structures_are_those_of_c() {
    let bench = bench();
    let program = bench.folder.path().join("layout");
    native::program(Language::C99, "check", &bench.library, &program, &[]);
    let layout = bench.folder.path().join("layout.txt");
    fs::write(&layout, succeed(Command::new(&program).arg("layout"))).expect("a writable folder");
    let printed = succeed(bench.run("layout").arg(&layout));
    assert!(printed.ends_with(" structures\n"), "{printed}");
    // The comparison can fail: one field elsewhere, one structure missing.
    let text = fs::read_to_string(&layout).expect("just written");
    let wrong = ["neuvol_volume.id 0 8\n", "neuvol_volume 8\n"].map(|line| {
        assert!(text.contains(line), "{text}");
        (text.replace(line, ""), text.replace(line, &line.replace(" 8", " 4")))
    });
    for text in wrong.into_iter().flat_map(|(without, other)| [without, other]) {
        fs::write(&layout, text).expect("a writable folder");
        assert!(!native::run(bench.run("layout").arg(&layout)).status.success());
    }
}

#[test]
fn files_and_errors_are_described() {
    let bench = bench();
    succeed(bench.run("describe").arg(&bench.model));
}

#[test]
fn boxes_are_decoded() {
    let bench = bench();
    let list = bench.folder.path().join("cases.txt");
    fs::write(&list, cases::text(&fs::read(&bench.model).expect("the model"))).expect("a writable folder");
    let printed = succeed(bench.run("decode").arg(&bench.model).arg(&list));
    let floats = cases::all().iter().filter(|d| d.format == neuvol_capi::NEUVOL_FORMAT_F32 && d.row_pitch == 0).count();
    assert_eq!(printed, format!("{floats} cases\n"));
    assert!(floats > 12, "{floats}");
}

/// A script of Unity, with the fake one; where there is no Vulkan it says so.
#[test]
fn a_script_decodes_into_a_texture() {
    let bench = bench();
    let printed = succeed(bench.run("unity").arg(&bench.library).arg(&bench.model));
    let required = std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_some();
    assert!(printed == "13320 texels\n" || (printed == "no Vulkan\n" && !required), "{printed}");
}
