//! Sockets that any thread may use.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use zmtp_mio::libzmq::{self, SharedSocket};
use zmtp_mio::{Error, Linger, SocketKind};

use super::harness::LIMIT;
use super::harness::listeners::free_endpoint;
use super::harness::processes::blocked;
use super::{inproc, plain, recv};

fn shared(kind: SocketKind) -> SharedSocket {
    libzmq::for_any_thread(plain(kind))
}

#[test]
fn a_later_close_ends_the_calls_of_all_threads_and_sends_what_is_queued() {
    // A PAIR is not thread-safe for programs, but its calls end as those of the others.
    for kind in [SocketKind::Channel, SocketKind::Pair] {
        for endpoint in [free_endpoint(), inproc("close-shared")] {
            let one = Arc::new(shared(kind));
            one.connect(&*endpoint).unwrap();
            one.send("late").unwrap();
            let (ended, end) = channel();
            let waiting = [(); 4].map(|()| {
                let one = Arc::clone(&one);
                blocked(move || one.recv())
            });
            libzmq::close_shared(&one, Linger::UNLIMITED, move || ended.send(()).unwrap());
            for thread in waiting {
                assert!(matches!(thread.join().unwrap(), Err(Error::Stopped)));
            }
            assert!(matches!(one.try_recv(), Err(Error::Stopped)));
            assert!(end.try_recv().is_err(), "nothing listens");
            let mut other = plain(kind);
            other.bind(&*endpoint).unwrap();
            assert_eq!(recv(&mut other), [b"late"]);
            end.recv_timeout(LIMIT).unwrap();
        }
    }
}

#[test]
fn readiness_is_reported_while_a_call_of_any_thread_handles_events() {
    let one = Arc::new(shared(SocketKind::Channel));
    let endpoint = one.bind("tcp://127.0.0.1:*").unwrap();
    let (report, reports) = channel();
    libzmq::watch_calls(&*one, move |_, writable| {
        let _ = report.send(writable);
    });
    let receiver = Arc::clone(&one);
    // The driver does not serve the socket meanwhile.
    let waiting = blocked(move || receiver.recv());
    let mut other = plain(SocketKind::Channel);
    other.connect(endpoint).unwrap();
    while !reports.recv_timeout(LIMIT).unwrap() {}
    assert!(!waiting.is_finished());
    other.send("end").unwrap();
    assert!(other.flush(LIMIT).unwrap());
    assert_eq!(waiting.join().unwrap().unwrap().text(), Ok("end"));
    assert!(!libzmq::step(&*one).unwrap().readable);
    drop(other);
    assert!(one.recv_timeout(Duration::ZERO).unwrap().is_none());
}
