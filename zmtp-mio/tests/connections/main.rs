//! Endpoints, connections and the driving of sockets.

#[path = "../harness/mod.rs"]
mod harness;

mod accept_filter;
mod accounting;
mod address_forms;
mod addresses;
mod blocking;
mod closing;
mod compatibility;
mod driver;
mod driver_thread;
mod driving;
mod endpoints;
mod events;
mod families;
mod heartbeats;
mod high_water;
mod inproc;
mod inproc_messages;
mod ipc_files;
mod legacy;
mod linger;
mod lost_peers;
mod metadata;
#[cfg(all(feature = "log", feature = "serde"))]
mod observability;
mod options_page;
mod own_listeners;
mod own_poll;
mod page_programs;
mod peers;
mod pings;
mod poller;
mod reconnect;
mod reconnect_stop;
mod refused_peers;
mod simulated_time;
mod slow_clients;
mod slow_heartbeats;
mod socks;
mod tcp_options;
