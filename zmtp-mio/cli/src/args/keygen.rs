//! Arguments of `zmtp keygen`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;
use crate::exit::HELP;

/// Make keys for CURVE
///
/// Writes the public key to FILE, and both keys to the file with `_secret` after this name, which only
/// its owner can read. Prints the public key in Z85. Existing files are not changed. CZMQ and pyzmq
/// read these files too.
#[derive(Args, Debug)]
#[command(after_help = HELP,
    mut_arg("raw", |arg| arg.hide(true)), mut_arg("hex_output", |arg| arg.hide(true)),
    mut_arg("ascii", |arg| arg.hide(true)), mut_arg("quoted", |arg| arg.hide(true)))]
pub(crate) struct KeygenArgs {
    /// The file of the public key, for example `alice.key`
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
