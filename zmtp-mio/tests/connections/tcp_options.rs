//! Options of TCP connections, as the system reports them.
#![cfg(target_os = "linux")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::harness::{LIMIT, drive_until};
use zmtp_mio::{Device, Pull, Push, Tcp};

fn push(tcp: Tcp, endpoint: &str) -> Push {
    crate::harness::builder::<Push>().tcp(tcp).connect(endpoint).unwrap()
}

/// The address of the next client of a listener.
fn dialled_from(tcp: Tcp, source: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let to = listener.local_addr().unwrap();
    let mut push = push(tcp, &format!("tcp://{source}{to}"));
    let mut accepted = None;
    drive_until!(push, {
        accepted = accepted.or_else(|| listener.accept().ok());
        accepted.is_some()
    });
    accepted.unwrap().1
}

#[test]
fn connections_come_from_the_source_address() {
    assert_eq!(dialled_from(Tcp::default(), "127.0.0.9:0;").ip().to_string(), "127.0.0.9");
    let free = TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap();
    assert_eq!(dialled_from(Tcp::default(), &format!("{free};")), free);
    let mut pull = crate::harness::builder::<Pull>().build().unwrap();
    let error = pull.bind("tcp://127.0.0.1:0;127.0.0.1:*").unwrap_err().to_string();
    assert!(error.contains("to listen"), "{error}");
}

#[test]
fn connections_come_from_the_interface() {
    assert_eq!(dialled_from(Tcp::default(), "lo:0;").ip().to_string(), "127.0.0.1");
    let mut push = push(Tcp::default(), "tcp://no-such-one:0;127.0.0.1:5555");
    drive_until!(push, {
        let events = crate::harness::events!(push);
        crate::harness::closes(&events).contains(&zmtp_mio::CloseReason::NoAddress)
    });
}

#[test]
fn an_endpoint_with_a_source_address_works_and_can_be_disconnected() {
    let mut pull = crate::harness::builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let to = pull.endpoints().next().unwrap().to_string().replace("tcp://", "");
    let endpoint = format!("tcp://127.0.0.9:0;{to}");
    let mut push = push(Tcp::default(), &endpoint);
    push.send("from there").unwrap();
    let sender = std::thread::spawn(move || {
        drive_until!(push, push.counters().messages_sent == 1);
        push.disconnect(&endpoint).unwrap();
    });
    assert_eq!(pull.recv_string(LIMIT).unwrap().as_deref(), Some("from there"));
    assert_eq!(pull.last_peer().unwrap().remote.unwrap().ip().to_string(), "127.0.0.9");
    sender.join().unwrap();
}

#[test]
fn the_dual_stack_option_listens_on_both_families() {
    let tcp = Tcp::default().ipv6(true);
    let pull = crate::harness::builder::<Pull>().tcp(tcp).bind("tcp://*:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let port = endpoint.strip_prefix("tcp://[::]:").expect("both").parse::<u16>().unwrap();
    TcpStream::connect(("::1", port)).unwrap();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
}

#[test]
fn a_socket_bound_to_the_loopback_device_reaches_this_machine() {
    assert!(Device::new("").is_none() && Device::new("sixteen-bytes-xx").is_none());
    let tcp = Tcp::default().device(Device::new("lo"));
    assert!(dialled_from(tcp, "").ip().is_loopback());
    let tcp = Tcp::default().device(Device::new("no-such-one"));
    let error = crate::harness::builder::<Pull>().tcp(tcp).bind("tcp://127.0.0.1:*").unwrap_err();
    assert!(error.to_string().contains("tcp://127.0.0.1"), "{error}");
}

#[test]
fn a_connection_attempt_ends_after_its_timeout() {
    // A listener whose backlog is full accepts no connection.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let to = socket.local_addr().unwrap().as_socket().unwrap();
    let _in = TcpStream::connect(to).unwrap();
    let tcp = Tcp::default().connect_timeout(Some(Duration::from_millis(50)));
    let mut push = push(tcp, &format!("tcp://{to}"));
    drive_until!(push, push.counters().connection_attempts >= 2);
}
