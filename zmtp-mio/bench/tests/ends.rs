//! Each loop ends after its number of messages, over plain sockets and with the sockets of this workspace.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{env, fs, process, thread};

use zmtp_bench::child::Ends;
use zmtp_bench::library::{Loops, Ours};
use zmtp_bench::meter::Meter;
use zmtp_bench::raw::Raw;
use zmtp_bench::work::{Side, Work};

const LIMIT: Duration = Duration::from_secs(30);
const MESSAGES: u64 = 50;

/// A socket file that does not outlive this value.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(env::temp_dir().join(format!("zmtp-bench-test-{}-{number}", process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Runs both ends until the one that counts has ended. An end that echoes stays, on its thread.
fn run(ends: &Arc<impl Ends + Send + 'static>, work: &str, endpoint: &str) {
    let work: Work = work.parse().unwrap();
    let [served, connected] = [(); 2].map(|()| Arc::new(Meter::new(work.lanes(), Some(MESSAGES))));
    let (tell, bound) = mpsc::channel();
    let (done, ended) = mpsc::channel();
    let (server, endpoint, serving) = (Arc::clone(ends), endpoint.to_owned(), done.clone());
    thread::spawn(move || {
        let ready = |at: &str| tell.send(at.to_owned()).unwrap();
        // Plain servers end with an error when their client has gone.
        let result = server.serve(work, &endpoint, &served, &ready);
        let _ = serving.send((Side::Server, result));
    });
    let endpoint = bound.recv_timeout(LIMIT).unwrap();
    let client = Arc::clone(ends);
    thread::spawn(move || {
        let result = client.connect(work, &endpoint, &connected);
        let _ = done.send((Side::Client, result));
    });
    loop {
        let (side, result) = ended.recv_timeout(LIMIT).expect("an end of the loop");
        if side == work.counts() {
            return result.unwrap();
        }
    }
}

const BOTH_TRANSPORTS: [&str; 7] =
    ["req:0", "req:255", "req:256", "req:65536", "push:64", "push:1048576", "window:10"];
const TCP: [&str; 2] = ["pub:2:3", "clients:5"];

fn run_all(ends: &Arc<impl Ends + Send + 'static>) {
    for work in BOTH_TRANSPORTS {
        let file = File::new();
        run(ends, work, &format!("ipc://{}", file.0.display()));
    }
    for work in BOTH_TRANSPORTS.iter().chain(&TCP) {
        run(ends, work, "tcp://127.0.0.1:*");
    }
}

#[test]
fn loops_over_plain_sockets_end() {
    run_all(&Arc::new(Raw));
}

#[test]
fn loops_of_our_sockets_end() {
    let ours = Arc::new(Loops::<Ours>::start().unwrap());
    run_all(&ours);
    run(&ours, "req:64", "inproc://loops");
    run(&ours, "push:64", "inproc://loops-2");
}

#[test]
fn plain_sockets_have_no_inproc() {
    let meter = Meter::new(1, Some(1));
    let work = Work::Request { size: 1 };
    assert!(Raw.serve(work, "inproc://x", &meter, &|_| ()).is_err());
    assert!(Raw.connect(work, "inproc://x", &meter).is_err());
}
