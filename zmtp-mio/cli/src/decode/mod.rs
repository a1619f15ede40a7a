//! Bytes of a capture into frames.
//!
//! | file | from | to |
//! |---|---|---|
//! | `capture` | pcap and pcapng files | packets |
//! | `packet` | packets | TCP segments |
//! | `tcp` | segments | what each side of each connection sent, in order |
//! | `stream` | that, or a raw file | greetings and frames |
//! | `show` | those | lines |

mod capture;
pub(crate) mod packet;
mod show;
mod stream;
mod tcp;

pub(crate) use capture::{is_capture, packets};
pub(crate) use packet::Packet;
pub(crate) use show::{Place, Show};
pub(crate) use stream::{Dialect, Item, Stream};
pub(crate) use tcp::{Connections, Found};
