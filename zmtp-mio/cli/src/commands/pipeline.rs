//! `zmtp push` and `zmtp pull`; and `zmtp pair`.

use core::time::Duration;

use zmtp_mio::{Counters, Error, Message, Pair, Pull, Push, SendError};

use super::Context;
use crate::args::{PairArgs, PullArgs, PushArgs};
use crate::exit::Failure;
use crate::traffic::{self, Plan, Traffic, traffic};

traffic!(Push: send cork);
traffic!(Pull: receive);
traffic!(Pair: send receive cork);

pub(super) fn push(args: PushArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::send(args.sending, args.run);
    let push = Push::builder().options(plan.options(true)?).build().map_err(Failure::Socket)?;
    traffic::run(push, plan, context)
}

pub(super) fn pull(args: PullArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::receive(args.receiving, args.run);
    let pull = Pull::builder().options(plan.options(true)?).build().map_err(Failure::Socket)?;
    traffic::run(pull, plan, context)
}

pub(super) fn pair(args: PairArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::exchange(args.exchange, args.echo, args.run);
    let pair = Pair::builder().options(plan.options(false)?).build().map_err(Failure::Socket)?;
    traffic::run(pair, plan, context)
}
