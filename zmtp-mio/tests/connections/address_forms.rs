//! Every form of an address, from text and from code: both are equal, and lead to the same listener.
#![cfg(target_os = "linux")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use crate::harness::listeners::free_port;
use crate::harness::{Echo, assert_echo, builder, ipc, skipped};
use zmtp_mio::{Endpoint, Host, Rep, Req, Source, Tcp};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn tcp(host: Host, port: u16) -> Endpoint {
    Endpoint::Tcp { host, port, source: None }
}

/// A name with addresses of both families.
fn resolve(name: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    match name {
        "server.example" => Ok(vec![SocketAddr::new(V6, port), SocketAddr::new(V4, port)]),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    }
}

fn server(endpoint: impl TryInto<Endpoint, Error: Into<zmtp_mio::Error>>, ipv6: bool) -> Echo {
    let rep = builder::<Rep>().tcp(Tcp::default().ipv6(ipv6)).resolver(Arc::new(resolve));
    Echo::with(rep.bind(endpoint).unwrap())
}

fn assert_reaches(endpoint: impl TryInto<Endpoint, Error: Into<zmtp_mio::Error>>, what: &str) {
    let req = builder::<Req>().resolver(Arc::new(resolve));
    assert_echo(&mut req.connect(endpoint).unwrap(), what.as_bytes());
}

/// Binds both forms, one after the other, and connects with both forms of another address to each.
fn assert_forms(bound: (&str, Endpoint), ipv6: bool, dialled: (&str, Endpoint)) {
    let what = format!("{} to {}", dialled.0, bound.0);
    for (text, code) in [(bound.0, &bound.1), (dialled.0, &dialled.1)] {
        assert_eq!(&text.parse::<Endpoint>().unwrap(), code, "{what}");
    }
    for from_text in [true, false] {
        let _echo = match from_text {
            true => server(bound.0, ipv6),
            false => server(bound.1.clone(), ipv6),
        };
        assert_reaches(dialled.0, &what);
        assert_reaches(dialled.1.clone(), &what);
    }
}

#[test]
fn every_form_of_ipv4_is_the_same_from_text_and_from_code() {
    let port = free_port();
    let literal = (format!("tcp://127.0.0.1:{port}"), tcp(Host::Ip(V4), port));
    assert_eq!(Endpoint::from(SocketAddr::new(V4, port)), literal.1);
    let named = |name: &str| (format!("tcp://{name}:{port}"), tcp(Host::Name(name.into()), port));
    let source = Some(Source::from(SocketAddr::from(([127, 0, 0, 3], 0))));
    let sourced = |host, text: &str| {
        let code = Endpoint::Tcp { host, port, source: source.clone() };
        (format!("tcp://127.0.0.3:0;{text}:{port}"), code)
    };
    let any = (format!("tcp://*:{port}"), tcp(Host::Any, port));
    for (bound, dialled) in [
        (literal.clone(), literal.clone()),
        (literal.clone(), named("localhost")),
        (literal.clone(), named("server.example")),
        (literal.clone(), sourced(Host::Ip(V4), "127.0.0.1")),
        (literal.clone(), sourced(Host::Name("server.example".into()), "server.example")),
        (named("localhost"), literal.clone()),
        (named("lo"), literal.clone()),
        (any, literal),
    ] {
        assert_forms((&bound.0, bound.1), false, (&dialled.0, dialled.1));
    }
}

#[test]
fn every_form_of_ipv6_is_the_same_from_text_and_from_code() {
    if let Err(error) = TcpListener::bind("[::1]:0") {
        return skipped(format!("no IPv6 on this machine: {error}"));
    }
    let port = free_port();
    let six = Ipv6Addr::LOCALHOST;
    let literal = (format!("tcp://[::1]:{port}"), tcp(Host::Ip(V6), port));
    assert_eq!(Endpoint::from(SocketAddr::new(V6, port)), literal.1);
    let zoned = |zone: &str| {
        (format!("tcp://[::1%{zone}]:{port}"), tcp(Host::Zoned(six, zone.into()), port))
    };
    let named = |name: &str| (format!("tcp://{name}:{port}"), tcp(Host::Name(name.into()), port));
    let sourced = (
        format!("tcp://[::1]:0;server.example:{port}"),
        Endpoint::Tcp {
            host: Host::Name("server.example".into()),
            port,
            source: Some(SocketAddr::new(V6, 0).into()),
        },
    );
    let any = (format!("tcp://*:{port}"), tcp(Host::Any, port));
    for (bound, ipv6, dialled) in [
        (literal.clone(), false, literal.clone()),
        (literal.clone(), false, zoned("lo")),
        (literal.clone(), false, zoned("1")),
        (literal.clone(), false, named("localhost")),
        (literal.clone(), false, named("server.example")),
        (literal.clone(), false, sourced),
        (zoned("lo"), false, literal.clone()),
        (zoned("1"), false, literal.clone()),
        (named("server.example"), false, literal.clone()),
        (any, true, literal),
    ] {
        assert_forms((&bound.0, bound.1), ipv6, (&dialled.0, dialled.1));
    }
}

#[test]
fn every_form_within_the_machine_is_the_same_from_text_and_from_code() {
    let path = ipc();
    let file = PathBuf::from(path.strip_prefix("ipc://").unwrap());
    let name = format!("zmtp-form-{}", std::process::id());
    for (text, code) in [
        (path, Endpoint::Ipc(file)),
        (format!("ipc://@{name}"), Endpoint::Abstract(name.clone())),
        (format!("inproc://{name}"), Endpoint::Inproc(name.clone())),
    ] {
        assert_forms((&text, code.clone()), false, (&text, code));
    }
}

#[test]
fn port_0_from_text_and_from_code_is_a_port_that_the_system_chooses() {
    let code = tcp(Host::Ip(V4), 0);
    for text in ["tcp://127.0.0.1:*", "tcp://127.0.0.1:0"] {
        assert_eq!(text.parse::<Endpoint>().unwrap(), code);
        assert_ne!(server(text, false).endpoint, text);
    }
    let echo = server(code.clone(), false);
    assert_reaches(echo.endpoint.as_str(), "port 0");
    for wrong in [code, tcp(Host::Any, 5555)] {
        assert!(builder::<Req>().connect(wrong.clone()).is_err(), "{wrong}: only to bind");
    }
    let source = Some(SocketAddr::new(V4, 0).into());
    let sourced = Endpoint::Tcp { host: Host::Ip(V4), port: 5555, source };
    assert!(builder::<Rep>().bind(sourced).is_err(), "a source is only to connect");
}
