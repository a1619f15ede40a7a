"""Checks the keys and boxes of tests/security-vectors.txt with PyNaCl, whose cryptography is libsodium.

Usage: vectors.py FILE
"""

import sys

import nacl.bindings as nacl
from zmq.utils import z85


def records(path):
    """The vectors: kind, name, and the words of each line."""
    record = None
    for line in open(path, encoding="utf-8"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "vector":
            record = (words[1], words[2], {})
        elif words[0] == "end":
            yield record
        else:
            record[2].setdefault(words[0], words[1])


def data(hexadecimal):
    return b"" if hexadecimal == "-" else bytes.fromhex(hexadecimal)


def check(kind, lines):
    if kind == "keys":
        secret, public = data(lines["secret"]), data(lines["public"])
        assert nacl.crypto_scalarmult_base(secret) == public
        assert z85.encode(secret).decode() == lines["secret-z85"]
        assert z85.encode(public).decode() == lines["public-z85"]
    if kind in ("keys", "dialogue"):
        return
    assert kind in ("box", "secretbox"), kind
    plain, nonce, box = (data(lines[word]) for word in ("plain", "nonce", "box"))
    if kind == "box":
        key = nacl.crypto_box_beforenm(data(lines["public"]), data(lines["secret"]))
        assert nacl.crypto_box_easy_afternm(plain, nonce, key) == box
        assert nacl.crypto_box_open_easy_afternm(box, nonce, key) == plain
    else:
        assert nacl.crypto_secretbox_easy(plain, nonce, data(lines["key"])) == box


checked = 0
for kind, name, lines in records(sys.argv[1]):
    try:
        check(kind, lines)
    except Exception as error:
        sys.exit(f"{name}: {error!r}")
    checked += kind != "dialogue"
assert checked > 20
print(f"{checked} keys and boxes agree with libsodium")
