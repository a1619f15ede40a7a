//! No key and no password is in an event, an error or a debug output.

use std::fs;
use std::time::Duration;

use crate::harness::{builder, drive_until};
use zmtp_mio::{
    Addresses, AllowedKeys, Certificate, CertificateFolder, Message, Options, PasswordFile,
    Passwords, Pull, Push, Security,
};

const PASSWORD: &str = "correct horse battery staple";

/// Parts of a secret, as bytes, hexadecimal digits, a list of numbers, and base64 or Z85 text.
fn windows(secret: &[u8], text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for window in secret.windows(8) {
        all.push(window.iter().map(|byte| format!("{byte:02x}")).collect());
        all.push(window.iter().map(|byte| format!("{byte:02X}")).collect());
        all.push(format!("{window:?}").trim_matches(['[', ']']).into());
        all.push(window.escape_ascii().to_string());
        all.push(base64(window));
    }
    let chars: Vec<char> = text.chars().collect();
    all.extend(chars.windows(8).map(|window| window.iter().collect::<String>()));
    all
}

/// The first characters of the base64 of 6 of these bytes.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes[..6].chunks_exact(3) {
        let word = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for shift in [18, 12, 6, 0] {
            text.push(ALPHABET[(word >> shift & 63) as usize].into());
        }
    }
    text
}

/// The events and the debug output of a session that succeeds, or fails.
fn session(server: Options, mut client: Options) -> String {
    client.linger = Duration::ZERO.into();
    let mut shown = format!("{server:?} {client:?} ");
    let mut pull = builder::<Pull>().options(server).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut push = builder::<Push>().options(client).connect(&endpoint).unwrap();
    let _ = push.try_send(Message::from("hello"));
    let mut received = false;
    drive_until!(pull, {
        push.step().unwrap();
        if let Some(message) = pull.try_recv().unwrap() {
            shown += &format!("{message:?} {:?}", message.properties());
            received = true;
        }
        received || pull.counters().refused > 0
    });
    for event in core::iter::from_fn(|| pull.next_event().or_else(|| push.next_event())) {
        shown += &format!("{event} {event:?} ");
    }
    shown += &format!("{pull:?} {push:?} {:?}", pull.peers().collect::<Vec<_>>());
    shown
}

/// The debug output of the other values that have secrets, and the errors about bad ones.
fn others(certificate: &Certificate, passwords: &Passwords) -> String {
    let folder = std::env::temp_dir().join(format!("zmtp-secrets-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    certificate.save(folder.join("server.key")).unwrap();
    let file = folder.join("passwords");
    fs::write(&file, format!("admin={PASSWORD}\n")).unwrap();
    let addresses = Addresses::then(passwords.clone());
    let mut shown = format!(
        "{:?} {:?} {addresses:?} {:?}",
        CertificateFolder::open(&folder).unwrap(),
        PasswordFile::open(&file).unwrap(),
        Security::plain_client("admin", PASSWORD),
    );
    // A password without its user, keys that are no pair, a key that is too short, and a password that is too long.
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let error = Passwords::load(&file).unwrap_err();
    shown += &format!("{error} {error:?} {:?}", PasswordFile::open(&file));
    let text = fs::read_to_string(folder.join("server.key_secret")).unwrap();
    let public = Certificate::generate().unwrap().public_key().to_string();
    let other = text.replace(&certificate.public_key().to_string(), &public);
    let (short, _) = text.trim_end().split_at(text.trim_end().len() - 2);
    for bad in [&*other, short] {
        let error = Certificate::parse(bad).unwrap_err();
        shown += &format!("{error} {error:?}");
    }
    let error = builder::<Push>().plain_client("admin", PASSWORD.repeat(10)).build().unwrap_err();
    shown += &format!("{error} {error:?}");
    fs::remove_dir_all(&folder).unwrap();
    shown
}

#[test]
fn secrets_are_nowhere_in_what_a_session_shows() {
    let [server, client, other] = [(); 3].map(|()| Certificate::generate().unwrap());
    let own = |certificate: &Certificate| certificate.keys().unwrap();
    let options = |security: Security| {
        let mut options = Options::default();
        options.security = security;
        options
    };
    let allowed = AllowedKeys::new().allow(*client.public_key(), "client");
    let passwords = Passwords::new().allow("admin", PASSWORD);
    let mut shown = format!("{server:?} {client:?} {:?} {allowed:?} {passwords:?}", own(&server));
    for client in [&client, &other] {
        let mut secured = options(Security::curve_server(own(&server)));
        secured.authenticator = Some(std::sync::Arc::new(allowed.clone()));
        let security = Security::curve_client(*server.public_key(), own(client));
        shown += &session(secured, options(security));
    }
    for password in [PASSWORD, "wrong donkey charger paperclip"] {
        let mut secured = options(Security::plain_server());
        secured.authenticator = Some(std::sync::Arc::new(passwords.clone()));
        shown += &session(secured, options(Security::plain_client("admin", password)));
    }
    shown += &others(&server, &passwords);
    for certificate in [&server, &client, &other] {
        let keys = own(certificate);
        let z85 = keys.secret().expose_z85();
        for window in windows(keys.secret().expose(), str::from_utf8(&z85).unwrap()) {
            assert!(!shown.contains(&window), "a part of a secret key is shown");
        }
    }
    for password in [PASSWORD, "wrong donkey charger paperclip"] {
        for window in windows(password.as_bytes(), password) {
            assert!(!shown.contains(&window), "a part of a password is shown");
        }
    }
    assert!(shown.contains("CURVE server") && shown.contains("PLAIN client"));
}
