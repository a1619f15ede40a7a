//! Handshakes of PLAIN and CURVE whose bytes are changed, cut, recorded, or exchanged with another connection.
//!
//! `CHANGED.md` lists each field and what a change of it causes. Its test writes the page if `ZMTP_WRITE=1` is set.

mod cut;
mod exchanged;
mod fields;
mod scene;
