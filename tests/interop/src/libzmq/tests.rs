//! The wrapper against itself.

use std::{env, fs, io, process, thread};

use core::time::Duration;

use super::{Context, Error, Kind, Monitor, Socket, curve_keypair, has, option, version};

#[test]
fn version_and_capabilities() {
    assert_eq!(version(), (4, 3, 5));
    assert!(has("curve"));
    assert!(has("draft"));
    assert!(has("ipc"));
    assert!(!has("pgm"));
}

/// A REQ and a REP that have met at this endpoint.
fn pair(context: &Context, endpoint: &str) -> (Socket, Socket) {
    let rep = context.socket(Kind::Rep).unwrap();
    rep.bind(endpoint).unwrap();
    let req = context.socket(Kind::Req).unwrap();
    req.connect(&rep.last_endpoint()).unwrap();
    (req, rep)
}

fn round_trip(req: &Socket, rep: &Socket) {
    let large = vec![7; 70_000];
    let request: &[&[u8]] = &[b"one", b"", &large];
    req.send(request).unwrap();
    assert_eq!(rep.recv().unwrap(), request);
    rep.send(&[b"answer"]).unwrap();
    assert_eq!(req.recv().unwrap(), [b"answer"]);
}

#[test]
fn round_trip_over_tcp() {
    let context = Context::new().unwrap();
    let (req, rep) = pair(&context, "tcp://127.0.0.1:*");
    assert!(rep.last_endpoint().starts_with("tcp://127.0.0.1:"));
    assert!(!rep.last_endpoint().ends_with('*'));
    round_trip(&req, &rep);
}

#[test]
fn round_trip_over_ipc_on_two_threads() {
    let dir = env::temp_dir().join(format!("zmtp-interop-{}", process::id()));
    fs::create_dir(&dir).unwrap();
    let context = Context::new().unwrap();
    let (req, rep) = pair(&context, &format!("ipc://{}/socket", dir.display()));
    let server = thread::spawn(move || rep.send(&[&rep.recv().unwrap().concat()]).unwrap());
    req.send(&[b"abc", b"def"]).unwrap();
    assert_eq!(req.recv().unwrap(), [b"abcdef"]);
    server.join().unwrap();
    fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn curve_and_monitor() {
    let context = Context::new().unwrap();
    let (server_public, server_secret) = curve_keypair().unwrap();
    let (public, secret) = curve_keypair().unwrap();
    let rep = context.socket(Kind::Rep).unwrap();
    rep.set_i32(option::CURVE_SERVER, 1).unwrap();
    rep.set_bytes(option::CURVE_SECRETKEY, server_secret.as_bytes()).unwrap();
    let monitor = rep.monitor().unwrap();
    rep.bind("tcp://127.0.0.1:*").unwrap();
    assert_eq!(monitor.recv().unwrap().what, Monitor::LISTENING);
    let req = context.socket(Kind::Req).unwrap();
    req.set_bytes(option::CURVE_PUBLICKEY, public.as_bytes()).unwrap();
    req.set_bytes(option::CURVE_SECRETKEY, secret.as_bytes()).unwrap();
    req.set_bytes(option::CURVE_SERVERKEY, server_public.as_bytes()).unwrap();
    req.connect(&rep.last_endpoint()).unwrap();
    monitor.wait_for(Monitor::HANDSHAKE_SUCCEEDED).unwrap();
    round_trip(&req, &rep);
    assert_eq!(req.get_i32(option::MECHANISM).unwrap(), 2);
}

#[test]
fn errors_have_libzmqs_code_and_text() {
    let context = Context::new().unwrap();
    let (req, rep) = pair(&context, "tcp://127.0.0.1:*");
    let out_of_turn = req.recv().unwrap_err();
    assert_eq!(Error::of(&out_of_turn).unwrap().code, Error::EFSM);
    assert!(out_of_turn.to_string().starts_with("zmq_msg_recv: Operation cannot"));
    let taken = req.bind(&rep.last_endpoint()).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);

    rep.set_timeout(Some(Duration::from_millis(10))).unwrap();
    assert!(!rep.readable(Duration::ZERO).unwrap());
    assert_eq!(rep.recv().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert!(req.writable(Duration::from_secs(5)).unwrap());

    context.shutdown().unwrap();
    assert_eq!(Error::of(&rep.recv().unwrap_err()).unwrap().code, Error::ETERM);
}

#[test]
fn unbind_frees_the_endpoint() {
    let context = Context::new().unwrap();
    let (req, rep) = pair(&context, "tcp://127.0.0.1:*");
    let endpoint = rep.last_endpoint();
    rep.unbind(&endpoint).unwrap();
    req.disconnect(&endpoint).unwrap();
    assert_eq!(req.disconnect(&endpoint).unwrap_err().kind(), io::ErrorKind::NotFound);
}
