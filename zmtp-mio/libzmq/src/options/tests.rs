//! Options that reach the Rust socket, and the values that libzmq accepts.

use libc::c_int;
use zmtp_mio::SocketKind;

use super::{Settings, Value};
use crate::context::Context;
use crate::errno::Errno;

const BACKLOG: c_int = 19;
const MULTICAST_HOPS: c_int = 25;
const TCP_ACCEPT_FILTER: c_int = 38;
const PLAIN_USERNAME: c_int = 45;
const CURVE_PUBLICKEY: c_int = 48;
const INVERT_MATCHING: c_int = 74;
const HEARTBEAT_TTL: c_int = 76;
const BINDTODEVICE: c_int = 92;
const MULTICAST_LOOP: c_int = 96;

fn settings(kind: SocketKind) -> Settings {
    Settings::new(kind, &Context::new())
}

fn set(settings: &mut Settings, option: c_int, value: &[u8]) -> Result<(), Errno> {
    settings.set(option, Value(Some(value)))
}

fn number(settings: &mut Settings, option: c_int, value: c_int) -> Result<c_int, Errno> {
    set(settings, option, &value.to_ne_bytes())?;
    Ok(c_int::from_ne_bytes(settings.get(option)?.try_into().unwrap()))
}

#[test]
fn multicast_and_the_device_are_options_of_udp_too() {
    let mut radio = settings(SocketKind::Radio);
    assert_eq!(number(&mut radio, MULTICAST_HOPS, 4), Ok(4));
    assert_eq!(number(&mut radio, MULTICAST_LOOP, 0), Ok(0));
    set(&mut radio, BINDTODEVICE, b"lo").unwrap();
    let udp = radio.options.udp;
    assert_eq!((udp.multicast_hops, udp.multicast_loop), (4, false));
    assert!(udp.device.is_some() && udp.device == radio.options.tcp.device);
    assert_eq!(number(&mut radio, MULTICAST_LOOP, -7), Ok(1));
    assert!(radio.options.udp.multicast_loop);
}

#[test]
fn numbers_have_the_ranges_of_libzmq() {
    let mut sub = settings(SocketKind::Sub);
    assert_eq!(number(&mut sub, BACKLOG, 100_000), Ok(100_000));
    assert_eq!(sub.options.tcp.backlog, u16::MAX);
    assert_eq!(number(&mut sub, BACKLOG, -1), Err(Errno::EINVAL));
    assert_eq!(number(&mut sub, INVERT_MATCHING, 5), Ok(1));
    assert_eq!(number(&mut sub, HEARTBEAT_TTL, 250), Ok(200));
    assert_eq!(number(&mut sub, HEARTBEAT_TTL, -1), Ok(0));
    assert_eq!(number(&mut sub, HEARTBEAT_TTL, 6_553_600), Err(Errno::EINVAL));
}

#[test]
fn a_key_of_curve_has_two_forms() {
    let text = b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    let mut push = settings(SocketKind::Push);
    for form in [&text[..], &[&text[..], b"\0"].concat()] {
        set(&mut push, CURVE_PUBLICKEY, form).unwrap();
        let bytes = push.get(CURVE_PUBLICKEY).unwrap();
        assert_eq!(bytes.len(), 32);
        let shown = Settings::in_form(CURVE_PUBLICKEY, bytes.clone(), 41);
        assert_eq!(shown, [&text[..], b"\0"].concat());
        assert_eq!(Settings::in_form(CURVE_PUBLICKEY, bytes.clone(), 32), bytes);
        set(&mut push, CURVE_PUBLICKEY, &bytes).unwrap();
        assert_eq!(push.get(CURVE_PUBLICKEY).unwrap(), bytes);
    }
    let long = [&text[..], b"x"].concat();
    assert_eq!(set(&mut push, CURVE_PUBLICKEY, &long), Err(Errno::EINVAL));
}

#[test]
fn a_user_name_may_have_any_bytes_and_only_a_null_pointer_removes_a_filter() {
    let mut pull = settings(SocketKind::Pull);
    set(&mut pull, PLAIN_USERNAME, b"\xfcser").unwrap();
    assert_eq!(pull.get(PLAIN_USERNAME).unwrap(), b"\xfcser\0");
    set(&mut pull, TCP_ACCEPT_FILTER, b"127.0.0.1").unwrap();
    assert_eq!(set(&mut pull, TCP_ACCEPT_FILTER, b""), Err(Errno::EINVAL));
    assert_eq!(pull.options.accept_filter.addresses.len(), 1);
    pull.set(TCP_ACCEPT_FILTER, Value(None)).unwrap();
    assert!(pull.options.accept_filter.addresses.is_empty());
}
