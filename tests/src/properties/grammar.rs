//! Properties of the grammars.

use zmtp_core::wire::{
    Command, CommandName, FrameHeader, FrameKind, Greeting, MechanismName, Metadata, More, Ping,
    Property, Version, Writer, error_reason,
};

/// A parsed header is emitted as bytes that parse to the same header, and its length is correct.
pub fn frame_headers_round_trip(bytes: &[u8]) {
    if let Ok(Some((header, taken))) = FrameHeader::parse(bytes) {
        assert_eq!(FrameHeader::parse(&bytes[..taken]), Ok(Some((header, taken))));
        assert_eq!(FrameHeader::parse(&bytes[..taken - 1]), Ok(None));
        let theirs = wire::Frame::first(bytes).expect("a whole header");
        assert_eq!((header.len(), taken), (theirs.len, theirs.wire_len - theirs.body.len()));
        assert_eq!(FrameHeader::peek(bytes), Some((header, taken)));
        assert_eq!(FrameHeader::peek(&bytes[..taken - 1]), None);
        round_trip(header);
    }
    if let Some(len) = bytes.first_chunk() {
        for kind in
            [FrameKind::Command, FrameKind::Message(More::Last), FrameKind::Message(More::Follows)]
        {
            round_trip(FrameHeader::new(kind, u64::from_be_bytes(*len)));
        }
    }
}

fn round_trip(header: FrameHeader) {
    let bytes = header.emit();
    assert_eq!(FrameHeader::parse(bytes.as_ref()), Ok(Some((header, header.header_len()))));
}

/// A parsed greeting is emitted as bytes that parse to the same greeting. Every prefix is incomplete. A
/// refused input stays refused with any bytes after it.
pub fn greetings_round_trip(bytes: &[u8]) {
    let parsed = Greeting::parse(bytes);
    match parsed {
        Ok(Some(greeting)) => {
            assert_eq!(Greeting::parse(&greeting.emit(bytes[0])), Ok(Some(greeting)));
            for cut in 0..Greeting::LEN {
                assert_eq!(Greeting::parse(&bytes[..cut]), Ok(None));
            }
        }
        Ok(None) => assert!(bytes.len() < Greeting::LEN),
        Err(_) => assert_eq!(Greeting::parse(&[bytes, &[0; 64]].concat()), parsed),
    }
    let ([major, minor, id, rest @ ..], name) = bytes.split_at(bytes.len().min(24)) else {
        return;
    };
    let _ = name;
    let greeting = Greeting {
        version: Version { major: (*major).max(2), minor: *minor },
        mechanism: MechanismName::new(rest),
        as_server: id & 1 == 1,
    };
    assert_eq!(Greeting::parse(&greeting.emit(*id)), Ok(Some(greeting)));
}

/// Parsed commands are emitted as the bytes they were parsed from. Parsed PINGs and reasons consist of
/// bytes of the input.
pub fn commands_round_trip(bytes: &[u8]) {
    for name in [CommandName::Ping, CommandName::Subscribe] {
        let body = emitted(name, bytes);
        let command = Command::parse(&body).expect("a command");
        assert_eq!((command.name(), command.data), (name, bytes));
    }
    if let Ok(command) = Command::parse(bytes) {
        let name = &bytes[1..bytes.len() - command.data.len()];
        assert_eq!(usize::from(bytes[0]), name.len());
        match command.name() {
            CommandName::Unknown => {}
            known => {
                assert_eq!(known.bytes(), name);
                assert_eq!(emitted(known, command.data), bytes);
            }
        }
    } else {
        assert!(bytes.is_empty() || bytes[0] == 0 || usize::from(bytes[0]) >= bytes.len());
    }
    if let Ok(ping) = Ping::parse(bytes) {
        assert!(ping.context.len() <= Ping::MAX_CONTEXT);
        assert!(bytes.starts_with(&[&ping.ttl.to_be_bytes(), ping.context].concat()));
    }
    if let Ok(reason) = error_reason(bytes) {
        assert!(bytes.starts_with(&[&[reason.len() as u8], reason].concat()));
    }
}

/// The body of the frame of a command whose data is given in three parts.
fn emitted(name: CommandName, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; data.len() + 32];
    let mut writer = Writer::new(&mut out);
    let (first, rest) = data.split_at(data.len() / 3);
    writer.command(name, &[first, &[], rest]);
    let frame = writer.written();
    let (header, taken) = FrameHeader::parse(frame).unwrap().expect("a whole header");
    assert_eq!((header.kind(), taken), (FrameKind::Command, header.header_len()));
    assert_eq!(header.len(), (frame.len() - taken) as u64);
    frame[taken..].to_vec()
}

/// Parsed metadata consists of the bytes of the input, property by property.
pub fn metadata_round_trips(bytes: &[u8]) {
    let (properties, rest) = wire::properties(bytes);
    let parsed = Metadata::new(bytes);
    assert_eq!(parsed.is_ok(), rest.is_empty());
    let Ok(metadata) = parsed else { return };
    let mut out = vec![0; bytes.len()];
    let mut writer = Writer::new(&mut out);
    for (property, theirs) in metadata.iter().zip(&properties) {
        assert_eq!((property.name, property.value), *theirs);
        let Ok(name) = core::str::from_utf8(property.name) else { return };
        Property::emit(name, property.value, &mut writer);
    }
    assert_eq!(writer.written(), bytes);
}
