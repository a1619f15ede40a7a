//! The measurements: the rows of the table, and the full set.

use crate::case::{Case, Metric, Transport};
use crate::placement::Placement::{self, Each, Free, One};
use crate::work::Work;

/// A row of the table: figures that are printed together.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is measured.
    pub title: &'static str,
    /// The figures.
    pub cells: Vec<Cell>,
}

/// A figure and its goal.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The measurement.
    pub case: Case,
    /// Which of its figures.
    pub metric: Metric,
    /// The goal of `zmtp-mio`.
    pub goal: Option<Goal>,
}

/// A ratio of `zmtp-mio` to something else. At least this, if larger is better, otherwise at most.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// Of the figure of libzmq.
    OfLibzmq(f64),
    /// Of the figure of plain sockets.
    OfRaw(f64),
}

use Goal::{OfLibzmq, OfRaw};
use Metric::{P50, P99, Rate};
use Transport::{Inproc, Ipc, Tcp};

const fn request(size: usize) -> Work {
    Work::Request { size }
}

const fn push(size: usize) -> Work {
    Work::Push { size }
}

const fn spin(size: usize) -> Work {
    Work::Spin { size }
}

const fn second(size: usize) -> Work {
    Work::Second { size }
}

const fn window(outstanding: usize) -> Work {
    Work::Window { outstanding }
}

const fn publish(subscribers: usize, subscriptions: usize) -> Work {
    Work::Publish { subscribers, subscriptions }
}

const fn clients(connections: usize) -> Work {
    Work::Clients { connections }
}

fn cell(
    work: Work,
    transport: Transport,
    placement: Placement,
    metric: Metric,
    goal: impl Into<Option<Goal>>,
) -> Cell {
    Cell { case: Case { work, transport, placement }, metric, goal: goal.into() }
}

/// One CPU each and not pinned, over TCP.
fn two(title: &'static str, work: Work, goals: [f64; 2]) -> Row {
    let [each, free] = goals.map(OfLibzmq);
    let cells = vec![cell(work, Tcp, Each, Rate, each), cell(work, Tcp, Free, Rate, free)];
    Row { title, cells }
}

