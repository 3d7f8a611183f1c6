#!/usr/bin/env -S python3 -B
"""Writes the messages and public keys of this folder anew: signed by dkimpy (PyPI: dkimpy, pynacl), with keys that
are thrown away. Needs openssl.

Messages are signed with CRLF and written with LF; the tests read them both ways.
"""

import base64
import pathlib
import subprocess

import dkim
import nacl.signing

HERE = pathlib.Path(__file__).parent
NAMES = [b"From", b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"X-Note", b"X-Note", b"X-Note", b"X-Empty"]

MESSAGE = b"""\
Received: from client.example.com (client.example.com [192.0.2.1])
\tby mail.example.com; Fri, 11 Jul 2025 21:00:37 +0000
From:  =?UTF-8?Q?J=C3=B6?=   <joe@example.com>
To: Suzie <suzie@example.net>,\x20\x20
\tBob
  <bob@example.net>
X-NOTE: the first of two
X-Note:\tthe\tsecond\x20
Subject: Dinner is \xe9 la carte,
 \x20
 and at eight
X-Empty:
Date: Fri, 11 Jul 2025 21:00:37 +0000
Message-ID: <20250711.1@example.com>

  Two  spaces,\ttab \x20
\x20\t

Some octets: \xe9\xff
.
Joe

\x20
""".replace(b"\n", b"\r\n")


def rsa_key():
    pem = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True).stdout
    return pem, lambda form: subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", form], input=pem, check=True, capture_output=True).stdout


def zone(selector, algorithm, key):
    """As opendkim-genkey writes it: strings of at most 255 octets."""
    text = base64.b64encode(key).decode()
    strings = "\n\t  ".join(f'"{piece}"' for piece in ("p=" + text[:200], text[200:]) if piece)
    return (f'{selector}._domainkey\tIN\tTXT\t( "v=DKIM1; k={algorithm}; "\n\t  {strings} )'
            f"  ; ----- DKIM key {selector} for example.com\n")


def main():
    # The time of the signatures (t=): that of the message.
    dkim.time.time = lambda: 1752267637
    rsa, rsa_public = rsa_key()
    ed25519 = nacl.signing.SigningKey.generate()
    spki = bytes.fromhex("302a300506032b6570032100") + bytes(ed25519.verify_key)
    keys = {"rsa": rsa, "ed25519": ed25519.encode(nacl.encoding.Base64Encoder)}

    (HERE / "rsa.zone").write_text(zone("rsa", "rsa", rsa_public("DER")))
    (HERE / "rsa.pem").write_bytes(rsa_public("PEM"))
    (HERE / "ed25519.zone").write_text(zone("ed25519", "ed25519", bytes(ed25519.verify_key)))
    (HERE / "ed25519.pem").write_text(
        f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(spki).decode()}\n-----END PUBLIC KEY-----\n")

    def sign(name, algorithm, header, body, message=MESSAGE, names=NAMES, **options):
        signature = dkim.sign(
            message, algorithm.encode(), b"example.com", keys[algorithm], include_headers=names,
            canonicalize=(header.encode(), body.encode()), signature_algorithm=f"{algorithm}-sha256".encode(), **options)
        signed = signature + message
        (HERE / f"{name}.eml").write_bytes(signed.replace(b"\r\n", b"\n"))
        return signed

    for algorithm in keys:
        for header in "simple", "relaxed":
            for body in "simple", "relaxed":
                sign(f"{algorithm}-{header}-{body}", algorithm, header, body)
    sign("length", "ed25519", "relaxed", "relaxed", length=True, identity=b"joe@mail.example.com")
    # Signatures that let a second From in, and that cover no Date.
    sign("once", "ed25519", "relaxed", "relaxed", names=[b"From", b"Date"])
    sign("undated", "ed25519", "relaxed", "relaxed", names=[b"From"])
    # A signature over another, and against a third, which is not it itself.
    dkim.DKIM.SHOULD_NOT = ()
    first = sign("twice", "rsa", "relaxed", "relaxed")
    sign("twice", "ed25519", "simple", "simple", first, [*NAMES, b"DKIM-Signature", b"DKIM-Signature"])


if __name__ == "__main__":
    main()
