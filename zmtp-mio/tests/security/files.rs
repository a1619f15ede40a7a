//! Keys and passwords in files that change while the socket serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{LIMIT, builder, drive_until, events};
use zmtp_mio::{
    AddressRange, Addresses, Certificate, CertificateFolder, ConnectingClient, Endpoint, EventKind,
    PasswordFile, Pull, Push, Security, User,
};

/// A folder that is removed with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zmtp-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The user id of a client that is accepted, or the reason that it gets.
fn outcome(pull: &mut Pull, endpoint: &Endpoint, security: Security) -> Result<String, String> {
    let before = pull.counters();
    let mut push = builder::<Push>().security(security).connect(endpoint).unwrap();
    drive_until!(pull, {
        push.step().unwrap();
        push.counters().handshakes + push.counters().refused > 0
    });
    if push.counters().handshakes == 1 {
        push.send("hello").unwrap();
        let message = pull.recv_timeout(LIMIT).unwrap().expect("a message in time");
        return Ok(message.properties().unwrap().user_id.clone().unwrap());
    }
    assert_eq!(pull.counters().handshakes, before.handshakes);
    let told = events!(push).iter().find_map(|kind| match kind {
        EventKind::Refused(reason) => Some(reason.to_string()),
        _ => None,
    });
    Err(told.unwrap_or_else(|| "no reason".into()))
}

/// Makes a pipe, whose reader waits for a writer.
fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_folder_of_certificates_is_read_again_when_it_changes() {
    let folder = Folder::new("certificates");
    let [server, alice, bob] = [(); 3].map(|()| Certificate::generate().unwrap());
    alice.save(folder.0.join("alice.key")).unwrap();
    fs::write(folder.0.join("broken.key"), "public-key = \"short\"").unwrap();
    let allowed = CertificateFolder::open(&folder.0).unwrap();
    let keys = server.keys().unwrap();
    let pull = builder::<Pull>().curve_server(keys).authenticator(allowed);
    let mut pull = pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().clone();
    let mut try_of = |who: &Certificate| {
        let security = Security::curve_client(*server.public_key(), who.keys().unwrap());
        outcome(&mut pull, &endpoint, security)
    };
    assert_eq!(try_of(&alice), Ok("alice".into()));
    assert_eq!(try_of(&bob), Err("400".into()));
    bob.save(folder.0.join("bob.key")).unwrap();
    assert_eq!(try_of(&bob), Ok("bob".into()));
    // The content changes, the name and the length stay.
    let text = fs::read_to_string(folder.0.join("bob.key")).unwrap();
    fs::write(folder.0.join("alice.key"), text).unwrap();
    fs::remove_file(folder.0.join("bob.key")).unwrap();
    assert_eq!(try_of(&alice), Err("400".into()));
    assert_eq!(try_of(&bob), Ok("alice".into()));
    fs::remove_dir_all(&folder.0).unwrap();
    assert_eq!(try_of(&bob), Err("no reason".into()));
    assert!(CertificateFolder::open(&folder.0).is_err());
}

#[test]
fn the_metadata_of_a_certificate_in_a_folder_is_in_the_messages_of_its_client() {
    let folder = Folder::new("certificate-metadata");
    let [server, alice] = [(); 2].map(|()| Certificate::generate().unwrap());
    let alice = alice.with("name", "Alice").with("Office", "3 # left");
    alice.save(folder.0.join("alice.key")).unwrap();
    // Another kind of file is not read.
    pipe(&folder.0.join("pipe.key"));
    let allowed = CertificateFolder::open(&folder.0).unwrap();
    let pull = builder::<Pull>().curve_server(server.keys().unwrap()).authenticator(allowed);
    let mut pull = pull.bind("tcp://127.0.0.1:*").unwrap();
    let push = builder::<Push>().curve_client(*server.public_key(), alice.keys().unwrap());
    let mut push = push.connect(pull.last_endpoint().unwrap()).unwrap();
    drive_until!(pull, {
        push.step().unwrap();
        push.counters().handshakes == 1
    });
    push.send("hello").unwrap();
    let message = pull.recv_timeout(LIMIT).unwrap().expect("a message in time");
    let properties = message.properties().unwrap();
    assert_eq!(properties.user_id.as_deref(), Some("alice"));
    let metadata = [("name".into(), b"Alice".to_vec()), ("Office".into(), b"3 # left".to_vec())];
    assert_eq!(properties.metadata, metadata);
}

