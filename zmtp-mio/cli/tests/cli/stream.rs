//! `zmtp stream`: bytes without ZMTP.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::process::{Zmtp, zmtp};

const TCP: &str = "tcp://127.0.0.1:*";

fn connect(endpoint: &str) -> TcpStream {
    TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap()
}

#[test]
fn a_client_sends_bytes_and_prints_what_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let stream =
        Zmtp::start(["stream", &endpoint, "--raw", "--receive", "1", "GET / ", "HTTP/1.0"]);
    let (mut peer, _) = listener.accept().unwrap();
    let mut request = [0; 14];
    peer.read_exact(&mut request).unwrap();
    assert_eq!(&request, b"GET / HTTP/1.0");
    peer.write_all(b"200 OK\n").unwrap();
    assert_eq!(stream.finish().good(), "200 OK\n");
}

#[test]
fn a_server_sends_bytes_back_over_each_connection() {
    let stream = Zmtp::start(["stream", TCP, "--echo", "--json"]);
    let endpoint = stream.listening();
    let mut ids = Vec::new();
    for text in ["one", "two"] {
        let mut peer = connect(&endpoint);
        peer.write_all(text.as_bytes()).unwrap();
        let mut back = [0; 3];
        peer.read_exact(&mut back).unwrap();
        assert_eq!(&back, text.as_bytes());
        let record: Value = serde_json::from_str(&stream.line()).unwrap();
        assert_eq!(record["parts"], json!([{ "text": text }]));
        ids.push(record["routing_id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn messages_go_to_the_connections_in_turn() {
    let stream =
        Zmtp::start(["stream", TCP, "--peers", "2", "--count", "4", "--receive", "0", "part"]);
    let endpoint = stream.listening();
    let mut peers = [connect(&endpoint), connect(&endpoint)];
    stream.finish().good();
    for peer in &mut peers {
        let mut all = String::new();
        peer.read_to_string(&mut all).unwrap();
        assert_eq!(all, "partpart");
    }
}

#[test]
fn the_begin_and_the_end_of_a_connection_are_messages_on_request() {
    let stream = Zmtp::start(["stream", TCP, "--notify", "--json"]);
    drop(connect(&stream.listening()));
    let records: Vec<Value> =
        [(); 2].iter().map(|()| serde_json::from_str(&stream.line()).unwrap()).collect();
    assert_eq!(records[0]["routing_id"], records[1]["routing_id"]);
    assert_eq!(records[0]["parts"], json!([{ "text": "" }]));
}

#[test]
fn without_a_connection_nothing_is_sent() {
    let done = zmtp(["stream", TCP, "x", "--timeout", "100ms"]);
    assert!(done.bad(3).contains("no peer within 100ms"), "{done:?}");
}
