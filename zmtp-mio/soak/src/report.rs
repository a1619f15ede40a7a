//! The figures of a run.

use core::fmt::Write as _;

use crate::lane::Done;

/// Adds the figures of a situation.
pub(crate) fn add(total: &mut Done, done: &Done) {
    for (sum, (_, more)) in fields(total).into_iter().zip(rows(done)) {
        *sum += more;
    }
}

fn fields(done: &mut Done) -> [&mut u64; 17] {
    let Done { sums, situations, kills, stops, reopens, cuts, throttles, rubbish } = done;
    [
        situations,
        kills,
        stops,
        reopens,
        cuts,
        throttles,
        rubbish,
        &mut sums.disconnects,
        &mut sums.accepted,
        &mut sums.sent,
        &mut sums.received,
        &mut sums.unsent,
        &mut sums.returned,
        &mut sums.unreceived,
        &mut sums.rejected,
        &mut sums.in_doubt,
        &mut sums.missing,
    ]
}

fn rows(done: &Done) -> [(&'static str, u64); 17] {
    let mut copy = *done;
    let names = [
        "situations",
        "processes killed",
        "processes stopped",
        "sockets closed and replaced",
        "links cut",
        "changes of the rate of a link",
        "peers that sent rubbish",
        "connections that ended",
        "messages accepted",
        "messages sent",
        "messages received",
        "messages dropped without being sent, by cause",
        "messages returned by a close, of these",
        "messages not received before a close",
        "messages received and not delivered",
        "messages in doubt",
        "messages sent and missing",
    ];
    let mut values = fields(&mut copy).map(|value| *value).into_iter();
    names.map(|name| (name, values.next().unwrap_or_default()))
}

/// One line with the main figures.
pub(crate) fn line(done: &Done) -> String {
    format!(
        "{} situations, {} kills, {} stops, {} cuts, {} messages received, {} in doubt, {} missing",
        done.situations,
        done.kills,
        done.stops,
        done.cuts,
        done.sums.received,
        done.sums.in_doubt,
        done.sums.missing,
    )
}

/// All figures.
pub(crate) fn table(done: &Done) -> String {
    let mut text = String::new();
    for (name, value) in rows(done) {
        let _ = writeln!(text, "{value:>10} {name}");
    }
    text.pop();
    text
}
