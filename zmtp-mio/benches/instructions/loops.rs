//! Loops of messages between sockets of one thread, over a network in memory and with a clock that stands
//! still.

use zmtp_mio::kind::{CanReceive, CanSend};
use zmtp_mio::testing::Simulation;
use zmtp_mio::{
    Certificate, Context, Dealer, KeyPair, Pub, Pull, Push, Rep, Req, Router, Socket, Sub,
};

/// A loop; `run(n)` does at least `n` of its units.
pub(crate) struct Loop {
    pub(crate) name: &'static str,
    /// What is counted once.
    pub(crate) unit: &'static str,
    pub(crate) run: fn(usize),
}

/// All loops. The instructions are those of both ends together.
pub(crate) const LOOPS: [Loop; 11] = [
    Loop { name: "push-pull-64", unit: "message", run: |n| pipeline(n, 64, false, false) },
    Loop { name: "push-pull-64-corked", unit: "message", run: |n| pipeline(n, 64, true, false) },
    Loop {
        name: "push-pull-1024-corked",
        unit: "message",
        run: |n| pipeline(n, 1_024, true, false),
    },
    Loop { name: "req-rep-64", unit: "round trip", run: |n| requests(n, false) },
    Loop { name: "dealer-router-100", unit: "round trip", run: |n| window(n, false) },
    Loop { name: "dealer-router-100-corked", unit: "round trip", run: |n| window(n, true) },
    Loop { name: "pub-8-sub-corked", unit: "delivery", run: publish },
    Loop {
        name: "curve-push-pull-64-corked",
        unit: "message",
        run: |n| pipeline(n, 64, true, true),
    },
    Loop {
        name: "curve-push-pull-1024-corked",
        unit: "message",
        run: |n| pipeline(n, 1_024, true, true),
    },
    Loop {
        name: "curve-push-pull-65536",
        unit: "message",
        run: |n| pipeline(n, 65_536, false, true),
    },
    Loop { name: "curve-req-rep-64", unit: "round trip", run: |n| requests(n, true) },
];

const ENDPOINT: &str = "tcp://127.0.0.1:7";
/// Messages between the turns of the two ends. With 1 KiB each, the network takes them at once.
const BATCH: usize = 50;
const OUTSTANDING: usize = 100;
const SUBSCRIBERS: usize = 8;

/// Receives `count` messages, and drives `sender` while there are none.
fn receive<R: CanReceive, S: CanSend>(
    receiver: &mut Socket<R>,
    count: usize,
    sender: &mut Socket<S>,
) {
    let mut received = 0;
    while received < count {
        match receiver.try_recv().expect("a socket that receives") {
            Some(_) => received += 1,
            None => {
                sender.step().expect("a socket that sends");
            }
        }
    }
}

/// The keys of a server and a client with CURVE.
fn keys() -> [KeyPair; 2] {
    [(); 2].map(|()| Certificate::generate().expect("random bytes").keys().expect("both keys"))
}

fn pipeline(n: usize, size: usize, corked: bool, curve: bool) {
    let context = Context::simulated(&Simulation::new());
    let (mut pull, mut push) =
        (Pull::builder().context(&context), Push::builder().context(&context));
    if curve {
        let [server, client] = keys();
        push = push.curve_client(*server.public(), client);
        pull = pull.curve_server(server);
    }
    let mut pull = pull.bind(ENDPOINT).expect("a socket");
    let mut push = push.connect(ENDPOINT).expect("a socket");
    let body = vec![0x5a_u8; size];
    for _ in 0..n.div_ceil(BATCH) {
        if corked {
            push.cork();
        }
        (0..BATCH).for_each(|_| push.send(&body[..]).expect("room for a message"));
        if corked {
            push.uncork();
        }
        receive(&mut pull, BATCH, &mut push);
    }
}

fn requests(n: usize, curve: bool) {
    let context = Context::simulated(&Simulation::new());
    let (mut rep, mut req) = (Rep::builder().context(&context), Req::builder().context(&context));
    if curve {
        let [server, client] = keys();
        req = req.curve_client(*server.public(), client);
        rep = rep.curve_server(server);
    }
    let mut rep = rep.bind(ENDPOINT).expect("a socket");
    let mut req = req.connect(ENDPOINT).expect("a socket");
    let body = [0x5a_u8; 64];
    for _ in 0..n {
        req.send(&body[..]).expect("a REQ that may send");
        let request = loop {
            match rep.try_recv().expect("a socket that receives") {
                Some(request) => break request,
                None => {
                    req.step().expect("a socket that sends");
                }
            }
        };
        rep.send(request).expect("a client that waits");
        receive(&mut req, 1, &mut rep);
    }
}

fn window(n: usize, corked: bool) {
    let context = Context::simulated(&Simulation::new());
    let mut router = Router::builder().context(&context).bind(ENDPOINT).expect("a socket");
    let mut dealer = Dealer::builder().context(&context).connect(ENDPOINT).expect("a socket");
    let body = [0x5a_u8; 64];
    for _ in 0..n.div_ceil(OUTSTANDING) {
        if corked {
            dealer.cork();
            router.cork();
        }
        (0..OUTSTANDING).for_each(|_| dealer.send(&body[..]).expect("room for a request"));
        if corked {
            dealer.uncork();
        }
        let mut echoed = 0;
        while echoed < OUTSTANDING {
            match router.try_recv().expect("a socket that receives") {
                Some(request) => {
                    router.send(request).expect("a client that waits");
                    echoed += 1;
                }
                None => {
                    dealer.step().expect("a socket that sends");
                }
            }
        }
        if corked {
            router.uncork();
        }
        receive(&mut dealer, OUTSTANDING, &mut router);
    }
}

fn publish(n: usize) {
    let context = Context::simulated(&Simulation::new());
    let mut publisher = Pub::builder().context(&context).bind(ENDPOINT).expect("a socket");
    let subscriber = |at| {
        // The publisher counts different topics: the second one shows that the first has arrived.
        let sub = Sub::builder().context(&context).topic("").topic(format!("other {at}"));
        sub.connect(ENDPOINT).expect("a socket")
    };
    let mut subs: Vec<Sub> = (0..SUBSCRIBERS).map(subscriber).collect();
    // Connections, handshakes and subscriptions.
    while publisher.topic_count() <= SUBSCRIBERS {
        for sub in &mut subs {
            sub.step().expect("a step");
        }
        publisher.step().expect("a step");
    }
    let body = [0x5a_u8; 64];
    for _ in 0..n.div_ceil(BATCH * SUBSCRIBERS) {
        publisher.cork();
        (0..BATCH).for_each(|_| publisher.send(&body[..]).expect("it never waits"));
        publisher.uncork();
        subs.iter_mut().for_each(|sub| receive(sub, BATCH, &mut publisher));
    }
}
