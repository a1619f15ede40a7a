//! The thread-safe types: `zmtp client`, `server`, `scatter`, `gather`, `radio`, `dish`, `peer` and `channel`.

use zmtp_mio::{Socket, kind};

use crate::args::{
    ChannelArgs, ClientArgs, DishArgs, GatherArgs, PeerArgs, RadioArgs, ScatterArgs, ServerArgs,
};
use crate::device::Context;
use crate::exit::Failure;
use crate::traffic::{self, Plan};

pub(super) fn client(args: ClientArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Socket::<kind::Client>::builder();
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn server(args: ServerArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Socket::<kind::Server>::builder();
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn peer(args: PeerArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Socket::<kind::Peer>::builder();
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn channel(args: ChannelArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::echo(args.exchange, args.run);
    let builder = Socket::<kind::Channel>::builder();
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn scatter(args: ScatterArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::send(args.sending, args.run);
    let builder = Socket::<kind::Scatter>::builder();
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn gather(args: GatherArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::receive(args.receiving, args.run);
    let builder = Socket::<kind::Gather>::builder();
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn radio(args: RadioArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let mut plan = Plan::send(args.sending, args.run);
    plan.group = args.group.into_encoded_bytes();
    plan.udp = args.udp;
    let builder = Socket::<kind::Radio>::builder().no_drop(args.no_drop);
    traffic::run(plan.socket(builder, false)?, plan, context)
}

pub(super) fn dish(args: DishArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let plan = Plan::receive(args.receiving, args.run);
    let mut dish = plan.socket(Socket::<kind::Dish>::builder(), false)?;
    for group in &args.group {
        dish.join(group.as_encoded_bytes()).map_err(Failure::Socket)?;
    }
    traffic::run(dish, plan, context)
}
