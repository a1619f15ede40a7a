//! Decodes the bytes of a capture into frames.
//!
//! | file | from | to |
//! |---|---|---|
//! | `capture` | pcap and pcapng files | packets |
//! | `packet` | packets | TCP segments |
//! | `tcp` | segments | the bytes that each side of each connection sent, in order |
//! | `stream` | the bytes of one side | greetings and frames |
//! | `show` | greetings and frames | lines |
//! | `boxes` | HELLO and WELCOME of CURVE | what is in their boxes |

mod boxes;
mod capture;
pub(crate) mod packet;
mod show;
mod stream;
mod tcp;

pub(crate) use boxes::Opener;
pub(crate) use capture::{is_capture, packets};
pub(crate) use packet::Packet;
pub(crate) use show::{Place, Show};
pub(crate) use stream::{Dialect, Item, Stream};
pub(crate) use tcp::{Connections, Found};
