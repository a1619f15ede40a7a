//! Invalid replies of a ZAP handler.

use super::{Case, What};

/// What is above the connection: `zmtp-mio` asks a handler.
const ABOVE: What = What::Elsewhere { file: "sockets/zap.rs", about: "it is about a ZAP handler" };

pub(super) fn cases() -> Vec<Case> {
    let section = "ZAP handler misbehaves";
    INPUTS.iter().map(|input| Case { section, input, what: ABOVE }).collect()
}

const INPUTS: &[&str] = &[
    "ZAP reply: version 1.1",
    "ZAP reply: wrong request id",
    "ZAP reply: status 201",
    "ZAP reply: six frames",
    "ZAP reply: bad metadata",
];
