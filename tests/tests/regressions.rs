//! Findings of fuzzing and models, each as a named test.

use zmtp_core::pattern::{Dealer, Fixed, PeerId, Router, RoutingIdInUse};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Error, Heartbeat, Timeout};
use zmtp_tests::driver::Driver;
use zmtp_tests::model::IdList;

/// Found by `connection_server`: whether the TTL of a PING ended a connection depended on whether
/// the bytes after the PING arrived in the same piece.
#[test]
fn bytes_after_a_ping_stop_its_ttl_in_the_same_or_a_later_piece() {
    let config = Config::new(SocketType::Pull);
    let ping = wire::command("PING", &[0, 3]);
    let signs =
        [wire::command("PONG", b""), wire::frame(0, b"m"), wire::command("X", b""), vec![1]];
    for sign in signs {
        for at_once in [true, false] {
            let mut driver = Driver::new(&config);
            driver.feed(&[wire::greeting("NULL"), wire::ready("PUSH")].concat());
            if at_once {
                driver.feed(&[&ping[..], &sign].concat());
            } else {
                driver.feed(&ping);
                driver.feed(&sign);
            }
            driver.wait(300);
            assert_eq!(driver.connection().error(), None, "{sign:x?} at once: {at_once}");
        }
    }
    let mut driver = Driver::new(&config);
    driver.feed(&[wire::greeting("NULL"), wire::ready("PUSH"), ping].concat());
    driver.wait(300);
    assert_eq!(driver.connection().error(), Some(Error::TimedOut(Timeout::Ttl)));
}

/// Found by `connection_server`: a peer that stopped inside a frame header or a command never timed
/// out if the caller passed those bytes again, as microcontrollers do at every call.
#[test]
fn unconsumed_bytes_that_are_passed_again_do_not_prevent_the_timeout() {
    let config = Config::new(SocketType::Pull).with_heartbeat(Heartbeat::every(100).timeout(50));
    let ping = wire::command("PING", b"\0\0context");
    for rest in [&[0][..], &[4], &[2, 0, 0, 0], &ping[..ping.len() - 1]] {
        let mut driver = Driver::new(&config);
        driver.feed(&[&wire::greeting("NULL")[..], &wire::ready("PUSH"), rest].concat());
        for _ in 0..2 {
            driver.feed(&[]);
            driver.wait_until_due();
        }
        driver.feed(&[]);
        assert_eq!(driver.connection().error(), Some(Error::TimedOut(Timeout::Heartbeat)));
    }
}

/// Found by the model of DEALER: when the queue of a peer that was gone became empty, the peer was
/// scheduled again, and messages to it were lost.
#[test]
fn a_muted_peer_stays_muted_after_other_changes() {
    let (gone, there) = (PeerId(0), PeerId(1));
    let mut dealer = Dealer::new(Fixed::<_, 2>::new(), false);
    for peer in [gone, there] {
        dealer.attach(peer).unwrap();
        dealer.set_up(peer, true);
    }
    dealer.mute(gone);
    dealer.set_full(gone, true);
    dealer.set_full(gone, false);
    dealer.set_up(gone, false);
    dealer.set_up(gone, true);
    assert_eq!([dealer.route(), dealer.route(), dealer.route()], [Some(there); 3]);
    dealer.attach(gone).unwrap();
    dealer.set_up(gone, true);
    assert!([dealer.route(), dealer.route()].contains(&Some(gone)), "it is a new peer");
}

/// Found by the model of ROUTER: a peer whose routing id did not fit stayed in the table.
#[test]
fn a_router_removes_a_peer_whose_routing_id_does_not_fit() {
    let mut router = Router::new(Fixed::<_, 4>::new(), IdList::new(1), 7, false);
    router.attach(PeerId(0), b"ann").unwrap();
    assert_eq!(router.attach(PeerId(1), b"bob"), Err(RoutingIdInUse::NoRoom));
    assert!(!router.received(PeerId(1)), "the peer is unknown");
    assert_eq!(router.take(), None);
    router.detach(PeerId(0));
    assert!(router.attach(PeerId(1), b"bob").is_ok());
}

/// Found by the model of ROUTER: after its only routing id was handed over to a full peer, ROUTER
/// reported that it could send, until the old peer was gone.
#[test]
fn a_router_without_a_reachable_peer_does_not_report_that_it_can_send() {
    let mut router = Router::new(Fixed::<_, 4>::new(), IdList::new(4), 7, true);
    router.attach(PeerId(0), b"ann").unwrap();
    router.attach(PeerId(1), b"ann").unwrap();
    assert!(router.may_route());
    router.set_full(PeerId(1), true);
    assert!(!router.may_route());
    router.detach(PeerId(0));
    assert!(!router.may_route());
    router.set_full(PeerId(1), false);
    assert!(router.may_route() && router.route(b"ann") == Ok(PeerId(1)));
}
