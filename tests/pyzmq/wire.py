"""Bytes of ZMTP 3.1, and raw connections."""

import socket
import struct

TIMEOUT = 10


def greeting(mechanism, is_server=False):
    name = mechanism.ljust(20, b"\0")
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + name + bytes([is_server]) + bytes(31)


def frame(flags, body):
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body


def command(name, data):
    return frame(4, bytes([len(name)]) + name + data)


def metadata(socket_type):
    return b"\x0bSocket-Type" + struct.pack(">I", len(socket_type)) + socket_type


def changed(data, at, bit):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


class Closed(Exception):
    """The other end has closed the connection, or has sent an ERROR."""


class Peer:
    """A raw connection. Its greeting is sent, and that of the other end is read."""

    def __init__(self, stream, mechanism, is_server=False):
        self.stream = stream
        stream.settimeout(TIMEOUT)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(greeting(mechanism, is_server))
        self.read(64)

    def send(self, sent):
        try:
            self.stream.sendall(sent)
        except ConnectionError:
            raise Closed from None

    def read(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.stream.recv(count - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed
            data += more
        return data

    def body(self):
        """The body of the next frame."""
        flags, length = self.read(2)
        if flags & 2:
            length = struct.unpack(">Q", bytes([length]) + self.read(7))[0]
        return self.read(length)

    def command(self, name):
        """The data of the next frame, which must be a command with this name."""
        body = self.body()
        if not body.startswith(bytes([len(name)]) + name):
            raise Closed
        return body[1 + len(name) :]
