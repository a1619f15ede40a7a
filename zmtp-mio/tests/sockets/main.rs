//! Messages through each socket type.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/heap.rs"]
mod heap;

mod channel;
mod client_server;
mod dgram;
mod json;
mod kept_messages;
mod kinds;
mod large_bodies;
mod many_threads;
mod pair;
mod peer;
mod peer_messages;
mod pipeline;
mod proxy;
mod pub_sub;
mod radio_dish;
mod radio_dish_udp;
mod req_rep;
mod reroute;
mod router_dealer;
mod scatter_gather;
mod sending_only;
mod spec_dealer;
mod spec_pair;
mod spec_pipeline;
mod spec_publish;
mod spec_router;
mod spec_subscribe;
mod stray_replies;
mod stream;
mod subscription_counts;
mod thread_safe;
mod udp_groups;
mod udp_limits;
