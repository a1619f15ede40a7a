//! Signals that end waits.
#![allow(unsafe_code, reason = "signals are what is tested")]

use std::io;
use std::thread;
use std::time::Duration;

use zmtp_mio::libzmq::KindOptions;
use zmtp_mio::{Error, SocketKind};

use super::harness::processes::{alone, this_test};
use super::{inproc, options, socket};

extern "C" fn ignore(_: libc::c_int) {}

#[test]
fn a_signal_ends_a_wait_if_the_socket_is_to_report_it() {
    alone(this_test!(), || {
        // SAFETY: the handler does nothing, and this thread exists until the end of the process.
        let this = unsafe {
            libc::signal(libc::SIGUSR1, ignore as *const () as libc::sighandler_t);
            libc::pthread_self()
        };
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(20));
                // SAFETY: as above.
                unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
            }
        });
        for endpoint in ["tcp://127.0.0.1:*".to_owned(), inproc("signals")] {
            let mut pull = socket(SocketKind::Pull, &options(), &KindOptions::default());
            pull.bind(endpoint.as_str()).unwrap();
            // Several signals arrive.
            assert!(pull.recv_timeout(Duration::from_millis(200)).unwrap().is_none());
            let mut reporting = options();
            reporting.signals_end_waits = true;
            let mut pull = socket(SocketKind::Pull, &reporting, &KindOptions::default());
            pull.bind(endpoint.replace("signals", "reported").as_str()).unwrap();
            match pull.recv() {
                Err(Error::Io { source, .. }) => {
                    assert_eq!(source.kind(), io::ErrorKind::Interrupted);
                }
                other => panic!("{other:?}"),
            }
        }
    });
}
