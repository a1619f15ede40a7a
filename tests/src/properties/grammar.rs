//! What must hold for the grammars.

use zmtp_core::wire::{
    Command, CommandName, FrameHeader, Greeting, Kind, MechanismName, Metadata, More, Ping,
    Property, Version, Writer, error_reason,
};

use crate::raw;

/// A header that parses emits octets that parse to the same, and took no more than it said.
pub fn frame_headers_round_trip(octets: &[u8]) {
    if let Ok(Some((header, taken))) = FrameHeader::parse(octets) {
        assert_eq!(FrameHeader::parse(&octets[..taken]), Ok(Some((header, taken))));
        assert_eq!(FrameHeader::parse(&octets[..taken - 1]), Ok(None));
        let theirs = raw::Frame::first(octets).expect("a whole header");
        assert_eq!((header.len(), taken), (theirs.len, theirs.wire_len - theirs.body.len()));
        assert_eq!(FrameHeader::peek(octets), Some((header, taken)));
        assert_eq!(FrameHeader::peek(&octets[..taken - 1]), None);
        round_trip(header);
    }
    if let Some(len) = octets.first_chunk() {
        for kind in [Kind::Command, Kind::Message(More::Last), Kind::Message(More::Follows)] {
            round_trip(FrameHeader::new(kind, u64::from_be_bytes(*len)));
        }
    }
}

fn round_trip(header: FrameHeader) {
    let octets = header.emit();
    assert_eq!(FrameHeader::parse(octets.as_ref()), Ok(Some((header, header.header_len()))));
}

/// A greeting that parses emits octets that parse to the same; every prefix of it asks for more,
/// and what is refused stays refused whatever follows.
pub fn greetings_round_trip(octets: &[u8]) {
    let parsed = Greeting::parse(octets);
    match parsed {
        Ok(Some(greeting)) => {
            assert_eq!(Greeting::parse(&greeting.emit(octets[0])), Ok(Some(greeting)));
            for cut in 0..Greeting::LEN {
                assert_eq!(Greeting::parse(&octets[..cut]), Ok(None));
            }
        }
        Ok(None) => assert!(octets.len() < Greeting::LEN),
        Err(_) => assert_eq!(Greeting::parse(&[octets, &[0; 64]].concat()), parsed),
    }
    let ([major, minor, id, rest @ ..], name) = octets.split_at(octets.len().min(24)) else {
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

/// Commands that parse emit the octets they came from, whatever those are; PINGs and reasons that
/// parse are made of theirs.
pub fn commands_round_trip(octets: &[u8]) {
    for name in [CommandName::Ping, CommandName::Subscribe] {
        let body = emitted(name, octets);
        let command = Command::parse(&body).expect("a command");
        assert_eq!((command.name(), command.data), (name, octets));
    }
    if let Ok(command) = Command::parse(octets) {
        let name = &octets[1..octets.len() - command.data.len()];
        assert_eq!(usize::from(octets[0]), name.len());
        match command.name() {
            CommandName::Unknown => {}
            known => {
                assert_eq!(known.octets(), name);
                assert_eq!(emitted(known, command.data), octets);
            }
        }
    } else {
        assert!(octets.is_empty() || octets[0] == 0 || usize::from(octets[0]) >= octets.len());
    }
    if let Ok(ping) = Ping::parse(octets) {
        assert!(ping.context.len() <= Ping::MAX_CONTEXT);
        assert!(octets.starts_with(&[&ping.ttl.to_be_bytes(), ping.context].concat()));
    }
    if let Ok(reason) = error_reason(octets) {
        assert!(octets.starts_with(&[&[reason.len() as u8], reason].concat()));
    }
}

/// The body of the one frame that a command becomes, its data given in three parts.
fn emitted(name: CommandName, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; data.len() + 32];
    let mut writer = Writer::new(&mut out);
    let (first, rest) = data.split_at(data.len() / 3);
    writer.command(name, &[first, &[], rest]);
    let frame = writer.written();
    let (header, taken) = FrameHeader::parse(frame).unwrap().expect("a whole header");
    assert_eq!((header.kind(), taken), (Kind::Command, header.header_len()));
    assert_eq!(header.len(), (frame.len() - taken) as u64);
    frame[taken..].to_vec()
}

/// Metadata that parses is made of the octets it came from, property by property.
pub fn metadata_round_trips(octets: &[u8]) {
    let (properties, rest) = raw::properties(octets);
    let parsed = Metadata::new(octets);
    assert_eq!(parsed.is_ok(), rest.is_empty());
    let Ok(metadata) = parsed else { return };
    let mut out = vec![0; octets.len()];
    let mut writer = Writer::new(&mut out);
    for (property, theirs) in metadata.iter().zip(&properties) {
        assert_eq!((property.name, property.value), *theirs);
        let Ok(name) = core::str::from_utf8(property.name) else { return };
        Property::emit(name, property.value, &mut writer);
    }
    assert_eq!(writer.written(), octets);
}
