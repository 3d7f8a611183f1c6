"""What the peer drivers in Python share: the line protocol (README.md) and a clock to set."""

import os
import sys

PEERS = "/opt/peers"

_ARGUMENTS = {
    "prvs-sign": 3,
    "prvs-verify": 2,
    "srs-forward": 5,
    "srs-forward-always": 5,
    "srs-reverse": 5,
}


class Refused(Exception):
    """The peer has no answer to a request; the text says why."""


def unsupported(why):
    return Refused(f"unsupported: {why}")


class Request:
    def __init__(self, line):
        self.answer = None
        try:
            seconds, op, *self.args = line.rstrip(b"\n").split(b"\t")
            self.seconds = int(seconds)
            self.op = op.decode("ascii")
            if len(self.args) != _ARGUMENTS[self.op]:
                raise ValueError(f"{self.op} with {len(self.args)} arguments")
        except (KeyError, ValueError) as error:
            self.no(f"bad request: {error}")

    def ok(self, result):
        if any(octet in result for octet in b"\t\r\n\0"):
            self.no("the result holds a control character")
        else:
            self.answer = b"ok\t" + result

    def no(self, reason):
        self.answer = b"no\t" + " ".join(str(reason).split()).encode("utf-8", "replace")


def serve(answer):
    """Read requests until the end, let answer(requests) fill them in, and print them in order."""
    requests = [Request(line) for line in sys.stdin.buffer]
    answer([request for request in requests if request.answer is None])
    sys.stdout.buffer.write(b"".join(request.answer + b"\n" for request in requests))


def secrets(field):
    return [bytes.fromhex(secret.decode("ascii")) for secret in field.split(b",")]


class Clock:
    """A clock for another program, which can be set while it runs.

    libfaketime reads it from a file, again at every call.
    """

    def __init__(self, directory):
        library = f"{PEERS}/libfaketime.so.1"
        os.stat(library)  # without it the dynamic linker would only warn, and the true time be used
        self.file = os.path.join(directory, "clock")
        self.seconds = None
        self.set(0)
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": self.file,
            "FAKETIME_FMT": "%s",
            "FAKETIME_NO_CACHE": "1",
        }

    def set(self, seconds):
        if seconds != self.seconds:
            # In one step: a reader must never see half a number.
            with open(self.file + ".new", "w") as file:
                file.write(f"{seconds}\n")
            os.rename(self.file + ".new", self.file)
            self.seconds = seconds
