//! Proves by linking that no panic is reachable: the panic handler calls an undefined function, so an
//! image in which the handler is reachable does not link.
//!
//! One entry point reaches every operation of `zmtp-core` and `zmtp-embedded` except formatting. All
//! state and bytes come through pointers, so that the optimiser cannot evaluate them.
#![no_std]

mod link;
mod patterns;
mod sealing;
#[cfg(feature = "curve")]
mod security;
mod wire;

use core::hint::black_box;

use link::Sockets;
use patterns::{Rep, Req, Single};
use sealing::Sealing;
use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::More;
use zmtp_core::{
    Answer, Config, Connection, Event, IgnoredCommand, Instant, Null, NullOrOlder, Subscription,
};

/// The arguments of the operations, provided by the caller.
#[repr(C)]
pub struct State<'a> {
    config: &'a Config,
    connection: Connection<Null, &'a Config>,
    any_version: Connection<NullOrOlder, &'a Config>,
    sealed: Connection<Sealing, &'a Config>,
    sockets: Sockets<'a>,
    req: Req,
    rep: Rep,
    single: Single,
    #[cfg(feature = "curve")]
    secured: security::Secured<'a>,
}

/// Does operation `which` on `bytes` and `number`.
///
/// # Safety
///
/// None is claimed: this is linked and never run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe(
    which: u32,
    state: *mut State<'static>,
    bytes: *mut u8,
    len: usize,
    number: u64,
) {
    // SAFETY: never run, see above.
    let (state, bytes) = unsafe { (&mut *state, core::slice::from_raw_parts_mut(bytes, len)) };
    match which {
        0 => connection(&mut state.connection, bytes, number),
        100 => connection(&mut state.any_version, bytes, number),
        101 => connection(&mut state.sealed, bytes, number),
        1 => wire::probe(bytes, number),
        2 => patterns::req(&mut state.req, number),
        3 => patterns::rep(&mut state.rep, number),
        102 => patterns::single(&mut state.single, bytes, number),
        4 => planted(bytes),
        #[cfg(feature = "curve")]
        200.. => security::probe(which, &mut state.secured, bytes, number),
        5 => {
            let now = Instant::from_millis(number);
            state.connection = Connection::new(Null::new(), state.config, now);
            state.any_version = Connection::new(NullOrOlder::new(), state.config, now);
            state.sealed = Connection::new(Sealing, state.config, now);
            state.connection.restart(Null::new(), now);
            state.any_version.restart(NullOrOlder::new(), now);
            state.sealed.restart(Sealing, now);
        }
        _ => link::probe(which, &mut state.sockets, bytes, number),
    }
}

fn connection<M: Mechanism>(
    connection: &mut Connection<M, &'static Config>,
    bytes: &mut [u8],
    number: u64,
) {
    let now = Instant::from_millis(number);
    let _ = black_box(connection.poll_transmit(bytes));
    let mut at = 0;
    while let Some(input) = bytes.get_mut(at..) {
        let received = black_box(connection.receive(now, input));
        at = bytes.len().saturating_sub(connection.unread());
        let payload = received.payload_of(bytes, connection.unread());
        match received.event {
            Event::Ready => {
                black_box(connection.metadata(payload).get("Identity"));
            }
            Event::Ignored => {
                black_box(IgnoredCommand::of(payload));
            }
            Event::NeedInput | Event::NeedTransmit | Event::Failed => break,
            _ => {}
        }
        black_box((connection.frame(), connection.check_timeouts(now), connection.has_failed()));
    }
    black_box((connection.incoming(), connection.body_received(number)));
    let _ = black_box(connection.begin_frame(More::Last, number)).map(|header| {
        black_box(header.as_ref());
    });
    let (out, body) = bytes.split_at_mut_checked(number as usize).unwrap_or_default();
    let _ = black_box(connection.encode_frame(More::Follows, body, out));
    let _ = black_box(connection.forward_frames(body, out));
    let _ = black_box(connection.finish_frame(More::Last, out));
    for what in [Subscription::Cancel, Subscription::Subscribe] {
        let _ = black_box(connection.encode_subscription(what, body, out));
        black_box(connection.subscription_len(what, body.len()));
    }
    black_box((connection.frame_len(out.len()), connection.forwarded_len(body)));
    black_box((connection.headroom(), connection.is_sealed()));
    connection.answer(Answer::Refuse(body));
    let _ = black_box(connection.handle_timeout(now));
    connection.reset_timeouts();
    black_box((connection.poll_timeout(), connection.is_ready(), connection.in_message()));
    black_box((connection.peer(), connection.error().map(|error| error.kind())));
    black_box(connection.config());
}

#[cfg(feature = "planted")]
fn planted(bytes: &[u8]) {
    black_box(bytes[7]);
}

#[cfg(not(feature = "planted"))]
fn planted(_: &[u8]) {}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: the function is not defined, so no image with this call exists.
    unsafe { a_panic_is_reachable() }
}
