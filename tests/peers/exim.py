#!/usr/bin/env -S python3 -B
"""Exim's ${prvs} and ${prvscheck}: one `exim -be`, asked line by line."""

import os
import subprocess
import tempfile

from peer import PEERS, Clock, Refused, serve, unsupported

# Octets that mean nothing to Exim's expansions, its macros or its input lines.
_PLAIN = frozenset(b"@.-=abcdefghijklmnopqrstuvwxyz0123456789")
# `exim -be` reads 1023 octets of a line at most; a backslash continues it on the next.
_OCTETS_PER_LINE = 50
# Longer questions are cut short, and what is left over answered as another one.
_LONGEST_QUESTION = 16000


def escaped(octets):
    if 0 in octets:
        raise unsupported("Exim's strings end at a NUL")
    pieces = [chr(o) if o in _PLAIN else f"\\x{o:02x}" for o in octets]
    lines = [pieces[i : i + _OCTETS_PER_LINE] for i in range(0, len(pieces), _OCTETS_PER_LINE)]
    return "\\\n".join("".join(line) for line in lines)


def question_for(request):
    if request.op == "prvs-sign":
        key_id, secret, address = request.args
        item = "${prvs{%s}{%s}{%s}}"
        fields = address, bytes.fromhex(secret.decode("ascii")), key_id
    elif request.op == "prvs-verify":
        secret, address = request.args
        item = "${prvscheck{%s}{%s}{${if eq{$prvscheck_result}{1}{valid:$prvscheck_address}{invalid}}}}"
        fields = address, bytes.fromhex(secret.decode("ascii"))
    else:
        raise unsupported(request.op)
    # The equals sign tells a result from an error message, and keeps a leading space.
    question = "=" + item % tuple(map(escaped, fields))
    if len(question) > _LONGEST_QUESTION:
        raise unsupported("Exim reads 16 KiB at most")
    return question


def read_answer(request, result):
    if not result.startswith(b"="):
        request.no(result.removeprefix(b"Failed: ").decode("utf-8", "replace"))
    elif request.op == "prvs-sign":
        request.ok(result[1:])
    elif result.startswith(b"=valid:"):
        request.ok(result.removeprefix(b"=valid:"))
    else:
        request.no(result[1:].decode() or "untagged")


def ask(exim, question):
    exim.stdin.write(question.encode("ascii") + b"\n")
    exim.stdin.flush()
    reply = exim.stdout.readline()
    if not reply:
        raise RuntimeError("exim ended before the last request")
    return reply.removeprefix(b"> ").rstrip(b"\n")


def answer(requests):
    with tempfile.TemporaryDirectory() as directory:
        clock = Clock(directory)
        configuration = os.path.join(directory, "exim.conf")
        with open(configuration, "w") as file:
            file.write("keep_environment = ^FAKETIME\n")
        with subprocess.Popen(
            [f"{PEERS}/usr/sbin/exim4", "-C", configuration, "-be"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clock.environment,
        ) as exim:
            if ask(exim, "$tod_epoch") != b"%d" % clock.seconds:
                raise RuntimeError("exim does not see the clock that was set")
            for request in requests:
                try:
                    question = question_for(request)
                except (Refused, ValueError) as reason:
                    request.no(reason)
                    continue
                clock.set(request.seconds)
                read_answer(request, ask(exim, question))


serve(answer)
