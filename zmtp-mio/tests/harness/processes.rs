//! Runs a test in a process of its own, which is this program again, to measure the memory, CPU time
//! and descriptors of the process.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zmtp_mio::kind::Kind;
use zmtp_mio::{Interest, Item, Poller, Socket};

use super::{LIMIT, eventually, skipped};

pub(crate) const KIB: usize = 1 << 10;
pub(crate) const MIB: usize = 1 << 20;

/// The longest time that such a process may take.
const LIFE: Duration = Duration::from_secs(180);
/// The variable with the name of the test.
const NAME: &str = "ZMTP_TEST_ALONE";
/// The variable with the process's part in the test.
const PART: &str = "ZMTP_TEST_PART";
/// This process.
const SELF: &str = "/proc/self";
/// The part of the test itself.
const MAIN: &str = "main";

/// The name of the test that contains this call, as the test program's arguments have it.
macro_rules! this_test {
    () => {{
        fn here() {}
        $crate::harness::processes::name_of(here)
    }};
}

/// The path of the function around `inner`, without the crate.
pub(crate) fn name_of<F>(_inner: F) -> &'static str {
    let path = std::any::type_name::<F>().trim_end_matches("::here");
    path.split_once("::").map_or(path, |(_, test)| test)
}

pub(crate) use this_test;

/// Runs `body` in a process of its own. `test` is the name of the calling test.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    match part(test) {
        Some(_) => body(),
        None => finish(start(test, None, MAIN)),
    }
}

/// [`alone`] with a limit on descriptors. The test is skipped if the system allows fewer, which is a
/// failure with `ZMTP_NO_SKIP`.
pub(crate) fn alone_with(test: &str, descriptors: u32, body: impl FnOnce()) {
    if part(test).is_some() {
        return body();
    }
    let hard = Command::new("sh").args(["-c", "ulimit -Hn"]).output().unwrap().stdout;
    let hard = String::from_utf8(hard).unwrap();
    if hard.trim() != "unlimited" && hard.trim().parse::<u32>().unwrap() < descriptors {
        let why = format!("{test}: {descriptors} descriptors are not allowed, but {}", hard.trim());
        return skipped(why);
    }
    finish(start(test, Some(descriptors), MAIN));
}

/// The part of this process in the test, if it was started for that.
pub(crate) fn part(test: &str) -> Option<String> {
    let ours = std::env::var(NAME).is_ok_and(|name| name == test);
    ours.then(|| std::env::var(PART).unwrap())
}

/// Starts this program again for one part of a test, such as an endpoint, with a limit on
/// descriptors.
pub(crate) fn start(test: &str, descriptors: Option<u32>, part: &str) -> Child {
    let limit = descriptors.map_or(String::new(), |n| format!("ulimit -n {n} && "));
    start_within(&limit, test, part)
}

/// [`start`] with a limit on memory that is mapped, in bytes. All threads allocate from the same memory. The sockets of the
/// process have no driver: a thread that serves a socket for the first time allocates memory of its own, and the process
/// ends if there is none.
pub(crate) fn start_with_memory(test: &str, bytes: usize, part: &str) -> Child {
    let limit =
        format!("export MALLOC_ARENA_MAX=1 ZMTP_TEST_DRIVER=0 && ulimit -v {} && ", bytes / KIB);
    start_within(&limit, test, part)
}

fn start_within(limit: &str, test: &str, part: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit}exec \"$0\" \"$@\"")]);
    arguments(&mut command, test, part);
    command.spawn().unwrap()
}

/// Adds this program and its arguments for one part of a test to a command, which runs them.
pub(crate) fn arguments(command: &mut Command, test: &str, part: &str) {
    command
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(NAME, test)
        .env(PART, part)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
}

/// Waits for a process of [`start`], and asserts that its one test ran and passed.
pub(crate) fn finish(mut child: Child) {
    let mut stdout = child.stdout.take().unwrap();
    let reading = thread::spawn(move || {
        let mut said = String::new();
        stdout.read_to_string(&mut said).map(|_| said)
    });
    let end = Instant::now() + LIFE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() >= end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("a process of the test hangs");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let said = reading.join().unwrap().unwrap();
    // The output of a process that has started others contains theirs.
    assert!(status.success() && said.contains("1 passed"), "in a process of its own:\n{said}");
    print!("{said}");
}

/// Runs a call on a thread of its own, and waits until that thread sleeps: the call blocks.
pub(crate) fn blocked<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        tell.send(fs::read_link("/proc/thread-self").unwrap()).unwrap();
        call()
    });
    let task = Path::new("/proc").join(told.recv_timeout(LIMIT).unwrap());
    let mut asleep = 0;
    eventually("the call blocks", || {
        assert!(!thread.is_finished(), "it did not block");
        // A single one may be a short sleep before the call blocks.
        asleep = if state(&task.join("stat")) == 'S' { asleep + 1 } else { 0 };
        asleep == 10
    });
    thread
}

/// The state of a process or a thread: `S` sleeps, `T` is stopped. See proc(5).
pub(crate) fn state(stat: &Path) -> char {
    let stat = fs::read_to_string(stat).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('X')
}

