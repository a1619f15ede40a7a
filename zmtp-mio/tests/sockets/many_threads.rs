//! Sixteen threads use one CLIENT, and sixteen others one SERVER. Every message is accounted for.
//!
//! `cargo test --release -p zmtp-mio --test sockets -- --ignored --nocapture sixteen` takes a minute for each transport,
//! or the number of seconds in `ZMTP_THREADS_SECONDS`, and prints the number of messages. On a busy machine with two CPUs,
//! a minute had these numbers of requests, each with its reply; none was lost or doubled:
//!
//! | | TCP | IPC | inproc |
//! |---|---|---|---|
//! | with the driver | 2,514,441 | 2,829,327 | 5,930,782 |
//! | without it | 1,638,561 | 2,158,245 | 5,515,777 |

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{LIMIT, builder, transports};
use zmtp_mio::{Client, Error, Server};

const THREADS: u64 = 16;

/// Sends requests for this time with `THREADS` threads, each at least `least`. Returns how many.
fn exchange(place: &str, time: Duration, least: u64) -> usize {
    let server = builder::<Server>().bind(place).unwrap();
    let client = builder::<Client>().connect(server.last_endpoint().unwrap()).unwrap();
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    thread::scope(|scope| {
        let servers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let mut served = Vec::new();
                    loop {
                        match server.recv() {
                            Ok(request) => {
                                served.push(number(request.bytes().unwrap()));
                                let reply = request.reply(request.bytes().unwrap());
                                server.send_timeout(reply, LIMIT).unwrap();
                            }
                            Err(Error::Stopped) => return served,
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .collect();
        let clients: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (client, over) = (&client, &over);
                scope.spawn(move || {
                    let (mut sent, mut came) = (0, Vec::new());
                    while sent < least || !over.load(Ordering::Relaxed) {
                        // Bodies of up to about 1 KiB; the first 8 bytes are the number.
                        let mut body = (thread << 32 | sent).to_be_bytes().to_vec();
                        body.resize(8 + (sent * 7 % 1_000) as usize, thread as u8);
                        client.send_timeout(body, LIMIT).unwrap();
                        sent += 1;
                        // Any reply: that to this request may go to another thread.
                        let reply = client.recv_timeout(LIMIT).unwrap().expect("a reply");
                        came.push(number(reply.bytes().unwrap()));
                        if begun.elapsed() >= time {
                            over.store(true, Ordering::Relaxed);
                        }
                    }
                    (sent, came)
                })
            })
            .collect();
        let mut sent = Vec::new();
        let mut came = Vec::new();
        for (thread, client) in clients.into_iter().enumerate() {
            let (count, replies) = client.join().unwrap();
            sent.extend((0..count).map(|n| (thread as u64) << 32 | n));
            came.extend(replies);
        }
        assert!(client.try_recv().unwrap().is_none(), "a reply came twice");
        server.close(LIMIT);
        let mut served: Vec<_> =
            servers.into_iter().flat_map(|server| server.join().unwrap()).collect();
        for numbers in [&mut served, &mut came] {
            numbers.sort_unstable();
            assert_eq!(numbers.len(), sent.len());
            assert!(*numbers == sent, "a message is lost or doubled");
        }
        let total = sent.len() as u64;
        let (ours, theirs) = (client.counters(), server.counters());
        assert_eq!((ours.messages_sent, ours.messages_received), (total, total));
        assert_eq!((theirs.messages_sent, theirs.messages_received), (total, total));
        assert_eq!((ours.dropped.total(), theirs.dropped.total()), (0, 0));
        sent.len()
    })
}

/// The number in a body, whose other bytes are those of its thread.
fn number(body: &[u8]) -> u64 {
    let (number, rest) = body.split_first_chunk().expect("at least 8 bytes");
    let number = u64::from_be_bytes(*number);
    assert_eq!(rest.len(), ((number & 0xffff_ffff) * 7 % 1_000) as usize);
    assert!(rest.iter().all(|byte| u64::from(*byte) == number >> 32));
    number
}

fn places() -> impl Iterator<Item = String> {
    transports().into_iter().chain(["inproc://sixteen-threads".into()])
}

#[test]
fn no_message_of_sixteen_threads_is_lost_or_doubled() {
    for place in places() {
        exchange(&place, Duration::ZERO, 500);
    }
}

#[test]
#[ignore = "takes a minute for each transport"]
fn no_message_of_sixteen_threads_is_lost_or_doubled_in_a_minute() {
    let seconds = std::env::var("ZMTP_THREADS_SECONDS").ok().and_then(|text| text.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(60));
    for place in places() {
        let begun = Instant::now();
        let messages = exchange(&place, time, 0);
        println!("{place}: {messages} requests and replies in {:.1?}", begun.elapsed());
    }
}
