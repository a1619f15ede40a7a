//! The cost of publishing a message while thousands of subscriptions do not match it:
//! `cargo bench -p zmtp-mio --bench fan_out`.
//!
//! Matching walks the first part of the message, not the subscriptions, so the columns should hardly
//! differ between rows. No subscription matches, so nothing is sent: the measurement contains only
//! matching and the regular work of each send, such as polling the other peers.

use std::hint::black_box;
use std::time::{Duration, Instant};

use zmtp_mio::{HighWaterMark, Message, Pub, Sub};

/// Messages per measurement. The best of several measurements is used.
const MESSAGES: u32 = 200_000;
const ROUNDS: u32 = 5;
const LIMIT: Duration = Duration::from_secs(30);

fn main() {
    // For `cargo test --benches` one short run is enough.
    let measures = std::env::args().any(|arg| arg == "--bench");
    let messages = if measures { MESSAGES } else { 100 };
    println!("ns per message without a matching subscription, by bytes of its first part");
    println!("{:>13} {:>8} {:>8} {:>8}", "subscriptions", 4, 20, 100);
    for subscriptions in [0, 10, 100, 1_000, 10_000] {
        let mut publisher = Pub::new().expect("a socket");
        let endpoint = publisher.bind("tcp://127.0.0.1:*").expect("a port").to_string();
        let subscriber = subscribe(&endpoint, subscriptions, &mut publisher);
        let cost = |publisher: &mut Pub, bytes: usize| {
            let subject = &b"topic.news.weather.berlin.".repeat(4)[..bytes];
            (0..ROUNDS).map(|_| measure(publisher, subject, messages)).min().expect("rounds")
        };
        let costs = [4, 20, 100].map(|bytes| cost(&mut publisher, bytes));
        println!("{subscriptions:>13} {:>8} {:>8} {:>8}", costs[0], costs[1], costs[2]);
        drop(subscriber);
    }
}

/// A subscriber with so many topics. None matches, although all have a prefix in common with the messages.
fn subscribe(endpoint: &str, count: usize, publisher: &mut Pub) -> Sub {
    let mark = HighWaterMark::default().messages(usize::MAX);
    let mut sub = Sub::builder().send_mark(mark).connect(endpoint).expect("a socket");
    for number in 0..count {
        sub.subscribe(format!("topic.news.weather.berlin.{number}").repeat(4) + "no");
    }
    let end = Instant::now() + LIMIT;
    while publisher.topic_count() < count {
        sub.step().expect("a step");
        publisher.step().expect("a step");
        assert!(Instant::now() < end, "the subscriptions do not arrive");
    }
    sub
}

/// Nanoseconds per message.
fn measure(publisher: &mut Pub, subject: &[u8], messages: u32) -> u128 {
    let start = Instant::now();
    for _ in 0..messages {
        publisher.try_send(black_box(Message::from(subject))).expect("it never waits");
    }
    start.elapsed().as_nanos() / u128::from(messages)
}
