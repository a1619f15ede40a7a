//! Replays dialogues with libzmq whose outcome depends on the pattern, with the sockets of `zmtp-mio`
//! in place of libzmq, over TCP. Intended differences are listed in the table.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use zmtp_mio::{Dealer, Message, Pair, Pub, Push, Reconnect, Router, Sub, Xpub, Xsub};
use zmtp_tests::vectors::{Bytes, Step, Vector};

/// The time limit for an event that is due at once.
const LIMIT: Duration = Duration::from_secs(5);
/// The time during which no event may happen.
const IDLE: Duration = Duration::from_millis(60);
/// The longest time that sent bytes need on this machine.
const SETTLE: Duration = Duration::from_millis(20);

type Parts = Vec<Vec<u8>>;

/// A socket as a dialogue uses it.
trait Socket {
    fn bind(&mut self) -> String;
    fn connect(&mut self, endpoint: &str);
    fn turn(&mut self);
    fn send(&mut self, message: Message);
    fn receive(&mut self) -> Option<Message>;
}

macro_rules! socket {
    ($socket:ident, |$this:ident| $receive:expr, |$to:ident, $message:ident| $send:expr) => {
        impl Socket for $socket {
            fn bind(&mut self) -> String {
                Self::bind(self, "tcp://127.0.0.1:*").unwrap().to_string()
            }

            fn connect(&mut self, endpoint: &str) {
                Self::connect(self, endpoint).unwrap();
            }

            fn turn(&mut self) {
                self.step().unwrap();
            }

            fn send(&mut self, $message: Message) {
                let $to = self;
                $send
            }

            fn receive(&mut self) -> Option<Message> {
                let $this = self;
                $receive
            }
        }
    };
}

fn sent(result: Result<(), zmtp_mio::SendError>) {
    result.expect("it can be sent");
}

socket!(Dealer, |this| this.try_recv().unwrap(), |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Router, |this| this.try_recv().unwrap(), |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Pair, |this| this.try_recv().unwrap(), |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Pub, |_this| None, |to, m| sent(to.try_send(m)));
socket!(Push, |_this| None, |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Sub, |this| this.try_recv().unwrap(), |_to, _m| unreachable!("a SUB does not send"));
socket!(Xpub, |this| this.try_recv().unwrap(), |to, m| sent(to.try_send(m)));
socket!(Xsub, |this| this.try_recv().unwrap(), |to, m| sent(to.try_send(m)));

/// A dialogue under way.
struct Play<S> {
    socket: S,
    /// Of a socket that binds.
    endpoint: Option<String>,
    listener: Option<TcpListener>,
    peers: Vec<TcpStream>,
    /// The peer that speaks.
    at: usize,
    /// Bytes of ours that the dialogue has not come to, per peer.
    unread: Vec<Vec<u8>>,
    /// The number of recorded bytes to skip, because ours differ from libzmq's.
    skip: usize,
}

impl<S: Socket> Play<S> {
    fn new(mut socket: S, binds: bool) -> Self {
        let (mut endpoint, mut listener) = (None, None);
        if binds {
            endpoint = Some(socket.bind());
        } else {
            let waiting = TcpListener::bind("127.0.0.1:0").unwrap();
            waiting.set_nonblocking(true).unwrap();
            socket.connect(&format!("tcp://{}", waiting.local_addr().unwrap()));
            listener = Some(waiting);
        }
        let (peers, unread) = (Vec::new(), Vec::new());
        let mut play = Self { socket, endpoint, listener, peers, at: 0, unread, skip: 0 };
        play.open();
        play
    }

    /// Another connection, whose peer speaks from now on.
    fn open(&mut self) {
        let stream = match (&self.endpoint, &self.listener) {
            (Some(endpoint), _) => {
                TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap()
            }
            (None, Some(listener)) => {
                let end = Instant::now() + LIMIT;
                loop {
                    match listener.accept() {
                        Ok((stream, _)) => break stream,
                        Err(_) => self.socket.turn(),
                    }
                    assert!(Instant::now() < end, "nothing connects to it");
                }
            }
            _ => unreachable!("one of both"),
        };
        stream.set_nonblocking(true).unwrap();
        // Written bytes are sent at once, not with the acknowledgement of earlier ones.
        stream.set_nodelay(true).unwrap();
        self.peers.push(stream);
        self.unread.push(Vec::new());
        self.at = self.peers.len() - 1;
    }

