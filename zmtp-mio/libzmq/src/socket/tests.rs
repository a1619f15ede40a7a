//! The descriptor of `ZMQ_FD`.

use std::sync::Arc;

use zmtp_mio::SocketKind;

use super::{DONTWAIT, Given, POLLOUT, Socket};
use crate::context::Context;
use crate::errno::Errno;
use crate::ffi::system_poll;
use crate::testing::{self, LIMIT, RCVHWM, SNDHWM, bind, descriptor, set};

/// A socket with room for one message.
fn socket(context: &Arc<Context>, kind: SocketKind) -> Arc<Socket> {
    let socket = testing::socket(context, kind);
    [SNDHWM, RCVHWM].iter().for_each(|&option| set(&socket, option, 1));
    socket
}

/// Waits until the descriptor of a socket is readable.
fn await_descriptor(socket: &Socket) {
    let mut entries = [libc::pollfd { fd: descriptor(socket), events: libc::POLLIN, revents: 0 }];
    system_poll(&mut entries, Some(LIMIT), None).unwrap();
    assert_ne!(entries[0].revents, 0, "the descriptor is not readable");
}

/// Waits until the socket has room, as an event loop does.
fn await_room(socket: &Socket) {
    while socket.events().unwrap() & POLLOUT == 0 {
        await_descriptor(socket);
    }
}

#[test]
fn the_descriptor_is_readable_when_there_is_room_again() {
    let path = std::env::temp_dir().join(format!("zmtp-libzmq-{}", std::process::id()));
    let ipc = format!("ipc://{}", path.display());
    for endpoint in ["tcp://127.0.0.1:*", &ipc, "inproc://room"] {
        let context = Arc::new(Context::new());
        let push = socket(&context, SocketKind::Push);
        let pull = socket(&context, SocketKind::Pull);
        push.connect(&bind(&pull, endpoint)).unwrap();
        // The program learns from a send that there is no room, or from the events.
        for looks in [false, true, false, true] {
            await_room(&push);
            let mut sent = 0;
            let error = loop {
                match push.send(Given::Bytes(&[0; 100_000]), DONTWAIT) {
                    Ok(_) => sent += 1,
                    Err(_) if looks && push.events().unwrap() & POLLOUT != 0 => {}
                    Err(error) => break error,
                }
            };
            assert_eq!(error, Errno::EAGAIN);
            (0..sent).for_each(|_| drop(pull.receive(0).unwrap()));
            await_descriptor(&push);
        }
        push.close().unwrap();
        pull.close().unwrap();
    }
}

/// The driver does not see what a call handles.
#[test]
fn the_descriptor_is_readable_when_a_call_of_another_kind_has_made_room() {
    let context = Arc::new(Context::new());
    let (dealer, peer) =
        (socket(&context, SocketKind::Dealer), socket(&context, SocketKind::Dealer));
    peer.bind("inproc://another").unwrap();
    dealer.connect("inproc://another").unwrap();
    await_descriptor(&dealer);
    while dealer.send(Given::Bytes(b"x"), DONTWAIT).is_ok() {}
    let held = dealer.hold();
    assert_eq!(dealer.events().unwrap() & POLLOUT, 0);
    while peer.receive(DONTWAIT).is_ok() {}
    peer.send(Given::Bytes(b"y"), 0).unwrap();
    dealer.receive(0).unwrap();
    await_descriptor(&dealer);
    assert_eq!(dealer.events().unwrap(), POLLOUT);
    drop(held);
    [dealer, peer].iter().for_each(|socket| socket.close().unwrap());
}

#[test]
fn the_descriptor_is_readable_after_a_connect_that_makes_room() {
    let context = Arc::new(Context::new());
    let push = socket(&context, SocketKind::Push);
    await_descriptor(&push);
    assert_eq!(push.events().unwrap(), 0);
    let held = push.hold();
    push.connect("inproc://not-bound").unwrap();
    await_descriptor(&push);
    assert_eq!(push.events().unwrap(), POLLOUT);
    drop(held);
    push.close().unwrap();
}
