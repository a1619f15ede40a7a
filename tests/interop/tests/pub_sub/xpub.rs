//! XPUB and XSUB: reports, manual mode, welcome messages, upstream messages.

use core::time::Duration;

use zmtp_core::pattern::Reports;
use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{Message, Sub, Xpub, Xsub};

use crate::common::any::until;
use crate::common::{self, LONG, parts};
use crate::{SHORT, libzmq, libzmq_sub};

fn our_xpub(
    build: impl FnOnce(
        zmtp_mio::Builder<zmtp_mio::kind::Xpub>,
    ) -> zmtp_mio::Builder<zmtp_mio::kind::Xpub>,
) -> (Xpub, String) {
    let xpub = build(common::builder::<Xpub>()).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = xpub.endpoints().next().unwrap().to_string();
    (xpub, endpoint)
}

fn receive(xpub: &mut Xpub) -> Vec<u8> {
    xpub.recv_timeout(LONG).unwrap().expect("a report").bytes().unwrap().to_vec()
}

#[test]
fn our_xpub_reports_libzmqs_subscriptions_in_each_mode() {
    let first_and_last: &[&[u8]] = &[b"\x01x", b"\0x", b"\x01end"];
    let subscriptions: &[&[u8]] = &[b"\x01x", b"\x01x", b"\0x", b"\x01end"];
    let all: &[&[u8]] = &[b"\x01x", b"\x01x", b"\0x", b"\0x", b"\x01end"];
    for (reports, expected) in [
        (Reports::Changes, first_and_last),
        (Reports::Subscriptions, subscriptions),
        (Reports::All, all),
    ] {
        let (mut xpub, endpoint) = our_xpub(|builder| builder.reports(reports));
        let context = Context::new().unwrap();
        let subs = [(); 2].map(|()| libzmq_sub(&context, &[b"x"], &endpoint));
        let mut came = Vec::new();
        let both = if reports == Reports::Changes { 1 } else { 2 };
        (0..both).for_each(|_| came.push(receive(&mut xpub)));
        until("both", || {
            let known = xpub.wait_for_subscribers(2, SHORT).unwrap();
            known.then_some(())
        });
        // One cancels, the other disconnects.
        subs[0].set_bytes(option::UNSUBSCRIBE, b"x").unwrap();
        until("one to be left", || {
            xpub.step().unwrap();
            (!xpub.wait_for_subscribers(2, Duration::ZERO).unwrap()).then_some(())
        });
        let [stays, leaves] = subs;
        drop(leaves);
        until("no subscriber to be left", || {
            xpub.step().unwrap();
            (!xpub.wait_for_subscribers(1, Duration::ZERO).unwrap()).then_some(())
        });
        stays.set_bytes(option::SUBSCRIBE, b"end").unwrap();
        while came.last().is_none_or(|report| report != b"\x01end") {
            came.push(receive(&mut xpub));
        }
        assert_eq!(came, expected, "{reports:?}");
    }
}