#[test]
fn clients_may_connect_again_while_a_certificate_is_written() {
    let folder = Folder::new("half-written");
    let [server, alice, bob] = [(); 3].map(|()| Certificate::generate().unwrap());
    for (name, certificate) in [("alice.key", &alice), ("bob.key", &bob)] {
        certificate.save(folder.0.join(name)).unwrap();
    }
    let allowed = CertificateFolder::open(&folder.0).unwrap();
    let pull = builder::<Pull>().curve_server(server.keys().unwrap()).authenticator(allowed);
    let mut pull = pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().clone();
    let mut try_of = |who: &Certificate| {
        let security = Security::curve_client(*server.public_key(), who.keys().unwrap());
        outcome(&mut pull, &endpoint, security)
    };
    let path = folder.0.join("alice.key");
    let text = fs::read(&path).unwrap();
    for half in [&text[..0], &text[..text.len() / 2]] {
        fs::write(&path, half).unwrap();
        assert_eq!(try_of(&alice), Err("no reason".into()));
        assert_eq!(try_of(&bob), Ok("bob".into()));
    }
    fs::write(&path, &text).unwrap();
    assert_eq!(try_of(&alice), Ok("alice".into()));
    fs::remove_file(&path).unwrap();
    assert_eq!(try_of(&alice), Err("400".into()));
}

#[test]
fn a_file_of_passwords_is_read_again_when_it_changes() {
    let folder = Folder::new("password-file");
    let path = folder.0.join("passwords");
    fs::write(&path, "admin=secret\n").unwrap();
    let passwords = PasswordFile::open(&path).unwrap();
    assert!(!format!("{passwords:?}").contains("secret"));
    let pull = builder::<Pull>().plain_server(passwords);
    let mut pull = pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().clone();
    let mut try_with =
        |password: &str| outcome(&mut pull, &endpoint, Security::plain_client("admin", password));
    assert_eq!(try_with("secret"), Ok("admin".into()));
    fs::write(&path, "admin=secreT\n").unwrap();
    assert_eq!(try_with("secret"), Err("400".into()));
    assert_eq!(try_with("secreT"), Ok("admin".into()));
    for replace in [
        |path: &Path| fs::write(path, "no user\n").unwrap(),
        |path: &Path| fs::remove_file(path).unwrap(),
        pipe,
    ] {
        replace(&path);
        assert_eq!(try_with("secreT"), Err("no reason".into()));
    }
    fs::remove_file(&path).unwrap();
    fs::write(&path, "admin=again\n").unwrap();
    assert_eq!(try_with("again"), Ok("admin".into()));
    fs::remove_file(&path).unwrap();
    pipe(&path);
    assert!(PasswordFile::open(&path).is_err());
}

#[test]
fn peers_with_null_are_refused_by_address() {
    let range = |text: &str| text.parse::<AddressRange>().unwrap();
    let anyone = |_: &ConnectingClient<'_>| Ok(User::new("anyone"));
    let addresses = Addresses::then(anyone);
    for (addresses, accepted) in [
        (addresses.clone().deny(range("127.0.0.0/8")), Err("400".into())),
        (addresses.clone().allow(range("192.0.2.0/24")), Err("400".into())),
        (addresses.allow(range("127.0.0.1")), Ok("anyone".into())),
    ] {
        let pull = builder::<Pull>().zap_domain("d").authenticator(addresses);
        let mut pull = pull.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = pull.last_endpoint().unwrap().clone();
        assert_eq!(outcome(&mut pull, &endpoint, Security::NULL), accepted);
    }
}
