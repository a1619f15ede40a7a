//! Grammars.

use core::hint::black_box;

use zmtp_core::wire::{
    Command, CommandName, Datagram, FrameHeader, FrameKind, Framing, Greeting, MechanismName,
    Metadata, More, Ping, Property, RoutingId, SocketType, Writer, error_reason,
};

pub(crate) fn probe(bytes: &mut [u8], number: u64) {
    if let Ok(Some(greeting)) = black_box(Greeting::parse(bytes)) {
        black_box((greeting.emit(bytes.first().copied().unwrap_or_default()), greeting.version));
        black_box(greeting.mechanism.name());
    }
    black_box(MechanismName::new(bytes).bytes());
    if let Ok(Some((header, taken))) = black_box(FrameHeader::parse(bytes)) {
        black_box((taken, header.emit().as_ref(), header.header_len()));
    }
    black_box(FrameHeader::new(FrameKind::Message(More::Follows), number).emit().as_ref());
    for framing in [Framing::V1, Framing::V2, Framing::V3] {
        if let Ok(Some((header, taken))) = black_box(black_box(framing).parse(bytes)) {
            black_box((taken, black_box(framing).emit(header).as_ref()));
        }
    }
    if let Ok(command) = black_box(Command::parse(bytes)) {
        black_box((command.name().bytes(), command.is(command.name())));
        let _ = black_box((Ping::parse(command.data), error_reason(command.data)));
    }
    if let Ok(metadata) = black_box(Metadata::new(bytes)) {
        for property in metadata {
            black_box(property);
        }
        black_box(metadata.get(Property::IDENTITY));
    }
    black_box(RoutingId::new(bytes).map(|id| id.bytes().len()));
    let kinds = (SocketType::from_name(bytes), SocketType::all().last());
    black_box(SocketType::from_code(bytes.first().copied().unwrap_or_default()));
    if let (Some(one), Some(other)) = black_box(kinds) {
        black_box((one.accepts(other), one.name(), one.code(), one.sends_identity()));
    }
    if let Ok(datagram) = black_box(Datagram::parse(bytes)) {
        let mut out = [0; 64];
        let _ = black_box(datagram.write(&mut out));
        black_box((datagram.group.bytes(), out));
    }
    let (out, value) = bytes.split_at_mut_checked(9).unwrap_or_default();
    let mut writer = Writer::new(out);
    writer.command(CommandName::Ping, &[value, value]);
    Property::emit(Property::IDENTITY, value, &mut writer);
    black_box(writer.written().len());
    let _ = black_box(writer.finish());
}