/// CPU time of a process, all threads and those that ended, to a hundredth of a second.
fn process_time(process: &Path) -> Duration {
    let stat = fs::read_to_string(process.join("stat")).unwrap();
    // After the program's name, which may contain spaces, user and system time are the twelfth
    // and thirteenth word.
    let words = stat.rsplit_once(") ").unwrap().1.split(' ');
    let ticks: u64 = words.skip(11).take(2).map(|word| word.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

/// The peak of this process's resident memory, in bytes.
pub(crate) fn peak_of_memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * KIB
}

/// Descriptors that this process holds.
pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Asserts that this process becomes idle.
pub(crate) fn assert_idle() {
    assert_child_is_idle(Path::new(SELF));
}

/// [`assert_idle`] of another process, such as `/proc/1`.
pub(crate) fn assert_child_is_idle(process: &Path) {
    assert_idle_in(process, || thread::sleep(Duration::from_millis(300)));
}

/// Asserts that this process becomes idle while a socket has nothing to receive: during a call that
/// waits, and between calls, when a driver may have the socket.
pub(crate) fn assert_rests(socket: &mut Socket<impl Kind>) {
    let mut poller = Poller::new().unwrap();
    assert_idle_in(Path::new(SELF), || {
        let mut items = [Item::socket(socket, Interest::READABLE)];
        let ready = poller.wait(&mut items, Some(Duration::from_millis(300))).unwrap();
        assert_eq!(ready, 0, "there was something to receive");
    });
    assert_idle();
}

/// Asserts that `pause`, which takes 300 ms, comes to use no CPU time, twice in a row: once could be
/// a spinning thread that did not get the CPU.
fn assert_idle_in(process: &Path, mut pause: impl FnMut()) {
    let (end, mut calm) = (Instant::now() + 12 * LIMIT, 0);
    while calm < 2 {
        let watch = Watch::over(process, |_| true);
        pause();
        match watch.check(Duration::from_millis(30)) {
            Ok(()) => calm += 1,
            Err(why) => {
                assert!(Instant::now() < end, "{why}");
                calm = 0;
            }
        }
    }
}

/// CPU time that a thread may use in an idle period.
const LITTLE: Duration = Duration::from_millis(5);

/// Detects threads that spin. On a loaded machine they get little CPU time, so it is compared with
/// the time in which they did not wait for the CPU.
#[derive(Debug)]
pub(crate) struct Watch {
    process: PathBuf,
    is_watched: fn(&Path) -> bool,
    since: Instant,
    cpu: Duration,
    threads: BTreeMap<PathBuf, [Duration; 2]>,
}

impl Watch {
    /// Watches the threads that drive sockets: the calling thread, and drivers.
    pub(crate) fn start() -> Self {
        Self::over(Path::new(SELF), |task| {
            let this = fs::read_link("/proc/thread-self").unwrap();
            let name = fs::read_to_string(task.join("comm")).unwrap_or_default();
            task.file_name() == this.file_name() || name.trim() == "zmtp-driver"
        })
    }

    fn over(process: &Path, is_watched: fn(&Path) -> bool) -> Self {
        let (cpu, since) = (process_time(process), Instant::now());
        let threads = threads(process, is_watched);
        Self { process: process.into(), is_watched, since, cpu, threads }
    }

    /// Asserts that the process used less than `bound` of CPU time since the start, and that no
    /// thread was busier than that while it had the CPU.
    pub(crate) fn assert_calm(&self, bound: Duration) {
        self.check(bound).unwrap();
    }

    fn check(&self, bound: Duration) -> Result<(), String> {
        let (cpu, whole) = (process_time(&self.process) - self.cpu, self.since.elapsed());
        if cpu >= bound {
            return Err(format!("busy: {cpu:?} of {whole:?}"));
        }
        let part = bound.as_secs_f64() / whole.as_secs_f64();
        for (task, now) in threads(&self.process, self.is_watched) {
            let before = self.threads.get(&task).copied().unwrap_or_default();
            let [ran, waited] = [0, 1].map(|at| now[at].saturating_sub(before[at]));
            if ran > LITTLE + whole.saturating_sub(waited).mul_f64(part) {
                return Err(format!("busy: {ran:?} of {whole:?}, {waited:?} kept waiting"));
            }
        }
        Ok(())
    }
}

/// How long each thread ran, and how long it waited for the CPU.
fn threads(process: &Path, is_watched: fn(&Path) -> bool) -> BTreeMap<PathBuf, [Duration; 2]> {
    let tasks = fs::read_dir(process.join("task")).unwrap().map(|task| task.unwrap().path());
    let of = |task: PathBuf| {
        // It may have ended meanwhile.
        let text = fs::read_to_string(task.join("schedstat")).ok()?;
        let mut nanos = text.split(' ').map(|word| Duration::from_nanos(word.parse().unwrap_or(0)));
        Some((task, [nanos.next()?, nanos.next()?]))
    };
    tasks.filter(|task| is_watched(task)).filter_map(of).collect()
}
