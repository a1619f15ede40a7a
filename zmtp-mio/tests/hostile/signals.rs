//! Handles in signal handlers.
#![cfg(unix)]
#![allow(unsafe_code, reason = "signal handlers are what is tested")]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::harness::processes::{alone, this_test};
use crate::harness::{LIMIT, builder};
use zmtp_mio::{Error, Handle, Pair};

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
                    Ok(None) => drop(other.step().unwrap()),
                    Err(Error::Woken) => woken += 1,
                    Err(error) => panic!("{error}"),
                }
            };
            assert_eq!(message.byte_len(), 2_000);
            received += 1;
        }
    });
}
