//! The plan of a command line.

use core::time::Duration;

use zmtp_mio::kind::StaticKind;
use zmtp_mio::{AnySocket, Builder};

use super::pace::Pace;
use crate::args::places::PlaceArgs;
use crate::args::{EchoArgs, ExchangeArgs, LinesOf, ReceivingArgs, RunArgs, SendingArgs, UdpArgs};
use crate::exit::Failure;
use crate::input::Part;

/// How much to receive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wanted {
    Nothing,
    Messages(u64),
    All,
}

/// What to do with a socket.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) endpoints: Vec<String>,
    pub(super) places: PlaceArgs,
    pub(super) parts: Vec<Part>,
    pub(super) lines: Option<LinesOf>,
    /// How often the message is sent; `None` is without end.
    pub(super) times: Option<u64>,
    /// The group of the messages of a RADIO.
    pub(crate) group: Vec<u8>,
    pub(crate) udp: UdpArgs,
    pub(super) pace: Pace,
    pub(crate) peers: usize,
    pub(super) wanted: Wanted,
    pub(super) echo: bool,
    pub(super) idle: Option<Duration>,
    pub(super) run: RunArgs,
}

impl Plan {
    /// A plan to send only. Without a message, stdin is sent.
    pub(crate) fn send(sending: SendingArgs, run: RunArgs) -> Self {
        let mut plan = Self::new(sending, run);
        if plan.parts.is_empty() && plan.lines.is_none() {
            plan.parts.push(Part::Stdin);
        }
        plan
    }

    /// A plan to receive only.
    pub(crate) fn receive(receiving: ReceivingArgs, run: RunArgs) -> Self {
        Self {
            endpoints: receiving.endpoints,
            places: receiving.places,
            parts: Vec::new(),
            lines: None,
            times: Some(0),
            group: Vec::new(),
            udp: UdpArgs::default(),
            pace: Pace::FULL,
            peers: 0,
            wanted: receiving.count.map_or(Wanted::All, Wanted::Messages),
            echo: false,
            idle: receiving.idle.idle,
            run,
        }
    }

    /// A plan for both. Without a message, nothing is sent.
    pub(crate) fn exchange(exchange: ExchangeArgs, run: RunArgs) -> Self {
        let wanted = match exchange.receive {
            None => Wanted::All,
            Some(0) => Wanted::Nothing,
            Some(n) => Wanted::Messages(n),
        };
        Self { wanted, idle: exchange.idle.idle, ..Self::new(exchange.sending, run) }
    }

    /// As [`Plan::exchange`], or sends back each received message.
    pub(crate) fn echo(args: EchoArgs, run: RunArgs) -> Self {
        Self { echo: args.echo, ..Self::exchange(args.exchange, run) }
    }

    fn new(sending: SendingArgs, run: RunArgs) -> Self {
        let payload = sending.payload;
        Self {
            endpoints: payload.endpoint.into_iter().collect(),
            places: payload.places,
            parts: payload.parts,
            lines: payload.lines,
            times: (!sending.forever).then_some(sending.count.unwrap_or(1)),
            group: Vec::new(),
            udp: UdpArgs::default(),
            pace: Pace::new(sending.interval, sending.rate),
            peers: sending.peers,
            wanted: Wanted::Nothing,
            echo: false,
            idle: None,
            run,
        }
    }

    /// Whether an endpoint is one of UDP.
    pub(super) fn has_udp(&self) -> bool {
        self.all_endpoints().any(|endpoint| endpoint.starts_with("udp://"))
    }

    pub(super) fn all_endpoints(&self) -> impl Iterator<Item = &String> {
        self.endpoints.iter().chain(&self.places.bind).chain(&self.places.connect)
    }

    /// Creates the socket, with the options of the command line.
    pub(crate) fn socket<K: StaticKind>(
        &self,
        builder: Builder<K>,
        conflates: bool,
    ) -> Result<AnySocket, Failure> {
        let mut options = self.run.socket.options(K::KIND, conflates)?;
        self.udp.apply(&mut options.udp);
        Ok(builder.options(options).build().map_err(Failure::Socket)?.into())
    }
}
