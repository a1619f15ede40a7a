//! A REQ and a REP over one network stack, whose device returns what it sends.

use core::cell::Cell;

use smoltcp::iface::{Config as InterfaceConfig, Interface, SocketSet};
use smoltcp::phy::{Loopback, Medium};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use zmtp_embedded::blocking::{Rep, Req, Session};
use zmtp_embedded::{Config, Instant, SocketType};
use zmtp_smoltcp::{Error, Stack, socket};

const PORT: u16 = 5_555;

static REQ: Config = Config::new(SocketType::Req);
static REP: Config = Config::new(SocketType::Rep);

#[test]
fn requests_are_answered_over_ten_connections() {
    let time = Cell::new(0);
    // Each look at the clock takes a millisecond.
    let now = || {
        time.set(time.get() + 1);
        Instant::from_millis(time.get())
    };
    let mut device = Loopback::new(Medium::Ip);
    let start = smoltcp::time::Instant::from_millis(0);
    let config = InterfaceConfig::new(HardwareAddress::Ip);
    let mut interface = Interface::new(config, &mut device, start);
    interface.update_ip_addrs(|addresses| {
        addresses.push(IpCidr::new(IpAddress::v4(127, 0, 0, 1), 8)).expect("room");
    });
    let mut bytes = [[0; 256]; 4];
    let [a, b, c, d] = bytes.each_mut();
    let mut sockets = SocketSet::new(vec![]);
    let (client, server) = (sockets.add(socket(a, b)), sockets.add(socket(c, d)));
    let stack = Stack::new(device, interface, sockets, now);
    let (mut client, mut server) = (stack.tcp(client), stack.tcp(server));

    // No socket listens at this port.
    let refused = client.connect((IpAddress::v4(127, 0, 0, 1), 9), 40_000, now().after(1_000));
    assert_eq!(refused, Err(Error::Reset));
    // No peer connects.
    assert_eq!(server.accept(PORT, now().after(10)), Err(Error::TimedOut));

    let mut buffers = [[0; 512]; 4];
    let [a, b, c, d] = buffers.each_mut();
    let mut asking = Session::new(Req::new(&REQ, a, b, 1));
    let mut answering = Session::new(Rep::new(&REP, c, d));
    for port in 49_152..49_162 {
        // `server` still listens.
        client.connect((IpAddress::v4(127, 0, 0, 1), PORT), port, now().after(1_000)).unwrap();
        server.accept(PORT, now().after(1_000)).unwrap();
        let mut req = asking.connect(&mut client, now());
        let mut rep = answering.connect(&mut server, now());
        for n in 0..20_u8 {
            // One is larger than the buffers of TCP.
            let body = vec![n; if n == 7 { 400 } else { 40 }];
            // The first calls perform the handshake, in turn.
            while req.send(&[&body], now().after(20), now).is_err() {
                let _ = rep.handshake(now().after(20), now);
            }
            let request = loop {
                if let Ok(request) = rep.receive(now().after(20), now) {
                    break request.first().to_vec();
                }
                let _ = req.flush(now().after(20), now);
            };
            assert_eq!(request, body);
            rep.reply(&[b"re", &[n]], now().after(1_000), now).unwrap();
            let reply = req.receive(now().after(1_000), now).unwrap();
            assert!(reply.parts().eq([&b"re"[..], &[n]]));
        }
        drop((req, rep));
        // The next connection.
        client.reset();
        assert_eq!(server.accept(PORT, now().after(10)), Err(Error::TimedOut));
    }
}
