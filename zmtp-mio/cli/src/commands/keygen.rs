//! `zmtp keygen`: new keys for CURVE.

use zmtp_mio::Certificate;

use crate::args::KeygenArgs;
use crate::device::Context;
use crate::exit::Failure;

pub(super) fn run(args: &KeygenArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let certificate = Certificate::generate().map_err(Failure::io("read random bytes"))?;
    let doing = format!("write {}", args.file.display());
    certificate.save(&args.file).map_err(Failure::io(doing))?;
    context.output.bytes(format!("{}\n", certificate.public_key()).as_bytes())?;
    Ok(0)
}
