//! Runs a command per request: the request on its stdin, the reply from its stdout.

use core::time::Duration;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use zmtp_mio::kind::Kind;
use zmtp_mio::{Error, Handle, Message, Socket};

/// The largest output of a command in bytes.
const MOST: u64 = 16 << 20;
/// The longest interval between checks whether a command that closed its output has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Settings for running commands.
#[derive(Debug)]
pub(crate) struct Exec {
    pub(crate) command: OsString,
    pub(crate) timeout: Duration,
    /// The socket that is served while a command runs.
    pub(crate) handle: Handle,
}

/// The reason why there is no output, for a note.
type Trouble = String;

impl Exec {
    /// Runs the command for a request; returns its output, or the reason why there is none.
    ///
    /// The socket is served meanwhile: it accepts peers, and a signal stops it.
    pub(crate) fn run<K: Kind>(
        &self,
        socket: &mut Socket<K>,
        request: &Message,
    ) -> Result<Result<Vec<u8>, Trouble>, Error> {
        let deadline = Instant::now().checked_add(self.timeout);
        let (mut running, output) = match self.start(request) {
            Ok(started) => started,
            Err(error) => return Ok(Err(format!("cannot run: {error}"))),
        };
        let output = loop {
            let Some(rest) = rest(deadline) else { return Ok(Err(self.too_long())) };
            match socket.wait(rest) {
                Ok(_) => {}
                // Woken by the end of the output, or by that of an earlier command that took too long.
                Err(Error::Woken) => match output.try_recv() {
                    Ok(Ok(output)) => break output,
                    Ok(Err(error)) => return Ok(Err(format!("cannot read its output: {error}"))),
                    Err(_) => {}
                },
                Err(error) => return Err(error),
            }
        };
        if output.len() as u64 > MOST {
            return Ok(Err(format!("printed more than {MOST} bytes")));
        }
        let mut look = Duration::from_millis(1);
        let status = loop {
            match running.look() {
                Ok(Some(status)) => break status,
                Ok(None) => {}
                Err(error) => return Ok(Err(format!("cannot wait for it: {error}"))),
            }
            let Some(rest) = rest(deadline) else { return Ok(Err(self.too_long())) };
            match socket.wait(rest.min(look)) {
                Ok(_) | Err(Error::Woken) => look = (look * 2).min(LOOK),
                Err(error) => return Err(error),
            }
        };
        Ok(if status.success() { Ok(output) } else { Err(status.to_string()) })
    }

    fn too_long(&self) -> Trouble {
        format!("took longer than {:?}", self.timeout)
    }

    /// Starts the command and the threads at its two ends.
    fn start(&self, request: &Message) -> io::Result<(Running, Receiver<io::Result<Vec<u8>>>)> {
        let sizes: Vec<_> = request.parts().map(|part| part.len().to_string()).collect();
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command);
        command.env("ZMTP_PART_SIZES", sizes.join(" "));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // A separate process group, which can be killed as a whole.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut running = Running { child: command.spawn()?, ended: false };

        let body = request.parts().collect::<Vec<_>>().concat();
        let stdin = running.child.stdin.take();
        thread::Builder::new().name("exec-stdin".into()).spawn(move || {
            // A command need not read its input.
            let _ = stdin.map(|mut stdin| stdin.write_all(&body));
        })?;

        let (found, output) = channel();
        let (stdout, handle) = (running.child.stdout.take(), self.handle.clone());
        thread::Builder::new().name("exec-stdout".into()).spawn(move || {
            let mut bytes = Vec::new();
            let read = match stdout {
                Some(stdout) => stdout.take(MOST + 1).read_to_end(&mut bytes),
                None => Ok(0),
            };
            // It fails if the command took too long: then nothing receives the output.
            let _ = found.send(read.map(|_| bytes));
            let _ = handle.wake();
        })?;
        Ok((running, output))
    }
}

/// A command that is killed with its child processes, unless it ended by itself.
struct Running {
    child: Child,
    ended: bool,
}

impl Running {
    fn look(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.ended = status.is_some();
        Ok(status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        #[cfg(unix)]
        if let Ok(id) = i32::try_from(self.child.id())
            && let Some(group) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time left until a deadline; `None` if it has passed.
fn rest(deadline: Option<Instant>) -> Option<Duration> {
    let rest = deadline.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
    (!rest.is_zero()).then_some(rest)
}
