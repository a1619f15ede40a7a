//! `zmtp pub`, `zmtp sub`, `zmtp xpub` and `zmtp xsub`.

use core::time::Duration;

use zmtp_mio::zmtp_core::pattern::Reports;
use zmtp_mio::{Counters, Error, Message, Pub, SendError, Sub, Xpub, Xsub};

use super::Context;
use crate::args::{PubArgs, ReportsArg, SubArgs, XpubArgs, XsubArgs};
use crate::exit::Failure;
use crate::traffic::{self, Plan, Traffic, traffic};

traffic!(Pub: send cork publish);
traffic!(Sub: receive);
traffic!(Xpub: send receive cork publish);
traffic!(Xsub: send receive fan);

pub(super) fn publish(args: PubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::send(args.sending, args.run);
    let builder = Pub::builder().options(plan.options(true)?).no_drop(args.no_drop);
    traffic::run(builder.build().map_err(Failure::Socket)?, plan, context)
}

pub(super) fn sub(args: SubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::receive(args.receiving, args.run);
    let mut builder = Sub::builder().options(plan.options(true)?);
    for topic in &args.topic {
        builder = builder.topic(topic.as_encoded_bytes());
    }
    if args.topic.is_empty() {
        builder = builder.topic("");
    }
    traffic::run(builder.build().map_err(Failure::Socket)?, plan, context)
}

pub(super) fn xpub(args: XpubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::exchange(args.exchange, false, args.run);
    let reports = match args.reports {
        ReportsArg::Changes => Reports::Changes,
        ReportsArg::Subscriptions => Reports::Subscriptions,
        ReportsArg::All => Reports::All,
    };
    let mut builder =
        Xpub::builder().options(plan.options(false)?).no_drop(args.no_drop).reports(reports);
    if let Some(welcome) = &args.welcome {
        builder = builder.welcome(welcome.as_encoded_bytes());
    }
    traffic::run(builder.build().map_err(Failure::Socket)?, plan, context)
}

pub(super) fn xsub(args: XsubArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::exchange(args.exchange, false, args.run);
    let mut xsub =
        Xsub::builder().options(plan.options(false)?).build().map_err(Failure::Socket)?;
    for topic in &args.topic {
        xsub.subscribe(topic.as_encoded_bytes());
    }
    traffic::run(xsub, plan, context)
}
