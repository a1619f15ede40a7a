//! Copies bytes between a serial line and a ZeroMQ connection, in both directions.
//!
//! The bridge does not implement ZMTP. It only finds the greetings of the device ([`watch`]). Each greeting
//! starts a session with a new connection. After the connection is lost, the bytes of the device are discarded
//! until its next greeting.

mod ipc;
mod network;
mod retry;
mod serial;
mod watch;

use core::time::Duration;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zmtp_mio::Endpoint;

pub(crate) use network::Listener;
pub(crate) use serial::{Place, Serial};

use network::Peer;
use retry::Retry;
use watch::Watch;

/// The number of buffered bytes for one side at which the other side is not read.
const ROOM: usize = 64 << 10;
/// A connection that accepts no byte for this long while bytes are buffered is closed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The two ends of a bridge.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) place: Place,
    pub(crate) baud: u32,
    /// During a session, a greeting counts only if no bytes arrived for this time before it. Otherwise it is part
    /// of a message.
    pub(crate) silence: Duration,
    /// The endpoint to connect to if there is no `listener`.
    pub(crate) endpoint: Endpoint,
    pub(crate) listener: Option<Listener>,
}

/// The network side of a session.
#[derive(Debug)]
enum Session {
    /// The device has not sent a greeting.
    None,
    /// A greeting is buffered. There is no connection yet.
    Wanted,
    Dialling(Receiver<io::Result<Peer>>),
    Up(Peer),
}

/// A bridge between two ends.
pub(crate) struct Bridge<'a> {
    ends: &'a Ends,
    tell: &'a dyn Fn(&str),
    serial: Option<Serial>,
    session: Session,
    watch: Watch,
    to_network: Vec<u8>,
    to_serial: Vec<u8>,
    reopen: Retry,
    redial: Retry,
    /// When the connection last accepted bytes, or when none were buffered.
    progress: Instant,
    /// A thread that connects writes to it to wake the loop.
    woken: UnixStream,
    wake: UnixStream,
}

impl<'a> Bridge<'a> {
    /// Creates a bridge over the open line. `tell` is called with each event.
    pub(crate) fn new(ends: &'a Ends, serial: Serial, tell: &'a dyn Fn(&str)) -> io::Result<Self> {
        let (woken, wake) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        Ok(Self {
            ends,
            tell,
            serial: Some(serial),
            session: Session::None,
            watch: Watch::new(ends.silence),
            to_network: Vec::new(),
            to_serial: Vec::new(),
            reopen: Retry::default(),
            redial: Retry::default(),
            progress: Instant::now(),
            woken,
            wake,
        })
    }

    /// Copies bytes until `stop` is readable.
    pub(crate) fn run(&mut self, stop: &UnixStream) -> io::Result<()> {
        let mut scratch = vec![0; 16 << 10];
        loop {
            self.turn(Instant::now());
            if self.wait(stop)? {
                return Ok(());
            }
            self.read_serial(&mut scratch);
            self.read_network(&mut scratch);
            self.flush();
        }
    }

