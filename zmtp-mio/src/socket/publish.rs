//! PUB and XPUB: a message goes to everyone who subscribed to it (RFC 29, `ZMQ_PUB`, `ZMQ_XPUB`).

use core::time::Duration;

use zmtp_core::pattern::Reports;

use super::Builder;
use super::common::{common, conflating, corking, receiving, sending};
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::exchange;
use crate::message::Message;
use crate::options::Options;
use crate::pattern::{AnyPattern, PublishOptions};

/// A socket that sends each message to all peers that subscribed to it: to a prefix of its first
/// part. See [`Sub`](crate::Sub).
///
/// Sending never waits, unless [`Builder::no_drop`] says so: for a subscriber whose queue is full
/// the message is dropped and counted, and one that nobody subscribed to goes nowhere. The
/// high-water mark is exact: a subscriber that keeps up loses nothing.
#[derive(Debug)]
pub struct Pub {
    pub(super) engine: SharedEngine,
}

/// A [`Pub`] whose application receives the subscriptions, and what XSUBs send upstream.
///
/// A subscription comes as a single part: the byte 1 and the topic for the first subscription to
/// it, 0 and the topic when the last is gone. Made for proxies.
#[derive(Debug)]
pub struct Xpub {
    pub(super) engine: SharedEngine,
}

/// What PUB and XPUB share.
macro_rules! publishing {
    ($socket:ident, $pattern:ident) => {
        common!($socket, PublishOptions);
        sending!(
            $socket,
            "to every peer that subscribed to a prefix of its first part",
            "for room in all their queues, if so set ([`Builder::no_drop`]): it never waits otherwise"
        );
        corking!($socket);

        impl Builder<$socket> {
            /// Waits for subscribers whose queues are full instead of dropping their messages
            /// (`ZMQ_XPUB_NODROP`).
            #[must_use]
            pub const fn no_drop(mut self, no_drop: bool) -> Self {
                self.own.no_drop = no_drop;
                self
            }

            /// Sends to everybody who did *not* subscribe to a message
            /// (`ZMQ_INVERT_MATCHING`); set it on both ends.
            #[must_use]
            pub const fn invert_matching(mut self, invert: bool) -> Self {
                self.own.invert = invert;
                self
            }
        }

        impl $socket {
            fn with(options: Options, own: PublishOptions) -> Result<Self, Error> {
                let pattern = AnyPattern::$pattern(own, options.max_subscriptions);
                Ok(Self { engine: SharedEngine::new(pattern, options)? })
            }

            /// Waits up to `timeout` until at least `n` peers have subscribed to something; `false`
            /// if they have not. What is sent before a subscription is there is not for it.
            ///
            /// # Errors
            ///
            /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
            pub fn wait_for_subscribers(
                &mut self,
                n: usize,
                timeout: Duration,
            ) -> Result<bool, Error> {
                exchange::wait_for_subscribers(&self.engine, n, Some(timeout))
            }

            /// How many different topics are subscribed to (`ZMQ_TOPICS_COUNT`).
            pub fn topic_count(&self) -> usize {
                self.engine.look().pattern.topic_count()
            }
        }
    };
}

publishing!(Pub, publish);
conflating!(Pub);
publishing!(Xpub, xpublish);
receiving!(Xpub, "the next report or upstream message");

impl Builder<Xpub> {
    /// Which subscriptions and cancellations are reported (`ZMQ_XPUB_VERBOSE`,
    /// `ZMQ_XPUB_VERBOSER`).
    #[must_use]
    pub const fn reports(mut self, reports: Reports) -> Self {
        self.own.reports = reports;
        self
    }

    /// Only reports what peers ask for; [`Xpub::subscribe`] and [`Xpub::unsubscribe`] decide what
    /// they get (`ZMQ_XPUB_MANUAL`).
    #[must_use]
    pub const fn manual(mut self, manual: bool) -> Self {
        self.own.manual = manual;
        self
    }

    /// Sends this message to each new peer, whatever it subscribes to; a SUB there filters it all
    /// the same (`ZMQ_XPUB_WELCOME_MSG`).
    #[must_use]
    pub fn welcome(mut self, message: impl Into<Message>) -> Self {
        self.own.welcome = Some(message.into());
        self
    }
}

impl Xpub {
    /// Subscribes the peer whose report was received last to a topic, if the socket is
    /// [manual](Builder::manual). `false` if it is not, or that peer is gone or has too many.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) -> bool {
        exchange::grant(&self.engine, topic.as_ref()).unwrap_or(false)
    }

    /// Takes a topic from the peer whose report was received last, likewise.
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) -> bool {
        exchange::revoke(&self.engine, topic.as_ref()).unwrap_or(false)
    }
}
