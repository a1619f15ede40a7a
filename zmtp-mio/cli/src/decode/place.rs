//! Where an item was found.

use core::net::SocketAddr;

/// The position of an item.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// The time in seconds, in a capture.
    pub(super) time: Option<f64>,
    pub(super) ends: Option<(SocketAddr, SocketAddr)>,
    /// The number of bytes of the stream before it. A datagram has none.
    pub(super) offset: Option<u64>,
}

impl Place {
    /// A position in a raw file.
    pub(crate) fn at(offset: u64) -> Self {
        Self { offset: Some(offset), ..Self::default() }
    }

    pub(super) const fn of(time: f64, from: SocketAddr, to: SocketAddr, offset: u64) -> Self {
        Self { offset: Some(offset), ..Self::of_datagram(time, from, to) }
    }

    pub(super) const fn of_datagram(time: f64, from: SocketAddr, to: SocketAddr) -> Self {
        Self { time: Some(time), ends: Some((from, to)), offset: None }
    }
}
