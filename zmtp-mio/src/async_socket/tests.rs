//! The turns of an operation that waits.

use core::future::poll_fn;
use core::time::Duration;

use super::exchange::try_recv;
use super::{AsyncSocket, BUSY, Operation};
use crate::engine::Side;
use crate::socket::kind::Pull as PullKind;
use crate::{Context, Pull, Push, Socket};

const LIMIT: Duration = Duration::from_secs(15);

/// Receives a message, and returns how often the operation was attempted.
async fn attempts(socket: &mut AsyncSocket<PullKind>) -> u32 {
    let mut attempts = 0;
    let operation = Operation(socket, Side::Receive);
    let receive = poll_fn(|task| {
        operation.0.poll_until(Side::Receive, task, None, |socket| {
            attempts += 1;
            try_recv(socket)
        })
    });
    assert!(receive.await.unwrap().is_some());
    attempts
}

/// Two messages that arrive while the receiver waits.
fn assert_few_attempts(make: impl Fn(Socket<PullKind>) -> AsyncSocket<PullKind>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let context = Context::builder().driver(false).build();
        let pull = Pull::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = pull.last_endpoint().unwrap().to_string();
        let push = Push::builder().context(&context).connect(&*endpoint).unwrap();
        let (mut pull, mut push) = (make(pull), push.into_tokio().unwrap());
        let (left, right) =
            tokio::join!(pull.wait_for_peers(1, LIMIT), push.wait_for_peers(1, LIMIT));
        assert!(left.unwrap() && right.unwrap());
        for message in 0..3 {
            let send = async {
                tokio::task::yield_now().await;
                push.send("message").await.unwrap();
            };
            let (attempts, ()) = tokio::join!(attempts(&mut pull), send);
            // The first may find events of the handshake.
            assert!(message == 0 || attempts == 2, "{attempts} attempts at message {message}");
        }
    });
}

#[test]
fn an_operation_is_attempted_once_before_it_waits_and_once_afterwards() {
    assert_few_attempts(|socket| socket.into_tokio().unwrap());
    assert_few_attempts(|socket| socket.into_async().unwrap());
}

#[test]
fn the_reactor_gets_no_events_of_a_busy_socket_until_its_task_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for driver in [false, true] {
        runtime.block_on(async {
            let context = Context::builder().driver(driver).build();
            let pull = Pull::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
            let endpoint = pull.last_endpoint().unwrap().to_string();
            let push = Push::builder().context(&context).connect(&*endpoint).unwrap();
            let (mut pull, mut push) = (pull.into_tokio().unwrap(), push.into_tokio().unwrap());
            let (left, right) =
                tokio::join!(pull.wait_for_peers(1, LIMIT), push.wait_for_peers(1, LIMIT));
            assert!(left.unwrap() && right.unwrap());
            for _ in 0..20 {
                for _ in 0..=2 * BUSY {
                    push.send("message").await.unwrap();
                }
                assert!(push.flush(LIMIT).await.unwrap());
                for _ in 0..=2 * BUSY {
                    assert!(pull.recv_timeout(LIMIT).await.unwrap().is_some());
                }
                let send = async {
                    tokio::task::yield_now().await;
                    push.send("after the wait began").await.unwrap();
                };
                let (received, ()) = tokio::join!(pull.recv_timeout(LIMIT), send);
                assert!(received.unwrap().is_some());
            }
            for _ in 0..=2 * BUSY {
                push.send("message").await.unwrap();
            }
            assert!(push.flush(LIMIT).await.unwrap());
            let mut in_a_row = 0;
            for _ in 0..=2 * BUSY {
                assert!(pull.recv_timeout(LIMIT).await.unwrap().is_some());
                in_a_row = u8::max(in_a_row, pull.burst);
            }
            assert_eq!(pull.reactor.is_attached(), in_a_row < BUSY);
            let nothing = pull.recv_timeout(Duration::from_millis(1)).await.unwrap();
            assert!(nothing.is_none() && pull.reactor.is_attached());
        });
    }
}
