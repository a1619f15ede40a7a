//! `zmtp completions` and `zmtp man`: files for the shell and for `man`.

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::device::Context;
use crate::exit::Failure;
use crate::manual;

pub(super) fn completions(args: &CompletionsArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "zmtp", &mut text);
    context.output.bytes(&text)?;
    Ok(0)
}

pub(super) fn man(args: &ManArgs) -> Result<u8, Failure> {
    let doing = format!("write manual pages to {}", args.folder.display());
    std::fs::create_dir_all(&args.folder)
        .and_then(|()| manual::write(&args.folder))
        .map_err(Failure::io(doing))?;
    Ok(0)
}
