//! REQ and REP against zmtp-mio over real TCP sockets, by the adapter of `embedded-io-adapters`.

use std::net::{TcpListener, TcpStream};
use std::thread;

use embedded_io_adapters::std::FromStd;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::size;

static REQ: Config = Config::new(SocketType::Req);
static REP: Config = Config::new(SocketType::Rep);

/// These sockets block without limit; the test runner has a timeout.
fn now() -> Instant {
    Instant::from_millis(0)
}

/// Whether messages may be larger than the send buffer.
const CHUNKS: bool = cfg!(feature = "chunks");

const LENGTHS: [usize; 6] = [0, 1, 255, 256, 1_000, 4_096];

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i + len) as u8).collect()
}

#[test]
fn req_exchanges_messages_with_a_rep_of_zmtp_mio() {
    let mut rep = zmtp_mio::Rep::new().expect("a socket");
    let endpoint = rep.bind("tcp://127.0.0.1:*").expect("bound").to_string();
    let server = thread::spawn(move || {
        for _ in LENGTHS {
            let request = rep.recv().expect("a request");
            rep.send(request).expect("asked");
        }
        // The peer closes after it has the last reply.
        let _ = rep.recv_timeout(core::time::Duration::from_secs(5));
    });
    let address = endpoint.strip_prefix("tcp://").expect("TCP");
    let stream = FromStd::new(TcpStream::connect(address).expect("a listener"));
    let mut receive = [0; size::receive(SocketType::Req, 4_096, 2)];
    let mut send = [0; if CHUNKS { size::smallest_send(&REQ) } else { size::send(&REQ, 4_104, 4) }];
    let mut req = zmtp_embedded::blocking::Req::new(&REQ, &mut receive, &mut send, 9);
    req.connect(stream, now());
    for len in LENGTHS {
        let asked = body(len);
        let reply = req.request(&[&asked, b"more"], Instant::NEVER, now).expect("a reply");
        assert_eq!(reply.parts().collect::<Vec<_>>(), [&asked[..], b"more"]);
    }
    drop(req);
    server.join().expect("a good server");
}

#[test]
fn rep_exchanges_messages_with_a_req_of_zmtp_mio() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let client = thread::spawn(move || {
        let mut req = zmtp_mio::Req::new().expect("a socket");
        req.connect(format!("tcp://{address}")).expect("an endpoint");
        for len in LENGTHS {
            req.send([body(len), b"more".to_vec()].iter().collect::<zmtp_mio::Message>())
                .expect("a peer");
            let reply = req.recv().expect("a reply");
            let parts: Vec<_> = reply.parts().map(<[u8]>::to_vec).collect();
            assert_eq!(parts, [body(len), b"more".to_vec()]);
        }
    });
    let stream = FromStd::new(listener.accept().expect("a client").0);
    let mut receive = [0; size::receive(SocketType::Rep, 4_096, 3)];
    let mut send = [0; if CHUNKS { size::smallest_send(&REP) } else { size::send(&REP, 4_100, 3) }];
    let mut rep = zmtp_embedded::blocking::Rep::new(&REP, &mut receive, &mut send);
    rep.connect(stream, now());
    for _ in LENGTHS {
        let request = rep.receive(Instant::NEVER, now).expect("a request");
        let parts: Vec<Vec<u8>> = request.parts().map(<[u8]>::to_vec).collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        rep.reply(&parts, Instant::NEVER, now).expect("asked");
        rep.flush(Instant::NEVER, now).expect("asked");
    }
    client.join().expect("a good client");
}
