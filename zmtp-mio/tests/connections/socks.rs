//! Connections through a SOCKS5 proxy (`ZMQ_SOCKS_PROXY`, `ZMQ_SOCKS_USERNAME`, `ZMQ_SOCKS_PASSWORD`).
#![cfg(unix)]

use std::io::ErrorKind;
use std::net::TcpStream;
#[cfg(target_os = "linux")]
use std::net::{IpAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::harness::listeners::{event_where, free_endpoint, free_port};
use crate::harness::{
    Echo, LIMIT, RawServer, assert_echo, builder, drive_until, eventually, ipc, skipped,
};
use zmtp_mio::{CloseReason, Dealer, EventKind, Reconnect, Req, Socks, SocksError, Tcp};

fn socks(server: &RawServer) -> Socks {
    Socks::new(server.endpoint().strip_prefix("tcp://").unwrap()).unwrap()
}

/// The reason of the first close of a REQ that connects through a proxy.
fn first_close(proxy: Socks, endpoint: &str) -> CloseReason {
    let mut req = builder::<Req>().socks(proxy).connect(endpoint).unwrap();
    event_where!(req, |event| match event.kind {
        EventKind::Closed(reason) => Some(reason),
        _ => None,
    })
}

/// The name is not looked up here, and the first bytes of the peer arrive with the last ones of the proxy.
#[test]
fn the_proxy_gets_the_name_and_the_bytes_after_its_reply_are_those_of_the_peer() {
    let server = RawServer::tcp();
    let mut dealer = builder::<Dealer>()
        .socks(socks(&server))
        .resolver(Arc::new(|_, _| panic!("a look-up")))
        .connect("tcp://dealer.example:5555")
        .unwrap();
    let proxy = thread::spawn(move || {
        let mut peer = server.accept();
        assert_eq!(peer.read_exact(3), [5, 1, 0]);
        peer.send(&[5, 0]);
        assert_eq!(peer.read_exact(5 + 14 + 2), b"\x05\x01\x00\x03\x0edealer.example\x15\xb3");
        let reply = [5, 0, 0, 1, 127, 0, 0, 1, 0x15, 0xb3];
        peer.send(&[&reply[..], &wire::burst("DEALER", &[]), &wire::message(&[b"hello"])].concat());
        peer.read_exact(64);
        assert_eq!(peer.read_frame().0, 4);
        assert_eq!(peer.read_message(), [b"answer"]);
    });
    assert_eq!(dealer.recv_string(LIMIT).unwrap().as_deref(), Some("hello"));
    dealer.send("answer").unwrap();
    drive_until!(dealer, proxy.is_finished());
    proxy.join().unwrap();
}

#[test]
fn a_refusal_of_the_proxy_is_the_reason_of_the_close() {
    let cases: [(Vec<&[u8]>, _); 3] = [
        (vec![&[5, 0xff]], SocksError::Method),
        (vec![&[5, 0], &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]], SocksError::Refused(2)),
        (vec![b"HTTP/1.1 400 Bad Request"], SocksError::Version),
    ];
    for (answers, reason) in cases {
        let server = RawServer::tcp();
        let proxy = socks(&server);
        let serving = thread::spawn(move || {
            let mut peer = server.accept();
            for answer in answers {
                peer.read_for(1, LIMIT);
                peer.send(answer);
            }
            (peer, server)
        });
        let close = first_close(proxy, "tcp://127.0.0.1:5555");
        assert_eq!(close, CloseReason::Proxy(reason));
        serving.join().unwrap();
    }
}

#[test]
fn a_proxy_that_closes_or_does_not_answer_is_tried_again() {
    let server = RawServer::tcp();
    let tcp = Tcp::default().connect_timeout(Duration::from_millis(300));
    let req = builder::<Req>().socks(socks(&server)).tcp(tcp);
    let soon = Duration::from_millis(10);
    let mut req =
        req.reconnect(Reconnect::new(soon, soon)).connect("tcp://127.0.0.1:5555").unwrap();
    let serving = thread::spawn(move || {
        drop(server.accept());
        let mute = server.accept();
        (server.accept(), mute, server)
    });
    let mut closes = Vec::new();
    drive_until!(req, {
        while let Some(event) = req.next_event() {
            if let EventKind::Closed(reason) = event.kind {
                closes.push(reason);
            }
        }
        serving.is_finished()
    });
    serving.join().unwrap();
    assert!(matches!(closes[0], CloseReason::ByPeer | CloseReason::Io(_)), "{closes:?}");
    assert_eq!(closes[1], CloseReason::Io(ErrorKind::TimedOut));
}

