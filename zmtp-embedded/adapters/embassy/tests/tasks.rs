//! Sockets that tasks share: each has an owner, which connects again whenever the peer ends the connection.

#[path = "../examples/heater.rs"]
mod heater;
mod loopback;

use core::cell::Cell;
use std::process::exit;

use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embassy_net::tcp::{AcceptError, TcpSocket};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_time::{Duration, Timer};
use loopback::ADDRESS;
use zmtp_embassy::zmtp_embedded::asynch::{Dealer, Pub, Pull, Push, Rep, Session, Sub};
use zmtp_embassy::zmtp_embedded::{Config, Message, SocketType, size};
use zmtp_embassy::{Connect, Incoming, Outgoing, Packet, Tcp, now};

/// Connections of the REQ, each ended by its peer.
const CONNECTIONS: u32 = 10;
/// Requests that the peer answers over each connection.
const REQUESTS: u32 = 6;

type Client = Tcp<'static, 512, 512>;

fn client(stack: Stack<'static>, port: u16) -> Client {
    Tcp::new(stack, (ADDRESS, port))
}

/// Waits for connections of one peer after the other.
struct Listener {
    stack: Stack<'static>,
    port: u16,
    receive: [u8; 512],
    send: [u8; 512],
}

impl Listener {
    fn new(stack: Stack<'static>, port: u16) -> Self {
        Self { stack, port, receive: [0; 512], send: [0; 512] }
    }
}

impl Connect for Listener {
    type Io<'c> = TcpSocket<'c>;
    type Error = AcceptError;

    async fn connect(&mut self) -> Result<TcpSocket<'_>, AcceptError> {
        let mut socket = TcpSocket::new(self.stack, &mut self.receive, &mut self.send);
        socket.accept(self.port).await.map(|()| socket)
    }
}

/// The buffers of a socket.
fn buffers() -> (&'static mut [u8], &'static mut [u8]) {
    (vec![0; 512].leak(), vec![0; 512].leak())
}

const REQ_PORT: u16 = 5_001;
const PUB_PORT: u16 = 5_002;
const PUSH_PORT: u16 = 5_003;
const DEALER_PORT: u16 = 5_004;

#[embassy_executor::task]
async fn owner(stack: Stack<'static>) {
    heater::owner(client(stack, REQ_PORT), 7).await;
}

/// Answers a few requests over each connection, then ends it without a reply to the last one.
async fn answer(stack: Stack<'static>) {
    static CONFIG: Config = Config::new(SocketType::Rep);
    let (receive, send) = buffers();
    let mut session = Session::new(Rep::new(&CONFIG, receive, send));
    let mut listener = Listener::new(stack, REQ_PORT);
    for _ in 0..CONNECTIONS {
        let Ok(io) = listener.connect().await else { continue };
        let mut rep = session.connect(io, now());
        for n in 0..=REQUESTS {
            let reply: &[u8] = match rep.receive(now).await {
                Ok(_) if n == REQUESTS => break,
                Ok(request) if request.first() == b"temperature?" => b"21.5",
                Ok(request) => {
                    assert!(request.parts().eq([&b"heater"[..], b"on"]));
                    b"thanks"
                }
                Err(_) => break,
            };
            rep.reply(&[reply], now).await.expect("the peer waits");
        }
        // The connection is reset, without a reply.
        rep.disconnect().expect("connected").abort();
    }
}

/// Two tasks send requests until the peer has ended all connections.
async fn requests(stack: Stack<'static>) {
    let (answers, failures) = (Cell::new(0), Cell::new(0));
    let show = |reply: &[u8]| match reply {
        b"21.5" => answers.set(answers.get() + 1),
        b"no answer" => failures.set(failures.get() + 1),
        other => panic!("{other:?}"),
    };
    let pause = Duration::from_millis(1);
    let tasks = join(heater::thermometer(pause, show), heater::heater(pause, || true));
    match select(tasks, answer(stack)).await {
        Either::First(_) => unreachable!("they never end"),
        Either::Second(()) => {}
    }
    println!("{} answers, {} failures", answers.get(), failures.get());
    assert!(answers.get() + failures.get() >= CONNECTIONS * REQUESTS / 2 - CONNECTIONS);
    assert!(answers.get() > 0 && failures.get() <= CONNECTIONS);
}

