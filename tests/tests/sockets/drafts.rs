//! The captures of CLIENT, SERVER, RADIO, DISH, SCATTER, GATHER, PEER and CHANNEL, replayed with the sockets of `zmtp-mio`.

use std::time::Duration;

use zmtp_mio::{
    Channel, Client, Dish, Error, Gather, Message, Peer, Radio, Scatter, SendError, Server,
};
use zmtp_tests::vectors::{Step, Vector};

use super::play::{LIMIT, Play, Socket, play};

macro_rules! socket {
    ($socket:ty, |$this:ident| $receive:expr, |$to:ident, $message:ident| $send:expr) => {
        impl Socket for $socket {
            fn bind(&mut self) -> String {
                self.0.bind("tcp://127.0.0.1:*").unwrap().to_string()
            }

            fn connect(&mut self, endpoint: &str) {
                self.0.connect(endpoint).unwrap();
            }

            fn turn(&mut self) {
                self.0.drive(Duration::ZERO).unwrap();
            }

            fn send(&mut self, $message: Message) {
                let $to = self;
                $send.expect("it can be sent");
            }

            fn receive(&mut self) -> Option<Message> {
                let $this = self;
                $receive
            }
        }
    };
}

/// A socket that sends to its only peer.
struct One<S>(S);

socket!(One<Channel>, |this| this.0.try_recv().unwrap(), |to, m| to.0.send_timeout(m, LIMIT));
socket!(One<Client>, |this| this.0.try_recv().unwrap(), |to, m| to.0.send_timeout(m, LIMIT));
socket!(One<Gather>, |this| this.0.try_recv().unwrap(), |_to, message| {
    Err::<(), _>(SendError::new(Error::NotSupported, message))
});
socket!(One<Scatter>, |_this| None, |to, m| to.0.send_timeout(m, LIMIT));

/// A socket that sends to the peer of the last message.
struct Answering<S>(S, u32);

impl<S> Answering<S> {
    fn take(&mut self, message: Option<Message>) -> Option<Message> {
        let message = message?;
        self.1 = message.routing_id().expect("each message has the id of its peer");
        assert_ne!(self.1, 0);
        Some(message)
    }
}

socket!(
    Answering<Peer>,
    |this| {
        let message = this.0.try_recv().unwrap();
        this.take(message)
    },
    |to, m| to.0.send_to(to.1, m, LIMIT)
);
socket!(
    Answering<Server>,
    |this| {
        let message = this.0.try_recv().unwrap();
        this.take(message)
    },
    |to, m| to.0.send_to(to.1, m, LIMIT)
);

// The dialogues have the group as the first part of a message.
socket!(
    One<Dish>,
    |this| {
        let message = this.0.try_recv().unwrap()?;
        Some(Message::from_parts([message.group(), message.bytes().unwrap()]))
    },
    |_to, message| Err::<(), _>(SendError::new(Error::NotSupported, message))
);
socket!(One<Radio>, |_this| None, |to, message| {
    to.0.send_to(message.part(0).unwrap(), message.part(1).unwrap())
});

#[test]
fn a_client_sends_and_receives_as_libzmq_does() {
    play("draft-client", One(Client::new().unwrap()), |_, _| {});
}

#[test]
fn a_server_answers_the_routing_id_and_refuses_an_unknown_one() {
    let mut refused = 0;
    let server = Answering(Server::new().unwrap(), 0);
    play("draft-server", server, |play: &mut Play<Answering<Server>>, heading| {
        if heading.starts_with("send with an unknown routing id") {
            let unknown = play.socket.1.wrapping_add(77);
            let result = play.socket.0.send_to(unknown, "rep", LIMIT);
            let refusal = result.expect_err("no peer has this id");
            assert!(matches!(refusal.error, Error::Unroutable));
            refused += 1;
        }
    });
    assert_eq!(refused, 1);
}

#[test]
fn a_peer_answers_as_libzmq_does() {
    play("draft-peer", Answering(Peer::new().unwrap(), 0), |_, _| {});
}

#[test]
fn a_channel_sends_and_receives_as_libzmq_does() {
    play("draft-channel", One(Channel::new().unwrap()), |_, _| {});
}

#[test]
fn a_scatter_sends_as_libzmq_does_and_refuses_a_message_of_two_parts() {
    let mut refused = 0;
    let scatter = One(Scatter::new().unwrap());
    play("draft-scatter", scatter, |play: &mut Play<One<Scatter>>, heading| {
        if heading.starts_with("zmq_send with SNDMORE") {
            assert!(play.socket.0.try_send(["a", "b"]).is_err());
            refused += 1;
        }
    });
    assert_eq!(refused, 1);
}

#[test]
fn a_gather_receives_as_libzmq_does() {
    play("draft-gather", One(Gather::new().unwrap()), |_, _| {});
}

#[test]
fn a_radio_sends_to_the_members_of_a_group_as_libzmq_does() {
    play("draft-radio-tcp", One(Radio::new().unwrap()), |_, _| {});
}

#[test]
fn a_dish_joins_receives_and_closes_as_libzmq_does() {
    let dish = Dish::new().unwrap();
    dish.join("early").unwrap();
    let mut play = Play::new(One(dish), false);
    let mut closed = false;
    for (at, step) in Vector::named("draft-dish-tcp").steps.iter().enumerate() {
        println!("step {at}: {step:?}");
        match step {
            Step::Heading(text) if text.starts_with("later join") => {
                play.socket.0.join("Movies").unwrap();
                play.socket.0.leave("early").unwrap();
            }
            Step::Close => {
                play.closes();
                closed = true;
            }
            _ => play.step(step),
        }
    }
    assert!(closed);
}

/// libzmq closes the connection of a DISH after a PING.
#[test]
fn a_dish_stays_connected_after_a_ping() {
    let mut play = Play::new(One(Dish::new().unwrap()), false);
    let mut stayed = false;
    for (at, step) in Vector::named("draft-dish-ping-closes").steps.iter().enumerate() {
        println!("step {at}: {step:?}");
        match step {
            Step::Close => {
                play.idle();
                stayed = true;
            }
            _ => play.step(step),
        }
    }
    assert!(stayed);
}
