//! Hostile peers, crowds and faults: their cost is bounded and counted, and honest peers are served.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/heap.rs"]
mod heap;

mod back_pressure;
mod caps;
mod commands;
mod datagrams;
mod faults;
mod floods;
mod fork;
mod fork_async;
mod idle_peers;
mod killed;
mod lengths;
mod listeners;
mod memory_cap;
mod metadata;
mod out_of_memory;
mod routing_ids;
mod signals;
mod slow_handshakes;
mod socket_cost;
mod wrong_protocols;
