//! `zmtp dealer` and `zmtp router`.

use core::time::Duration;

use zmtp_mio::{Counters, Dealer, Error, Message, Router, SendError};

use super::Context;
use crate::args::{DealerArgs, RouterArgs};
use crate::exit::Failure;
use crate::traffic::{self, Plan, Traffic, traffic};

traffic!(Dealer: send receive cork);
traffic!(Router: send receive cork);

pub(super) fn dealer(args: DealerArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::exchange(args.exchange, args.echo, args.run);
    let builder = Dealer::builder().options(plan.options(true)?).probe_router(args.probe);
    traffic::run(builder.build().map_err(Failure::Socket)?, plan, context)
}

pub(super) fn router(args: RouterArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::exchange(args.exchange, args.echo, args.run);
    let builder = Router::builder()
        .options(plan.options(false)?)
        .mandatory(args.mandatory)
        .handover(args.handover)
        .notify(args.notify, args.notify)
        .probe_router(args.probe);
    traffic::run(builder.build().map_err(Failure::Socket)?, plan, context)
}