#[test]
fn libzmqs_xpub_reports_our_subscriptions_in_each_mode() {
    for (verbose, expected) in [(0, 1), (1, 2)] {
        let context = Context::new().unwrap();
        let xpub = libzmq(&context, Kind::Xpub);
        xpub.set_i32(option::XPUB_VERBOSE, verbose).unwrap();
        xpub.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = xpub.last_endpoint();
        let mut subs: Vec<_> = (0..2)
            .map(|_| common::builder::<Sub>().topic("x").connect(&endpoint).unwrap())
            .collect();
        until("both handshakes", || {
            for sub in &mut subs {
                sub.wait(SHORT).unwrap();
            }
            subs.iter().all(|sub| sub.counters().handshakes == 1).then_some(())
        });
        for sub in &mut subs {
            sub.wait(SHORT).unwrap();
        }
        let mut end = common::builder::<Sub>().topic("end").connect(&endpoint).unwrap();
        let mut reports = 0;
        loop {
            end.wait(SHORT).unwrap();
            if xpub.readable(Duration::ZERO).unwrap() {
                match xpub.recv().unwrap()[0].as_slice() {
                    b"\x01x" => reports += 1,
                    b"\x01end" => break,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(reports, expected);
    }
}

#[test]
fn our_manual_xpub_decides_what_libzmqs_sub_gets() {
    let (mut xpub, endpoint) = our_xpub(|builder| builder.manual(true));
    let context = Context::new().unwrap();
    let sub = libzmq(&context, Kind::Xsub);
    sub.connect(&endpoint).unwrap();
    sub.send(&[b"\x01asked"]).unwrap();
    assert_eq!(receive(&mut xpub), b"\x01asked");
    assert!(xpub.subscribe("given"));
    xpub.send("asked").unwrap();
    xpub.send("given").unwrap();
    assert_eq!(sub.recv().unwrap(), [b"given"]);
    sub.send(&[b"\0asked"]).unwrap();
    assert_eq!(receive(&mut xpub), b"\0asked");
    assert!(xpub.unsubscribe("given"));
    assert!(xpub.subscribe("end"));
    xpub.send("given").unwrap();
    xpub.send("end").unwrap();
    assert_eq!(sub.recv().unwrap(), [b"end"]);
}

#[test]
fn a_welcome_message_is_first_in_both_directions() {
    let (mut xpub, endpoint) = our_xpub(|builder| builder.welcome("welcome"));
    let context = Context::new().unwrap();
    let sub = libzmq_sub(&context, &[b""], &endpoint);
    assert_eq!(receive(&mut xpub), b"\x01");
    xpub.send("news").unwrap();
    assert_eq!([sub.recv().unwrap(), sub.recv().unwrap()], [[&b"welcome"[..]], [b"news"]]);
    // SUB filters it like any message.
    let picky = libzmq_sub(&context, &[b"n"], &endpoint);
    assert_eq!(receive(&mut xpub), b"\x01n");
    xpub.send("news").unwrap();
    assert_eq!(picky.recv().unwrap(), [b"news"]);

    let xpub = libzmq(&context, Kind::Xpub);
    xpub.set_bytes(option::XPUB_WELCOME_MSG, b"welcome").unwrap();
    xpub.bind("tcp://127.0.0.1:*").unwrap();
    let mut sub = common::builder::<Sub>().topic("").connect(xpub.last_endpoint()).unwrap();
    until("the subscription", || {
        sub.step().unwrap();
        xpub.readable(SHORT).unwrap().then_some(())
    });
    assert_eq!(xpub.recv().unwrap(), [b"\x01"]);
    xpub.send(&[b"news"]).unwrap();
    for expected in ["welcome", "news"] {
        assert_eq!(sub.recv_timeout(LONG).unwrap().unwrap().text(), Ok(expected));
    }
}

#[test]
fn upstream_messages_pass_between_xsub_and_xpub() {
    let context = Context::new().unwrap();
    let (mut xpub, endpoint) = our_xpub(|builder| builder);
    let xsub = libzmq(&context, Kind::Xsub);
    xsub.connect(&endpoint).unwrap();
    xsub.send(&[b"\x01a"]).unwrap();
    xsub.send(&[b"up", b"stream"]).unwrap();
    assert_eq!(receive(&mut xpub), b"\x01a");
    let came = xpub.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(parts(&came), [&b"up"[..], b"stream"]);

    let xpub = libzmq(&context, Kind::Xpub);
    xpub.bind("tcp://127.0.0.1:*").unwrap();
    let mut xsub = common::builder::<Xsub>().connect(xpub.last_endpoint()).unwrap();
    until("the handshake", || {
        xsub.wait(SHORT).unwrap();
        (xsub.counters().handshakes == 1).then_some(())
    });
    xsub.send("\x01a").unwrap();
    xsub.send(Message::from_parts(["up", "stream"])).unwrap();
    for expected in [vec![b"\x01a".to_vec()], vec![b"up".to_vec(), b"stream".to_vec()]] {
        let came = until("it to arrive", || {
            xsub.step().unwrap();
            xpub.readable(SHORT).unwrap().then(|| xpub.recv().unwrap())
        });
        assert_eq!(came, expected);
    }
    // XSUB does not filter, and gets the messages of its subscriptions.
    xpub.send(&[b"abc"]).unwrap();
    assert_eq!(xsub.recv_timeout(LONG).unwrap().unwrap().text(), Ok("abc"));
}
