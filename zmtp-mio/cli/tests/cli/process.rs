//! Processes with bounds.

use core::time::Duration;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write, empty, pipe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;
use std::{env, fs, process, thread};

/// Nothing here takes this long unless it hangs.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// A `zmtp` that runs.
pub(crate) struct Zmtp {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

/// A `zmtp` that ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Done {
    /// What it printed, if it ended well.
    #[track_caller]
    pub(crate) fn good(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        str::from_utf8(&self.stdout).unwrap()
    }

    /// What it complained about, if it ended with this code.
    #[track_caller]
    pub(crate) fn bad(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        &self.stderr
    }
}

/// Runs `zmtp` to its end, with nothing on stdin.
#[track_caller]
pub(crate) fn zmtp<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Done {
    zmtp_with(args, b"")
}

/// Runs `zmtp` to its end, with this on stdin.
#[track_caller]
pub(crate) fn zmtp_with<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, stdin: &[u8]) -> Done {
    let mut zmtp = Zmtp::start(args);
    zmtp.feed(stdin);
    zmtp.finish()
}

/// Starts a command that listens; returns its endpoint too, the first one of several.
#[track_caller]
pub(crate) fn listening<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> (Zmtp, String) {
    let zmtp = Zmtp::start(args);
    let endpoint = zmtp.listening();
    (zmtp, endpoint)
}

impl Zmtp {
    pub(crate) fn start<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zmtp"));
        command.args(args);
        Self::spawn(command, Stdio::piped())
    }

    /// Starts `zmtp` with a stdout whose reader has closed it.
    pub(crate) fn unread<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zmtp"));
        command.args(args);
        let (_, stdout) = pipe().unwrap();
        Self::spawn(command, stdout.into())
    }

    /// Starts `zmtp` through another program, which it replaces: `env --ignore-signal=HUP`.
    pub(crate) fn through(program: &[&str], args: &[&str]) -> Self {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg(env!("CARGO_BIN_EXE_zmtp")).args(args);
        Self::spawn(command, Stdio::piped())
    }

    fn spawn(mut command: Command, stdout: Stdio) -> Self {
        command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map_or_else(|| lines(empty()), lines);
        let stderr = lines(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// [`listening`] with `rep`.
    #[track_caller]
    pub(crate) fn rep(args: &[&str]) -> (Self, String) {
        listening([&["rep"], args].concat())
    }

    /// The next endpoint that it listens on.
    #[track_caller]
    pub(crate) fn listening(&self) -> String {
        let line = self.error_line();
        if let Ok(record) = serde_json::from_str::<serde_json::Value>(&line)
            && let Some(endpoint) = record["endpoint"].as_str()
        {
            return endpoint.into();
        }
        let endpoint = line.strip_prefix("listening on ");
        endpoint.unwrap_or_else(|| panic!("not an endpoint: {line:?}")).trim_end().into()
    }

    /// The next line on stderr.
    #[track_caller]
    pub(crate) fn error_line(&self) -> String {
        String::from_utf8(self.stderr.recv_timeout(BOUND).unwrap()).unwrap()
    }

    /// The next line on stdout.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        String::from_utf8(self.stdout.recv_timeout(BOUND).unwrap()).unwrap()
    }

    /// Gives it stdin, whole, unless it does not read so much.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let _ = self.child.stdin.take().unwrap().write_all(bytes);
    }

    /// Gives it more stdin.
    pub(crate) fn feed_some(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
    }

    /// Sends a signal: `-INT`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Done {
        let mut status = None;
        within(|| {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let rest = |lines: &Receiver<Vec<u8>>| {
            let mut all = Vec::new();
            while let Ok(line) = lines.recv_timeout(BOUND) {
                all.extend(line);
            }
            all
        };
        Done {
            code: status.unwrap().code(),
            stdout: rest(&self.stdout),
            stderr: String::from_utf8(rest(&self.stderr)).unwrap(),
        }
    }
}

impl Drop for Zmtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn within(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < BOUND, "it takes too long");
        thread::sleep(Duration::from_millis(10));
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (found, lines) = channel();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        loop {
            let mut line = Vec::new();
            match pipe.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) if found.send(line).is_err() => break,
                Ok(_) => {}
            }
        }
    });
    lines
}

/// A directory that goes with its test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("zmtp-cli-{}-{next}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// An ipc endpoint in it.
    pub(crate) fn ipc(&self, name: &str) -> String {
        format!("ipc://{}", self.path(name).display())
    }

    /// Writes a file; returns its path.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().into()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether a process of this id is there.
pub(crate) fn is_alive(id: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(id).join("stat"));
    // A zombie is not.
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
