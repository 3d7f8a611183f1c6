#!/usr/bin/env -S python3 -BE
"""pysrs in this process, its clock replaced: SRS.Base asks nothing but time.time().

(-E: pysrs checks hashes with `assert`, which PYTHONOPTIMIZE would remove.)
"""

import sys

from peer import PEERS, Refused, secrets, serve, unsupported

sys.path.insert(0, f"{PEERS}/usr/lib/python3/dist-packages")
import SRS.Base  # noqa: E402
import SRS.Guarded  # noqa: E402


class Clock:
    seconds = 0

    def time(self):
        return self.seconds


class Secret(bytes):
    """pysrs takes secrets as text and encodes them; this lets any octets through."""

    def encode(self):
        return bytes(self)


class Quiet(SRS.Guarded.Guarded):
    def warn(self, *message):
        pass


clock = SRS.Base.time = Clock()


def rewriter(field, **options):
    return Quiet(tuple(Secret(secret) for secret in secrets(field)), **options)


def result(request):
    try:
        address = request.args[-1].decode("utf-8")
    except UnicodeDecodeError:
        raise unsupported("pysrs takes text") from None
    clock.seconds = request.seconds
    if request.op in ("srs-forward", "srs-forward-always"):
        keys, domain, separator, length, _ = request.args
        srs = rewriter(
            keys,
            separator=separator.decode("ascii"),
            hashlength=int(length),
            alwaysrewrite=request.op == "srs-forward-always",
        )
        return srs.forward(address, domain.decode("utf-8"))
    if request.op == "srs-reverse":
        keys, length, minimum, max_age, _ = request.args
        srs = rewriter(keys, hashlength=int(length), hashmin=int(minimum), maxage=int(max_age))
        return srs.reverse(address)
    raise unsupported(request.op)


def answer(requests):
    for request in requests:
        try:
            request.ok(result(request).encode("utf-8"))
        except Refused as reason:
            request.no(reason)
        except Exception as reason:  # pysrs fails in many ways on a malformed address
            request.no(f"{type(reason).__name__}: {reason}")


serve(answer)
