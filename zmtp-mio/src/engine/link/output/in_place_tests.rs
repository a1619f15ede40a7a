//! Messages that are sealed in place.

use std::sync::Arc;

use zmtp_core::mechanism::{Credentials, CurveServer, Decision, KeyPair, Mechanism, SecretKey};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Connection, Event, Instant};

use super::*;
use crate::message::Message;
use crate::security::Security;

type Accept = fn(Credentials<'_>) -> Decision;
type Server = Connection<CurveServer<Arc<KeyPair>, Accept>, Arc<Config>>;

const NOW: Instant = Instant::from_millis(0);
const LARGE: usize = IN_PLACE + 7;

/// Receives bytes until they are used up or an answer is due. Returns the bodies of the frames.
fn receive<M: Mechanism>(
    connection: &mut Connection<M, Arc<Config>>,
    bytes: &mut Vec<u8>,
) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    loop {
        let received = connection.receive(NOW, bytes);
        let unread = connection.unread();
        match received.event {
            Event::Frame => bodies.push(received.payload_of(bytes, unread).to_vec()),
            Event::Failed => panic!("{:?}", connection.error()),
            _ => {}
        }
        bytes.drain(..bytes.len() - unread);
        if matches!(received.event, Event::NeedInput | Event::NeedTransmit | Event::Sealed) {
            return bodies;
        }
    }
}

fn transmit<M: Mechanism>(connection: &mut Connection<M, Arc<Config>>, to: &mut Vec<u8>) {
    let mut out = [0; 1_024];
    while let n @ 1.. = connection.poll_transmit(&mut out).unwrap() {
        to.extend_from_slice(&out[..n]);
    }
}

/// A client and its server after their handshake.
fn pair() -> (Zmtp, Server) {
    let keys = |seed| KeyPair::new(SecretKey::new([seed; 32]));
    let config = |kind| Arc::new(Config::new(kind));
    let security = Security::curve_client(*keys(1).public(), keys(2));
    let mechanism = security.mechanism(None, None).unwrap();
    let mut client: Zmtp = Connection::new(mechanism, config(SocketType::Push), NOW);
    let accept: Accept = |_| Decision::Accept;
    let mechanism = CurveServer::new(Arc::new(keys(1)), accept, &[3; 96]);
    let mut server: Server = Connection::new(mechanism, config(SocketType::Pull), NOW);
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    while !client.is_ready() || !server.is_ready() {
        transmit(&mut client, &mut to_server);
        receive(&mut server, &mut to_server);
        transmit(&mut server, &mut to_client);
        receive(&mut client, &mut to_client);
    }
    (client, server)
}

fn output(messages: &[Message]) -> Output {
    let (mut output, run, mut spares) = (Output::default(), Run::default(), Spares::new());
    for message in messages {
        output.append(&mut Outgoing::new(&mut message.clone()), &run, &mut spares);
    }
    output
}

fn messages() -> [Message; 3] {
    let body = |seed: usize| (0..LARGE).map(|at| (at * seed) as u8).collect::<Vec<u8>>();
    let mut parts = Message::from("before");
    parts.push(body(3));
    [Message::from(body(7)), parts, Message::from("after")]
}

#[test]
fn a_large_message_is_sealed_where_it_is_and_the_peer_opens_it() {
    let (mut client, mut server) = pair();
    let run = Run::default();
    let [one, two, _] = messages();
    for message in [one, two] {
        let mut output = output(&[message.clone(), Message::from("after")]);
        assert!(output.seal_first(&mut client).unwrap());
        assert!(output.is_first_sealed());
        let len = output.rest_of_message(&run);
        // The stream accepts nothing.
        output.advance(0, &run, &mut Spares::new());
        assert!(output.is_first_sealed());
        let mut slices = Slices::new();
        assert_eq!(output.gather(&run, len, &mut slices), len);
        let mut bytes: Vec<u8> = slices.get().iter().flat_map(|slice| slice.to_vec()).collect();
        assert_eq!(bytes.len(), len, "the next message is not in it");
        assert!(receive(&mut server, &mut bytes).iter().eq(message.parts()));
        let done = output.advance(len, &run, &mut Spares::new());
        assert_eq!((done.messages, done.bytes), (1, message.byte_len() as u64));
        assert!(!output.is_first_sealed());
        assert_eq!((output.len(), output.message_count()), (7, 1));
    }
}

#[test]
fn a_message_that_was_sealed_and_not_written_is_taken_back_in_the_clear() {
    let (mut client, _) = pair();
    let messages = messages();
    for first in 0..2 {
        let messages = &messages[first..];
        let mut output = output(messages);
        assert!(output.seal_first(&mut client).unwrap());
        output.reverse_first(&mut client);
        let taken = output.take_back(false, &Run::default(), &mut Spares::new());
        assert!(taken.iter().map(|queued| &queued.message).eq(messages));
        assert_eq!((output.len(), output.body_len(&Run::default())), (0, 0));
    }
}

#[test]
fn a_sealed_message_that_is_partly_written_is_not_taken_back() {
    let (mut client, _) = pair();
    let (messages, run) = (messages(), Run::default());
    let mut output = output(&messages);
    assert!(output.seal_first(&mut client).unwrap());
    output.advance(50_000, &run, &mut Spares::new());
    output.reverse_first(&mut client);
    let taken = output.take_back(false, &run, &mut Spares::new());
    assert!(taken.iter().map(|queued| &queued.message).eq(&messages[1..]));
}

#[test]
fn small_and_shared_messages_are_not_sealed_in_place() {
    let (mut client, _) = pair();
    let mut shared = Message::from(vec![7; LARGE]);
    shared.share();
    for message in [Message::from(vec![7; IN_PLACE - 1]), shared] {
        let mut output = output(&[message]);
        assert!(!output.seal_first(&mut client).unwrap());
        assert!(!output.is_first_sealed());
    }
}
