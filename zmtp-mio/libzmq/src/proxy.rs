//! `zmq_proxy` and `zmq_proxy_steerable`.

use std::sync::Arc;

use crate::errno::{Errno, Outcome};
use crate::poll::{Polled, wait};
use crate::socket::{DONTWAIT, Given, POLLIN, POLLOUT, SNDMORE, Socket};

/// The messages and bytes that a socket has received and sent.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    received: [u64; 2],
    sent: [u64; 2],
}

/// What the program has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Paused,
    Ended,
}

/// Forwards messages between two sockets, and a copy of them to a third one, until the context ends or the control socket
/// receives `TERMINATE`.
pub(crate) fn run(
    frontend: &Arc<Socket>,
    backend: &Arc<Socket>,
    capture: Option<&Arc<Socket>>,
    control: Option<&Arc<Socket>>,
) -> Outcome<()> {
    let mut traffic = [Traffic::default(); 2];
    let mut state = State::Active;
    let sockets = [frontend, backend];
    let is_same = Arc::ptr_eq(frontend, backend);
    while state != State::Ended {
        let is_active = state == State::Active;
        let mut polled = Vec::new();
        if let Some(control) = control {
            polled.push(Polled::socket(control, POLLIN));
        }
        // While one socket has no room, only the room is waited for.
        let room =
            [backend, frontend].map(|socket| events(socket).map(|found| found & POLLOUT != 0));
        let [to_backend, to_frontend] = room;
        // A REP has room when it has received.
        let has_room = [is_same || to_backend?, is_same || to_frontend?];
        if is_active {
            for (index, socket) in sockets.iter().enumerate() {
                let mut wanted = 0;
                if has_room[index] {
                    wanted |= POLLIN;
                }
                if !has_room[1 - index] {
                    wanted |= POLLOUT;
                }
                polled.push(Polled::socket(socket, wanted));
            }
        }
        wait(&mut polled, None, None)?;
        if let Some(control) = control
            && events(control)? & POLLIN != 0
        {
            state = steer(control, state, &traffic)?;
        }
        if state != State::Active {
            continue;
        }
        for from in 0..if is_same { 1 } else { 2 } {
            let (source, target) = (sockets[from], sockets[1 - from]);
            if events(source)? & POLLIN == 0 || !is_same && events(target)? & POLLOUT == 0 {
                continue;
            }
            if let Some(bytes) = forward(source, target, capture)? {
                let [counted, sent] = if from == 0 { [0, 1] } else { [1, 0] };
                traffic[counted].received[0] += 1;
                traffic[counted].received[1] += bytes;
                traffic[sent].sent[0] += 1;
                traffic[sent].sent[1] += bytes;
            }
        }
    }
    Ok(())
}

fn events(socket: &Socket) -> Outcome<libc::c_int> {
    socket.look().map(|(events, _)| events)
}

/// Forwards one message, if there is one. Returns its bytes.
fn forward(
    source: &Socket,
    target: &Socket,
    capture: Option<&Arc<Socket>>,
) -> Outcome<Option<u64>> {
    let mut part = match source.receive(DONTWAIT) {
        Err(Errno::EAGAIN) => return Ok(None),
        part => part?,
    };
    let mut bytes = 0;
    loop {
        bytes += part.bytes().len() as u64;
        let more = part.more;
        let flags = if more { SNDMORE } else { 0 };
        if let Some(capture) = capture {
            capture.send(Given::Part(&mut part.share()), flags)?;
        }
        target.send(Given::Part(&mut part), flags)?;
        if !more {
            return Ok(Some(bytes));
        }
        part = source.receive(0)?;
    }
}

/// Carries out a command.
fn steer(control: &Socket, state: State, traffic: &[Traffic; 2]) -> Outcome<State> {
    let part = match control.receive(DONTWAIT) {
        Err(Errno::EAGAIN) => return Ok(state),
        part => part?,
    };
    let (state, is_known) = match part.bytes() {
        b"PAUSE" => (State::Paused, true),
        b"RESUME" => (State::Active, true),
        b"TERMINATE" => (State::Ended, true),
        b"STATISTICS" => {
            reply_statistics(control, traffic)?;
            return Ok(state);
        }
        _ => (state, false),
    };
    // A REP replies to each command.
    if is_known && control.is_rep() {
        control.send(Given::Bytes(b""), 0)?;
    }
    match is_known {
        true => Ok(state),
        false => Err(Errno::EINVAL),
    }
}

/// Eight numbers: what the frontend has received and sent, and the backend.
fn reply_statistics(control: &Socket, traffic: &[Traffic; 2]) -> Outcome<()> {
    let numbers: Vec<_> =
        traffic.iter().flat_map(|one| [one.received, one.sent]).flatten().collect();
    for (index, number) in numbers.iter().enumerate() {
        let flags = if index + 1 < numbers.len() { SNDMORE } else { 0 };
        control.send(Given::Bytes(&number.to_ne_bytes()), flags)?;
    }
    Ok(())
}
