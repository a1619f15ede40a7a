//! Invalid replies of a ZAP handler. ZAP is above the connection: a test of `zmtp-mio` sends such replies.

use super::{Case, What};

const SECTION: &str = "ZAP handler misbehaves";
const ABOVE: What = What::AboveConnection(
    "ZAP is above the connection; zmtp-mio/tests/security/zap.rs sends invalid replies",
);

pub(super) fn cases() -> Vec<Case> {
    let case = |input: &&'static str| Case { section: SECTION, input, what: ABOVE };
    INPUTS.iter().map(case).collect()
}

const INPUTS: &[&str] = &[
    "ZAP reply: version 1.1",
    "ZAP reply: wrong request id",
    "ZAP reply: status 201",
    "ZAP reply: six frames",
    "ZAP reply: bad metadata",
];
