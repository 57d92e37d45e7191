//! Build and test automation: one program for what a newcomer, a developer and CI do. `cargo xtask help` lists it.
#![allow(clippy::print_stdout, reason = "a command line program: its reports go to stdout, its progress to stderr")]

mod android;
mod bench;
mod cargo_tools;
mod cli;
mod cmake;
mod cross;
mod csharp;
mod cuda;
mod debian;
mod demo;
mod failure;
mod files;
mod fuzz;
mod gpu_check;
mod header;
mod hosts;
mod kernels;
mod layering;
mod libtorch;
mod machine;
mod package;
mod python;
mod rd;
mod rendering;
mod setup;
mod shaders;
mod test;
mod wheels;
mod windows;
mod workspace;

use std::process::ExitCode;

use cli::Command;
use failure::Failure;
use workspace::Workspace;

fn main() -> ExitCode {
    match cli::parse(std::env::args().skip(1)).and_then(execute) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    // On a machine without this checkout.
    if let Command::GpuCheck(options) = &command
        && let Some(folder) = &options.folder
    {
        return gpu_check::run_packed(folder, options);
    }
    let workspace = Workspace::locate()?;
    match command {
        Command::Help => {
            print!("{}", cli::USAGE);
            Ok(())
        }
        Command::Setup { flavour } => {
            setup::ensure(&workspace, debian::Purpose::Test, flavour)?;
            println!("Ready. Next: `cargo xtask demo` or `cargo xtask test`.");
            Ok(())
        }
        Command::Demo { out, full } => demo::run(&workspace, &out, full),
        Command::Test { quick } => test::run(&workspace, quick),
        Command::Bench => bench::run(&workspace),
        Command::Rd(options) => rd::run(&workspace, &options),
        Command::Fuzz { seconds } => fuzz::run(&workspace, seconds),
        Command::Header { check } => header::run(&workspace, check),
        Command::GpuCheck(options) => gpu_check::run(&workspace, &options),
        Command::Hosts { bevy } => hosts::run(&workspace, bevy),
        Command::Kernels(options) => kernels::run(&workspace, &options),
        Command::Rendering { write } => rendering::run(&workspace, write),
        Command::Shaders { check } => shaders::run(&workspace, check),
        Command::Cuda => cuda::run(&workspace),
        Command::Android => android::run(&workspace),
        Command::Windows => windows::run(&workspace),
        Command::Package { engine, out, windows } => package::pack(&workspace, engine, &out, windows),
        Command::UnityMetas { check } => package::metas(&workspace, check),
    }
}
