//! Inputs that are not implemented yet.

use super::{Case, What};

pub(super) fn cases() -> Vec<Case> {
    let deferred = [("ZAP handler misbehaves", ZAP, "there is no ZAP yet")];
    let mut cases = Vec::new();
    for (section, inputs, why) in deferred {
        let case = |input: &&'static str| Case { section, input, what: What::Deferred(why) };
        cases.extend(inputs.iter().map(case));
    }
    cases
}

const ZAP: &[&str] = &[
    "ZAP reply: version 1.1",
    "ZAP reply: wrong request id",
    "ZAP reply: status 201",
    "ZAP reply: six frames",
    "ZAP reply: bad metadata",
];
