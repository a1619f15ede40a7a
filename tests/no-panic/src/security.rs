//! Connections with PLAIN and CURVE. Keys, random bytes and decisions come through pointers.

use core::hint::black_box;

use zmtp_core::mechanism::{
    ClientKeys, Credentials, CurveClient, CurveServer, Decision, KeyPair, PlainClient, PlainServer,
    PublicKey, SecretKey,
};
use zmtp_core::{Config, Connection, Instant};

type Decide = fn(Credentials<'_>) -> Decision;

/// One of each.
pub struct Secured<'a> {
    plain_client: Connection<PlainClient<&'a [u8]>, &'a Config>,
    plain_server: Connection<PlainServer<Decide>, &'a Config>,
    curve_client: Connection<CurveClient<&'a ClientKeys>, &'a Config>,
    curve_server: Connection<CurveServer<&'a KeyPair, Decide>, &'a Config>,
    client_keys: &'a ClientKeys,
    server_keys: &'a KeyPair,
    client_random: [u8; 48],
    server_random: [u8; 96],
}

fn decide(credentials: Credentials<'_>) -> Decision {
    match credentials {
        Credentials::Plain { username, password } => black_box(username == password),
        Credentials::Curve { public_key } => black_box(public_key.as_bytes()[0] == 0),
        _ => false,
    };
    black_box(Decision::Later)
}

/// Does operation `which`, from 200 on.
pub fn probe(which: u32, state: &mut Secured<'static>, bytes: &mut [u8], number: u64) {
    let now = Instant::from_millis(number);
    match which {
        200 => crate::connection(&mut state.plain_client, bytes, number),
        201 => crate::connection(&mut state.plain_server, bytes, number),
        202 => crate::connection(&mut state.curve_client, bytes, number),
        203 => crate::connection(&mut state.curve_server, bytes, number),
        204 => {
            let server =
                CurveServer::new(state.server_keys, decide as Decide, &state.server_random);
            state.curve_server.restart(server, now);
            let client = CurveClient::new(state.client_keys, &state.client_random);
            state.curve_client.restart(client, now);
            state.plain_server.restart(PlainServer::new(decide as Decide), now);
            if let Some(client) = PlainClient::new(b"".as_slice(), b"") {
                state.plain_client.restart(client, now);
            }
        }
        _ => {
            if let Ok(text) = core::str::from_utf8(bytes)
                && let (Some(public), Some(secret)) =
                    (PublicKey::from_z85(text), SecretKey::from_z85(text))
            {
                let pair = KeyPair::new(secret);
                black_box((pair.public().to_z85(), pair.secret().expose_z85(), public));
            }
        }
    }
}
