//! A turn: prepare, poll, dispatch.

use core::time::Duration;
use std::io;
use std::time::Instant;

use mio::Events;

use super::hand_over::HandOver;
use super::pace::Pause;
use super::scheduler::{Key, WAKE};
use super::spin::Waiter;
use super::{Engine, Guard};
use crate::error::Error;

impl Guard<'_> {
    /// Does what can be done, and waits for events until `deadline`; `None` is no limit. Other
    /// threads may use the engine during the wait.
    ///
    /// Returns after any event; the caller checks its condition and calls again. Fails after another thread has begun to
    /// close the socket.
    pub(crate) fn turn(&mut self, deadline: Option<Instant>) -> Result<(), Error> {
        self.check_open()?;
        self.turn_unwoken(deadline).map_err(|error| Error::io("poll")(error))?;
        self.check_open()
    }

    fn check_open(&self) -> Result<(), Error> {
        self.check_wake()?;
        if self.is_ending() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// [`Guard::turn`] that no handle wakes or stops.
    pub(super) fn turn_unwoken(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let pause = self.prepare(deadline);
        let cell = &**self.cell;
        let Some(mut waiter) = cell.polls.try_take() else {
            if pause.timeout != Some(Duration::ZERO) {
                if self.has_news() {
                    self.wake_poller();
                }
                self.stay();
                let Some(engine) = self.engine.take() else { return Ok(()) };
                self.engine = Some(cell.polls.wait(engine, pause.timeout));
            }
            return Ok(());
        };
        if pause.timeout == Some(Duration::ZERO) {
            self.dispatch(waiter.poll(pause.timeout)?);
            return Ok(());
        }
        if let Some(end) = pause.until
            && self.clock.is_test()
        {
            return self.skip(&mut waiter, end);
        }
        let signals_end = self.options.signals_end_waits;
        if signals_end {
            // A signal does not end a wait for the bell.
            self.open_descriptor()?;
        }
        let (spin, mailbox) = (self.options.spin, self.mailbox.clone());
        self.stay();
        let Some(engine) = self.engine.take() else { return Ok(()) };
        let (engine, polled) = HandOver::<Waiter>::sleep(&cell.engine, engine, pause, || {
            waiter.wait(pause.timeout, spin, mailbox.as_deref())
        });
        self.engine = Some(engine);
        self.changed = false;
        self.dispatch(polled?);
        cell.polls.end(&mut **self);
        match signals_end && waiter.was_interrupted() {
            true => Err(io::ErrorKind::Interrupted.into()),
            false => Ok(()),
        }
    }

    /// A wait on a test's clock: without events the clock moves to the end of the wait.
    fn skip(&mut self, waiter: &mut Waiter, end: Instant) -> io::Result<()> {
        self.dispatch(waiter.poll(Some(Duration::ZERO))?);
        if self.is_idle() {
            self.clock.skip_to(end);
        }
        Ok(())
    }

    /// One turn without waiting. Returns when the next is due: at once while work is left.
    pub(crate) fn step(&mut self) -> Result<Option<Duration>, Error> {
        let now = self.tick();
        self.turn(Some(now))?;
        Ok(self.next_turn())
    }
}

impl Engine {
    /// The steps before the poll. Returns how long to wait for events: until `deadline` at most;
    /// `None` is no limit.
    pub(super) fn prepare(&mut self, deadline: Option<Instant>) -> Pause {
        self.tick();
        (self.served, self.sent) = (0, 0);
        // Held messages are written when the application waits.
        let wrote = self.write_held() | self.end_burst();
        let mut worked = self.read_mailbox();
        worked |= self.run_timers();
        worked |= self.run_scheduled();
        worked |= self.carry_out_closes();
        self.turned += u64::from(worked);
        worked |= wrote;
        if self.turns.sleeping().is_none() {
            // While another thread polls, its events may be for peers in these slots.
            self.free_slots();
        }
        worked |= !self.prepare_to_sleep();
        // The work may have changed the condition that the application waits for.
        if worked {
            self.note_change();
            self.report_to_threads();
            self.tick();
        }
        let until = if worked { Some(self.now) } else { self.deadline(deadline) };
        Pause { until, timeout: until.map(|at| at.saturating_duration_since(self.now)) }
    }

    /// The steps after the poll.
    pub(super) fn dispatch(&mut self, events: &Events) {
        self.tick();
        self.note_awake();
        self.woke_application = false;
        self.dispatched = self.handle_events(events);
        self.dispatched |= self.read_mailbox();
        self.turned += u64::from(self.dispatched);
        self.reroute();
        self.carry_out_closes();
        let reports = self.peers.iter().map(|(_, peer)| peer.reported);
        self.budget.check(reports.chain([self.run_reported]));
        if self.dispatched {
            self.report_to_threads();
        }
    }

    fn handle_events(&mut self, events: &Events) -> bool {
        let mut count = 0;
        for event in events {
            count += 1;
            if event.token() == WAKE {
                self.take_resolved();
                continue;
            }
            match Key::of(event.token()) {
                Key::Listener(index) => self.accept(index),
                Key::Peer(index) => {
                    let closing = event.is_read_closed() || event.is_error();
                    self.peer_event(index, event.is_readable(), event.is_writable(), closing);
                }
            }
        }
        self.more_events = count > 0 && count == events.capacity();
        count > 0
    }

    fn run_timers(&mut self) -> bool {
        let mut any = false;
        while let Some(key) = self.scheduler.take_due(self.now) {
            any = true;
            match key {
                Key::Listener(index) => {
                    if let Some(listener) = self.listeners.get_mut(index) {
                        listener.timer = None;
                        self.accept(index);
                    }
                }
                Key::Peer(index) => self.peer_timer(index),
            }
        }
        any
    }

    /// Gives each peer and listener that is scheduled its share of the turn.
    fn run_scheduled(&mut self) -> bool {
        let count = self.scheduler.scheduled_count();
        for _ in 0..count {
            match self.scheduler.take_scheduled() {
                Some(Key::Listener(index)) => self.accept(index),
                Some(Key::Peer(index)) => {
                    if let Some(peer) = self.peers.get_mut(index) {
                        peer.scheduled = false;
                        self.peer_event(index, true, false, false);
                    }
                }
                None => break,
            }
        }
        count > 0
    }
}
