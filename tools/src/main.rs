//! The `neuvol` command line tool.

fn main() -> std::process::ExitCode {
    neuvol_tools::cli::main()
}
