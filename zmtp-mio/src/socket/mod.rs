//! Typed sockets: thin glue of a core pattern and the engine.

mod builder;
mod common;
mod dealer;
mod pair;
mod publish;
mod pull;
mod push;
mod rep;
mod req;
mod router;
mod stream;
mod subscribe;

use core::time::Duration;

pub use builder::Builder;
pub use dealer::Dealer;
pub use pair::Pair;
pub use publish::{Pub, Xpub};
pub use pull::Pull;
pub use push::Push;
pub use rep::Rep;
pub use req::Req;
pub use router::Router;
pub use stream::Stream;
pub use subscribe::{Sub, Xsub};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::options::Options;

/// A socket type of this crate. Sealed: the crate's own types implement it.
pub trait Socket: Sized + sealed::Sealed {
    /// Settings that only this type has.
    type Own: Default + core::fmt::Debug;

    #[doc(hidden)]
    fn make(options: Options, own: Self::Own) -> Result<Self, Error>;

    #[doc(hidden)]
    fn bind_to(&mut self, endpoint: &str) -> Result<Endpoint, Error>;

    #[doc(hidden)]
    fn connect_to(&mut self, endpoint: &str) -> Result<(), Error>;
}

/// A socket that a [`Poller`](crate::Poller) can wait for. Sealed.
#[cfg(unix)]
pub trait Pollable: sealed::Sealed {
    #[doc(hidden)]
    fn step_once(&mut self) -> Result<Ready, Error>;

    #[doc(hidden)]
    fn descriptor(&self) -> std::os::fd::RawFd;

    #[doc(hidden)]
    fn hold(&self);

    #[doc(hidden)]
    fn release(&self);

    /// Whether a receive and a send would not wait, without a look at the system.
    #[doc(hidden)]
    fn can(&self) -> (bool, bool);
}

/// A socket that is lent.
#[cfg(unix)]
impl<S: Pollable + ?Sized> Pollable for &mut S {
    fn step_once(&mut self) -> Result<Ready, Error> {
        (**self).step_once()
    }

    fn descriptor(&self) -> std::os::fd::RawFd {
        (**self).descriptor()
    }

    fn hold(&self) {
        (**self).hold();
    }

    fn release(&self) {
        (**self).release();
    }

    fn can(&self) -> (bool, bool) {
        (**self).can()
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}

    impl<S: Sealed + ?Sized> Sealed for &mut S {}
}

/// What a socket can do now, and when to ask again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ready {
    /// A receive would not wait.
    pub readable: bool,
    /// A send would not wait.
    pub writable: bool,
    /// Step again after at most this long, or when the socket's descriptor is readable. Zero while
    /// work is left or a receive would not wait, `None` if only the descriptor matters.
    pub next: Option<Duration>,
}