    /// Reads what there is; `false` if the connection is over.
    fn read(&mut self) -> bool {
        self.socket.turn();
        let mut bytes = [0; 4_096];
        match self.peers[self.at].read(&mut bytes) {
            Ok(0) => false,
            Ok(n) => {
                self.unread[self.at].extend_from_slice(&bytes[..n]);
                true
            }
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock),
        }
    }

    /// The socket must send this now.
    fn expect(&mut self, bytes: &Bytes) {
        let n = bytes.recorded.len();
        let end = Instant::now() + LIMIT;
        while self.unread[self.at].len() < n {
            assert!(self.read(), "closed where libzmq sends {:x?}", bytes.recorded);
            assert!(Instant::now() < end, "silent where libzmq sends {:x?}", bytes.recorded);
        }
        let written: Vec<u8> = self.unread[self.at].drain(..n).collect();
        // The greeting's padding is any.
        assert!(bytes.matches(&written), "{written:x?} where libzmq sends {:x?}", bytes.recorded);
    }

    /// What is under way arrives.
    fn settle(&mut self) {
        let end = Instant::now() + SETTLE;
        while Instant::now() < end && self.read() {}
    }

    /// We must say nothing for a while, and deliver nothing.
    fn idle(&mut self) {
        let end = Instant::now() + IDLE;
        while Instant::now() < end {
            assert!(self.read(), "closed where libzmq is silent");
        }
        assert!(self.unread[self.at].is_empty(), "libzmq is silent");
    }

    /// We must close.
    fn closes(&mut self) {
        let end = Instant::now() + LIMIT;
        while self.read() {
            assert!(Instant::now() < end, "it stays open");
        }
    }

    fn receive(&mut self) -> Parts {
        let end = Instant::now() + LIMIT;
        loop {
            self.socket.turn();
            if let Some(message) = self.socket.receive() {
                return message.parts().map(<[u8]>::to_vec).collect();
            }
            assert!(Instant::now() < end, "nothing is delivered");
        }
    }

    /// One step of the dialogue, as it stands.
    fn step(&mut self, step: &Step) {
        match step {
            Step::Heading(_) => {}
            Step::Libzmq(_) | Step::Peer(_) if self.skip > 0 => self.skip -= 1,
            Step::Peer(bytes) => {
                self.peers[self.at].write_all(bytes).unwrap();
                self.settle();
            }
            Step::Libzmq(bytes) => self.expect(bytes),
            Step::Observed(_) => self.idle(),
            Step::Receive(None) => {
                self.idle();
                assert!(self.socket.receive().is_none());
            }
            Step::Receive(Some(parts)) => {
                let came = self.receive();
                assert_eq!(came.len(), parts.len());
                assert!(came.iter().zip(parts).all(|(came, part)| part.matches(came)), "{came:?}");
            }
            Step::Send(parts) => {
                let parts = parts.iter().map(|part| &part.recorded);
                self.socket.send(Message::from_parts(parts));
            }
            Step::Close | Step::Aside(_) => panic!("not in these dialogues"),
        }
    }
}

/// Replays a dialogue; `heading` performs the actions of its headings and those after a silence.
fn play<S: Socket>(name: &str, socket: S, mut heading: impl FnMut(&mut Play<S>, &str)) {
    let vector = Vector::named(name);
    let mut play = Play::new(socket, vector.sut.text.contains("bind"));
    for (at, step) in vector.steps.iter().enumerate() {
        println!("{name} step {at}: {step:?}");
        if let Step::Heading(text) = step {
            // The captures write "octet".
            heading(&mut play, &text.replace("octet", "byte"));
        }
        play.step(step);
        if matches!(step, Step::Observed(_)) {
            heading(&mut play, "after the silence");
        }
    }
}

#[test]
fn the_probe_is_sent_first() {
    let dealer = Dealer::builder().probe_router(true).build().unwrap();
    play("dealer-probe-router", dealer, |_, _| {});
}

