"""CURVE and PLAIN between pyzmq and our sockets, with the key files of both.

usage: security.py PATH-OF-THE-EXAMPLE
Every wait has a timeout. Exits with 1 at the first difference.
"""

import pathlib
import subprocess
import sys
import tempfile

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

TIMEOUT_MS = 10_000
USER = "alice"
PASSWORD = "the password of alice"


def python_req(context, mechanism, folder, endpoint, password=PASSWORD):
    """A REQ of pyzmq with the keys in the folder."""
    req = context.socket(zmq.REQ)
    if mechanism == "curve":
        req.curve_serverkey, _ = zmq.auth.load_certificate(folder / "server.key")
        own = zmq.auth.load_certificate(folder / "alice.key_secret")
        req.curve_publickey, req.curve_secretkey = own
    else:
        req.plain_username, req.plain_password = USER.encode(), password.encode()
    req.connect(endpoint)
    return req


def our_rep(binary, context, mechanism, folder, other):
    """Our REP answers pyzmq's REQ, and does not answer one with other credentials."""
    server = subprocess.Popen(
        [binary, "rep", mechanism, folder], stdout=subprocess.PIPE, text=True
    )
    try:
        endpoint = server.stdout.readline().strip()
        with python_req(context, mechanism, folder, endpoint) as req:
            for body in ([b"a"], [b"x" * 70_000], [b"head", b"", b"tail"]):
                req.send_multipart(body)
                assert req.recv_multipart() == body
        with python_req(context, mechanism, other, endpoint, "wrong") as req:
            req.send(b"refused")
            assert req.poll(500) == 0, "a client with other credentials got a reply"
        print(f"pyzmq REQ -> our REP   {mechanism}: 3 exchanges, 1 client refused")
    finally:
        server.kill()
        server.wait(10)


def our_req(binary, context, mechanism, folder, other):
    """Our REQ is answered by pyzmq's REP, whose ThreadAuthenticator checks the client."""
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    try:
        if mechanism == "curve":
            public = folder / "clients"
            public.mkdir(exist_ok=True)
            (public / "alice.key").write_bytes((folder / "alice.key").read_bytes())
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
            client = subprocess.Popen(
                [binary, "req", mechanism, folder, endpoint], stdout=subprocess.PIPE, text=True
            )
            try:
                assert rep.recv() == b"question"
                rep.send(b"answer")
                out, _ = client.communicate(timeout=10)
                assert (client.returncode, out.strip()) == (0, "answer"), out
            finally:
                client.kill()
                client.wait(10)
        print(f"our REQ -> pyzmq REP   {mechanism}: 1 exchange, client checked by ZAP")
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
