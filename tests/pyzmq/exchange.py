"""libzmq, through pyzmq, exchanges messages with both of our ends over TCP and IPC.

usage: exchange.py PATH-OF-THE-ZMTP-BINARY
Every wait has a timeout. Exits with 1 at the first difference.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import zmq
from processes import first_line

TIMEOUT_MS = 10_000
BODIES = [[b""], [b"a"], [b"x" * 255], [b"x" * 256], [b"y" * 65_537], [b"head", b"", b"tail"]]


def our_rep(binary, context, endpoint):
    """Our REP answers pyzmq's REQ."""
    server = subprocess.Popen(
        [binary, "rep", endpoint, "--echo", "--quiet"], stderr=subprocess.PIPE, text=True
    )
    try:
        line = first_line(server.stderr, TIMEOUT_MS)
        concrete = line.split()[-1]
        assert concrete.split(":")[0] in ("tcp", "ipc"), line
        with context.socket(zmq.REQ) as req:
            req.connect(concrete)
            for body in BODIES:
                req.send_multipart(body)
                reply = req.recv_multipart()
                assert reply == body, (concrete, len(reply), len(body))
        print(f"pyzmq REQ -> our REP   {concrete}: {len(BODIES)} exchanges")
    finally:
        server.kill()
        server.wait(10)


def our_req(binary, context, endpoint):
    """Our REQ is answered by pyzmq's REP."""
    with context.socket(zmq.REP) as rep:
        rep.bind(endpoint)
        concrete = rep.getsockopt_string(zmq.LAST_ENDPOINT)
        for body in (["ping"], ["two", "parts"], ["x" * 300]):
            client = subprocess.Popen(
                [binary, "req", concrete, *body, "--json", "--timeout", "10s"],
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                request = rep.recv_multipart()
                assert request == [part.encode() for part in body], request
                rep.send_multipart([b"re:" + part for part in request])
                out, _ = client.communicate(timeout=10)
                assert client.returncode == 0, client.returncode
                parts = json.loads(out.splitlines()[0])["parts"]
                texts = [part["text"] if isinstance(part, dict) else part for part in parts]
                assert texts == ["re:" + part for part in body], out
            finally:
                client.kill()
                client.wait(10)
        print(f"our REQ -> pyzmq REP   {concrete}: 3 exchanges")


def main():
    binary = sys.argv[1]
    context = zmq.Context()
    context.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
    context.setsockopt(zmq.SNDTIMEO, TIMEOUT_MS)
    context.setsockopt(zmq.LINGER, 0)
    print(f"pyzmq {zmq.__version__}, libzmq {zmq.zmq_version()}")
    with tempfile.TemporaryDirectory() as folder:
        ipc = "ipc://" + str(pathlib.Path(folder) / "x.sock")
        for run in (our_rep, our_req):
            run(binary, context, "tcp://127.0.0.1:*")
            run(binary, context, ipc)
    context.term()
    print("4 passed, 0 failed")


if __name__ == "__main__":
    main()
