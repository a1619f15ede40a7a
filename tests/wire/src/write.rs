//! Builds wire bytes.

/// A greeting of ZMTP 3.1 from a client. Bytes 1 to 9 are libzmq's.
pub fn greeting(mechanism: &str) -> Vec<u8> {
    greeting_of([3, 1], mechanism)
}

/// A greeting with this version from a client.
pub fn greeting_of(version: [u8; 2], mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[0] = 0xff;
    bytes[8] = 1;
    bytes[9] = 0x7f;
    bytes[10..12].copy_from_slice(&version);
    bytes[12..12 + mechanism.len()].copy_from_slice(mechanism.as_bytes());
    bytes
}

/// A frame with these flags, in the short form where the body fits.
pub fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    match u8::try_from(body.len()) {
        Ok(len) => [&[flags, len], body].concat(),
        Err(_) => long_frame(flags, body),
    }
}

/// A frame in the long form, whatever its size.
pub fn long_frame(flags: u8, body: &[u8]) -> Vec<u8> {
    [&long_header(flags, body.len() as u64), body].concat()
}

/// A header of the long form with any size.
pub fn long_header(flags: u8, size: u64) -> Vec<u8> {
    [&[flags | 2], &size.to_be_bytes()[..]].concat()
}

/// A frame with exactly these flags and this size. Bit 1 of the flags selects the form.
pub fn with_header(flags: u8, size: u64, body: &[u8]) -> Vec<u8> {
    match flags & 2 {
        0 => [&[flags, size as u8], body].concat(),
        _ => [&long_header(flags, size), body].concat(),
    }
}

/// A frame of ZMTP 1.0 with these flags.
pub fn frame_of_1_0(flags: u8, body: &[u8]) -> Vec<u8> {
    match body.len() + 1 {
        len @ ..255 => [&[len as u8, flags], body].concat(),
        len => [&[0xff], &(len as u64).to_be_bytes()[..], &[flags], body].concat(),
    }
}

/// The opening of a ZMTP 2.0 peer: signature, revision, socket type and identity.
pub fn opening_of_2_0(socket_type: u8, identity: &[u8]) -> Vec<u8> {
    [&b"\xff\0\0\0\0\0\0\0\x01\x7f\x01"[..], &[socket_type], &frame(0, identity)].concat()
}

/// A message with one frame per part.
pub fn message(parts: &[&[u8]]) -> Vec<u8> {
    let last = parts.len() - 1;
    parts.iter().enumerate().flat_map(|(at, part)| frame(u8::from(at < last), part)).collect()
}

/// An empty delimiter and a body: a request of REQ, or the reply to it.
pub fn delimited(body: &[u8]) -> Vec<u8> {
    message(&[b"", body])
}

/// The reply to a request: its envelope and a body.
///
/// # Panics
///
/// If the request has no delimiter.
pub fn reply_to(request: &[Vec<u8>], body: &[u8]) -> Vec<u8> {
    let end = request.iter().position(Vec::is_empty).expect("a delimiter");
    let mut parts: Vec<&[u8]> = request[..=end].iter().map(Vec::as_slice).collect();
    parts.push(body);
    message(&parts)
}

/// A command frame.
pub fn command(name: &str, data: &[u8]) -> Vec<u8> {
    frame(4, &command_body(name, data))
}

/// The body of a command frame.
pub fn command_body(name: &str, data: &[u8]) -> Vec<u8> {
    [&[name.len() as u8], name.as_bytes(), data].concat()
}

/// A property of a READY.
pub fn property(name: &str, value: &[u8]) -> Vec<u8> {
    [&[name.len() as u8], name.as_bytes(), &(value.len() as u32).to_be_bytes()[..], value].concat()
}

/// A READY with a socket type and no routing id.
pub fn ready(socket_type: &str) -> Vec<u8> {
    command("READY", &property("Socket-Type", socket_type.as_bytes()))
}

/// A READY with a socket type and a routing id.
pub fn ready_with_identity(socket_type: &str, identity: &[u8]) -> Vec<u8> {
    let mut data = property("Socket-Type", socket_type.as_bytes());
    data.extend(property("Identity", identity));
    command("READY", &data)
}

/// A PING with a TTL of 0.
pub fn ping(context: &[u8]) -> Vec<u8> {
    command("PING", &[&[0, 0], context].concat())
}

/// An ERROR with a reason.
pub fn error(reason: &str) -> Vec<u8> {
    command("ERROR", &[&[reason.len() as u8], reason.as_bytes()].concat())
}

/// A NULL greeting, a READY and requests as one block of bytes.
pub fn burst(socket_type: &str, requests: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [greeting("NULL"), ready(socket_type)].concat();
    bytes.extend(requests.iter().flat_map(|request| delimited(request)));
    bytes
}
