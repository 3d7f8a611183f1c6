#!/usr/bin/env -S python3 -B
"""postsrsd 1.x: one daemon for each distinct configuration, asked over its TCP tables on loopback."""

import contextlib
import itertools
import os
import resource
import socket
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

from peer import PEERS, Clock, Refused, secrets, serve, unsupported

DEFAULT_MAX_AGE = b"21"
LONGEST_HASH = 27
LONGEST_LINE = 1022


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def few_files():
    # It closes every file descriptor that the limit allows for, one by one.
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


class Daemon:
    def __init__(self, directory, keys, options):
        self.clock = Clock(directory)
        secret_file = os.path.join(directory, "secrets")
        with open(secret_file, "wb") as file:
            file.writelines(key + b"\n" for key in keys)
        forward, reverse = free_ports(2)
        self.ports = {"srs-forward": forward, "srs-forward-always": forward, "srs-reverse": reverse}
        self.process = subprocess.Popen(
            # The daemon must not outlive a driver that is killed.
            ["setpriv", "--pdeathsig", "TERM", f"{PEERS}/usr/sbin/postsrsd"]
            + ["-4", "-l127.0.0.1", f"-s{secret_file}", f"-f{forward}", f"-r{reverse}", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=few_files,
            env={"PATH": os.environ["PATH"], **self.clock.environment},
        )

    def connect(self, port):
        """Wait until it listens; None when it ends instead."""
        while self.process.poll() is None:
            try:
                connection = socket.create_connection(("127.0.0.1", port))
            except ConnectionRefusedError:
                time.sleep(0.002)
            else:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection.makefile("rwb")

    def listens(self):
        self.connections = {port: self.connect(port) for port in set(self.ports.values())}
        return None not in self.connections.values()

    def ask(self, op, line):
        port = self.ports[op]
        try:
            self.connections[port].write(line)
            self.connections[port].flush()
            reply = self.connections[port].readline()
        except ConnectionError:
            reply = b""
        if not reply or reply == b"500 Invalid request\n":
            # It hangs up after such a reply.
            with contextlib.suppress(OSError):
                self.connections[port].close()
            self.connections[port] = self.connect(port)
        return reply

    def stop(self):
        """End it, and return its complaint."""
        for connection in filter(None, self.connections.values()):
            connection.close()
        self.process.terminate()
        complaint = self.process.communicate()[1].decode("utf-8", "replace")
        # libfaketime cannot remove these itself in a process that a signal ends.
        for name in (f"faketime_shm_{self.process.pid}", f"sem.faketime_sem_{self.process.pid}"):
            Path("/dev/shm", name).unlink(missing_ok=True)
        return complaint


def prepare(request):
    """Set the request's line and the configuration that it needs."""
    if request.op in ("srs-forward", "srs-forward-always"):
        keys, domain, separator, length, address = request.args
        always = [b"-A"] if request.op == "srs-forward-always" else []
        options = [b"-d" + domain, b"-a" + separator, b"-n" + length, *always]
        if not domain or not separator:
            raise unsupported("empty domain or separator")
    elif request.op == "srs-reverse":
        keys, length, minimum, max_age, address = request.args
        options = [b"-dlocalhost", b"-n" + length, b"-N" + minimum]
        if max_age != DEFAULT_MAX_AGE:
            raise unsupported("postsrsd 1.x has no option for the maximum age")
    else:
        raise unsupported(request.op)
    if int(length) > LONGEST_HASH:
        raise unsupported("postsrsd 1.x reads past the end of its digest")
    keys = secrets(keys)
    if any(not key or set(key) & set(b"\0\r\n") or len(key) > LONGEST_LINE for key in keys):
        raise unsupported("postsrsd 1.x takes secrets as lines of text")
    request.line = b"get " + urllib.parse.quote_from_bytes(address, safe="@=+/").encode() + b"\n"
    if len(request.line) > LONGEST_LINE:
        raise unsupported("postsrsd 1.x reads 1022 octets of a line")
    request.configuration = keys, options


def read_answer(request, reply):
    code, _, text = reply.rstrip(b"\n").partition(b" ")
    if code == b"200":
        request.ok(urllib.parse.unquote_to_bytes(text))
    else:
        request.no(text.decode("utf-8", "replace") or "hung up without a reply")


def start(directory, keys, options):
    for _ in range(3):  # another program may take a free port first
        daemon = Daemon(directory, keys, options)
        if daemon.listens():
            return daemon
        complaint = daemon.stop()
    raise Refused(complaint)


def run_daemon(keys, options, requests):
    with tempfile.TemporaryDirectory() as directory:
        daemon = start(directory, keys, options)
        try:
            for request in requests:
                daemon.clock.set(request.seconds)
                read_answer(request, daemon.ask(request.op, request.line))
        finally:
            daemon.stop()


def configuration(request):
    return request.configuration


def answer(requests):
    askable = []
    for request in requests:
        try:
            prepare(request)
            askable.append(request)
        except (Refused, ValueError) as reason:
            request.no(reason)
    askable.sort(key=configuration)
    for (keys, options), group in itertools.groupby(askable, key=configuration):
        group = list(group)
        try:
            run_daemon(keys, options, group)
        except Refused as reason:
            for request in group:
                request.no(reason)


serve(answer)
