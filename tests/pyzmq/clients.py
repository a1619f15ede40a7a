"""Sends the same changed answers of a server of PLAIN and CURVE to our PUSH and to libzmq's, and compares the outcomes.

Usage: clients.py PATH-OF-ZMTP

Each byte of WELCOME and READY is changed, one at a time. An outcome is how far the handshake goes.
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
from wire import TIMEOUT, Closed, Peer, changed, command, frame, metadata
from zmq.utils import z85


class Plain:
    """A server of PLAIN."""

    def welcome(self, _hello):
        return command(b"WELCOME", b"")

    def ready(self):
        return command(b"READY", metadata(b"PULL"))

    # The bytes after the header of the frame.
    WELCOME, READY = range(2, 10), range(2, 2 + 6 + 20)


class Curve:
    """A server of CURVE."""

    def __init__(self, secret):
        self.secret = secret
        self.public, self.transient = nacl.crypto_box_keypair()

    def welcome(self, hello):
        self.client = hello[74:106]
        nonce = os.urandom(16)
        content = self.public + os.urandom(96)
        box = nacl.crypto_box_easy(content, b"WELCOME-" + nonce, self.client, self.secret)
        return command(b"WELCOME", nonce + box)

    def ready(self):
        number = struct.pack(">Q", 1)
        nonce = b"CurveZMQREADY---" + number
        box = nacl.crypto_box_easy(metadata(b"PULL"), nonce, self.client, self.transient)
        return command(b"READY", number + box)

    WELCOME = range(2, 2 + 8 + 16 + 16 + 32 + 96)
    READY = range(2, 2 + 6 + 8 + 16 + 20)


def cases(new):
    """Names of answers, and functions that make WELCOME of the data of HELLO, and READY."""
    server = new()
    yield "honest", server.welcome, server.ready
    for at in server.WELCOME:
        server = new()

        def welcome(hello, server=server, at=at):
            return changed(server.welcome(hello), at, at % 8)

        yield f"WELCOME byte {at}", welcome, server.ready
    for at in server.READY:
        server = new()

        def ready(server=server, at=at):
            return changed(server.ready(), at, at % 8)

        yield f"READY byte {at}", server.welcome, ready
    for name in (b"\x05ERROR", b"\x5eRROR"):
        yield f"ERROR {name}", lambda _, name=name: frame(4, name + b"\x03400"), server.ready


def outcome(listener, mechanism, welcome, ready):
    stream, _ = listener.accept()
    with stream:
        peer = Peer(stream, mechanism, True)
        hello = peer.command(b"HELLO")
        try:
            peer.send(welcome(hello))
            peer.command(b"INITIATE")
        except Closed:
            return "refused at WELCOME"
        try:
            peer.send(ready())
            peer.body()
        except Closed:
            return "refused at READY"
        return "message"


def main(binary, folder):
    context = zmq.Context()
    (folder / "login").write_text("admin=secret\n")
    for name in ("server", "client"):
        zmq.auth.create_certificates(folder, name)
    public, secret = zmq.auth.load_certificate(folder / "server.key_secret")
    own = folder / "client.key_secret"

    def of_libzmq(mechanism, endpoint):
        push = context.socket(zmq.PUSH)
        if mechanism == b"PLAIN":
            push.plain_username, push.plain_password = b"admin", b"secret"
        else:
            push.curve_serverkey = public
            push.curve_publickey, push.curve_secretkey = zmq.auth.load_certificate(own)
        push.connect(endpoint)
        push.send(b"message")
        return lambda: push.close(linger=0)

    def of_ours(mechanism, endpoint):
        options = ["--plain-client", folder / "login"]
        if mechanism == b"CURVE":
            options = ["--curve-client", own, "--curve-server-key", folder / "server.key"]
        arguments = [binary, "push", "--connect", endpoint, *options, "message"]
        process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)

        def end():
            process.kill()
            process.wait()

        return end

    wrong, makers = [], {b"PLAIN": Plain, b"CURVE": lambda: Curve(z85.decode(secret))}
    for mechanism, new in makers.items():
        counts = {}
        for name, welcome, ready in [*cases(new)]:
            both = []
            for start in (of_ours, of_libzmq):
                with socket.create_server(("127.0.0.1", 0)) as listener:
                    listener.settimeout(TIMEOUT)
                    end = start(mechanism, f"tcp://127.0.0.1:{listener.getsockname()[1]}")
                    try:
                        both.append(outcome(listener, mechanism, welcome, ready))
                    finally:
                        end()
            counts[tuple(both)] = counts.get(tuple(both), 0) + 1
            if both[0] != both[1]:
                wrong.append(f"{name}: ours {both[0]}, libzmq {both[1]}")
        for (one, other), count in sorted(counts.items()):
            print(f"{mechanism.decode()}: {count} answers, ours {one}, libzmq {other}")
        assert counts.get(("message", "message"), 0) > 0, "no client sent its message"
    context.destroy(linger=0)
    return wrong


with tempfile.TemporaryDirectory() as place:
    found = main(sys.argv[1], pathlib.Path(place))
if found:
    sys.exit("\n".join(found))
