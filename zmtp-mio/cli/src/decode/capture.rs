//! Packets of a pcap or pcapng file.

use core::fmt;
use std::io::Read;

use pcap_parser::traits::PcapNGPacketBlock as _;
use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

use super::packet;

/// The initial size of the buffer for the file, in bytes.
const HELD: usize = 256 << 10;
/// The largest packet in bytes. A file with a larger one is not a capture.
const MOST: usize = 64 << 20;

/// Whether a file that begins like this is a capture.
pub(crate) fn is_capture(head: &[u8]) -> bool {
    const MAGIC: [[u8; 4]; 5] = [
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0xd4, 0xc3, 0xb2, 0xa1],
        // Nanoseconds.
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x4d, 0x3c, 0xb2, 0xa1],
        // pcapng.
        [0x0a, 0x0d, 0x0d, 0x0a],
    ];
    head.first_chunk().is_some_and(|magic| MAGIC.contains(magic))
}

/// The format of the packets of an interface.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: i32,
    /// The number of time units in a second.
    units: u64,
}

/// A fault of a capture file.
pub(crate) type Fault = String;

/// Calls `take` with each packet: the time in seconds, the link type and the bytes. Returns a fault of the file, if
/// there is one.
///
/// # Errors
///
/// The first error of `take`.
pub(crate) fn packets<E>(
    file: impl Read + Send,
    mut take: impl FnMut(f64, i32, &[u8]) -> Result<(), E>,
) -> Result<Option<Fault>, E> {
    let mut reader = match create_reader(HELD, file) {
        Ok(reader) => reader,
        Err(error) => return Ok(Some(fault(&error))),
    };
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut held = HELD;
    let mut unknown = None;
    loop {
        let at = reader.consumed();
        let more = match reader.next() {
            Ok((size, block)) => {
                let packet = match &block {
                    PcapBlockOwned::LegacyHeader(header) => {
                        let nano = header.is_nanosecond_precision();
                        let units = if nano { 1_000_000_000 } else { 1_000_000 };
                        interfaces = vec![Interface { link: header.network.0, units }];
                        None
                    }
                    PcapBlockOwned::Legacy(packet) => Some((
                        0,
                        u64::from(packet.ts_sec) * interfaces.first().map_or(1, |one| one.units)
                            + u64::from(packet.ts_usec),
                        packet.data,
                    )),
                    PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                        interfaces.clear();
                        None
                    }
                    PcapBlockOwned::NG(Block::InterfaceDescription(block)) => {
                        let units = block.ts_resolution().unwrap_or(1_000_000);
                        interfaces.push(Interface { link: block.linktype.0, units });
                        None
                    }
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => Some((
                        packet.if_id as usize,
                        u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low),
                        packet.packet_data(),
                    )),
                    PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                        Some((0, 0, packet.packet_data()))
                    }
                    PcapBlockOwned::NG(_) => None,
                };
                if let Some((interface, time, data)) = packet {
                    let Some(one) = interfaces.get(interface) else {
                        return Ok(Some(format!("at byte {at}: a packet of an unknown interface")));
                    };
                    if !packet::is_known(one.link) {
                        unknown = Some(one.link);
                    }
                    take(time as f64 / one.units.max(1) as f64, one.link, data)?;
                }
                Ok(size)
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => Err(None),
            Err(error) => Err(Some(fault(&error))),
        };
        match more {
            Ok(size) => reader.consume(size),
            Err(Some(fault)) => return Ok(Some(format!("at byte {at}: {fault}"))),
            Err(None) => {
                let before = reader.data().len();
                let refilled = reader.refill().map_err(|error| fault(&error));
                if let Err(fault) = refilled {
                    // The block is larger than the buffer.
                    held *= 2;
                    if held > MOST || !reader.grow(held) {
                        return Ok(Some(format!("at byte {at}: {fault}")));
                    }
                } else if reader.data().len() == before && reader.reader_exhausted() {
                    if before == 0 {
                        break;
                    }
                    return Ok(Some(format!("at byte {at}: the file ends inside a packet")));
                }
            }
        }
    }
    Ok(unknown.map(|link| format!("packets of link type {link} cannot be read")))
}

fn fault<I: fmt::Debug>(error: &PcapError<I>) -> Fault {
    match error {
        PcapError::Eof | PcapError::UnexpectedEof | PcapError::Incomplete(_) => {
            "the file ends inside a packet".into()
        }
        PcapError::ReadError => "the file cannot be read".into(),
        PcapError::BufferTooSmall => "a packet is too large".into(),
        PcapError::HeaderNotRecognized => "no header of pcap or pcapng".into(),
        _ => "a block is malformed".into(),
    }
}
