"""Sends the same changed handshakes of PLAIN and CURVE to our PULL and to libzmq's, and compares the outcomes.

Usage: handshakes.py PATH-OF-ZMTP

Each byte of the commands of a client is changed, one at a time, and some fields have other contents in valid boxes. An
outcome is how far the handshake goes. The differences are listed, with their reasons.
"""

import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile

import nacl.bindings as nacl
import zmq
import zmq.auth
from processes import first_line
from wire import TIMEOUT, Closed, Peer, changed, command, metadata
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils import z85

# What ours refuses and libzmq accepts.
STRICTER = {
    # libzmq does not notice that the value of the last property is missing.
    b"PLAIN": {"INITIATE without a value": ("refused at INITIATE", "ready")},
    # RFC 26 demands these checks.
    b"CURVE": {
        "HELLO padding": ("refused at HELLO", "ready"),
        "HELLO content": ("refused at HELLO", "ready"),
        "INITIATE nonce of HELLO": ("refused at INITIATE", "ready"),
        "INITIATE vouch for another server": ("refused at INITIATE", "ready"),
    },
}


def run(address, mechanism, hello, initiate):
    """How far a handshake goes. `initiate` makes the command of the data of WELCOME."""
    peer = Peer(socket.create_connection(address, TIMEOUT), mechanism)
    try:
        try:
            peer.send(hello)
            welcome = peer.command(b"WELCOME")
        except Closed:
            return "refused at HELLO"
        try:
            peer.send(initiate(welcome))
            peer.command(b"READY")
        except Closed:
            return "refused at INITIATE"
        return "ready"
    except TimeoutError:
        return "silent"
    finally:
        peer.stream.close()


class Curve:
    """A client of CURVE, whose fields can be changed."""

    def __init__(self, server, **fields):
        self.server = server
        self.version, self.padding, self.content = b"\x01\0", bytes(72), bytes(64)
        self.nonce, self.vouched_server, self.metadata = 2, server, metadata(b"PUSH")
        self.public, self.secret = nacl.crypto_box_keypair()
        self.vouched, self.vouch_secret = nacl.crypto_box_keypair()
        self.own = self.vouched
        self.transient = self.public
        vars(self).update(fields)

    def hello(self):
        number = struct.pack(">Q", 1)
        box = nacl.crypto_box_easy(
            self.content, b"CurveZMQHELLO---" + number, self.server, self.secret
        )
        return command(b"HELLO", self.version + self.padding + self.public + number + box)

    def initiate(self, welcome):
        content = nacl.crypto_box_open_easy(
            welcome[16:], b"WELCOME-" + welcome[:16], self.server, self.secret
        )
        transient, cookie = content[:32], content[32:]
        nonce = os.urandom(16)
        vouch = nacl.crypto_box_easy(
            self.transient + self.vouched_server, b"VOUCH---" + nonce, transient, self.vouch_secret
        )
        number = struct.pack(">Q", self.nonce)
        box = nacl.crypto_box_easy(
            self.own + nonce + vouch + self.metadata,
            b"CurveZMQINITIATE" + number,
            transient,
            self.secret,
        )
        return command(b"INITIATE", cookie + number + box)


def plain_cases():
    """Names, HELLO and INITIATE of clients of PLAIN. The header of the frame stays."""
    hello, ready = command(b"HELLO", b"\x05admin\x06secret"), command(b"INITIATE", metadata(b"PUSH"))
    yield "honest", hello, lambda _: ready
    for at in range(2, len(hello)):
        for bit in range(8):
            yield f"HELLO byte {at} bit {bit}", changed(hello, at, bit), lambda _: ready
    for at in range(2, len(ready)):
        for bit in range(8):
            other = changed(ready, at, bit)
            # The name of the property is longer, so that its value is its length.
            is_short = (at, bit) == (11, 2)
            name = "INITIATE without a value" if is_short else f"INITIATE byte {at} bit {bit}"
            yield name, hello, lambda _, other=other: other


