//! Arguments of `zmtp completions` and `zmtp man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::OutputArgs;
use crate::exit::HELP;

/// Print the completions for a shell
///
/// For bash: `zmtp completions bash > ~/.local/share/bash-completion/completions/zmtp`.
#[derive(Args, Debug)]
#[command(after_help = HELP, mut_arg("json", |arg| arg.hide(true)),
    mut_arg("raw", |arg| arg.hide(true)), mut_arg("hex_output", |arg| arg.hide(true)),
    mut_arg("ascii", |arg| arg.hide(true)), mut_arg("quoted", |arg| arg.hide(true)))]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Write the manual pages
///
/// Writes `zmtp.1`, and a page for each command, such as `zmtp-req.1`. Existing pages are replaced. For
/// example: `zmtp man ~/.local/share/man/man1`.
#[derive(Args, Debug)]
#[command(after_help = HELP, mut_arg("json", |arg| arg.hide(true)),
    mut_arg("raw", |arg| arg.hide(true)), mut_arg("hex_output", |arg| arg.hide(true)),
    mut_arg("ascii", |arg| arg.hide(true)), mut_arg("quoted", |arg| arg.hide(true)))]
pub(crate) struct ManArgs {
    /// The folder, which is created if there is none
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