#[test]
fn a_publisher_treats_subscriptions_as_libzmq_does() {
    play("pub-bind-commands", Pub::new().unwrap(), |_, _| {});
    play("pub-bind-legacy-subscription", Pub::new().unwrap(), |_, _| {});
    let xpub = Xpub::builder().welcome("W").build().unwrap();
    play("xpub-welcome", xpub, |_, _| {});
    play("xpub-bind", Xpub::new().unwrap(), |play, heading| {
        if heading.starts_with("disconnect") {
            play.peers.clear();
        }
    });
}

#[test]
fn a_subscriber_sends_the_bytes_that_libzmq_sends() {
    let sub = Sub::builder().topic("weather.").build().unwrap();
    let mut silences = 0;
    play("sub-subscribe-cancel", sub, |play, heading| {
        let sub = &mut play.socket;
        if heading.starts_with("subscribe to the empty topic") {
            sub.subscribe("");
            sub.subscribe("weather.");
        } else if heading.starts_with("first unsubscribe") {
            sub.unsubscribe("weather.");
        } else if heading.starts_with("after the silence") {
            silences += 1;
            if silences == 1 {
                sub.unsubscribe("weather.");
                sub.unsubscribe("");
            }
        } else if heading.starts_with("unsubscribe of something") {
            sub.unsubscribe("nothing");
        } else if heading.starts_with("the subscriber filters") {
            sub.subscribe("A");
        }
    });
}

#[test]
fn a_subscriber_sends_topics_of_all_sizes_as_libzmq_does() {
    play("sub-topic-sizes", Sub::new().unwrap(), |play, heading| {
        let sub = &mut play.socket;
        let t = |n| vec![b't'; n];
        let c = |n| vec![b'c'; n];
        match heading.split(':').next().unwrap() {
            "topic of 245 bytes" => sub.subscribe(t(245)),
            "topic of 246 bytes" => sub.subscribe(t(246)),
            "topic of 300 bytes" => sub.subscribe(t(300)),
            "cancel of 248 and 249 bytes" => {
                for n in [248, 249] {
                    sub.subscribe(c(n));
                    sub.unsubscribe(c(n));
                }
            }
            _ => {}
        }
    });
}

#[test]
fn a_publisher_of_zmtp_3_0_gets_messages_and_a_topic_of_255_bytes_is_framed_correctly() {
    play("sub-to-3.0-peer", Sub::new().unwrap(), |play, heading| {
        let sub = &mut play.socket;
        if heading.starts_with("subscribe, cancel") {
            sub.subscribe("abc");
            sub.unsubscribe("abc");
            sub.subscribe("");
        } else if heading.starts_with("254-byte topic") {
            sub.subscribe(vec![b't'; 254]);
            sub.subscribe(vec![b't'; 256]);
        }
    });
    // libzmq omits the LONG flag.
    let mut right = None;
    play("sub-to-3.0-peer-255-bug", Sub::new().unwrap(), |play, heading| {
        if heading.starts_with("subscribe to a 255-byte topic") {
            play.socket.subscribe(vec![b't'; 255]);
            let frame = [&[2, 0, 0, 0, 0, 0, 0, 1, 0, 1][..], &[b't'; 255]].concat();
            let any = vec![false; frame.len()];
            play.expect(&Bytes { recorded: frame, any });
            play.skip = usize::MAX;
            right = Some(());
        }
    });
    assert!(right.is_some());
}

/// Our XSUB sends SUBSCRIBE to a peer of 3.1, where libzmq's sends a message. Both have the same
/// effect.
#[test]
fn an_xsub_subscribes_by_commands_where_libzmq_sends_messages() {
    let vector = Vector::named("xsub-connect");
    let reconnect = Reconnect::new(IDLE, IDLE);
    let mut play = Play::new(Xsub::builder().reconnect(reconnect).build().unwrap(), false);
    let subscribe = wire::command("SUBSCRIBE", b"A");
    let mut differences = 0;
    for (at, step) in vector.steps.iter().enumerate() {
        println!("xsub-connect step {at}: {step:?}");
        match step {
            Step::Heading(text) if text.starts_with("peer drops") => {
                play.peers.clear();
                play.unread.clear();
                play.open();
            }
            Step::Send(parts) if parts[0].recorded == b"\x01A" => {
                play.step(step);
                let any = vec![false; subscribe.len()];
                play.expect(&Bytes { recorded: subscribe.clone(), any });
                play.skip = 2;
                differences += 1;
            }
            // A frame with other bytes.
            Step::Libzmq(bytes) if play.skip > 0 => {
                let n = bytes.recorded.len();
                play.skip = if n == 4 { 0 } else { play.skip - 1 };
            }
            _ => play.step(step),
        }
    }
    assert_eq!(differences, 2);
}

