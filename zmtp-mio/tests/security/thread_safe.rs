//! The thread-safe types with PLAIN and CURVE.

use crate::harness::threads::driven;
use crate::harness::{LIMIT, OfKind, builder};
use zmtp_mio::{
    Builder, Certificate, Channel, Client, Dish, Gather, Passwords, Peer, Radio, Scatter, Server,
    ThreadSafeSocket, kind,
};

/// What differs between the mechanisms.
type Settings<K> =
    fn(Builder<K, ThreadSafeSocket<K>>, &Certificate) -> Builder<K, ThreadSafeSocket<K>>;

/// A listening socket and one that is connected to it, once for each mechanism.
fn each_mechanism<A, B>(test: impl Fn(&ThreadSafeSocket<A>, &ThreadSafeSocket<B>))
where
    A: kind::ThreadSafe,
    B: kind::ThreadSafe,
    ThreadSafeSocket<A>: OfKind<Kind = A>,
    ThreadSafeSocket<B>: OfKind<Kind = B>,
{
    let mechanisms: [(Settings<A>, Settings<B>); 2] = [
        (
            |builder, _| builder.plain_server(Passwords::new().allow("ann", "secret")),
            |builder, _| builder.plain_client("ann", "secret"),
        ),
        (
            |builder, server| builder.curve_server(server.keys().unwrap()),
            |builder, server| {
                let own = Certificate::generate().unwrap().keys().unwrap();
                builder.curve_client(*server.keys().unwrap().public(), own)
            },
        ),
    ];
    for (listens, connects) in mechanisms {
        let certificate = Certificate::generate().unwrap();
        let one = listens(builder::<ThreadSafeSocket<A>>(), &certificate)
            .bind("tcp://127.0.0.1:*")
            .unwrap();
        let other = connects(builder::<ThreadSafeSocket<B>>(), &certificate)
            .connect(one.last_endpoint().unwrap())
            .unwrap();
        driven(&[&one, &other], || test(&one, &other));
    }
}

#[test]
fn messages_of_each_thread_safe_type_go_through() {
    let body = vec![7; 100_000];
    each_mechanism(|server: &Server, client: &Client| {
        client.send(&body).unwrap();
        let request = server.recv_timeout(LIMIT).unwrap().unwrap();
        server.send(request.reply("done")).unwrap();
        assert_eq!(client.recv_string(LIMIT).unwrap().as_deref(), Some("done"));
    });
    each_mechanism(|gather: &Gather, scatter: &Scatter| {
        scatter.send(&body).unwrap();
        assert_eq!(gather.recv_timeout(LIMIT).unwrap().unwrap().bytes(), Some(&*body));
    });
    each_mechanism(|one: &Channel, other: &Channel| {
        other.send(&body).unwrap();
        assert_eq!(one.recv_timeout(LIMIT).unwrap().unwrap().bytes(), Some(&*body));
        one.send("done").unwrap();
        assert_eq!(other.recv_string(LIMIT).unwrap().as_deref(), Some("done"));
    });
    each_mechanism(|one: &Peer, _: &Peer| {
        assert!(one.wait_for_peers(1, LIMIT).unwrap());
    });
    each_mechanism(|radio: &Radio, dish: &Dish| {
        dish.join("news").unwrap();
        assert!(radio.wait_for_members(1, LIMIT).unwrap());
        radio.send_to("other", "not joined").unwrap();
        radio.send_to("news", body.clone()).unwrap();
        let message = dish.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!((message.group(), message.bytes()), (&b"news"[..], Some(&*body)));
    });
}
