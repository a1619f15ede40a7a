//! Decodes the bytes of a capture into frames.
//!
//! | file | from | to |
//! |---|---|---|
//! | `capture` | pcap and pcapng files | packets |
//! | `packet` | packets | TCP segments and UDP datagrams |
//! | `fragments` | fragments of IP packets | the content of the packets |
//! | `tcp` | segments | the bytes that each side of each connection sent, in order |
//! | `udp` | datagrams | messages of a RADIO |
//! | `stream` | the bytes of one side | greetings and frames |
//! | `place` | | where an item was found |
//! | `show` | greetings, frames and messages of a RADIO | lines |
//! | `boxes` | HELLO and WELCOME of CURVE | what is in their boxes |

mod boxes;
mod capture;
mod fragments;
pub(crate) mod packet;
mod place;
mod show;
mod stream;
mod tcp;
mod udp;

pub(crate) use boxes::Opener;
pub(crate) use capture::{is_capture, packets};
pub(crate) use fragments::Fragments;
pub(crate) use packet::Packet;
pub(crate) use place::Place;
pub(crate) use show::Show;
pub(crate) use stream::{Dialect, Item, Stream};
pub(crate) use tcp::{Connections, Found};
pub(crate) use udp::Datagrams;