/// A PUB and a SUB, each with an owner.
async fn topics(stack: Stack<'static>) {
    static PUB: Config = Config::new(SocketType::Pub);
    static SUB: Config = Config::new(SocketType::Sub);
    let outgoing = Outgoing::<NoopRawMutex, 32, 4>::new();
    let incoming = Incoming::<NoopRawMutex, 32, 4>::new();
    let (receive, send) = buffers();
    let publisher = Pub::<_, { size::topics_of(2, 8) }>::new(&PUB, receive, send);
    let publisher =
        zmtp_embassy::publish(Session::new(publisher), client(stack, PUB_PORT), &outgoing);
    let (receive, send) = buffers();
    let mut sub = Session::new(Sub::<_, { size::topics_of(1, 8) }>::new(&SUB, receive, send));
    sub.subscribe(b"warm").expect("room");
    let subscriber = zmtp_embassy::subscribe(sub, Listener::new(stack, PUB_PORT), &incoming);
    let tasks = async {
        let readings = async {
            loop {
                // Most of the first ones are dropped, because there is no subscription.
                outgoing.send(&[b"cold", b"-3"]).await.expect("it fits");
                outgoing.send(&[b"warm", b"21"]).await.expect("it fits");
                Timer::after_millis(1).await;
            }
        };
        let received = async {
            for _ in 0..20 {
                assert!(incoming.receive().await.parts().eq([&b"warm"[..], b"21"]));
            }
        };
        select(readings, received).await;
        // Nothing takes messages from the queue now: the SUB drops those that do not fit.
        while incoming.dropped() == 0 {
            outgoing.send(&[b"warm", b"22"]).await.expect("it fits");
            Timer::after_millis(1).await;
        }
        assert!(outgoing.try_send(&[&[0; 33]]).is_err());
    };
    select(join(publisher, subscriber), tasks).await;
}

/// A PUSH and a PULL, each with an owner: a full queue holds messages back, and none is lost.
async fn work(stack: Stack<'static>) {
    static PUSH: Config = Config::new(SocketType::Push);
    static PULL: Config = Config::new(SocketType::Pull);
    let outgoing = Outgoing::<NoopRawMutex, 64, 2>::new();
    let incoming = Incoming::<NoopRawMutex, 64, 1>::new();
    let (receive, send) = buffers();
    let push = Session::new(Push::new(&PUSH, receive, send));
    let push = zmtp_embassy::push(push, client(stack, PUSH_PORT), &outgoing);
    let (receive, send) = buffers();
    let pull = Session::new(Pull::new(&PULL, receive, send));
    let pull = zmtp_embassy::pull(pull, Listener::new(stack, PUSH_PORT), &incoming);
    let tasks = async {
        let send = async {
            for n in 0..200_u32 {
                outgoing.send(&[&n.to_be_bytes(), &[0; 60]]).await.expect("it fits");
            }
        };
        let receive = async {
            for n in 0..200_u32 {
                assert_eq!(incoming.receive().await.first(), n.to_be_bytes());
                if n % 50 == 0 {
                    Timer::after_millis(20).await;
                }
            }
        };
        join(send, receive).await;
    };
    select(join(push, pull), tasks).await;
}

/// A DEALER with an owner, and a REP with a handler.
async fn dialogue(stack: Stack<'static>) {
    static DEALER: Config = Config::new(SocketType::Dealer);
    static REP: Config = Config::new(SocketType::Rep);
    let outgoing = Outgoing::<NoopRawMutex, 32, 2>::new();
    let incoming = Incoming::<NoopRawMutex, 32, 2>::new();
    let (receive, send) = buffers();
    let dealer = Session::new(Dealer::new(&DEALER, receive, send));
    let dealer = zmtp_embassy::deal(dealer, client(stack, DEALER_PORT), &incoming, &outgoing);
    let (receive, send) = buffers();
    let rep = Session::new(Rep::new(&REP, receive, send));
    let handle = async |request: Message<'_>| {
        Timer::after_millis(1).await;
        Packet::<32>::new([b"re", request.first()]).expect("it fits")
    };
    let rep = zmtp_embassy::reply(rep, Listener::new(stack, DEALER_PORT), handle);
    let tasks = async {
        for n in 0..20_u32 {
            outgoing.send(&[b"", &n.to_be_bytes()]).await.expect("it fits");
            let reply = incoming.receive().await;
            assert!(reply.parts().eq([&b""[..], b"re", &n.to_be_bytes()]));
        }
    };
    select(join(dealer, rep), tasks).await;
}

#[embassy_executor::task]
async fn test(stack: Stack<'static>) {
    requests(stack).await;
    topics(stack).await;
    work(stack).await;
    dialogue(stack).await;
    exit(0);
}

fn start(spawner: Spawner) {
    let stack = loopback::stack::<8>(spawner);
    spawner.spawn(owner(stack).expect("a task"));
    spawner.spawn(test(stack).expect("a task"));
}

fn main() {
    loopback::run(start);
}
