//! Inputs whose mechanism is not implemented yet.

use super::{Case, What};

pub(super) fn cases() -> Vec<Case> {
    let plain = "there is no PLAIN yet";
    let deferred = [
        ("PLAIN server", PLAIN_SERVER, plain),
        ("PLAIN client", PLAIN_CLIENT, plain),
        ("ZAP handler misbehaves", ZAP, "there is no ZAP yet"),
        ("CURVE server", CURVE, "there is no CURVE yet"),
    ];
    let mut cases = Vec::new();
    for (section, inputs, why) in deferred {
        let case = |input: &&'static str| Case { section, input, what: What::Deferred(why) };
        cases.extend(inputs.iter().map(case));
    }
    cases
}

const PLAIN_SERVER: &[&str] = &[
    "good HELLO + INITIATE",
    "client as-server bit set to 1 as well",
    "HELLO with trailing byte",
    "HELLO without password",
    "HELLO with empty user and password",
    "HELLO user length beyond the body",
    "INITIATE before HELLO",
    "HELLO and INITIATE in one segment (before WELCOME)",
    "INITIATE with wrong Socket-Type",
    "READY instead of INITIATE",
    "peer is also a PLAIN server (sends nothing)",
    "ERROR sent by the client",
];

const PLAIN_CLIENT: &[&str] = &[
    "WELCOME with data",
    "READY without WELCOME",
    "WELCOME twice",
    "READY with wrong Socket-Type",
    "HELLO from the other side (two clients)",
    "ERROR 400",
    "ERROR 'hello' (not a ZAP code)",
];

const ZAP: &[&str] = &[
    "ZAP reply: version 1.1",
    "ZAP reply: wrong request id",
    "ZAP reply: status 201",
    "ZAP reply: six frames",
    "ZAP reply: bad metadata",
];

const CURVE: &[&str] = &[
    "good handshake + message",
    "HELLO version 1.1",
    "HELLO padding not zero",
    "HELLO one byte short",
    "HELLO box corrupted",
    "HELLO in a message frame (00)",
    "INITIATE cookie corrupted",
    "INITIATE box corrupted",
    "vouch with wrong transient key",
    "vouch with wrong server key: not checked by libzmq",
    "vouch sealed by another client key",
    "INITIATE nonce equal to HELLO's (1): not checked",
    "INITIATE with empty metadata",
    "INITIATE with bad Socket-Type",
    "INITIATE nonce 500, MESSAGE nonce 3",
    "clear message frame after the handshake",
    "clear PING command after the handshake",
    "MESSAGE box corrupted",
    "MESSAGE with an empty inner payload (no flags byte)",
    "MESSAGE inner flags ff (all bits), body PING-less 'x': command bit 02 makes it a dropped command",
    "MESSAGE inner flags fc (reserved only)",
    "MESSAGE inner flags 04 with PING body: delivered as data",
    "outer MORE flag, inner flags 00: outer MORE leaks into the message",
    "pipelined: second MESSAGE with a lower nonce",
    "NULL client to a CURVE server",
];
