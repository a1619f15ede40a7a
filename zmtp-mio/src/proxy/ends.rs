//! The sockets that a proxy can stand between.

use crate::error::{Error, SendError};
use crate::message::Message;
use crate::socket::{Dealer, Pair, Pollable, Pub, Pull, Push, Router, Stream, Sub, Xpub, Xsub};

/// A socket that a [`Proxy`](crate::Proxy) may have for a side, owned or lent: every type but REQ
/// and REP, whose turns a proxy would break (use DEALER and ROUTER). Sealed.
pub trait Proxied: Pollable + Send {
    /// The next message, if it is there.
    #[doc(hidden)]
    fn take(&mut self) -> Result<Option<Message>, Error>;

    /// Sends without waiting.
    #[doc(hidden)]
    fn put(&mut self, message: Message) -> Result<(), SendError>;

    /// Gathers what is sent from now on.
    #[doc(hidden)]
    fn gather(&mut self) {}

    /// Sends what was gathered.
    #[doc(hidden)]
    fn write(&mut self) {}
}

impl<S: Proxied + ?Sized> Proxied for &mut S {
    fn take(&mut self) -> Result<Option<Message>, Error> {
        (**self).take()
    }

    fn put(&mut self, message: Message) -> Result<(), SendError> {
        (**self).put(message)
    }

    fn gather(&mut self) {
        (**self).gather();
    }

    fn write(&mut self) {
        (**self).write();
    }
}

macro_rules! receives {
    () => {
        fn take(&mut self) -> Result<Option<Message>, Error> {
            self.try_recv()
        }
    };
    (not) => {
        fn take(&mut self) -> Result<Option<Message>, Error> {
            Ok(None)
        }
    };
}

macro_rules! sends {
    () => {
        fn put(&mut self, message: Message) -> Result<(), SendError> {
            self.try_send(message)
        }
    };
    (not) => {
        /// Never asked: it says that it cannot.
        fn put(&mut self, message: Message) -> Result<(), SendError> {
            Err(SendError::new(Error::WouldBlock, message))
        }
    };
}

macro_rules! gathers {
    () => {
        fn gather(&mut self) {
            self.cork();
        }

        fn write(&mut self) {
            self.uncork();
        }
    };
}

impl Proxied for Dealer {
    receives!();
    sends!();
    gathers!();
}

impl Proxied for Router {
    receives!();
    sends!();
    gathers!();
}

impl Proxied for Pair {
    receives!();
    sends!();
    gathers!();
}

impl Proxied for Xpub {
    receives!();
    sends!();
    gathers!();
}

impl Proxied for Pub {
    receives!(not);
    sends!();
    gathers!();
}

impl Proxied for Push {
    receives!(not);
    sends!();
    gathers!();
}

impl Proxied for Stream {
    receives!();
    sends!();
    gathers!();
}

impl Proxied for Xsub {
    receives!();
    sends!();
}

impl Proxied for Sub {
    receives!();
    sends!(not);
}

impl Proxied for Pull {
    receives!();
    sends!(not);
}
