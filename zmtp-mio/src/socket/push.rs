//! PUSH: hands work out (RFC 30, `ZMQ_PUSH`).

use super::common::{common, conflating, corking, sending};
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::options::Options;
use crate::pattern::AnyPattern;

/// A socket that hands messages out to its PULL peers in turn.
///
/// A peer whose queue is full is skipped until it has room. Endpoints that are dialled get
/// messages before they are reached only while no peer is up; libzmq counts them in always. With no
/// peer that takes one, sending waits.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pull, Push};
///
/// let mut pull = Pull::builder().bind("tcp://127.0.0.1:*")?;
/// let mut push = Push::builder().connect(&pull.endpoints().next().unwrap().to_string())?;
/// push.send("work")?;
/// # std::thread::spawn(move || drop(push));
/// let work = pull.recv_timeout(Duration::from_secs(5))?;
/// assert_eq!(work.unwrap().text(), Ok("work"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Push {
    pub(super) engine: SharedEngine,
}

common!(Push, ());
sending!(Push, "to the next peer in turn", "for a peer that takes it");
corking!(Push);
conflating!(Push);

impl Push {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let pattern = AnyPattern::push(options.immediate);
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }
}
