//! `zmtp`: sockets from the command line. See the README or `zmtp --help`.

mod args;
#[cfg(unix)]
mod bridge;
mod commands;
mod decode;
mod device;
mod duration;
mod exec;
mod exit;
mod input;
mod interrupt;
mod json;
mod loss;
mod manual;
mod output;
mod parts;
mod record;
mod size;
mod stdout;
mod text;
mod traffic;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use device::Context;
use interrupt::Interrupt;
use output::Output;

fn main() -> ExitCode {
    // clap ends the process for `--help`, `--version` (0) and wrong usage (2).
    let cli = Cli::parse();
    let output = Output::new(cli.command.output());
    let result = Interrupt::install().and_then(|interrupt| {
        commands::run(cli.command, &Context { output: &output, interrupt: &interrupt })
    });
    match result {
        Ok(code) => code.into(),
        Err(failure) => {
            output.failure(None, &failure);
            failure.code().into()
        }
    }
}