#[test]
fn a_proxy_is_only_for_tcp() {
    let proxy = Socks::new(free_endpoint().strip_prefix("tcp://").unwrap()).unwrap();
    let echo = Echo::on(&ipc());
    assert_echo(&mut builder::<Req>().socks(proxy).connect(&echo.endpoint).unwrap(), b"direct");
}

#[test]
#[cfg(target_os = "linux")]
fn a_proxy_may_have_an_address_to_connect_from() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for (proxy, endpoint, source) in [
        (format!("127.0.0.2:*;{address}"), "tcp://127.0.0.1:5555", [127, 0, 0, 2]),
        (format!("127.0.0.2:*;{address}"), "tcp://127.0.0.3:*;127.0.0.1:5555", [127, 0, 0, 2]),
        (address.to_string(), "tcp://127.0.0.3:*;127.0.0.1:5555", [127, 0, 0, 3]),
    ] {
        let proxy = Socks::new(&proxy).unwrap();
        let _req = builder::<Req>().socks(proxy).connect(endpoint).unwrap();
        assert_eq!(listener.accept().unwrap().1.ip(), IpAddr::from(source));
    }
}

#[test]
fn an_address_of_a_proxy_has_a_host_and_a_port() {
    for wrong in ["", "proxy.example", "proxy.example:0", "*:1080", "tcp://proxy.example:1080"] {
        assert!(Socks::new(wrong).is_err(), "{wrong:?}");
    }
    let long = Socks::new("proxy.example:1080").unwrap().login("alice", vec![b'x'; 256]);
    assert!(!format!("{long:?}").contains("alice"), "{long:?}");
    assert!(builder::<Req>().socks(long).build().unwrap_err().to_string().contains("255"));
}

/// A proxy of Debian.
struct Microsocks {
    child: Child,
    address: String,
}

impl Microsocks {
    /// `None` if it is not installed.
    fn start(arguments: &[&str]) -> Option<Self> {
        let port = free_port().to_string();
        let child = Command::new("microsocks")
            .args(["-i", "127.0.0.1", "-p", &port])
            .args(arguments)
            .stderr(Stdio::null())
            .spawn();
        let mut started = match child {
            Ok(child) => Self { child, address: format!("127.0.0.1:{port}") },
            Err(error) => {
                skipped(format!("no microsocks on this machine: {error}"));
                return None;
            }
        };
        eventually("the proxy listens", || {
            assert!(started.child.try_wait().unwrap().is_none(), "the proxy has ended");
            TcpStream::connect(&started.address).is_ok()
        });
        Some(started)
    }

    fn socks(&self) -> Socks {
        Socks::new(&self.address).unwrap()
    }
}

impl Drop for Microsocks {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn sockets_connect_through_a_real_proxy() {
    let Some(proxy) = Microsocks::start(&[]) else { return };
    let echo = Echo::new();
    let port = echo.endpoint.rsplit_once(':').unwrap().1;
    for host in ["127.0.0.1", "localhost"] {
        let req = builder::<Req>().socks(proxy.socks());
        let mut req = req.connect(format!("tcp://{host}:{port}")).unwrap();
        assert_echo(&mut req, host.as_bytes());
        let peer = req.peers().next().unwrap();
        assert_eq!(peer.remote.unwrap().to_string(), proxy.address);
    }
    let refused = first_close(proxy.socks(), &free_endpoint());
    assert_eq!(refused, CloseReason::Proxy(SocksError::Refused(5)));
}

#[test]
fn a_real_proxy_checks_the_user_name_and_the_password() {
    let Some(proxy) = Microsocks::start(&["-u", "me", "-P", "secret"]) else { return };
    let echo = Echo::new();
    let req = builder::<Req>().socks(proxy.socks().login("me", "secret"));
    assert_echo(&mut req.connect(&echo.endpoint).unwrap(), b"with a login");
    let wrong = first_close(proxy.socks().login("me", "wrong"), &echo.endpoint);
    assert_eq!(wrong, CloseReason::Proxy(SocksError::Login));
    let none = first_close(proxy.socks(), &echo.endpoint);
    assert_eq!(none, CloseReason::Proxy(SocksError::Method));
}
