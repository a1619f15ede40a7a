//! The types whose messages begin with an address: `zmtp router`, `dgram` and `stream`; and `zmtp dealer`.

use zmtp_mio::{Dealer, Dgram, Router, Stream};

use crate::args::{DealerArgs, DgramArgs, RouterArgs, StreamArgs};
use crate::device::Context;
use crate::exit::Failure;
use crate::traffic::{self, Plan};

pub(super) fn dealer(args: DealerArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Dealer::builder().probe_router(args.probe);
    traffic::run(plan.socket(builder, true)?, plan, context)
}

pub(super) fn dgram(args: DgramArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let mut plan = Plan::echo(args.exchange, args.run);
    plan.udp = args.udp;
    // There are no connections.
    plan.peers = 0;
    traffic::run(plan.socket(Dgram::builder(), false)?, plan, context)
}

pub(super) fn router(args: RouterArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Router::builder()
        .mandatory(args.mandatory)
        .handover(args.handover)
        .notify(args.notify, args.notify)
        .probe_router(args.probe);
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn stream(args: StreamArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Stream::builder().notify(args.notify);
    traffic::run(plan.socket(builder, false)?, plan, context)
}
