//! `zmtp push`, `zmtp pull` and `zmtp pair`.

use zmtp_mio::{Pair, Pull, Push};

use crate::args::{PairArgs, PullArgs, PushArgs};
use crate::device::Context;
use crate::exit::Failure;
use crate::traffic::{self, Plan};

pub(super) fn push(args: PushArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::send(args.sending, args.run);
    traffic::run(plan.socket(Push::builder(), true)?, plan, context)
}

pub(super) fn pull(args: PullArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::receive(args.receiving, args.run);
    traffic::run(plan.socket(Pull::builder(), true)?, plan, context)
}

pub(super) fn pair(args: PairArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    traffic::run(plan.socket(Pair::builder(), false)?, plan, context)
}
