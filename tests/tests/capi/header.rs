//! The header alone, with the strictest flags. That it fits the Rust source is checked by `cargo xtask header --check`.

use neuvol_tests::native::{self, Language, succeed};

#[test]
fn compiles_without_warnings_in_c_and_cpp() {
    for (language, name) in [(Language::C99, "c"), (Language::Cpp17, "c++")] {
        let mut compiler = language.compiler();
        compiler.args(["-Wpadded", "-Wundef", "-Wconversion", "-fsyntax-only", "-x", name]);
        if language == Language::C99 {
            compiler.args(["-Wstrict-prototypes", "-Wmissing-prototypes"]);
        }
        succeed(compiler.arg(native::source("header_only.c")));
    }
}
