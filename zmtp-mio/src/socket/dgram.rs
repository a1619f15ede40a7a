//! DGRAM: datagrams of UDP.

use super::{Socket, kind};

/// DGRAM: exchanges datagrams of UDP with any program (`ZMQ_DGRAM`).
///
/// The socket is bound to one endpoint of [`udp://`](crate::Endpoint::Udp), and has no other transport. A message has two
/// parts: a numeric address and the body, which is one datagram of up to 65,507 bytes. A received message begins with the
/// address of the sender, a sent message with that of the recipient, which may be a multicast group or a broadcast address.
/// libzmq's DGRAM receives only the first 8,192 bytes of a datagram. It adds a 0 byte to the address of a received message,
/// which may also end the address of a sent one.
///
/// UDP neither delivers all datagrams nor reports those that are lost. What this socket drops, and on Linux what the system
/// drops because its receive buffer is full, is [counted](crate::DroppedMessages).
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::Dgram;
///
/// let mut here = Dgram::builder().bind("udp://127.0.0.1:*")?;
/// let mut there = Dgram::builder().bind("udp://127.0.0.1:*")?;
/// let address = there.last_endpoint().unwrap().to_string().replace("udp://", "");
/// here.send([&*address, "ping"])?;
/// let request = there.recv_timeout(Duration::from_secs(5))?.unwrap();
/// assert_eq!(request.part(1), Some(&b"ping"[..]));
/// there.send([request.part(0).unwrap(), b"pong"])?;
/// let reply = here.recv_timeout(Duration::from_secs(5))?.unwrap();
/// assert_eq!(reply.part(0), Some(address.as_bytes()));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Dgram = Socket<kind::Dgram>;
