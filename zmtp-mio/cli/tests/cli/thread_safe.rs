//! The thread-safe types, whose messages have one part.

use crate::process::{Zmtp, listening, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

#[test]
fn a_server_echoes_the_messages_of_each_client() {
    let (server, tcp) = listening(["server", TCP, "--echo"]);
    for text in ["one", "two"] {
        let client = zmtp(["client", &tcp, "--count", "2", "--receive", "2", text]);
        assert_eq!(client.good(), format!("{text}\n{text}\n"));
        assert_eq!([server.line(), server.line()], [format!("{text}\n"), format!("{text}\n")]);
    }
}

#[test]
fn a_server_sends_to_its_clients_in_turn() {
    let (server, tcp) =
        listening(["server", TCP, "--peers", "2", "--count", "4", "--receive", "0", "hello"]);
    let clients = [(); 2].map(|()| Zmtp::start(["client", &tcp, "--receive", "2"]));
    for client in clients {
        assert_eq!(client.finish().good(), "hello\nhello\n");
    }
    server.finish().good();
}

#[test]
fn a_server_without_clients_waits_for_the_next_one() {
    let (mut server, tcp) = listening(["server", TCP, "--lines", "--receive", "0"]);
    let client = || Zmtp::start(["client", &tcp, "--receive", "1"]);
    let first = client();
    server.feed_some(b"one\n");
    assert_eq!(first.finish().good(), "one\n");
    // The next client starts later, and this line is read while there is none.
    server.feed(b"two\n");
    std::thread::sleep(core::time::Duration::from_millis(200));
    assert_eq!(client().finish().good(), "two\n");
    server.finish().good();
}

#[test]
fn an_echo_for_a_client_that_has_left_is_dropped() {
    let (server, tcp) = listening(["server", TCP, "--echo"]);
    // So much that the client has left before the server sends the last one back.
    let size = ["--size", "1M", "--count", "3", "--receive", "0"];
    zmtp([&["client", &tcp][..], &size].concat()).good();
    let client = zmtp(["client", &tcp, "--receive", "1", "still there"]);
    assert_eq!(client.good(), "still there\n");
    drop(server);
}

#[test]
fn scattered_lines_are_gathered_in_order() {
    let (gather, tcp) = listening(["gather", TCP, "--count", "3"]);
    zmtp_with(["scatter", &tcp, "--lines"], b"one\ntwo\nthree\n").good();
    assert_eq!(gather.finish().good(), "one\ntwo\nthree\n");
}

#[test]
fn a_dish_prints_the_messages_of_its_groups() {
    let (radio, tcp) = listening(["radio", TCP, "--group", "news", "--lines"]);
    let dish = Zmtp::start(["dish", &tcp, "--group", "sport", "--group", "news", "--count", "2"]);
    let mut radio = radio;
    radio.feed(b"it rains\nit pours\n");
    assert_eq!(dish.finish().good(), "news | it rains\nnews | it pours\n");
    radio.finish().good();
}

#[test]
fn peers_and_channels_send_in_both_directions() {
    for kind in ["peer", "channel"] {
        let (echo, tcp) = listening([kind, TCP, "--echo"]);
        let done = zmtp([kind, &tcp, "--receive", "1", "there and back"]);
        assert_eq!(done.good(), "there and back\n");
        assert_eq!(echo.line(), "there and back\n");
    }
}

#[test]
fn a_message_of_several_parts_is_2_without_a_wait_for_a_peer() {
    for kind in ["scatter", "client", "server", "radio"] {
        let error = zmtp([kind, TCP, "one", "two"]);
        assert!(error.bad(2).contains("2 parts instead of one"), "{error:?}");
        let error = zmtp_with([kind, TCP, "one", "--lines"], b"two\n");
        assert!(error.bad(2).contains("2 parts instead of one"), "{error:?}");
    }
}

#[test]
fn a_bad_group_and_a_bad_property_are_2() {
    let long = "x".repeat(256);
    assert!(zmtp(["radio", TCP, "--group", &long, "x"]).bad(2).contains("256"));
    assert!(zmtp(["dish", TCP, "--group", &long]).bad(2).contains("256"));
    assert!(zmtp(["dish", TCP, "--group", "a", "--group", "a"]).bad(2).contains("already"));
    assert!(zmtp(["push", TCP, "x", "--metadata", "A=b"]).bad(2).contains("property \"A\""));
}

#[test]
fn a_radio_without_a_dish_is_3() {
    let done = zmtp(["radio", TCP, "x", "--timeout", "200ms"]);
    assert!(done.bad(3).contains("no member of a group within 200ms"), "{done:?}");
}
