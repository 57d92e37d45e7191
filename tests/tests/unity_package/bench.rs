//! What all tests of the package need, each made once: the assemblies, the libraries, and the files that are shown.

use neuvol_tests::native::{self, succeed, tool};
use neuvol_tests::sample;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// `target/tmp`, where the shared libraries of the tests go.
const TEMPORARY: &str = env!("CARGO_TARGET_TMPDIR");

/// What is compiled: stubs of Unity and NUnit, the parts of the package as its assembly definitions divide it, and programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Assembly {
    UnityEngine,
    UnityEditor,
    NUnit,
    /// The runtime as it is in a player.
    Player,
    /// The runtime as it is in the editor.
    Runtime,
    Editor,
    Tests,
    EditorTests,
    Samples,
    Scenarios,
}

use Assembly::{Editor, EditorTests, NUnit, Player, Runtime, Samples, Scenarios, Tests, UnityEditor, UnityEngine};

impl Assembly {
    const ALL: [Self; 10] =
        [UnityEngine, UnityEditor, NUnit, Player, Runtime, Editor, Tests, EditorTests, Samples, Scenarios];

    /// File, folders of the sources, and what is referred to.
    fn parts(self) -> (&'static str, &'static [&'static str], &'static [Self]) {
        match self {
            UnityEngine => ("UnityEngine.dll", &["tests/unity-stub/UnityEngine"], &[]),
            UnityEditor => ("UnityEditor.dll", &["tests/unity-stub/UnityEditor"], &[UnityEngine]),
            NUnit => ("nunit.framework.dll", &["tests/unity-stub/NUnit"], &[]),
            Player => ("player/Neuvol.dll", &["unity-package/Runtime"], &[UnityEngine]),
            Runtime => ("Neuvol.dll", &["unity-package/Runtime"], &[UnityEngine, UnityEditor]),
            Editor => ("Neuvol.Editor.dll", &["unity-package/Editor"], &[UnityEngine, UnityEditor, Runtime]),
            Tests => ("Neuvol.Tests.dll", &["unity-package/Tests/Runtime"], &[UnityEngine, NUnit, Runtime]),
            EditorTests => {
                let refers = &[UnityEngine, UnityEditor, NUnit, Runtime, Editor];
                ("Neuvol.Editor.Tests.dll", &["unity-package/Tests/Editor"], refers)
            }
            Samples => ("Samples.dll", &["unity-package/Samples~"], &[UnityEngine, Runtime]),
            Scenarios => {
                let refers = &[UnityEngine, UnityEditor, NUnit, Runtime, Editor, Tests, EditorTests, Samples];
                ("Scenarios.exe", &["tests/unity-stub/Scenarios"], refers)
            }
        }
    }

    /// Sources of the package: public names need comments.
    fn is_package(self) -> bool {
        matches!(self, Player | Runtime | Editor | Samples)
    }
}

pub struct Bench {
    folder: TempDir,
    library: PathBuf,
    fake_unity: PathBuf,
}

pub fn bench() -> &'static Bench {
    static MADE: OnceLock<Bench> = OnceLock::new();
    MADE.get_or_init(|| {
        let temporary = Path::new(TEMPORARY);
        let (library, fake_unity) = (native::library(temporary, false), native::fake_unity(temporary));
        let bench = Bench { folder: tempfile::tempdir().expect("a temporary folder"), library, fake_unity };
        fs::create_dir(bench.path("player")).expect("a folder");
        sample::write(&bench.path("sample.neuvol"));
        sample::write_large(&bench.path("large.neuvol"), 30);
        let plume = native::root().join("tests/hosts/sample/plume.neuvol");
        fs::copy(plume, bench.path("plume.neuvol")).expect("the plume");
        Assembly::ALL.into_iter().for_each(|assembly| bench.compile(assembly));
        bench
    })
}

