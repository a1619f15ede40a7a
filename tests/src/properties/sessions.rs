//! Properties of whole sessions with PLAIN and CURVE.

use std::sync::OnceLock;

use arbitrary::{Arbitrary, Result, Unstructured};
use zmtp_core::mechanism::{Decision, PlainClient, PlainServer};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Heartbeat, Limits, Subscription};

use super::ends::{Ends, Op};
use crate::curve;
use crate::driver::{Driver, Fetch, Lane};
use crate::pair::exchange;

/// A client and a server of PLAIN or CURVE: an unchanged wire delivers every message and every subscription in order and
/// without errors.
///
/// Whatever a wire does with the bytes of CURVE, also if it inserts recorded bytes of another connection with the same
/// keys, each end delivers only what the other sent on this connection, in order.
pub fn sessions_hold(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let Ok(session) = Session::take(&mut input) else { return };
    let mut ends = session.ends();
    while let Ok(event) = input.arbitrary::<Event>() {
        if input.is_empty() {
            break;
        }
        match event {
            Event::Wire(Op::Send(from, _)) if !session.may_send(from) => {}
            Event::Wire(op) => ends.apply(op),
            Event::Subscribe(is_cancel, topic) => {
                if let Some(from) = session.subscriber() {
                    let what =
                        if is_cancel { Subscription::Cancel } else { Subscription::Subscribe };
                    ends.subscribe(from, what, topic);
                }
            }
            Event::Insert { to, at, from, len } => {
                let all = &recorded()[usize::from(to)];
                let from = usize::from(from) % all.len();
                let end = all.len().min(from + 1 + usize::from(len));
                ends.insert(to, at, &all[from..end]);
            }
        }
    }
    ends.settle();
    ends.check();
}

#[derive(Arbitrary, Debug)]
enum Event {
    /// Something happens to the wire or to an end.
    Wire(Op),
    /// The subscriber subscribes to a topic, or cancels that.
    Subscribe(bool, Vec<u8>),
    /// Bytes of another connection are inserted.
    Insert { to: bool, at: u16, from: u16, len: u16 },
}

/// The socket types of client and server.
const TYPES: [[SocketType; 2]; 6] = [
    [SocketType::Dealer, SocketType::Router],
    [SocketType::Push, SocketType::Pull],
    [SocketType::Pull, SocketType::Push],
    [SocketType::Sub, SocketType::Pub],
    [SocketType::Pub, SocketType::Sub],
    [SocketType::Xsub, SocketType::Xpub],
];

struct Session {
    curve: bool,
    configs: [Config; 2],
}

impl Session {
    fn take(input: &mut Unstructured<'_>) -> Result<Self> {
        let (curve, tight) = (input.arbitrary()?, input.arbitrary()?);
        let limits = match tight {
            true => Limits::DEFAULT.max_frame(300).max_message(500).max_parts(5),
            false => Limits::DEFAULT,
        };
        let heartbeat = match input.arbitrary::<u8>()? {
            0..128 => Heartbeat::OFF,
            every => Heartbeat::every(u32::from(every)).ttl(1_000),
        };
        let [client, server] =
            input.choose(&TYPES)?.map(|kind| Config::new(kind).with_limits(limits));
        Ok(Self { curve, configs: [client.with_heartbeat(heartbeat), server] })
    }

    fn socket_type(&self, end: bool) -> SocketType {
        self.configs[usize::from(end)].socket_type
    }

    /// Whether this end sends messages; that of a subscriber is a subscription of ZMTP 3.0.
    fn may_send(&self, end: bool) -> bool {
        !matches!(self.socket_type(end), SocketType::Pull | SocketType::Sub | SocketType::Xsub)
    }

    /// The end that subscribes, if there is one.
    fn subscriber(&self) -> Option<bool> {
        let subscribes =
            |end: &bool| matches!(self.socket_type(*end), SocketType::Sub | SocketType::Xsub);
        [false, true].into_iter().find(subscribes)
    }

    fn ends(&self) -> Ends<'_> {
        let [ours, theirs] = &self.configs;
        let accept: curve::Decide = |_| Decision::Accept;
        if self.curve {
            let keys = curve::client_keys(curve::SERVER, curve::CLIENT);
            let client = curve::client(keys, 40);
            let client = Driver::secured(client, ours, Lane::Both, Fetch::Eagerly);
            let server = curve::server(accept, 41);
            let server = Driver::secured(server, theirs, Lane::Decode, Fetch::Eagerly);
            Ends::new([Box::new(client), Box::new(server)], true)
        } else {
            let client = PlainClient::new("admin", "secret").expect("short");
            let client = Driver::secured(client, ours, Lane::Both, Fetch::Eagerly);
            let server = PlainServer::new(accept);
            let server = Driver::secured(server, theirs, Lane::Decode, Fetch::Eagerly);
            Ends::new([Box::new(client), Box::new(server)], false)
        }
    }
}

/// What the client and the server of another connection with CURVE received.
fn recorded() -> &'static [Vec<u8>; 2] {
    static RECORDED: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let config = Config::new(SocketType::Dealer);
        let keys = curve::client_keys(curve::SERVER, curve::CLIENT);
        let client = curve::client(keys, 50);
        let mut client = Driver::secured(client, &config, Lane::Decode, Fetch::Eagerly);
        let server = curve::server(|_| Decision::Accept, 51);
        let mut server = Driver::secured(server, &config, Lane::Decode, Fetch::Eagerly);
        let [mut to_server, mut to_client] = exchange(&mut client, &mut server);
        client.send(&["of another", "connection"]).expect("ready");
        server.send(&["of another connection"]).expect("ready");
        to_server.extend(client.take_sent());
        to_client.extend(server.take_sent());
        [to_client, to_server]
    })
}
