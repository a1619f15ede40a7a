//! REP: answers requests (RFC 28, `ZMQ_REP`).

use super::common::{common, receiving};
use crate::engine::SharedEngine;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::Message;
use crate::options::Options;
use crate::pattern::AnyPattern;

/// A socket that takes requests in turn from all its peers and answers each.
///
/// Receive, then send, strictly in turn. A reply to a peer that is gone is dropped and counted.
///
/// ```
/// use std::time::Duration;
/// use zmtp_mio::{Rep, Req};
///
/// let mut rep = Rep::builder().bind("tcp://127.0.0.1:*")?;
/// let endpoint = rep.endpoints().next().unwrap().to_string();
/// std::thread::spawn(move || {
///     let mut req = Req::builder().connect(&endpoint).unwrap();
///     let reply = req.request("ping", Duration::from_secs(5)).unwrap();
///     assert_eq!(reply.unwrap().text(), Ok("ping"));
/// });
/// if let Some(request) = rep.recv_timeout(Duration::from_secs(5))? {
///     rep.send(request)?;
/// }
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Rep {
    pub(super) engine: SharedEngine,
}

common!(Rep, ());
receiving!(Rep, "the next request", within a time);

impl Rep {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let pattern = AnyPattern::rep();
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }

    /// Receives the next request, waiting for it for ever.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] before the last request was answered, [`Error::Woken`],
    /// [`Error::Stopped`], [`Error::Io`].
    pub fn recv(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(request) = exchange::recv(&self.engine, None)? {
                return Ok(request);
            }
        }
    }

    /// Answers the last request. Never waits: if the peer is gone, or does not read and its queue
    /// is full, the reply is dropped and counted (RFC 28).
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if no request was received, [`Error::EmptyMessage`]; both give the
    /// message back.
    pub fn send(&mut self, reply: impl Into<Message>) -> Result<(), SendError> {
        exchange::send(&self.engine, reply.into(), None)
    }
}
