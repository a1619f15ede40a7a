//! `zmtp dealer` and `zmtp router`.

use zmtp_mio::{Dealer, Router};

use crate::args::{DealerArgs, RouterArgs};
use crate::device::Context;
use crate::exit::Failure;
use crate::traffic::{self, Plan};

pub(super) fn dealer(args: DealerArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Dealer::builder().probe_router(args.probe);
    traffic::run(plan.socket(builder, true)?, plan, context)
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
