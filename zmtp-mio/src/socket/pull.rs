//! PULL: collects messages from its peers.

use super::{Socket, kind};

/// PULL: receives messages from its PUSH peers, one from each in turn (RFC 30, `ZMQ_PULL`). See
/// [`Push`](crate::Push).
pub type Pull = Socket<kind::Pull>;
