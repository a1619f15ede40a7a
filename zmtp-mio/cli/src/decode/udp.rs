//! Decodes datagrams as messages of a RADIO. Nothing in a datagram identifies the protocol, so the port must be given.

use zmtp_core::wire::Datagram;

use super::packet::UdpPacket;
use super::place::Place;
use super::stream::Item;
use super::tcp::Found;
use crate::text::count;

/// The datagrams of a capture.
#[derive(Debug)]
pub(crate) struct Datagrams {
    /// Only datagrams with this port are decoded.
    port: Option<u16>,
    /// The number of datagrams that were not decoded because no port was given.
    pub(crate) others: u64,
}

impl Datagrams {
    pub(crate) const fn new(port: Option<u16>) -> Self {
        Self { port, others: 0 }
    }

    /// Takes a datagram, and calls `tell` with its message or its fault.
    pub(crate) fn packet<E>(
        &mut self,
        time: f64,
        packet: &UdpPacket<'_>,
        tell: &mut impl FnMut(&Place, Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = (packet.from, packet.to);
        let Some(port) = self.port else {
            self.others += 1;
            return Ok(());
        };
        if port != from.port() && port != to.port() {
            return Ok(());
        }
        let place = Place::of_datagram(time, from, to);
        if packet.missing > 0 {
            let (one, more) = ("byte of the datagram was", "bytes of the datagram were");
            let fault = format!("{} not captured", count(packet.missing as u64, one, more));
            return tell(&place, Found::Fault(fault));
        }
        match Datagram::parse(packet.payload) {
            Ok(datagram) => tell(&place, Found::Item(Item::Datagram(datagram))),
            Err(error) => tell(&place, Found::Fault(error.to_string())),
        }
    }
}
