//! Findings of fuzzing and models, each as a named test.

use zmtp_core::pattern::{AttachError, Dealer, Fixed, Pattern, PeerId, Router};
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

const A: PeerId = PeerId::new(0, 0);
const B: PeerId = PeerId::new(1, 0);

/// Found by the model of DEALER: when the queue to a closed peer was empty, the peer was in the turns
/// again, and messages to it were lost.
#[test]
fn a_closed_peer_gets_no_messages_whatever_else_changes() {
    let (gone, there) = (A, B);
    let mut dealer = Dealer::new(Fixed::<_, 2>::new(), false);
    for peer in [gone, there] {
        dealer.connected(peer, &[]).unwrap();
    }
    assert!(dealer.received(gone), "its message keeps the closed peer known");
    dealer.closed(gone);
    dealer.set_full(gone, true);
    dealer.set_full(gone, false);
    dealer.disconnected(gone);
    dealer.connected(gone, &[]).unwrap();
    let mut route = || dealer.route(&[]);
    assert_eq!([route(), route(), route()], [Ok(there); 3]);
    let new = PeerId::new(gone.index(), 1);
    dealer.connected(new, &[]).unwrap();
    let mut route = || dealer.route(&[]);
    assert!([route(), route()].contains(&Ok(new)));
}

/// Found by the model of ROUTER: a peer for whose routing id there was no room stayed in the table.
#[test]
fn a_router_forgets_a_peer_for_whose_routing_id_it_has_no_room() {
    let mut router = Router::new(Fixed::<_, 4>::new(), IdList::new(1), 7, false);
    router.connected(A, b"ann").unwrap();
    assert_eq!(router.connected(B, b"bob"), Err(AttachError::NoRoom));
    assert!(!router.received(B), "it is not known");
    assert_eq!(router.take(), Ok(None));
    router.detached(A);
    assert!(router.connected(B, b"bob").is_ok());
}

/// Found by the model of ROUTER: with its only routing id handed over to a peer that is full,
/// `may_route` was true until the old peer was gone.
#[test]
fn a_router_that_can_reach_no_peer_may_not_route() {
    let mut router = Router::new(Fixed::<_, 4>::new(), IdList::new(4), 7, true);
    router.connected(A, b"ann").unwrap();
    router.connected(B, b"ann").unwrap();
    assert!(router.may_route());
    router.set_full(B, true);
    assert!(!router.may_route());
    router.detached(A);
    assert!(!router.may_route());
    router.set_full(B, false);
    assert!(router.may_route() && router.route(b"ann") == Ok(B));
}
