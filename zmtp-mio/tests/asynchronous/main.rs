//! Sockets in async code. Each test runs on an executor without a runtime, and, with the feature `tokio`, on tokio.
#![cfg(unix)]

#[path = "../harness/mod.rs"]
mod harness;

mod cancelling;
mod exchanges;
#[cfg(feature = "futures")]
mod halves;
#[cfg(feature = "futures")]
mod streams;
mod unpolled;
mod waiting;

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use zmtp_mio::kind::Kind;
use zmtp_mio::{AsyncSocket, Socket, ThreadSafeSocket};

/// What wakes the tasks of a test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reactor {
    Driver,
    #[cfg(feature = "tokio")]
    Tokio,
}

impl Reactor {
    fn socket<K: Kind>(self, socket: Socket<K>) -> AsyncSocket<K> {
        let socket = match self {
            Self::Driver => socket.into_async(),
            #[cfg(feature = "tokio")]
            Self::Tokio => socket.into_tokio(),
        };
        socket.unwrap()
    }

    fn thread_safe<K: Kind>(self, socket: ThreadSafeSocket<K>) -> AsyncSocket<K> {
        let socket = match self {
            Self::Driver => socket.into_async(),
            #[cfg(feature = "tokio")]
            Self::Tokio => socket.into_tokio(),
        };
        socket.unwrap()
    }
}

/// Runs a test with each reactor.
fn with_each<F: Future<Output = ()>>(test: impl Fn(Reactor) -> F) {
    futures_executor::block_on(test(Reactor::Driver));
    #[cfg(feature = "tokio")]
    {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_io().enable_time().build().unwrap();
        runtime.block_on(test(Reactor::Tokio));
    }
}

/// Lets the other tasks of the executor, and its reactor, run until a thread ends.
async fn end_of<T>(thread: JoinHandle<T>) -> T {
    poll_fn(|task| match thread.is_finished() {
        true => Poll::Ready(()),
        false => {
            thread::sleep(Duration::from_millis(1));
            task.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
    thread.join().unwrap()
}
