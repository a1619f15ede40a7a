//! Queues, times of calls, and the linger.

use libc::c_int;
use zmtp_mio::{HighWaterMark, Linger};

use super::{Settings, Value, int, time};
use crate::errno::Outcome;

const LINGER: c_int = 17;
const SNDHWM: c_int = 23;
const RCVHWM: c_int = 24;
const RCVTIMEO: c_int = 27;
const SNDTIMEO: c_int = 28;
const IMMEDIATE: c_int = 39;
const CONFLATE: c_int = 54;

fn mark(messages: c_int) -> HighWaterMark {
    let messages = usize::try_from(messages).ok().filter(|&messages| messages > 0);
    HighWaterMark::new(messages, None)
}

fn unmark(mark: HighWaterMark) -> c_int {
    mark.messages.and_then(|messages| c_int::try_from(messages).ok()).unwrap_or(0)
}

fn unlinger(linger: Linger) -> c_int {
    linger.total.map_or(-1, |total| c_int::try_from(total.as_millis()).unwrap_or(c_int::MAX))
}

pub(super) fn set(settings: &mut Settings, option: c_int, value: Value<'_>) -> Option<Outcome<()>> {
    let options = &mut settings.options;
    Some(match option {
        LINGER => value.int_from(-1).map(|millis| options.linger = time(millis).into()),
        SNDHWM => value.int_from(0).map(|messages| options.send_mark = mark(messages)),
        RCVHWM => value.int_from(0).map(|messages| options.receive_mark = mark(messages)),
        RCVTIMEO => value.int_from(-1).map(|millis| settings.receive_timeout = millis),
        SNDTIMEO => value.int_from(-1).map(|millis| settings.send_timeout = millis),
        IMMEDIATE => value.flag().map(|on| options.immediate = on),
        CONFLATE => value.flag().map(|on| options.conflate = on),
        _ => return None,
    })
}

pub(super) fn get(settings: &Settings, option: c_int) -> Option<Vec<u8>> {
    let options = &settings.options;
    Some(match option {
        LINGER => int(unlinger(options.linger)),
        SNDHWM => int(unmark(options.send_mark)),
        RCVHWM => int(unmark(options.receive_mark)),
        RCVTIMEO => int(settings.receive_timeout),
        SNDTIMEO => int(settings.send_timeout),
        IMMEDIATE => int(options.immediate),
        CONFLATE => int(options.conflate),
        _ => return None,
    })
}
