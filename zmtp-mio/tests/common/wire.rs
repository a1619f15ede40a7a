//! Bytes as they stand on the wire, written by hand: the tests must not trust the code they test.

/// A greeting of ZMTP 3.1 with mechanism NULL.
pub(crate) fn greeting() -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[0] = 0xff;
    bytes[8] = 1;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes[11] = 1;
    bytes[12..16].copy_from_slice(b"NULL");
    bytes
}

/// A frame of these flags, in the short or the long form.
pub(crate) fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = match u8::try_from(body.len()) {
        Ok(len) => vec![flags, len],
        Err(_) => long_header(flags, body.len() as u64),
    };
    bytes.extend_from_slice(body);
    bytes
}

/// A header of the long form that claims `len` bytes.
pub(crate) fn long_header(flags: u8, len: u64) -> Vec<u8> {
    let mut bytes = vec![flags | 2];
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes
}

/// A command frame.
pub(crate) fn command(name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = vec![name.len() as u8];
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(data);
    frame(4, &body)
}

/// One property of a READY.
pub(crate) fn property(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![name.len() as u8];
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
    bytes.extend_from_slice(value);
    bytes
}

/// A READY that announces a socket type.
pub(crate) fn ready(kind: &str) -> Vec<u8> {
    command("READY", &property("Socket-Type", kind.as_bytes()))
}

/// A PING with a TTL of 0.
pub(crate) fn ping(context: &[u8]) -> Vec<u8> {
    command("PING", &[&[0, 0], context].concat())
}

/// An ERROR with its reason.
pub(crate) fn error(reason: &str) -> Vec<u8> {
    command("ERROR", &[&[reason.len() as u8], reason.as_bytes()].concat())
}

/// The frames of a message.
pub(crate) fn message(parts: &[&[u8]]) -> Vec<u8> {
    let last = parts.len() - 1;
    parts.iter().enumerate().flat_map(|(at, part)| frame(u8::from(at < last), part)).collect()
}

/// What a REQ sends for a request, and a REP for a reply.
pub(crate) fn plain(body: &[u8]) -> Vec<u8> {
    message(&[b"", body])
}

/// Greeting, READY and requests in one burst, as an eager client sends them.
pub(crate) fn burst(kind: &str, requests: &[&[u8]]) -> Vec<u8> {
    let mut bytes = greeting().to_vec();
    bytes.extend(ready(kind));
    for request in requests {
        bytes.extend(plain(request));
    }
    bytes
}

/// The reply to a request: its envelope and a body.
pub(crate) fn reply_to(request: &[Vec<u8>], body: &[u8]) -> Vec<u8> {
    let end = request.iter().position(Vec::is_empty).expect("a delimiter");
    let mut parts: Vec<&[u8]> = request[..=end].iter().map(Vec::as_slice).collect();
    parts.push(body);
    message(&parts)
}
