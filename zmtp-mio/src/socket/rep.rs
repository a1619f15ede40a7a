//! REP: answers requests.

use super::{Socket, kind};

/// REP: receives requests from its peers in turn and replies to each (RFC 28, `ZMQ_REP`).
///
/// Receiving and sending must alternate. A reply to a peer that has disconnected is dropped and counted. The requests
/// of a client whose queue of replies is full are not received until it reads.
///
/// ```
/// use std::time::Duration;
/// use zmtp_mio::{Rep, Req};
///
/// let mut rep = Rep::builder().bind("tcp://127.0.0.1:*")?;
/// let endpoint = rep.last_endpoint().unwrap().clone();
/// std::thread::spawn(move || {
///     let mut req = Req::builder().connect(endpoint).unwrap();
///     let reply = req.request("ping", Duration::from_secs(5)).unwrap();
///     assert_eq!(reply.unwrap().text(), Ok("ping"));
/// });
/// if let Some(request) = rep.recv_timeout(Duration::from_secs(5))? {
///     rep.send(request)?;
/// }
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Rep = Socket<kind::Rep>;
