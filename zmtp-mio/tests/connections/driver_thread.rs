//! The thread of the background driver: when it starts, rests and ends.

use std::thread;

use super::driver::driven;
use crate::harness::processes::{alone, alone_with, assert_idle, this_test};
use crate::harness::{eventually, never};
use zmtp_mio::{Context, Error, Pair, Rep, Req};

/// Threads of this process that are drivers.
fn drivers() -> usize {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == "zmtp-driver")
        .count()
}

#[test]
fn an_idle_driver_does_not_wake_up() {
    // Alone: it counts the wake-ups of every driver of the process.
    alone(this_test!(), || {
        let context = driven();
        let rep = Rep::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
        let req = Req::builder()
            .context(&context)
            .connect(rep.endpoints().next().unwrap().to_string())
            .unwrap();
        eventually("a handshake", || req.counters().handshakes == 1);
        let wakeups = || {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap();
            let statuses = tasks.filter_map(|task| {
                let path = task.ok()?.path();
                let name = std::fs::read_to_string(path.join("comm")).ok()?;
                let status = std::fs::read_to_string(path.join("status")).ok()?;
                (name.trim() == "zmtp-driver").then_some(status)
            });
            statuses
                .filter_map(|status| {
                    let line = status.lines().find(|line| line.starts_with("voluntary"))?;
                    line.split_whitespace().nth(1)?.parse::<u64>().ok()
                })
                .sum::<u64>()
        };
        // The end of the handshake may still be under way.
        eventually("the drivers rest", || {
            let before = wakeups();
            assert_idle();
            wakeups() - before < 5
        });
    });
}

#[test]
fn the_thread_of_a_context_starts_with_its_first_socket_and_ends_with_its_last() {
    alone(this_test!(), || {
        let plain = Context::builder().driver(false).build();
        assert!(driven().has_driver() && !plain.has_driver());
        let plain = [
            Rep::builder().driver(false).bind("tcp://127.0.0.1:*").unwrap(),
            Rep::builder().context(&plain).bind("tcp://127.0.0.1:*").unwrap(),
            Rep::builder().context(&driven()).driver(false).build().unwrap(),
        ];
        assert_eq!(drivers(), 0);
        let context = driven();
        let one = Rep::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
        let two = Rep::builder().context(&context).bind("tcp://127.0.0.1:*").unwrap();
        // A thread sets its name when it first runs.
        eventually("the driver", || drivers() == 1);
        drop((context, one));
        assert_eq!(drivers(), 1);
        drop(two);
        eventually("the end of the driver", || drivers() == 0);
        drop(plain);
    });
}

#[test]
fn the_default_context_has_one_driver() {
    alone(this_test!(), || {
        assert!(Context::default().has_driver());
        assert_eq!(drivers(), 0);
        let starts: Vec<_> = (0..8).map(|_| thread::spawn(|| Rep::new().unwrap())).collect();
        let reps: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
        eventually("the driver", || drivers() == 1);
        drop(reps);
        let error = Context::set_default(driven()).unwrap_err();
        assert!(matches!(error, Error::DefaultContext), "{error}");
        // It stays, for the next socket.
        assert_eq!(drivers(), 1);
    });
}

#[test]
fn the_application_can_set_a_default_context_without_a_driver() {
    alone(this_test!(), || {
        let undriven = || Context::builder().driver(false).build();
        assert!(Context::set_default(Context::default()).is_err(), "of itself");
        Context::set_default(undriven()).unwrap();
        assert!(Context::set_default(undriven()).is_err(), "twice");
        assert!(!Context::default().has_driver());
        let bound = Pair::builder().bind("inproc://the default").unwrap();
        let mut connected = Pair::builder().connect("inproc://the default").unwrap();
        assert_eq!(drivers(), 0);
        connected.send("not received without a call").unwrap();
        never("a message", || bound.counters().messages_received > 0);
    });
}

#[test]
fn the_thread_blocks_all_signals() {
    let _socket = Rep::builder().context(&driven()).build().unwrap();
    let blocked = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let status = |task: std::io::Result<std::fs::DirEntry>| {
            let path = task.ok()?.path();
            let name = std::fs::read_to_string(path.join("comm")).ok()?;
            let driver = name.trim() == "zmtp-driver";
            driver.then(|| std::fs::read_to_string(path.join("status")).unwrap_or_default())
        };
        tasks.filter_map(status).find_map(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:"))?;
            u64::from_str_radix(line.trim(), 16).ok()
        })
    };
    let mut mask = None;
    eventually("the driver", || {
        mask = blocked();
        mask.is_some()
    });
    // Except KILL, STOP and the two signals that the C library reserves.
    let exceptions = [9, 19, 32, 33].map(|signal| 1_u64 << (signal - 1)).iter().sum::<u64>();
    assert_eq!(mask.unwrap() | exceptions, u64::MAX, "{mask:x?}");
    let own = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
    assert_eq!(u64::from_str_radix(own.trim(), 16), Ok(0), "the caller's");
}

#[test]
fn without_a_descriptor_for_the_driver_the_error_states_what_needs_none() {
    alone_with(this_test!(), 64, || {
        let mut files = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            files.push(file);
        }
        let error = Rep::new().unwrap_err();
        assert!(error.to_string().contains("driver(false)"), "{error}");
        // As soon as there are descriptors it starts.
        drop(files);
        let _rep = Rep::new().unwrap();
        eventually("the driver", || drivers() == 1);
    });
}
