//! Keys and sockets with PLAIN and CURVE.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::process::{Directory, Zmtp, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

/// New keys in a directory: the paths of the public and of the secret file.
fn keys(directory: &Directory, name: &str) -> [String; 2] {
    let path = directory.path(name).display().to_string();
    let done = zmtp(["keygen", &path]);
    assert_eq!(done.good().trim_end().len(), 40);
    let secret = format!("{path}_secret");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(done.good().trim_end()) && !text.contains("secret-key"));
    assert!(fs::read_to_string(&secret).unwrap().contains("secret-key"));
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    [path, secret]
}

#[test]
fn keys_are_made_once_and_serve_a_client_with_curve() {
    let directory = Directory::new();
    let [server, server_secret] = keys(&directory, "server.key");
    let [client, client_secret] = keys(&directory, "client.key");
    assert!(zmtp(["keygen", &server]).bad(1).contains("exists"));
    let (_rep, tcp) = Zmtp::rep(&[TCP, "--curve-server", &server_secret, "--curve-allow", &client]);
    let with = |secret: &str, server: &str| {
        let curve = ["--curve-client", secret, "--curve-server-key", server];
        let args = ["req", &tcp, "hello", "--raw", "--timeout"];
        let within = if secret == client_secret { "15s" } else { "500ms" };
        zmtp([&args[..], &[within], &curve].concat())
    };
    assert_eq!(with(&client_secret, &server).good(), "hello");
    let text = fs::read_to_string(&server).unwrap();
    let z85 = text.split('"').nth(1).unwrap();
    assert_eq!(with(&client_secret, z85).good(), "hello");
    // A key that is not allowed, and no key.
    with(&server_secret, &server).bad(3);
    zmtp(["req", &tcp, "hello", "--timeout", "500ms"]).bad(3);
    assert!(with(&client, &server).bad(2).contains("no secret key"));
    assert!(with("nothing.here", &server).bad(1).contains("nothing.here"));
}

#[test]
fn a_proxy_and_a_monitor_have_keys_too() {
    let directory = Directory::new();
    let [server, server_secret] = keys(&directory, "server.key");
    let [_, client_secret] = keys(&directory, "client.key");
    let client = ["--curve-client", &client_secret, "--curve-server-key", &server];
    let args = ["proxy", &format!("router={TCP}"), &format!("dealer={TCP}")];
    let proxy = Zmtp::start([&args[..], &["--curve-server", &server_secret]].concat());
    let (front, back) = (proxy.listening(), proxy.listening());
    let _rep = Zmtp::start([&["rep", "--connect", &back, "-q"], &client[..]].concat());
    let req = ["req", &front, "through", "--raw", "--timeout", "15s"];
    assert_eq!(zmtp([&req, &client[..]].concat()).good(), "through");
    let monitor = ["monitor", "dealer", &front, "--until", "ready", "--timeout", "15s"];
    assert!(zmtp([&monitor, &client[..]].concat()).good().contains("ready"));
}

#[test]
fn passwords_are_in_files() {
    let directory = Directory::new();
    let file = |name: &str, text: &str| directory.file(name, text.as_bytes());
    let all = file("all", "# users\n\nadmin=secret\nguest=\n");
    let (_rep, tcp) = Zmtp::rep(&[TCP, "--plain-server", &all]);
    let with = |login: &str, within: &str| {
        zmtp(["req", &tcp, "hello", "--raw", "--timeout", within, "--plain-client", login])
    };
    assert_eq!(with(&file("admin", "admin=secret\n"), "15s").good(), "hello");
    assert_eq!(with(&file("guest", "guest=\n"), "15s").good(), "hello");
    with(&file("wrong", "admin=guess\n"), "500ms").bad(3);
    assert!(with(&file("bad", "admin\n"), "1s").bad(2).contains("user=password"));
    let bad = zmtp(["rep", TCP, "--plain-server", &file("none", "admin\n")]);
    assert!(bad.bad(1).contains("line 1"), "{bad:?}");
}

#[test]
fn keys_and_passwords_may_come_through_a_pipe() {
    let directory = Directory::new();
    let [server, server_secret] = keys(&directory, "server.key");
    let [_, client_secret] = keys(&directory, "client.key");
    let passwords = directory.file("all", b"admin=secret\n");
    let curve = ["--curve-client", "/dev/stdin", "--curve-server-key", &server];
    let plain = ["--plain-client", "/dev/stdin"];
    let secret = fs::read(&client_secret).unwrap();
    for (serving, flags, piped) in [
        (["--curve-server", &server_secret], &curve[..], &secret[..]),
        (["--plain-server", &passwords], &plain[..], b"admin=secret\n"),
    ] {
        let pull =
            Zmtp::start([&["pull", "--bind", TCP, "--count", "1", "--raw"], &serving[..]].concat());
        let endpoint = pull.listening();
        zmtp_with([&["push", &endpoint, "hello"], flags].concat(), piped).good();
        assert_eq!(pull.finish().good(), "hello");
        let (_rep, endpoint) = Zmtp::rep(&[&[TCP], &serving[..]].concat());
        let asking = ["req", &endpoint, "hello", "--raw", "--timeout", "15s"];
        assert_eq!(zmtp_with([&asking, flags].concat(), piped).good(), "hello");
    }
}

#[test]
fn no_secret_is_printed() {
    const PASSWORD: &str = "correct horse battery staple";
    let directory = Directory::new();
    let [server, server_secret] = keys(&directory, "server.key");
    let [_, client_secret] = keys(&directory, "client.key");
    let all = directory.file("all", format!("admin={PASSWORD}\n").as_bytes());
    let wrong = directory.file("wrong", format!("admin=x{PASSWORD}\n").as_bytes());
    let mut printed = String::new();
    let mut session = |server: &[&str], client: &[&str], within: &str| {
        let (rep, tcp) = Zmtp::rep(&[&[TCP, "--verbose", "--json"], server].concat());
        let req = ["req", &tcp, "hello", "--verbose", "--json", "--timeout", within];
        let done = zmtp([&req[..], client].concat());
        printed += &done.stderr;
        printed += &String::from_utf8_lossy(&done.stdout);
        rep.signal("-INT");
        let done = rep.finish();
        printed += &done.stderr;
        printed += &String::from_utf8_lossy(&done.stdout);
    };
    session(&["--plain-server", &all], &["--plain-client", &all], "15s");
    session(&["--plain-server", &all], &["--plain-client", &wrong], "500ms");
    let curve = ["--curve-client", &client_secret, "--curve-server-key", &server];
    session(&["--curve-server", &server_secret], &curve, "15s");
    session(&["--curve-server", &client_secret], &curve, "500ms");
    printed += &zmtp(["rep", TCP, "--plain-server", &server_secret]).stderr;
    printed += &zmtp(["rep", TCP, "--curve-server", &all]).stderr;
    assert!(printed.contains("ready"), "{printed}");
    let z85 = |path: &str| {
        let text = fs::read_to_string(path).unwrap();
        text.rsplit('"').nth(1).unwrap().to_owned()
    };
    for secret in [PASSWORD.to_owned(), z85(&server_secret), z85(&client_secret)] {
        let chars: Vec<char> = secret.chars().collect();
        for window in chars.windows(8) {
            let window: String = window.iter().collect();
            assert!(!printed.contains(&window), "{printed}");
        }
    }
}
