//! What fuzzing and models found, each as a named test.

use zmtp_core::pattern::{Dealer, Fixed, PeerId, Router, RoutingIdInUse};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Error, Heartbeat, Timeout};
use zmtp_tests::driver::Driver;
use zmtp_tests::model::IdList;

/// Found by `connection_server`: the TTL of a PING ended a connection or not, as the bytes behind
/// it came in the same piece or in another.
#[test]
fn bytes_behind_a_ping_are_a_sign_of_life_in_whatever_piece_they_come() {
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

/// Found by `connection_server`: a peer that stopped inside a frame header or a command was never
/// given up by who looked at those bytes again, as microcontrollers do at every call.
#[test]
fn bytes_that_were_left_over_are_no_sign_of_life_when_they_are_seen_again() {
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

/// Found by the model of DEALER: when the queue of a peer that is gone emptied, it was in the turns
/// again, and messages went to nobody.
#[test]
fn a_muted_peer_stays_mute_whatever_else_changes() {
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

/// Found by the model of ROUTER: a peer for whose name there was no room stayed in the table.
#[test]
fn a_router_forgets_the_peer_for_whose_name_it_has_no_room() {
    let mut router = Router::new(Fixed::<_, 4>::new(), IdList::new(1), 7, false);
    router.attach(PeerId(0), b"ann").unwrap();
    assert_eq!(router.attach(PeerId(1), b"bob"), Err(RoutingIdInUse::NoRoom));
    assert!(!router.received(PeerId(1)), "nobody knows it");
    assert_eq!(router.take(), None);
    router.detach(PeerId(0));
    assert!(router.attach(PeerId(1), b"bob").is_ok());
}

/// Found by the model of ROUTER: with its only name handed over to a peer that is full, ROUTER said
/// that it could send, until the old peer was gone.
#[test]
fn a_router_that_can_reach_nobody_does_not_say_that_it_can_send() {
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
