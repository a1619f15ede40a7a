//! `zmtp decode`: prints captured bytes frame by frame.

use std::fs::File;
use std::io::{self, Cursor, Read};

use crate::args::{DecodeArgs, keys};
use crate::decode::{
    Connections, Datagrams, Dialect, Found, Fragments, Opener, Packet, Place, Show, Stream,
    is_capture, packet, packets,
};
use crate::device::Context;
use crate::exit::Failure;
use crate::text::count;

/// The bytes of one read. The first read determines the format of the file.
const CHUNK: usize = 64 << 10;

pub(super) fn run(args: &DecodeArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let path = args.file.as_deref().filter(|path| path.as_os_str() != "-");
    let name = path.map_or_else(|| "stdin".into(), |path| path.display().to_string());
    let doing = format!("read {name}");
    let mut file: Box<dyn Read + Send> = match path {
        Some(path) => Box::new(File::open(path).map_err(Failure::io(&*doing))?),
        None => Box::new(io::stdin()),
    };
    let mut head = Vec::new();
    let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut head);
    read.map_err(Failure::io(&*doing))?;
    let dialect = args.version.as_deref().map(|version| match version {
        "1.0" => Dialect::V1,
        "2.0" => Dialect::V2,
        _ => Dialect::V3,
    });
    let most = usize::try_from(args.show).unwrap_or(usize::MAX);
    let opener = match &args.curve_server {
        Some(path) => Some(Opener::new(keys(path)?)),
        None => None,
    };
    let mut show = Show::new(context.output, most, opener);
    if is_capture(&head) {
        capture(Cursor::new(head).chain(file), args.port, dialect, &mut show)?;
    } else {
        raw(Cursor::new(head).chain(file), &doing, dialect, &mut show)?;
    }
    match show.faults {
        0 => Ok(0),
        faults => Err(Failure::Malformed { faults }),
    }
}

/// Decodes the bytes that one side sent.
fn raw(
    mut file: impl Read,
    doing: &str,
    dialect: Option<Dialect>,
    show: &mut Show<'_>,
) -> Result<(), Failure> {
    let mut stream = Stream::new(dialect);
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = match file.read(&mut chunk) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::io(doing)(error)),
        };
        if n == 0 {
            break;
        }
        stream.push(&chunk[..n]);
        while let Some(found) = stream.next() {
            match found {
                Ok((offset, item)) => show.item(&Place::at(offset), item)?,
                Err((offset, fault)) => {
                    show.fault(&Place::at(offset), &fault);
                    return Ok(());
                }
            }
        }
    }
    if let Some((offset, fault)) = stream.finish() {
        show.fault(&Place::at(offset), &fault);
    }
    Ok(())
}

/// Decodes the connections and datagrams of a capture.
fn capture(
    file: impl Read + Send,
    port: Option<u16>,
    dialect: Option<Dialect>,
    show: &mut Show<'_>,
) -> Result<(), Failure> {
    let mut connections = Connections::new(port, dialect);
    let mut datagrams = Datagrams::new(port);
    let mut last = 0.0;
    let mut fragments = Fragments::default();
    let mut short = 0;
    let mut tell = |place: &Place, found: Found<'_>| match found {
        Found::Item(item) => show.item(place, item),
        Found::Fault(fault) => {
            show.fault(place, &fault);
            Ok(())
        }
    };
    let mut take = |time: f64, packet: Packet<'_>| match packet {
        Packet::Tcp(segment) => connections.segment(time, &segment, &mut tell),
        Packet::Udp(packet) => datagrams.packet(time, &packet, &mut tell),
        Packet::Fragment(_) | Packet::Other => Ok(()),
    };
    let fault = packets(file, |time, link, data| {
        last = time;
        let packet = packet::parse(link, data);
        short += u64::from(packet.missing() > 0);
        match packet {
            Packet::Fragment(fragment) => match fragments.add(&fragment) {
                Some(whole) => take(time, fragment.parse_whole(&whole)),
                None => Ok(()),
            },
            packet => take(time, packet),
        }
    })?;
    connections.finish(last, &mut tell)?;
    if let Some(fault) = fault {
        show.file_fault(&fault);
    }
    for (n, [one, more], why) in [
        (short, ["packet was captured", "packets were captured"], "incompletely (snap length)"),
        (
            fragments.incomplete() as u64,
            ["IP packet is ignored", "IP packets are ignored"],
            "because fragments are missing",
        ),
    ] {
        if n > 0 {
            show.note(&format!("{} {why}", count(n, one, more)));
        }
    }
    if connections.others > 0 {
        let what = count(
            connections.others,
            "TCP connection does not begin",
            "TCP connections do not begin",
        );
        show.note(&format!("{what} with ZMTP (--port shows one anyway)"));
    }
    if datagrams.others > 0 {
        let what = count(datagrams.others, "UDP datagram is", "UDP datagrams are");
        show.note(&format!("{what} not shown (--port shows those of a RADIO)"));
    }
    Ok(())
}
