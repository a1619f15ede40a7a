//! What only one socket type has.

use zmtp_core::pattern::{PeerId, Reports};

use super::AnyPattern;
use super::any::{
    Numbered, Publisher, Publishing, Receiver, Requester, Routes, Subscriber, Subscribing,
    Transmitter,
};
use crate::error::Error;

/// The pattern of one type; [`Error::NotSupported`] for a socket of another type.
impl AnyPattern {
    pub(crate) const fn as_publish(&mut self) -> Result<(&mut Publisher, &Publishing), Error> {
        match self {
            Self::Publish(rules, own) => Ok((rules, own)),
            _ => Err(Error::NotSupported),
        }
    }

    /// Whether this is an XPUB that reports every subscription, and only the last cancellation.
    pub(crate) const fn reports_last_cancellations(&self) -> bool {
        match self {
            Self::Publish(_, own) => {
                matches!(own.options.reports, Reports::Subscriptions) && !own.options.manual
            }
            _ => false,
        }
    }

    pub(crate) const fn as_req(&mut self) -> Result<&mut Requester, Error> {
        match self {
            Self::Req(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_radio(&mut self) -> Result<(&mut Transmitter, &Publishing), Error> {
        match self {
            Self::Radio(rules, own) => Ok((rules, own)),
            _ => Err(Error::NotSupported),
        }
    }

    /// How many peers have a subscription, or are in a group.
    pub(crate) fn subscribed_peers(&self) -> Result<usize, Error> {
        match self {
            Self::Publish(rules, _) => Ok(rules.topics().peer_count()),
            Self::Radio(rules, own) => Ok(rules.groups().peer_count() + own.all_groups.len()),
            _ => Err(Error::NotSupported),
        }
    }

    /// A peer of a RADIO gets the messages of all groups.
    pub(crate) fn joins_all(&mut self, peer: PeerId) {
        if let Self::Radio(_, own) = self {
            own.all_groups.push(peer);
        }
    }

    pub(crate) const fn as_dish(&mut self) -> Result<&mut Receiver, Error> {
        match self {
            Self::Dish(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_server(&mut self) -> Result<&mut Numbered, Error> {
        match self {
            Self::Server(rules, ..) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_stream(&mut self) -> Result<&mut Routes, Error> {
        match self {
            Self::Stream(rules, _) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    /// Whether this is an XSUB that sends every cancellation, not only the last one of a topic.
    pub(crate) const fn sends_all_cancellations(&self) -> bool {
        matches!(self, Self::Subscribe(_, Subscribing { all_cancellations: true }))
    }

    pub(crate) const fn as_subscribe(&mut self) -> Result<&mut Subscriber, Error> {
        match self {
            Self::Subscribe(rules, _) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }
}