/// libzmq keeps the second peer and ignores it; ours closes it, with an event that gives the reason.
#[test]
fn a_second_pair_is_closed_where_libzmq_ignores_it() {
    second_is_closed("pair-second-peer", Pair::new().unwrap(), "first connection is unaffected");
}

#[test]
fn a_second_peer_with_the_same_routing_id_is_closed_where_libzmq_ignores_it() {
    second_is_closed("router-duplicate-identity", Router::new().unwrap(), "");
}

fn second_is_closed<S: Socket>(name: &str, socket: S, back: &str) {
    let vector = Vector::named(name);
    let mut play = Play::new(socket, true);
    let mut second = false;
    for (at, step) in vector.steps.iter().enumerate() {
        println!("{name} step {at}: {step:?}");
        match step {
            Step::Heading(text) if text.starts_with("second connection") => {
                play.open();
                second = true;
            }
            Step::Heading(text) if second && text.starts_with("NULL handshake") => {
                // Its READY is the last frame.
                let ready = vector.steps[at..].iter().find_map(|step| match step {
                    Step::Peer(bytes) => Some(bytes.clone()),
                    _ => None,
                });
                play.peers[play.at].write_all(&ready.unwrap()).unwrap();
                play.closes();
                play.at = 0;
                second = false;
                play.skip = usize::MAX;
            }
            Step::Heading(text) if !back.is_empty() && text.starts_with(back) => play.skip = 0,
            Step::Receive(None) => assert!(play.socket.receive().is_none()),
            // Of the second connection, which is closed.
            Step::Observed(_) if back.is_empty() => {}
            Step::Observed(_) => play.idle(),
            Step::Send(_) => {
                play.skip = 0;
                play.step(step);
            }
            _ => play.step(step),
        }
    }
}

#[test]
fn a_routing_id_is_handed_over_and_its_first_holder_closed() {
    let vector = Vector::named("router-handover");
    let mut play = Play::new(Router::builder().handover(true).build().unwrap(), true);
    for (at, step) in vector.steps.iter().enumerate() {
        println!("step {at}: {step:?}");
        match step {
            Step::Heading(text) if text.starts_with("second connection") => play.open(),
            Step::Heading(text) if text.starts_with("on the first connection") => {
                play.at = 0;
                play.closes();
                play.skip = usize::MAX;
            }
            Step::Heading(text) if text.starts_with("on the second connection") => {
                (play.at, play.skip) = (1, 0);
            }
            Step::Observed(_) | Step::Receive(None) if play.skip > 0 => {}
            _ => play.step(step),
        }
    }
}

/// The rows of `malformed.md` about messages to send-only sockets: a PULL to its PUSH, a SUB to its PUB.
#[test]
fn messages_to_send_only_sockets_are_dropped_and_counted() {
    let greeting = wire::greeting("NULL");
    let mut play = Play::new(Push::new().unwrap(), true);
    let written = [greeting.clone(), wire::ready("PULL"), wire::message(&[b"x"])].concat();
    play.peers[0].write_all(&written).unwrap();
    let end = Instant::now() + LIMIT;
    while play.socket.counters().dropped.not_received == 0 {
        assert!(play.read() && Instant::now() < end, "it is not counted, or closed");
    }
    assert_eq!(play.socket.counters().handshakes, 1);
    assert_eq!(play.socket.counters().disconnects, 0);

    let mut play = Play::new(Pub::new().unwrap(), true);
    let written = [greeting, wire::ready("SUB"), wire::message(&[b"a", b"b", b"c"])].concat();
    play.peers[0].write_all(&written).unwrap();
    let end = Instant::now() + LIMIT;
    while play.socket.counters().dropped.not_received == 0 {
        assert!(play.read() && Instant::now() < end, "it is not counted, or closed");
    }
    assert_eq!(play.socket.counters().disconnects, 0);
}