def curve_cases(server):
    """The same of clients of CURVE."""
    client = Curve(server)
    length = len(client.hello())
    yield "honest", client.hello(), client.initiate
    for at in range(2, length):
        client = Curve(server)
        # After flags, length, name and version.
        name = "HELLO padding" if 10 <= at < 82 else f"HELLO byte {at}"
        yield name, changed(client.hello(), at, at % 8), client.initiate
    # The highest bit of a point does not count in X25519.
    client = Curve(server)
    yield "HELLO byte 113 bit 7", changed(client.hello(), 113, 7), client.initiate
    # The header of the long frame stays. Then name, cookie, nonce, and the box of key, vouch and metadata.
    for at in range(9, 9 + 9 + 96 + 8 + 16 + 32 + 96 + len(metadata(b"PUSH"))):
        client = Curve(server)

        def initiate(welcome, client=client, at=at):
            return changed(client.initiate(welcome), at, at % 8)

        yield f"INITIATE byte {at}", client.hello(), initiate
    other, _ = nacl.crypto_box_keypair()
    for name, fields in {
        "HELLO content": {"content": bytes(63) + b"\x01"},
        "INITIATE nonce of HELLO": {"nonce": 1},
        "INITIATE vouch for another server": {"vouched_server": other},
        "INITIATE vouch for another connection": {"transient": other},
        "INITIATE with the key of another client": {"own": other},
        "INITIATE without metadata": {"metadata": b""},
        "INITIATE of an unknown socket type": {"metadata": metadata(b"NOPE")},
        "INITIATE of a type that is not compatible": {"metadata": metadata(b"REQ")},
        "INITIATE with half a property": {"metadata": metadata(b"PUSH")[:-1]},
    }.items():
        client = Curve(server, **fields)
        yield name, client.hello(), client.initiate


def compare(mechanism, ours, theirs, cases):
    counts, seen, wrong = {}, set(), []
    listed = STRICTER[mechanism]
    for name, hello, initiate in cases:
        outcomes = tuple(run(address, mechanism, hello, initiate) for address in (ours, theirs))
        counts[outcomes] = counts.get(outcomes, 0) + 1
        if outcomes[0] != outcomes[1]:
            if listed.get(name) == outcomes:
                seen.add(name)
            else:
                wrong.append(f"{name}: ours {outcomes[0]}, libzmq {outcomes[1]}")
    text = mechanism.decode()
    for (one, other), count in sorted(counts.items()):
        print(f"{text}: {count} handshakes, ours {one}, libzmq {other}")
    if seen != set(listed):
        wrong.append(f"these are refused by both or accepted by both: {set(listed) - seen}")
    assert counts.get(("ready", "ready"), 0) > 0, "no handshake is complete"
    return wrong


def address_of(endpoint):
    host, port = endpoint.split("//")[1].rsplit(":", 1)
    return host, int(port)


def main(binary, folder):
    context = zmq.Context()
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_plain(domain="*", passwords={"admin": "secret"})
    authenticator.configure_curve(domain="*", location=zmq.auth.CURVE_ALLOW_ANY)
    (folder / "passwords").write_text("admin=secret\n")
    _, secret_file = zmq.auth.create_certificates(folder, "server")
    public, secret = zmq.auth.load_certificate(secret_file)
    wrong = []
    for mechanism, options in (
        (b"PLAIN", ["--plain-server", folder / "passwords"]),
        (b"CURVE", ["--curve-server", secret_file]),
    ):
        pull = context.socket(zmq.PULL)
        if mechanism == b"PLAIN":
            pull.plain_server = True
        else:
            pull.curve_server, pull.curve_secretkey = True, secret
        pull.bind("tcp://127.0.0.1:*")
        theirs = address_of(pull.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode())
        server = subprocess.Popen(
            [binary, "pull", "--bind", "tcp://127.0.0.1:*", *options],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = first_line(server.stderr, TIMEOUT * 1000)
            ours = address_of([word for word in line.split() if "tcp://" in word][-1])
            if mechanism == b"PLAIN":
                cases = plain_cases()
            else:
                cases = curve_cases(z85.decode(public))
            wrong += compare(mechanism, ours, theirs, cases)
        finally:
            server.kill()
            server.wait()
        pull.close(linger=0)
    authenticator.stop()
    context.destroy(linger=0)
    return wrong


with tempfile.TemporaryDirectory() as place:
    found = main(sys.argv[1], pathlib.Path(place))
if found:
    sys.exit("\n".join(found))
