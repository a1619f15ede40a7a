//! `fork` in a process with sockets in async code.
#![cfg(all(unix, feature = "futures", feature = "tokio"))]

use std::thread;

use futures_util::{FutureExt as _, StreamExt as _};
use zmtp_mio::Pull;

use super::fork::forked;
use crate::harness::processes::{alone_with, this_test};
use crate::harness::{LIMIT, QUIET, RawPeer, bound, builder};

#[test]
fn a_child_that_drops_async_sockets_does_not_affect_the_tasks_of_the_parent() {
    alone_with(this_test!(), 256, || {
        let mut settings = tokio::runtime::Builder::new_current_thread();
        let runtime = settings.enable_io().enable_time().build().unwrap();
        let _entered = runtime.enter();
        for on_tokio in [false, true] {
            let (pull, endpoint) = bound(builder::<Pull>().build().unwrap());
            let pull = if on_tokio { pull.into_tokio() } else { pull.into_async() };
            let mut held = Some(pull.unwrap());
            // The reactor waits for the socket from now on.
            assert!(held.as_mut().unwrap().next().now_or_never().is_none());
            forked(|| drop(held.take()));
            let mut pull = held.unwrap();
            let peer = thread::spawn(move || {
                thread::sleep(QUIET);
                let mut peer = RawPeer::ready(&endpoint, "PUSH");
                peer.send(&wire::message(&[b"to the parent"]));
                peer
            });
            let message = runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = tokio::time::sleep(LIMIT) => panic!("no event, on tokio: {on_tokio}"),
                    message = pull.recv() => message.unwrap(),
                }
            });
            assert_eq!(message.text(), Ok("to the parent"));
            drop(peer.join().unwrap());
        }
    });
}
