//! Connections whose frames are sealed.

mod handshake;
mod invalid_frames;
mod traffic;

use wire::frame;
use zmtp_core::wire::SocketType::Dealer;
use zmtp_core::wire::{FrameKind, More};
use zmtp_core::{Config, OpenError, PeerError};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry};
use zmtp_tests::pair::Pair;
use zmtp_tests::sealed::Sealed;

const KEY: u64 = 7;
const LAST: FrameKind = FrameKind::Message(More::Last);

type Ends<'c> = Pair<'c, Sealed>;

fn pair<'c>(client: &'c Config, server: &'c Config) -> Ends<'c> {
    Pair::secured([Sealed::client(KEY), Sealed::server(KEY)], [client, server], usize::MAX)
}

/// Two ends whose handshake is over.
fn ready_pair<'c>(client: &'c Config, server: &'c Config) -> Ends<'c> {
    let mut pair = pair(client, server);
    pair.run();
    assert!(pair.left.connection().is_ready() && pair.right.connection().is_ready());
    pair.left.take_log();
    pair.right.take_log();
    pair
}

/// A server whose handshake is over, driven in this way.
fn ready_server(config: &Config, lane: Lane, fetch: Fetch) -> Driver<'_, Sealed> {
    let client_config = Config::new(Dealer);
    let mut client =
        Driver::secured(Sealed::client(KEY), &client_config, Lane::Decode, Fetch::Eagerly);
    let mut server = Driver::secured(Sealed::server(KEY), config, lane, fetch);
    while !(client.connection().is_ready() && server.connection().is_ready()) {
        server.feed(&client.take_sent());
        client.feed(&server.take_sent());
    }
    server.take_log();
    server.take_sent();
    server
}

/// A server that received this box, in a frame of its own, in traffic.
fn received(outer: u8, sealed: &[u8]) -> Driver<'static, Sealed> {
    static CONFIG: Config = Config::new(Dealer);
    let mut server = ready_server(&CONFIG, Lane::Decode, Fetch::Eagerly);
    server.feed(&frame(outer, sealed));
    server
}

fn refused(error: OpenError) -> Vec<LogEntry> {
    vec![LogEntry::Failed(PeerError::Sealed(error).into())]
}