/// The rows of the table.
pub fn table() -> Vec<Row> {
    let row = |title, cells: &[Cell]| Row { title, cells: cells.to_vec() };
    let kib = 1 << 10;
    vec![
        row(
            "REQ/REP p50, 64 B, both ends on one CPU: TCP; IPC",
            &[
                cell(request(64), Tcp, One, P50, OfRaw(1.05)),
                cell(request(64), Ipc, One, P50, OfRaw(1.05)),
            ],
        ),
        row(
            "REQ/REP p50, 64 KiB, both ends on one CPU: TCP; IPC",
            &[
                cell(request(64 * kib), Tcp, One, P50, OfRaw(1.0)),
                cell(request(64 * kib), Ipc, One, P50, OfRaw(1.0)),
            ],
        ),
        row(
            "REQ/REP p50, 64 B, one CPU each: TCP; IPC",
            &[
                cell(request(64), Tcp, Each, P50, OfLibzmq(0.75)),
                cell(request(64), Ipc, Each, P50, OfLibzmq(0.5)),
            ],
        ),
        row(
            "REQ/REP p50, 64 B, one CPU each, with the option to spin: TCP; IPC",
            &[
                cell(spin(64), Tcp, Each, P50, OfLibzmq(0.2)),
                cell(spin(64), Ipc, Each, P50, OfLibzmq(0.2)),
            ],
        ),
        row(
            "REQ/REP p50, IPC 64 KiB, one CPU each",
            &[cell(request(64 * kib), Ipc, Each, P50, OfLibzmq(0.5))],
        ),
        row(
            "REQ/REP p50, inproc, two threads: 64 B; 64 KiB",
            &[
                cell(request(64), Inproc, Free, P50, OfLibzmq(0.5)),
                cell(request(64 * kib), Inproc, Free, P50, OfLibzmq(0.3)),
            ],
        ),
        two("PUSH→PULL 16 B: one CPU each; not pinned", push(16), [1.8, 1.8]),
        two("PUSH→PULL 64 B: one CPU each; not pinned", push(64), [2.5, 3.0]),
        two("PUSH→PULL 1 KiB: one CPU each; not pinned", push(kib), [2.6, 3.3]),
        two("PUSH→PULL 64 KiB: one CPU each; not pinned", push(64 * kib), [1.8, 2.4]),
        two("PUSH→PULL 1 MiB: one CPU each; not pinned", push(kib * kib), [1.3, 1.2]),
        row(
            "PUSH→PULL IPC 64 B: one CPU each; not pinned",
            &[
                cell(push(64), Ipc, Each, Rate, OfLibzmq(2.5)),
                cell(push(64), Ipc, Free, Rate, OfLibzmq(2.8)),
            ],
        ),
        row(
            "PUSH→PULL IPC, one CPU each: 1 KiB; 64 KiB; 1 MiB",
            &[
                cell(push(kib), Ipc, Each, Rate, OfLibzmq(5.0)),
                cell(push(64 * kib), Ipc, Each, Rate, OfLibzmq(4.0)),
                cell(push(kib * kib), Ipc, Each, Rate, OfLibzmq(2.0)),
            ],
        ),
        row(
            "PUSH→PULL inproc 64 B, two threads",
            &[cell(push(64), Inproc, Free, Rate, OfLibzmq(3.0))],
        ),
        row(
            "second of two messages of 64 B after a quiet time, from the first send, p50, one CPU each",
            &[cell(second(64), Tcp, Each, P50, None)],
        ),
        two("DEALER↔ROUTER, 100 outstanding: one CPU each; not pinned", window(100), [1.6, 2.2]),
        two(
            "DEALER↔ROUTER, 1,000 outstanding: one CPU each; not pinned",
            window(1_000),
            [1.8, 2.5],
        ),
        two("PUB→1 SUB: one CPU each; not pinned", publish(1, 1), [2.3, 2.0]),
        two("PUB→8 SUB: one CPU each; not pinned", publish(8, 1), [1.4, 2.0]),
        two("PUB→64 SUB: one CPU each; not pinned", publish(64, 1), [1.3, 1.6]),
        two(
            "PUB→8 SUB, 1,000 subscriptions each: one CPU each; not pinned",
            publish(8, 1_000),
            [1.4, 2.0],
        ),
        row(
            "REP, requests per second, one CPU each: 100; 1,000 clients",
            &[
                cell(clients(100), Tcp, Each, Rate, OfLibzmq(1.4)),
                cell(clients(1_000), Tcp, Each, Rate, OfLibzmq(1.9)),
            ],
        ),
        row(
            "REP p99, one CPU each: 1,000 clients",
            &[cell(clients(1_000), Tcp, Each, P99, OfLibzmq(0.5))],
        ),
    ]
}

/// The measurements of the table, each once.
pub fn quick() -> Vec<Case> {
    let mut cases: Vec<Case> = vec![];
    for case in table().into_iter().flat_map(|row| row.cells).map(|cell| cell.case) {
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    cases
}

/// All measurements.
pub fn full() -> Vec<Case> {
    let sizes = [1, 64, 1 << 10, 64 << 10].map(request);
    let pushes = [16, 64, 1 << 10, 64 << 10, 1 << 20].map(push);
    let network = sizes.iter().chain(&pushes).flat_map(|work| [(*work, Tcp), (*work, Ipc)]);
    let inproc = sizes.iter().chain(&pushes[1..2]).map(|work| (*work, Inproc));
    let windows = [1, 100, 1_000].map(|outstanding| (window(outstanding), Tcp));
    let publishers = [(1, 1), (8, 1), (64, 1), (8, 1_000)].map(|(n, m)| (publish(n, m), Tcp));
    let servers = [100, 1_000].map(|connections| (clients(connections), Tcp));
    let others = [spin(64), second(64)].into_iter().flat_map(|work| [(work, Tcp), (work, Ipc)]);
    let network = network.chain(others);
    let all = network.chain(inproc).chain(windows).chain(publishers).chain(servers);
    all.flat_map(|(work, transport)| {
        Placement::ALL.map(|placement| Case { work, transport, placement })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_set_contains_the_table() {
        let full = full();
        assert!(quick().iter().all(|case| full.contains(case)));
    }

    #[test]
    fn figures_fit_their_work() {
        for cell in table().into_iter().flat_map(|row| row.cells) {
            let timed = matches!(
                cell.case.work,
                Work::Request { .. }
                    | Work::Spin { .. }
                    | Work::Second { .. }
                    | Work::Clients { .. }
            );
            assert!(timed || cell.metric == Rate, "{cell:?}");
        }
    }
}