impl Bench {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn compile(&self, assembly: Assembly) {
        let (file, folders, _) = assembly.parts();
        let sources: Vec<PathBuf> = folders.iter().flat_map(|folder| sources(&native::root().join(folder))).collect();
        self.compile_sources(assembly, file, &sources);
    }

    fn compile_sources(&self, assembly: Assembly, file: &str, sources: &[PathBuf]) {
        let (_, _, refers) = assembly.parts();
        let mut compiler = tool("mcs");
        // Unity 2022.3 has C# 9, of which this is a part.
        compiler.args(["-langversion:7.2", "-unsafe", "-warnaserror", "-warn:4"]);
        // Fields that the inspector sets, and those of stubs, are never assigned.
        compiler.arg("-nowarn:0649,0414,0660,0661");
        if assembly.is_package() {
            // Not every parameter of the declarations has a comment.
            compiler.arg("-nowarn:1573").arg(format!("-doc:{}", self.path(file).with_extension("xml").display()));
        }
        if assembly != Player {
            compiler.args(["-d:UNITY_EDITOR", "-d:UNITY_INCLUDE_TESTS"]);
        }
        let is_program = file.ends_with(".exe");
        compiler.arg(if is_program { "-target:exe" } else { "-target:library" });
        for refers in refers {
            compiler.arg(format!("-r:{}", self.path(refers.parts().0).display()));
        }
        compiler.arg(format!("-out:{}", self.path(file).display()));
        succeed(compiler.args(sources));
    }

    /// Runs scenarios with a runtime in which a piece of code is replaced; gives what they print.
    pub fn run_broken(&self, from: &str, to: &str, arguments: &[&str]) -> String {
        let broken = tempfile::tempdir_in(self.folder.path()).expect("a folder");
        let mut times = 0;
        let mut changed = Vec::new();
        for (number, source) in sources(&native::root().join("unity-package/Runtime")).into_iter().enumerate() {
            let text = fs::read_to_string(&source).expect("a source");
            times += text.matches(from).count();
            changed.push(broken.path().join(format!("{number}.cs")));
            fs::write(&changed[number], text.replace(from, to)).expect("a writable folder");
        }
        assert!(times == 1, "`{from}` stands {times} times in the runtime");
        // All assemblies stand beside it: Mono looks there.
        for entry in fs::read_dir(self.folder.path()).expect("the folder").flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().ends_with(".dll") || name.to_string_lossy().ends_with(".exe") {
                fs::copy(entry.path(), broken.path().join(&name)).expect("a copy");
            }
        }
        let file = broken.path().join("Neuvol.dll");
        self.compile_sources(Runtime, &file.display().to_string(), &changed);
        let mut mono = self.mono(&broken.path().join(Scenarios.parts().0), arguments);
        native::text_of(&native::run(&mut mono))
    }

    /// Runs scenarios, all without arguments; gives what they print.
    pub fn run(&self, arguments: &[&str]) -> String {
        succeed(&mut self.mono(&self.program(), arguments))
    }

    /// The program of the scenarios.
    pub fn program(&self) -> PathBuf {
        self.path(Scenarios.parts().0)
    }

    pub fn mono(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut mono = tool("mono");
        // Where Mono looks for libraries that no path is given for.
        let folders = [&self.library, &self.fake_unity].map(|library| library.parent().expect("its folder"));
        mono.env("LD_LIBRARY_PATH", std::env::join_paths(folders).expect("folders without colons"));
        // Names of files are UTF-8, whatever the machine's language is.
        mono.env("LANG", "C.UTF-8").arg(program).arg(&self.library).arg(self.folder.path());
        let needs_vulkan = std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_some();
        mono.arg(if needs_vulkan { "vulkan" } else { "any" }).args(arguments);
        mono
    }
}

/// All C# files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("a folder that can be read").path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "cs") {
            found.push(path);
        }
    }
    found.sort();
    assert!(!found.is_empty() || folder.ends_with("Plugins") || folder.ends_with("Shaders"), "{}", folder.display());
    found
}
