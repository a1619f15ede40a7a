//! `zmtp bridge`: connects a serial line to a ZeroMQ network.

use std::io::Write as _;
use std::os::unix::net::UnixStream;

use zmtp_mio::Endpoint;

use crate::args::BridgeArgs;
use crate::bridge::{Bridge, Ends, Listener, Place, Serial};
use crate::device::{Context, is_wildcard};
use crate::exit::Failure;

pub(crate) fn run(args: BridgeArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let endpoint: Endpoint =
        args.endpoint.parse().map_err(|error| Failure::Endpoint(zmtp_mio::Error::from(error)))?;
    let place = Place::parse(&args.serial);
    let serial =
        Serial::open(&place, args.baud).map_err(Failure::io(format!("open {}", args.serial)))?;

    let (stop, mut stopper) = UnixStream::pair().map_err(Failure::io("make a pipe"))?;
    context.interrupt.attach_with(move || stopper.write(&[0]).is_ok());
    // From now on, a signal does not end the process before the socket file is removed.
    let listener = if args.bind || is_wildcard(&endpoint) {
        Some(Listener::bind(&endpoint).map_err(Failure::Endpoint)?)
    } else {
        None
    };
    if let Some(endpoint) = listener.as_ref().and_then(Listener::endpoint) {
        context.output.listening(&endpoint);
    }
    let tell = |text: &str| {
        if context.output.verbose() {
            context.output.note(text);
        }
    };
    let ends = Ends { place, baud: args.baud, silence: args.silence, endpoint, listener };
    Bridge::new(&ends, serial, &tell)
        .and_then(|mut bridge| bridge.run(&stop))
        .map_err(Failure::io("carry bytes"))?;
    Err(context.interrupt.failure())
}
