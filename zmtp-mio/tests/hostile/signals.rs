//! Handles in signal handlers.
#![cfg(unix)]
#![allow(unsafe_code, reason = "signal handlers are what is tested")]

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::processes::{alone, this_test};
use crate::harness::{LIMIT, RawServer, builder, drive_until, ipc};
use zmtp_mio::{Error, Handle, Pair, Push, Reconnect};

static HANDLE: OnceLock<Handle> = OnceLock::new();

/// Calls `handler` for each SIGALRM, which comes every `interval`.
fn on_alarm(handler: extern "C" fn(libc::c_int), interval: Duration) {
    let every = libc::timeval { tv_sec: 0, tv_usec: interval.as_micros() as libc::suseconds_t };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: the handler makes only async-signal-safe calls, and the timer is a valid value.
    unsafe {
        libc::signal(libc::SIGALRM, handler as *const () as libc::sighandler_t);
        assert_eq!(libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()), 0);
    }
}

fn pairs() -> [Pair; 2] {
    let bound = builder::<Pair>().bind("tcp://127.0.0.1:*").unwrap();
    let connected = builder::<Pair>().connect(bound.last_endpoint().unwrap()).unwrap();
    [bound, connected]
}

#[test]
fn a_signal_handler_stops_a_call() {
    extern "C" fn stop(_: libc::c_int) {
        if let Some(handle) = HANDLE.get() {
            let _ = handle.stop();
        }
    }

    alone(this_test!(), || {
        let [mut one, _other] = pairs();
        HANDLE.set(one.handle().unwrap()).unwrap();
        on_alarm(stop, Duration::from_millis(50));
        assert!(matches!(one.recv(), Err(Error::Stopped)));
    });
}

/// The handler interrupts the socket, the allocator and the driver at any point.
#[test]
fn a_storm_of_signals_whose_handler_wakes_the_socket_loses_no_message() {
    extern "C" fn wake(_: libc::c_int) {
        if let Some(handle) = HANDLE.get() {
            let _ = handle.wake();
        }
    }

    alone(this_test!(), || {
        let [mut one, mut other] = pairs();
        HANDLE.set(one.handle().unwrap()).unwrap();
        on_alarm(wake, Duration::from_micros(200));
        let (mut woken, mut received) = (0, 0);
        let end = Instant::now() + LIMIT;
        while received < 2_000 || woken == 0 {
            assert!(Instant::now() < end, "{received} messages, woken {woken} times");
            other.send(vec![1; 2_000]).unwrap();
            other.step().unwrap();
            let message = loop {
                match one.recv_timeout(Duration::from_millis(1)) {
                    Ok(Some(message)) => break message,
                    Ok(None) => {}
                    Err(Error::Woken) => woken += 1,
                    Err(error) => panic!("{error}"),
                }
                // Without a driver, its handshake needs this. Each wait above may end with a wake.
                other.step().unwrap();
            };
            assert_eq!(message.byte_len(), 2_000);
            received += 1;
        }
    });
}

/// A program in another language has SIGPIPE at its default, which ends the process.
#[test]
fn a_peer_that_leaves_in_the_middle_of_a_message_does_not_end_a_process_with_the_default_sigpipe() {
    alone(this_test!(), || {
        // SAFETY: the default is a valid handler.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        for endpoint in ["tcp://127.0.0.1:0".to_owned(), ipc()] {
            let server = RawServer::on(&endpoint);
            let soon = Reconnect::new(Duration::from_millis(10), Duration::from_millis(10));
            let mut push = builder::<Push>().reconnect(soon).connect(server.endpoint()).unwrap();
            for len in [100, 10_000, 1 << 20].repeat(3) {
                let handshakes = push.counters().handshakes;
                let mut peer = thread::scope(|scope| {
                    let accept = scope.spawn(|| server.accept_as("PULL"));
                    drive_until!(push, accept.is_finished());
                    accept.join().unwrap()
                });
                drive_until!(push, push.counters().handshakes > handshakes);
                // The rest of the messages is not read: TCP answers it with a reset.
                for _ in 0..5 {
                    let _ = push.try_send(vec![0; len]);
                }
                peer.read_exact(100);
                let disconnects = push.counters().disconnects;
                drop(peer);
                drive_until!(push, {
                    let _ = push.try_send(vec![0; len]);
                    push.counters().disconnects > disconnects
                });
            }
        }
    });
}
