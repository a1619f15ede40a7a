//! Endpoints with their side.

use clap::Args;

/// Endpoints that are bound or connected explicitly.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PlaceArgs {
    /// Listen on this endpoint; may be repeated
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) bind: Vec<String>,

    /// Connect to this endpoint, even if it is not bound yet; may be repeated
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) connect: Vec<String>,
}
