//! STREAM against libzmq's, in both directions.

mod common;

use core::time::Duration;

use common::LONG;
use common::any::until;
use zmtp_interop::libzmq::{Context, Kind, Socket};
use zmtp_mio::Stream;

fn theirs() -> Socket {
    let socket = Context::new().unwrap().socket(Kind::Stream).unwrap();
    socket.set_timeout(Some(LONG)).unwrap();
    socket
}

#[test]
fn libzmq_connects_to_ours() {
    let mut ours = common::builder::<Stream>().bind("tcp://127.0.0.1:*").unwrap();
    let theirs = theirs();
    theirs.connect(&ours.endpoints().next().unwrap().to_string()).unwrap();
    let came = theirs.recv().unwrap();
    assert!(came[0].len() == 5 && came[1].is_empty());
    theirs.send(&[&came[0], b"ping"]).unwrap();
    let message = ours.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!((message.part(0).unwrap().len(), message.part(1).unwrap().len()), (5, 0));
    let message = ours.recv_timeout(LONG).unwrap().unwrap();
    let id = message.part(0).unwrap();
    assert_eq!(message.part(1), Some(&b"ping"[..]));
    ours.send_to(id, b"pong", LONG).unwrap();
    assert_eq!(theirs.recv().unwrap()[1], b"pong");
    // Each end closes with an empty message, and the other gets a notice.
    ours.send_to(id, b"", LONG).unwrap();
    assert_eq!(theirs.recv().unwrap()[1], b"");
}

#[test]
fn ours_connects_to_libzmq() {
    let theirs = theirs();
    theirs.bind("tcp://127.0.0.1:*").unwrap();
    let mut ours = common::builder::<Stream>().build().unwrap();
    let id = ours.connect_for_id(theirs.last_endpoint()).unwrap();
    ours.send_to(id.bytes(), b"ping", LONG).unwrap();
    let message = ours.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(message.part(0), Some(id.bytes()));
    let came = theirs.recv().unwrap();
    assert_eq!(came[1], b"");
    assert_eq!(theirs.recv().unwrap(), [came[0].clone(), b"ping".to_vec()]);
    theirs.send(&[&came[0], b"pong"]).unwrap();
    assert_eq!(ours.recv_timeout(LONG).unwrap().unwrap().part(1), Some(&b"pong"[..]));
    theirs.send(&[&came[0], b""]).unwrap();
    // libzmq's socket closes the connection only during a call; our next connection may exist by then.
    let gone = until("the notice", || {
        let _ = theirs.readable(Duration::from_millis(10)).unwrap();
        ours.recv_timeout(Duration::from_millis(10)).unwrap()
    });
    assert_eq!((gone.part(0), gone.part(1)), (Some(id.bytes()), Some(&b""[..])));
}
