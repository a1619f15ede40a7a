"""CURVE and PLAIN between pyzmq and our sockets, with the key files of both.

usage: security.py PATH-OF-THE-EXAMPLE
Every wait has a timeout. Exits with 1 at the first difference.
"""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

import zmq
import zmq.auth
import zmq.utils.monitor
from processes import first_line
from zmq.auth.thread import ThreadAuthenticator

TIMEOUT_MS = 10_000
USER = "alice"
PASSWORD = "the password of alice"


def refusals(socket):
    """The monitor of a socket's refused handshakes. It shares the context, and so its timeouts."""
    return socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)


def assert_refused(monitor):
    """The authenticator of the server has refused a client: status 400 of ZAP."""
    event = zmq.utils.monitor.recv_monitor_message(monitor)
    assert (event["event"], event["value"]) == (zmq.EVENT_HANDSHAKE_FAILED_AUTH, 400), event


def python_req(context, mechanism, folder, own, password):
    """A REQ of pyzmq with the server's key of one folder and the keys of alice of another."""
    req = context.socket(zmq.REQ)
    if mechanism == "curve":
        req.curve_serverkey, _ = zmq.auth.load_certificate(folder / "server.key")
        own = zmq.auth.load_certificate(own / "alice.key_secret")
        req.curve_publickey, req.curve_secretkey = own
    else:
        req.plain_username, req.plain_password = USER.encode(), password.encode()
    return req


def our_rep(binary, context, mechanism, folder, other):
    """Our REP answers pyzmq's REQ, refuses one with other credentials, and answers again."""

    def exchange():
        with python_req(context, mechanism, folder, folder, PASSWORD) as req:
            req.connect(endpoint)
            for body in ([b"a"], [b"x" * 70_000], [b"head", b"", b"tail"]):
                req.send_multipart(body)
                assert req.recv_multipart() == body

    server = subprocess.Popen(
        [binary, "rep", mechanism, folder], stdout=subprocess.PIPE, text=True
    )
    try:
        endpoint = first_line(server.stdout, TIMEOUT_MS)
        exchange()
        with python_req(context, mechanism, folder, other, "wrong") as req:
            with refusals(req) as monitor:
                req.connect(endpoint)
                req.send(b"refused")
                assert_refused(monitor)
                assert req.poll(500) == 0, "a client with other credentials got a reply"
                req.disable_monitor()
        exchange()
        print(f"pyzmq REQ -> our REP   {mechanism}: 6 exchanges, 1 client refused")
    finally:
        server.kill()
        server.wait(10)


@contextlib.contextmanager
def our_client(binary, mechanism, folder, endpoint):
    """Our REQ, with the keys of a folder."""
    client = subprocess.Popen(
        [binary, "req", mechanism, folder, endpoint], stdout=subprocess.PIPE, text=True
    )
    try:
        yield client
    finally:
        client.kill()
        client.wait(10)


def our_req(binary, context, mechanism, folder, other):
    """Our REQ is answered by pyzmq's REP, whose ThreadAuthenticator refuses one with other credentials."""

    def exchange():
        with our_client(binary, mechanism, folder, endpoint) as client:
            assert rep.recv() == b"question"
            rep.send(b"answer")
            out, _ = client.communicate(timeout=10)
            assert (client.returncode, out.strip()) == (0, "answer"), out

    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    try:
        if mechanism == "curve":
            public = folder / "clients"
            public.mkdir(exist_ok=True)
            shutil.copy(folder / "alice.key", public)
            authenticator.configure_curve(domain="*", location=str(public))
        else:
            authenticator.configure_plain(domain="*", passwords={USER: PASSWORD})
        with context.socket(zmq.REP) as rep:
            if mechanism == "curve":
                own = zmq.auth.load_certificate(folder / "server.key_secret")
                rep.curve_publickey, rep.curve_secretkey = own
                rep.curve_server = True
            else:
                rep.plain_server = True
            rep.bind("tcp://127.0.0.1:*")
            endpoint = rep.getsockopt_string(zmq.LAST_ENDPOINT)
            exchange()
            with refusals(rep) as monitor, tempfile.TemporaryDirectory() as mixed:
                if mechanism == "curve":
                    shutil.copy(folder / "server.key", mixed)
                    shutil.copy(other / "alice.key_secret", mixed)
                else:
                    authenticator.configure_plain(domain="*", passwords={USER: "another"})
                with our_client(binary, mechanism, mixed, endpoint):
                    assert_refused(monitor)
                    assert rep.poll(500) == 0, "a client with other credentials was let in"
                rep.disable_monitor()
            if mechanism == "plain":
                authenticator.configure_plain(domain="*", passwords={USER: PASSWORD})
            exchange()
        print(f"our REQ -> pyzmq REP   {mechanism}: 2 exchanges, 1 client refused")
    finally:
        authenticator.stop()


def new_context():
    """A context of its own for each exchange: a context has one authenticator."""
    context = zmq.Context()
    context.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
    context.setsockopt(zmq.SNDTIMEO, TIMEOUT_MS)
    context.setsockopt(zmq.LINGER, 0)
    return context


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = pathlib.Path(name) / "ours", pathlib.Path(name) / "theirs"
        ours.mkdir()
        theirs.mkdir()
        subprocess.run([binary, "keys", ours], check=True, timeout=10)
        for owner in ("server", "alice"):
            zmq.auth.create_certificates(theirs, owner)
        for run in (our_rep, our_req):
            for exchange in (("curve", ours, theirs), ("curve", theirs, ours), ("plain", ours, theirs)):
                with new_context() as context:
                    run(binary, context, *exchange)
    print("6 passed, 0 failed")


if __name__ == "__main__":
    main()
