//! `zmtp pub`, `zmtp sub`, `zmtp xpub` and `zmtp xsub`.

use zmtp_mio::{Pub, Reports, Sub, Xpub, Xsub};

use crate::args::{PubArgs, ReportsArg, SubArgs, XpubArgs, XsubArgs};
use crate::device::Context;
use crate::exit::Failure;
use crate::traffic::{self, Plan};

pub(super) fn publish(args: PubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::send(args.sending, args.run);
    let builder = Pub::builder().no_drop(args.no_drop);
    traffic::run(plan.socket(builder, true)?, plan, context)
}

pub(super) fn sub(args: SubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::receive(args.receiving, args.run);
    let mut builder = Sub::builder();
    for topic in &args.topic {
        builder = builder.topic(topic.as_encoded_bytes());
    }
    if args.topic.is_empty() {
        builder = builder.topic("");
    }
    traffic::run(plan.socket(builder, true)?, plan, context)
}

pub(super) fn xpub(args: XpubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::exchange(args.exchange, args.run);
    let reports = match args.reports {
        ReportsArg::Changes => Reports::Changes,
        ReportsArg::Subscriptions => Reports::Subscriptions,
        ReportsArg::All => Reports::All,
    };
    let mut builder = Xpub::builder().no_drop(args.no_drop).reports(reports);
    if let Some(welcome) = &args.welcome {
        builder = builder.welcome(welcome.as_encoded_bytes());
    }
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn xsub(args: XsubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::exchange(args.exchange, args.run);
    let mut xsub = plan.socket(Xsub::builder(), false)?;
    for topic in &args.topic {
        xsub.subscribe(topic.as_encoded_bytes()).map_err(Failure::Socket)?;
    }
    traffic::run(xsub, plan, context)
}
