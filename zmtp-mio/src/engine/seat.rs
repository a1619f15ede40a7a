//! Where a socket has its engine: with itself, or shared with the background driver.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::{Engine, Pattern};
use crate::driver::{Drive, Gate, Member, Shared};
use crate::error::Error;
use crate::options::Options;

/// A socket's engine.
pub(crate) struct Seat<P: Pattern> {
    place: Place<P>,
    /// A poll of the caller's hears of the engine's events: the driver keeps off.
    registered: bool,
}

enum Place<P: Pattern> {
    Own(Box<Engine<P>>),
    Driven(Arc<Driven<P>>, Arc<Shared>),
}

/// An engine that the driver serves too.
struct Driven<P> {
    engine: Mutex<Engine<P>>,
    gate: Gate,
    descriptor: RawFd,
}

impl<P: Pattern + Send + 'static> Seat<P> {
    pub(crate) fn new(pattern: P, options: Options) -> Result<Self, Error> {
        // A forked child's sockets are their own: it has no driver.
        let driver = options.context.driver().filter(|shared| shared.is_of_this_process());
        let engine = Engine::new(pattern, options)?;
        let Some(shared) = driver else { return Ok(Self::of(Place::Own(Box::new(engine)))) };
        let descriptor = engine.poll.as_raw_fd();
        let driven = Driven { engine: Mutex::new(engine), gate: Gate::new(), descriptor };
        let driven = Arc::new(driven);
        shared.join(Arc::clone(&driven) as Arc<dyn Member>);
        Ok(Self::of(Place::Driven(driven, shared)))
    }

    /// Sends what is queued, within linger, and closes everything. A forked child closes its copies
    /// only, and says nothing to the driver, which is its parent's.
    pub(crate) fn close(&mut self) {
        if let Place::Driven(driven, shared) = &self.place
            && !shared.is_of_this_process()
        {
            // If the driver had it when this process was forked, its end closes them.
            driven.try_engine(|engine| engine.let_go());
            return;
        }
        self.enter().close();
        if let Place::Driven(driven, shared) = &self.place {
            shared.part(Arc::clone(driven) as Arc<dyn Member>);
        }
    }
}

impl<P: Pattern> Seat<P> {
    const fn of(place: Place<P>) -> Self {
        Self { place, registered: false }
    }

    /// From now on a poll of the caller's hears of the engine's events, or does not any more. Returns
    /// whether one did before.
    pub(crate) fn set_registered(&mut self, registered: bool) -> bool {
        let before = core::mem::replace(&mut self.registered, registered);
        match (before, registered) {
            (false, true) => self.hold(),
            (true, false) => self.release(),
            _ => {}
        }
        before
    }

    /// The engine, for a call: the driver keeps off until the guard is dropped.
    pub(crate) fn enter(&mut self) -> Guard<'_, P> {
        match &mut self.place {
            Place::Own(engine) => Guard(Hold::Own(engine)),
            Place::Driven(driven, shared) => {
                let engine = driven.enter(shared);
                Guard(Hold::Driven { engine: Some(engine), driven, shared })
            }
        }
    }

    /// The engine, for a look.
    pub(crate) fn look(&self) -> Glance<'_, P> {
        match &self.place {
            Place::Own(engine) => Glance::Own(engine),
            Place::Driven(driven, _) => Glance::Driven(driven.lock()),
        }
    }

    /// Keeps the driver off until [`Seat::release`]: somebody else waits for the engine's events.
    pub(crate) fn hold(&self) {
        if let Place::Driven(driven, shared) = &self.place {
            drop(driven.enter(shared));
        }
    }

    /// Ends [`Seat::hold`].
    pub(crate) fn release(&self) {
        if let Place::Driven(driven, shared) = &self.place {
            driven.leave(shared);
        }
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        match &self.place {
            Place::Own(engine) => engine.poll.as_raw_fd(),
            Place::Driven(driven, _) => driven.descriptor,
        }
    }
}

impl<P: Pattern> Driven<P> {
    fn enter(&self, shared: &Shared) -> MutexGuard<'_, Engine<P>> {
        self.gate.enter();
        let engine = self.lock();
        if self.gate.take_back() {
            // It was registered when it was armed; if that failed, there is nothing to take back.
            let _ = shared.registry().deregister(&mut SourceFd(&self.descriptor));
        }
        engine
    }

    fn leave(&self, shared: &Shared) {
        if self.gate.leave() {
            shared.wake();
        }
    }
}

impl<P> Driven<P> {
    fn lock(&self) -> MutexGuard<'_, Engine<P>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the engine to `with` unless somebody has it, which is `false`.
    fn try_engine(&self, with: impl FnOnce(&mut Engine<P>)) -> bool {
        let mut engine = match self.engine.try_lock() {
            Ok(engine) => engine,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        with(&mut engine);
        true
    }
}

impl<P: Pattern + Send> Member for Driven<P> {
    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn try_drive(&self, with: &mut dyn FnMut(&mut dyn Drive)) -> bool {
        self.try_engine(|engine| with(engine))
    }
}

impl<P: Pattern> Drive for Engine<P> {
    fn drive(&mut self) -> io::Result<Option<Duration>> {
        self.serve()
    }

    fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.poll.as_raw_fd()), token, Interest::READABLE)
    }
}

/// The engine during a call.
pub(crate) struct Guard<'a, P: Pattern>(Hold<'a, P>);

enum Hold<'a, P: Pattern> {
    Own(&'a mut Engine<P>),
    Driven {
        /// There until the guard is dropped.
        engine: Option<MutexGuard<'a, Engine<P>>>,
        driven: &'a Driven<P>,
        shared: &'a Shared,
    },
}

impl<P: Pattern> Deref for Guard<'_, P> {
    type Target = Engine<P>;

    fn deref(&self) -> &Engine<P> {
        match &self.0 {
            Hold::Own(engine) => engine,
            Hold::Driven { engine: Some(engine), .. } => engine,
            Hold::Driven { .. } => unreachable!("taken only when dropped"),
        }
    }
}

impl<P: Pattern> DerefMut for Guard<'_, P> {
    fn deref_mut(&mut self) -> &mut Engine<P> {
        match &mut self.0 {
            Hold::Own(engine) => engine,
            Hold::Driven { engine: Some(engine), .. } => engine,
            Hold::Driven { .. } => unreachable!("taken only when dropped"),
        }
    }
}

impl<P: Pattern> Drop for Guard<'_, P> {
    fn drop(&mut self) {
        if let Hold::Driven { engine, driven, shared } = &mut self.0 {
            drop(engine.take());
            driven.leave(shared);
        }
    }
}

/// The engine during a look.
pub(crate) enum Glance<'a, P> {
    Own(&'a Engine<P>),
    Driven(MutexGuard<'a, Engine<P>>),
}

impl<P> Deref for Glance<'_, P> {
    type Target = Engine<P>;

    fn deref(&self) -> &Engine<P> {
        match self {
            Self::Own(engine) => engine,
            Self::Driven(engine) => engine,
        }
    }
}

impl<P: Pattern + fmt::Debug> fmt::Debug for Seat<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.look().fmt(f)
    }
}
