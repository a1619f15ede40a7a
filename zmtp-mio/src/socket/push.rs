//! PUSH: distributes messages to its peers.

use super::{Socket, kind};

/// PUSH: sends each message to the next of its PULL peers in turn (RFC 30, `ZMQ_PUSH`).
///
/// A peer whose queue is full is skipped until it has room. If no peer has room, sending waits. A message
/// is queued for an endpoint that is not connected yet only while no peer is connected. libzmq includes such an
/// endpoint in the turns at all times.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pull, Push};
///
/// let mut pull = Pull::builder().bind("tcp://127.0.0.1:*")?;
/// let mut push = Push::builder().connect(pull.last_endpoint().unwrap())?;
/// push.send("work")?;
/// # std::thread::spawn(move || drop(push));
/// let work = pull.recv_timeout(Duration::from_secs(5))?;
/// assert_eq!(work.unwrap().text(), Ok("work"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
///
/// ```
/// use zmtp_mio::{Pull, Push};
///
/// let mut push = Push::builder().bind("inproc://work")?;
/// let mut one = Pull::builder().connect("inproc://work")?;
/// let mut other = Pull::builder().connect("inproc://work")?;
/// push.wait_for_peers(2, core::time::Duration::from_secs(5))?;
/// push.send("to one")?;
/// push.send("to the other")?;
/// assert_ne!(one.recv()?.text(), other.recv()?.text());
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Push = Socket<kind::Push>;
