//! Sockets of microcontrollers with a security mechanism, over memory.

mod line;
mod sealed;
mod secure;