    /// Performs the work that is due.
    fn turn(&mut self, now: Instant) {
        if self.serial.is_none() && self.reopen.is_due(now) {
            match Serial::open(&self.ends.place, self.ends.baud) {
                Ok(serial) => {
                    self.serial = Some(serial);
                    (self.tell)("serial line is open again");
                }
                Err(error) => {
                    self.reopen.failed(now, || again_soon(self.tell, "open the line", &error));
                }
            }
        }
        let idle = matches!(self.session, Session::None);
        self.watch.release(now, idle, &mut self.to_network);
        match &self.session {
            Session::Wanted if self.ends.listener.is_none() && self.redial.is_due(now) => {
                self.session = self.dial();
            }
            Session::Dialling(result) => match result.try_recv() {
                Ok(Ok(peer)) => self.up(peer, now),
                Ok(Err(error)) => {
                    self.session = Session::Wanted;
                    self.redial.failed(now, || again_soon(self.tell, "connect", &error));
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => self.session = Session::Wanted,
            },
            Session::Up(_) if self.to_network.is_empty() => self.progress = now,
            Session::Up(_) if now.duration_since(self.progress) >= TIMEOUT => {
                self.lost("accepts no more bytes");
            }
            _ => {}
        }
    }

    /// Connects in a thread, because connecting and looking up a name may take seconds.
    fn dial(&self) -> Session {
        let (tell, told) = channel();
        let endpoint = self.ends.endpoint.clone();
        let Ok(mut wake) = self.wake.try_clone() else { return Session::Wanted };
        let run = move || {
            let _ = tell.send(Peer::dial(&endpoint));
            let _ = wake.write(&[0]);
        };
        match thread::Builder::new().name("dial".into()).spawn(run) {
            Ok(_) => Session::Dialling(told),
            Err(_) => Session::Wanted,
        }
    }

    fn up(&mut self, peer: Peer, now: Instant) {
        self.session = Session::Up(peer);
        self.redial = Retry::default();
        self.progress = now;
        (self.tell)("connected");
    }

    /// Handles the loss of the connection. The device detects it by its timeouts.
    fn lost(&mut self, why: &str) {
        self.session = Session::None;
        self.to_network.clear();
        (self.tell)(&format!("connection {why}; waiting for the next greeting"));
    }

    fn serial_lost(&mut self, why: &str) {
        self.serial = None;
        self.session = Session::None;
        self.watch = Watch::new(self.ends.silence);
        self.to_network.clear();
        self.to_serial.clear();
        self.reopen = Retry::after(Instant::now());
        (self.tell)(&format!("serial line {why}; opening it again"));
    }

    /// Sleeps until there is work. Returns `true` if `stop` is readable.
    fn wait(&self, stop: &UnixStream) -> io::Result<bool> {
        let mut fds =
            vec![PollFd::new(stop, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
        // Descriptors without a requested event are left out: poll would report their end repeatedly.
        let mut add = |fd, read: bool, write: bool| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, read);
            flags.set(PollFlags::OUT, write);
            if !flags.is_empty() {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
            }
        };
        if let Some(serial) = &self.serial {
            add(serial.as_fd(), self.to_network.len() < ROOM, !self.to_serial.is_empty());
        }
        match (&self.session, &self.ends.listener) {
            (Session::Up(peer), _) => {
                add(peer.as_fd(), self.to_serial.len() < ROOM, !self.to_network.is_empty());
            }
            (Session::Wanted, Some(listener)) => add(listener.as_fd(), true, false),
            _ => {}
        }
        let timeout = self.deadline().map(|deadline| {
            let rest = deadline.saturating_duration_since(Instant::now());
            // Rounded up: otherwise the loop would spin during the last fraction of a millisecond.
            let rest = rest + Duration::from_millis(1);
            Timespec {
                tv_sec: rest.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: rest.subsec_nanos().into(),
            }
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let mut drain = [0; 64];
        let _ = (&self.woken).read(&mut drain);
        Ok(!fds[0].revents().is_empty())
    }

    fn deadline(&self) -> Option<Instant> {
        let reopen = if self.serial.is_none() { Some(self.reopen.due()) } else { None };
        let session = match &self.session {
            Session::Wanted if self.ends.listener.is_none() => Some(self.redial.due()),
            Session::Up(_) if !self.to_network.is_empty() => Some(self.progress + TIMEOUT),
            _ => None,
        };
        [reopen, session, self.watch.deadline()].into_iter().flatten().min()
    }

    fn read_serial(&mut self, scratch: &mut [u8]) {
        let room = ROOM.saturating_sub(self.to_network.len()).min(scratch.len());
        let Some(serial) = self.serial.as_mut().filter(|_| room > 0) else { return };
        match serial.read(&mut scratch[..room]) {
            Ok(0) => self.serial_lost("ended"),
            Ok(n) => {
                let idle = matches!(self.session, Session::None);
                let now = Instant::now();
                if self.watch.feed(now, &scratch[..n], idle, &mut self.to_network) {
                    if !idle {
                        (self.tell)("the device has restarted");
                    }
                    // Drops the connection, or the receiver of one that is being established.
                    self.session = Session::Wanted;
                    self.to_serial.clear();
                } else if !idle && !matches!(self.session, Session::Up(_)) && self.is_full() {
                    self.lost("was not established in time");
                }
            }
            Err(error) if again(&error) => {}
            Err(error) => self.serial_lost(&format!("failed: {error}")),
        }
    }

    fn is_full(&self) -> bool {
        self.to_network.len() >= ROOM
    }

    fn read_network(&mut self, scratch: &mut [u8]) {
        if let (Session::Wanted, Some(listener)) = (&self.session, &self.ends.listener) {
            match listener.accept() {
                Ok(peer) => self.up(peer, Instant::now()),
                Err(error) if again(&error) => return,
                Err(error) => return (self.tell)(&format!("accept: {error}")),
            }
        }
        let room = ROOM.saturating_sub(self.to_serial.len()).min(scratch.len());
        let Session::Up(peer) = &mut self.session else { return };
        if room == 0 {
            return;
        }
        match peer.read(&mut scratch[..room]) {
            Ok(0) => self.lost("was closed"),
            Ok(n) => self.to_serial.extend_from_slice(&scratch[..n]),
            Err(error) if again(&error) => {}
            Err(error) => self.lost(&format!("failed: {error}")),
        }
    }

    /// Writes as many bytes as both sides accept now.
    fn flush(&mut self) {
        if let Session::Up(peer) = &mut self.session {
            match write(peer, &mut self.to_network) {
                Ok(0) => {}
                Ok(_) => self.progress = Instant::now(),
                Err(error) => self.lost(&format!("failed: {error}")),
            }
        }
        if let Some(serial) = &mut self.serial
            && let Err(error) = write(serial, &mut self.to_serial)
        {
            self.serial_lost(&format!("failed: {error}"));
        }
    }
}

/// Writes as many bytes as are accepted at once, and removes them.
fn write(to: &mut impl Write, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut written = 0;
    let result = loop {
        if written == bytes.len() {
            break Ok(written);
        }
        match to.write(&bytes[written..]) {
            Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => written += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if again(&error) => break Ok(written),
            Err(error) => break Err(error),
        }
    };
    bytes.drain(..written);
    result
}

fn again_soon(tell: &dyn Fn(&str), doing: &str, error: &io::Error) {
    tell(&format!("{doing}: {error}; trying again"));
}

fn again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
