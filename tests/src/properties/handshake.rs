//! Properties of the handshake with mechanism NULL, in both roles.

use arbitrary::{Result, Unstructured};
use zmtp_core::wire::{More, SocketType};
use zmtp_core::{Config, Error, PeerError, SendError};

use crate::dialogue::{config, handshake_command, opening};
use crate::driver::{Driver, LogEntry};
use crate::model;

/// The outcome of a handshake equals the model's for any bytes of the peer.
///
/// It completes at most once, no message is sent before, and we send only a greeting, a READY and, if a
/// retry cannot succeed, an ERROR.
pub fn handshake_holds(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let types: Vec<SocketType> = SocketType::all().collect();
    let Ok(config) = config(&mut input, &types) else { return };
    let Ok(pieces) = pieces(&mut input) else { return };
    let mut driver = Driver::new(&config);
    for piece in &pieces {
        for cut in piece.chunks(7) {
            driver.feed(cut);
            let ready = driver.log().iter().any(|entry| matches!(entry, LogEntry::Ready(_)));
            let failed = driver.connection().error();
            assert_eq!(driver.connection().is_ready(), ready && failed.is_none());
            let waits = driver.connection().poll_timeout().is_some();
            assert!(waits || ready || failed.is_some(), "time runs during the handshake");
            assert!(!waits || failed.is_none(), "what failed waits for nothing");
            match (driver.connection_mut().begin_frame(More::Last, 1), failed) {
                (Ok(_), None) => assert!(ready),
                (Err(SendError::NotReady), None) => assert!(!ready),
                (Err(SendError::Failed), Some(_)) => {}
                (result, failed) => panic!("{result:?} while {failed:?}"),
            }
        }
    }
    let log = driver.log().to_vec();
    assert_eq!(log, model::log(&config, &pieces.concat()));
    assert!(log.iter().filter(|entry| matches!(entry, LogEntry::Ready(_))).count() <= 1);
    let stream = pieces.concat();
    let refused = matches!(
        driver.connection().error(),
        Some(Error::Peer(PeerError::UnsupportedVersion { .. }))
    );
    if wire::is_legacy(&stream) == Some(true) && !refused {
        check_sent_to_older(&config, &stream, &driver);
    } else {
        check_sent(&config, &stream, &driver);
    }
}

/// A greeting, then commands.
fn pieces(input: &mut Unstructured<'_>) -> Result<Vec<Vec<u8>>> {
    let good = input.ratio(7, 8)?;
    let mut pieces = vec![if good { wire::greeting("NULL") } else { opening(input)? }];
    while !input.is_empty() && pieces.len() < 12 {
        pieces.push(handshake_command(input)?);
    }
    Ok(pieces)
}

fn check_sent(config: &Config, stream: &[u8], driver: &Driver<'_>) {
    let sent = driver.sent();
    let mut greeting = wire::greeting("NULL");
    // As in libzmq, the length of the routing id is here.
    greeting[1..9].copy_from_slice(&(1 + config.routing_id.len() as u64).to_be_bytes());
    assert_eq!(sent[..sent.len().min(64)], greeting[..sent.len().min(64)]);
    let (frames, rest) = wire::frames(sent.get(64..).unwrap_or_default());
    assert!(rest.is_empty(), "half a frame");
    let names: Vec<_> =
        frames.iter().map(|frame| frame.command().expect("commands alone").0.to_vec()).collect();
    let refused = driver.connection().error().is_some_and(will_not_get_better);
    let greeted = stream.len() >= 64
        && !matches!(
            driver.connection().error(),
            Some(Error::Peer(
                PeerError::UnsupportedVersion { .. } | PeerError::MechanismMismatch { .. }
            ))
        );
    let mut due: Vec<&[u8]> = Vec::new();
    if greeted {
        due.push(b"READY");
    }
    if refused {
        due.push(b"ERROR");
    }
    let pongs = names.iter().filter(|name| *name == b"PONG").count();
    let others: Vec<_> = names.iter().filter(|name| *name != b"PONG").collect();
    assert_eq!(others, due, "{:?}", driver.connection().error());
    assert!(pongs == 0 || driver.log().iter().any(|entry| matches!(entry, LogEntry::Ready(_))));
    if greeted {
        assert_eq!(frames[0].command().expect("READY").1, metadata(config));
    }
}

/// A peer older than ZMTP 3.0 gets our identity in its own framing, and no command.
fn check_sent_to_older(config: &Config, stream: &[u8], driver: &Driver<'_>) {
    let id = config.routing_id.bytes();
    let padding = (1 + id.len() as u64).to_be_bytes();
    let mut all = [&[0xff][..], &padding, &[0x7f]].concat();
    if stream[0] == 0xff && stream[9] & 1 == 1 {
        all.extend([3, config.socket_type.code()]);
        let frame = if stream[10] == 0 { wire::frame_of_1_0(0, id) } else { wire::frame(0, id) };
        all.extend(frame);
    } else {
        all.extend(id);
    }
    assert!(all.starts_with(driver.sent()), "{:x?}", driver.sent());
    assert!(driver.sent() == all || driver.connection().error().is_some());
}

/// Whether the peer gets an ERROR.
const fn will_not_get_better(error: Error) -> bool {
    matches!(
        error,
        Error::Peer(
            PeerError::MechanismMismatch { .. }
                | PeerError::IncompatibleSocketType { .. }
                | PeerError::UnknownSocketType
        )
    )
}

/// The metadata that our end announces.
fn metadata(config: &Config) -> Vec<u8> {
    let kind = config.socket_type;
    let mut data = wire::property("Socket-Type", kind.name().as_bytes());
    if matches!(kind, SocketType::Req | SocketType::Dealer | SocketType::Router) {
        data.extend(wire::property("Identity", config.routing_id.bytes()));
    }
    data
}
