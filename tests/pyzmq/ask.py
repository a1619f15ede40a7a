"""A libzmq REQ, through pyzmq, sends requests to firmware.

usage: ask.py ENDPOINT COUNT
Bodies are of 0 to 4,096 bytes, in one part and in three. Every wait has a timeout. Exits
with 1 at the first reply that differs from its request.
"""

import sys

import zmq

TIMEOUT_MS = 20_000


def body(at):
    """Bytes that reveal a shifted or reordered body."""
    size = at % 100 if at % 10 else 4096 - at * 977 % 4097
    return bytes((at + n) % 251 for n in range(size))


def main():
    endpoint, count = sys.argv[1], int(sys.argv[2])
    context = zmq.Context()
    context.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
    context.setsockopt(zmq.SNDTIMEO, TIMEOUT_MS)
    context.setsockopt(zmq.LINGER, 0)
    with context.socket(zmq.REQ) as req:
        req.connect(endpoint)
        for at in range(count):
            # The longest bodies are sent alone: more parts would not fit the firmware's buffer.
            request = [body(at)] if at % 3 or at % 10 == 0 else [b"head", b"", body(at)]
            req.send_multipart(request)
            reply = req.recv_multipart()
            assert reply == request, (at, [len(part) for part in reply])
    context.term()
    print(f"{count} requests of pyzmq {zmq.__version__}, libzmq {zmq.zmq_version()}, answered")


if __name__ == "__main__":
    main()
