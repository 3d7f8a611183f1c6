#!/usr/bin/env python3
"""Compares the address tags with a second implementation, reference.py.

    oracle.py vectors                                   check vectors/*.json
    oracle.py cli --batv PATH [--cases N] [--seed S]    compare a built `batv` on random cases
    oracle.py generate [--cases N] [--seed S]           print random cases in the shape of vectors/*.json

Python 3.9 or later, standard library only.
"""
from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from typing import Callable, Optional

from reference import ATEXT, DELIMITERS, LAST_DAY, Key, Malformed, TooLong
from reference import make_mark, parse, sign, srs_forward, srs_reverse, unwrap, verify, verify_envelope_id, verify_mark

# -------------------------------------------------- cases and expectations
# A case is an object of vectors/*.json. What it expects is computed from its other fields.


def key_of(case: dict) -> Key:
    return Key(**{**case, "secret": secret_of(case["secret"])})


def keys_of(case: dict) -> list[Key]:
    return [key_of(key) for key in case["keys"]]


def secret_of(text: str) -> bytes:
    kind, value = text.split(":", 1)
    return value.encode() if kind == "text" else bytes.fromhex(value)


def expect_sign(case: dict) -> dict:
    key = Key(case["algorithm"], secret_of(case["secret"]), id=case["key_id"])
    try:
        tagged, expires = sign(case["address"], key, case["today"], case["lifetime"], case["form"], case["delimiter"])
    except (Malformed, TooLong):
        return {"error": True}
    return {"tagged": tagged, "expires": expires}


def expect_verify(case: dict) -> dict:
    return dataclasses.asdict(verify(case["tagged"], keys_of(case), case["today"]))


def expect_make(case: dict) -> dict:
    mark, envelope_id = make_mark(case["address"], case["message_id"], keys_of(case), case["today"])
    return {"mark": mark, "envelope_id": envelope_id}


def expect_mark(case: dict) -> dict:
    keys = keys_of(case)
    return {"verdict": verify_mark(case["mark"], case["message_id"], case["address"], keys, case["today"])}


def expect_envelope_id(case: dict) -> dict:
    return {"verdict": verify_envelope_id(case["envelope_id"], case["address"], keys_of(case), case["today"])}


def expect_forward(case: dict) -> dict:
    options = [case[name] for name in ("today", "domains", "separator", "hash_length", "always_rewrite")]
    try:
        return {"rewritten": srs_forward(case["address"], keys_of(case), *options)}
    except (Malformed, TooLong):
        return {"error": True}


def expect_reverse(case: dict) -> dict:
    options = [case[name] for name in ("today", "domains", "hash_minimum", "max_age")]
    verdict, address = srs_reverse(case["rewritten"], keys_of(case), *options)
    return {"verdict": verdict, "address": address}


def expect_accept(case: dict) -> dict:
    mailbox = parse(case["input"].encode())
    if mailbox is None:
        return {"local": None, "domain": None, "canonical": "<>"}
    return {"local": mailbox.local, "domain": mailbox.domain, "canonical": mailbox.canonical()}


def expect_refuse(case: dict) -> dict:
    try:
        parse(bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"].encode())
    except Malformed as error:
        return {"position": error.position}
    return {"position": "accepted"}


def expect_unwrap(case: dict) -> dict:
    layers, identity = unwrap(case["address"], strict=False)
    strict_layers, strict = unwrap(case["address"], strict=True)
    return {"layers": layers, "identity": identity, "strict_layers": strict_layers, "strict": strict}


VECTORS: dict[str, dict[str, Callable[[dict], dict]]] = {
    "prvs.json": {"sign": expect_sign, "verify": expect_verify},
    "mark.json": {"make": expect_make, "verify": expect_mark, "verify_envelope_id": expect_envelope_id},
    "srs.json": {"forward": expect_forward, "reverse": expect_reverse},
    "mailbox.json": {"accept": expect_accept, "refuse": expect_refuse},
    "dialects.json": {"cases": expect_unwrap},
}


def check_vectors(folder: pathlib.Path) -> list[str]:
    mismatches = []
    for name, lists in VECTORS.items():
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        for kind, expect in lists.items():
            for case in document[kind]:
                try:
                    ours = expect(case)
                except Malformed as error:
                    ours = {"refused": str(error)}
                theirs = {field: case.get(field, "absent") for field in ours}
                if ours != theirs:
                    mismatches.append(f"{name}, {kind}, {case['name']}: oracle {ours}, file {theirs}")
        print(name + ":", ", ".join(f"{len(document[kind])} {kind}" for kind in lists))
    return mismatches


# ------------------------------------------------------------- random cases

OURS = ["forwarder.example.net", "two.example"]
DOMAINS = ["example.com", "Example.COM", "b.c", "xn--mnchen-3ya.example", "XN--Bcher-KVA.Example"]
LITERALS = ["[192.0.2.1]", "[IPv6:2001:DB8::1]"]
MALFORMED = ["a", "@b", "a@", "a b@c", '"a@b', "a@b@c", "a@b.", "a@-b", "a\x01@b", "\u0085@b", "<a@b", "a@[b", "a,b@c"]
TAGGED = [
    "prvs=0123abcdef=bob",
    "prvs=374a1453b=bob",
    "a+prvs=0123abcdef",
    "btv1==1086afe1179==x",
    "msprvs1=20712denW2rPM=x-1",
    "SRS0=Kjsf=5O=e.example=a",
    "SRS1=Dz2w=f.example==Xu1M=2W=e.example=a",
    "a+SRS=44ldt=IX=f.example=b",
]
UNTAGGED = ["prvs=alice", "prvs", "bounce-x=y.example", "srs0-news", "batv=alice", "key=value=thing"]


class Generator:
    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def text(self, alphabet: str, length: int) -> str:
        return "".join(self.random.choice(alphabet) for _ in range(length))

    def today(self) -> int:
        r = self.random
        return r.choice(
            [
                r.randrange(0, 84_006),  # 1970 to 2200
                r.randrange(0, 84_006),
                r.randrange(1, 84) * 1000 + r.randrange(-20, 20),  # where DDD wraps
                r.randrange(1, 82) * 1024 + r.randrange(-25, 25),  # where the SRS timestamp wraps
                r.randrange(0, 30),
                r.randrange(84_006, LAST_DAY - 365),
            ]
        )

    def secret(self) -> bytes:
        r = self.random
        octets = r.choice([range(256), range(256), b"\0\n\r", b"abcdefghij"])
        length = r.choice([1, 2, 20, 32, 63, 64, 65, 128, 200, r.randrange(1, 201)])
        return bytes(r.choice(octets) for _ in range(length))

    def keys(self, ids: list[int], lifetime: Optional[int] = None) -> list[dict]:
        r = self.random
        secrets: set[bytes] = set()
        while len(secrets) < len(ids):
            secrets.add(self.secret())
        signing = r.choice(ids)
        return [
            {
                "id": number,
                "algorithm": r.choice(["hmac-sha1", "hmac-sha256"]),
                "secret": "hex:" + secret.hex(),
                "state": "signing" if number == signing else r.choice(["verifying", "verifying", "retired"]),
                "lifetime": lifetime or r.choice([1, 7, 7, 7, 30, 180, r.randrange(1, 181)]),
            }
            for number, secret in zip(ids, sorted(secrets))
        ]

    def domain(self) -> str:
        r = self.random
        plain = ".".join(self.text("abcxyzABCXYZ0189_", r.randrange(1, 9)) for _ in range(r.randrange(1, 4)))
        return r.choice([plain, plain, plain, "a-b." + plain, *DOMAINS, *LITERALS])

    def local_part(self) -> str:
        """As it is written in an address."""
        r = self.random
        kind = r.randrange(10)
        if kind < 2:
            return self.text("abcdeABCDE019", r.randrange(1, 12))
        if kind == 2:
            return self.text("ab=+-/._", r.randrange(1, 16))
        if kind == 3:
            return self.text(ATEXT + ".", r.randrange(1, 20))
        if kind == 4:
            return self.text("aB\u00f6\u00d6\u7528\u00a0\U0001f4e7.=", r.randrange(1, 14))
        if kind == 5:
            return self.text("abcABC01.+", r.choice([41, 42, 43, 47, 48, 49, 63, 64, 65, r.randrange(30, 90)]))
        if kind == 6:
            return self.text("\u00e4b", r.randrange(20, 50))
        pieces = list("abC.") if kind == 9 else [*"aB.=@, \u00f6<", '\\"', "\\\\", "\\ ", "\\a"]
        return '"' + "".join(r.choices(pieces, k=r.choice([1, 2, 5, 10, 25, 45, 46, 47, 62]))) + '"'

    def address(self) -> str:
        r = self.random
        kind = r.randrange(40)
        if kind == 0:
            return r.choice(["", "<>", *MALFORMED])
        if kind == 1:
            return r.choice(TAGGED + UNTAGGED) + "@example.com"
        mailbox = f"{self.local_part()}@{self.domain()}"
        return {2: f"<{mailbox}>", 3: f"<@relay.example:{mailbox}>"}.get(kind, mailbox)

    def damaged(self, text: str) -> str:
        """One character changed, added or taken away, or the case of all."""
        r = self.random
        at, new = r.randrange(len(text) + 1), r.choice("0aA=+-/@.z")
        texts = [text[:at] + new + text[at + 1 :], text[:at] + new + text[at:], text[:at] + text[at + 1 :]]
        if text.isascii():
            texts += [text.upper(), text.swapcase()]
        return r.choice(texts)

    def sign_cases(self, keys: list[dict], size: int) -> list[dict]:
        r = self.random
        key = next(key for key in keys if key["state"] == "signing")
        common = {
            "algorithm": key["algorithm"],
            "secret": key["secret"],
            "key_id": key["id"],
            "today": self.today(),
            "lifetime": r.randrange(1, key["lifetime"] + 1),
            "form": r.choice(["prvs", "prvs", "sub-address", "strong"]),
            "delimiter": r.choice("+" + DELIMITERS),
        }
        return [{**common, "address": self.address()} for _ in range(size)]

    def verify_cases(self, keys: list[dict], size: int) -> list[dict]:
        common = {"keys": keys, "today": self.today()}
        return [{**common, "tagged": self.maybe_damaged(self.tagged(keys, common["today"]))} for _ in range(size)]

    def maybe_damaged(self, text: str) -> str:
        return self.damaged(text) if self.random.random() < 0.3 else text

    def tagged(self, keys: list[dict], today: int) -> str:
        r = self.random
        key = key_of(r.choice(keys))
        if r.random() < 0.1:
            key = dataclasses.replace(key, id=r.randrange(10))
        form = r.choice(["prvs", "sub-address", "strong"])
        # On the edges of its life, well within, and any day.
        edges = [0, 1, -1, -2, key.lifetime, key.lifetime + 1, -992, -993]
        ahead = r.choice([*edges, r.randrange(key.lifetime + 1), r.randrange(1000)])
        address = self.address()
        try:
            return sign(address, key, today, ahead, form, r.choice(DELIMITERS))[0]
        except (Malformed, TooLong):
            return address

    def forward_cases(self, keys: list[dict], size: int) -> list[dict]:
        r = self.random
        common = {
            "keys": keys,
            "today": self.today(),
            "domains": OURS[: r.randrange(1, 3)],
            "separator": r.choice("==+-"),
            "hash_length": r.choice([4, 4, 5, 8, 27]),
            "always_rewrite": r.random() < 0.2,
        }
        senders = [self.address, self.address, self.address, self.srs_sender, lambda: "alice@" + r.choice(OURS)]
        return [{**common, "address": r.choice(senders)()} for _ in range(size)]

    def srs_sender(self) -> str:
        """An address that other forwarders made: SRS0 or SRS1."""
        r = self.random
        address = r.choice(["a", "b.c", "d=e", '"f g"']) + "@h.example"
        theirs = [Key("hmac-sha1", b"somebody else")]
        for host in ["i.example", "J.Example"][: r.randrange(1, 3)]:
            address = srs_forward(address, theirs, r.randrange(30_000), [host], r.choice("=+-"))
        return address

    def reverse_cases(self, keys: list[dict], size: int) -> list[dict]:
        r = self.random
        common = {
            "keys": keys,
            "today": self.today(),
            "domains": OURS,
            "hash_minimum": r.choice([4, 4, 4, 6]),
            "max_age": r.choice([21, 21, 1, 49]),
        }
        return [{**common, "rewritten": self.maybe_damaged(self.rewritten(keys, common["today"]))} for _ in range(size)]

    def rewritten(self, keys: list[dict], today: int) -> str:
        r = self.random
        key = dataclasses.replace(key_of(r.choice(keys)), state="signing")
        day = today - r.choice([-2, -1, 0, 1, 20, 21, 22, 48, 49, 50, 1022, 1023, 1024, r.randrange(1024)])
        host = r.choice([*OURS, *OURS, "Two.Example", "elsewhere.example"])
        sender = r.choice([self.address, self.address, self.srs_sender])()
        try:
            text = srs_forward(sender, [key], day, [host], r.choice("==+-"), r.choice([4, 4, 5, 8, 27]))
        except (Malformed, TooLong):
            return sender
        return text.replace("+", "-").replace("/", "_") if r.random() < 0.1 else text


# ------------------------------------------------------- the built program


def iso_date(day: Optional[int]) -> Optional[str]:
    return None if day is None else (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def keyring_entry(use: str, key: dict) -> str:
    only_batv = f"id = {key['id']}\nlifetime = {key['lifetime']}\n" if use == "batv" else ""
    return (
        f'[[key]]\nuse = "{use}"\nalgorithm = "{key["algorithm"]}"\nsecret = "{key["secret"]}"\n'
        f'state = "{key["state"]}"\ncreated = 1970-01-01\n{only_batv}\n'
    )


class Program:
    """Runs `batv` over a stream of addresses and compares every line of its answer."""

    def __init__(self, path: str, folder: pathlib.Path):
        self.path, self.folder = path, folder
        self.compared = 0
        self.mismatches: list[str] = []

    def key_options(self, use: str, keys: list[dict]) -> list[str]:
        """Several keys make a keyring; one is a file of raw octets."""
        file = self.folder / use
        if len(keys) > 1:
            file.write_text("".join(keyring_entry(use, key) for key in keys))
            options = ["--keyring", str(file)]
        else:
            file.write_bytes(secret_of(keys[0]["secret"]))
            options = ["--key-file", str(file), "--algorithm", keys[0]["algorithm"]]
            options += ["--key-id", str(keys[0]["id"])] if use == "batv" else []
        file.chmod(0o600)
        return options

    def compare(self, command: list[str], lines: list[str], expected: list[dict]) -> None:
        stream = "".join(line + "\n" for line in lines).encode()
        done = subprocess.run([self.path, *command], input=stream, capture_output=True, timeout=120)
        shown = " ".join([self.path, *command])
        answers = done.stdout.decode(errors="replace").split("\n")[:-1]
        status = int(any("error" in wanted or wanted.get("verdict", "valid") != "valid" for wanted in expected))
        self.compared += len(lines)
        if len(answers) != len(lines) or done.returncode != status:
            complaint = done.stderr.decode(errors="replace")[:300]
            self.mismatches.append(
                f"{shown}: {len(lines)} lines in, {len(answers)} out; "
                f"exit {done.returncode}, expected {status}; {complaint!r}"
            )
        for line, answer, wanted in zip(lines, answers, expected):
            try:
                got = json.loads(answer)
            except ValueError:
                got = answer
            if isinstance(got, dict) and isinstance(got.get("error"), str):
                got["error"] = True
            if got != {"input": line, **wanted}:
                self.mismatches.append(f"{shown}: {line!r}: expected {wanted}, got {got}")

    def sign(self, cases: list[dict], options: list[str]) -> None:
        case, expected = cases[0], []
        for answer in map(expect_sign, cases):
            if "error" not in answer:
                key_id = None if answer["expires"] is None else case["key_id"]
                answer = {"address": answer["tagged"], "key_id": key_id, "expires": iso_date(answer["expires"])}
            expected.append(answer)
        command = ["sign", "--exact-case", "--json", "--at", iso_date(case["today"]), "--lifetime", str(case["lifetime"])]
        command += ["--form", case["form"], f"--delimiter={case['delimiter']}", *options]
        self.compare(command, [case["address"] for case in cases], expected)

    def verify(self, cases: list[dict], options: list[str]) -> None:
        expected = [{**answer, "expires": iso_date(answer["expires"])} for answer in map(expect_verify, cases)]
        command = ["verify", "--json", "--at", iso_date(cases[0]["today"]), *options]
        self.compare(command, [case["tagged"] for case in cases], expected)

    def forward(self, cases: list[dict], options: list[str]) -> None:
        case, expected = cases[0], []
        for answer in map(expect_forward, cases):
            expected.append(answer if "error" in answer else {"address": answer["rewritten"]})
        command = ["srs", "forward", "--json", "--at", iso_date(case["today"]), *self.domains(case), *options]
        command += [f"--separator={case['separator']}", "--hash-length", str(case["hash_length"])]
        command += ["--always-rewrite"] if case["always_rewrite"] else []
        self.compare(command, [case["address"] for case in cases], expected)

    def reverse(self, cases: list[dict], options: list[str]) -> None:
        case = cases[0]
        command = ["srs", "reverse", "--json", "--at", iso_date(case["today"]), *self.domains(case), *options]
        # A program that checks its options wants a length no shorter than the minimum.
        command += ["--hash-length", "27", "--hash-minimum", str(case["hash_minimum"])]
        command += ["--max-age", str(case["max_age"])]
        self.compare(command, [case["rewritten"] for case in cases], list(map(expect_reverse, cases)))

    def unwrap(self, lines: list[str], strict: bool) -> None:
        expected = [dict(zip(("layers", "address"), unwrap(line, strict))) for line in lines]
        self.compare(["unwrap", "--json", *["--strict"] * strict], lines, expected)

    @staticmethod
    def domains(case: dict) -> list[str]:
        return [f"--domain={domain}" for domain in case["domains"]]


def is_well_formed(text: str) -> bool:
    try:
        parse(text.encode())
    except Malformed:
        return False
    return True


def compare_with_program(path: str, cases: int, seed: int) -> list[str]:
    generator, batch = Generator(seed), 50
    with tempfile.TemporaryDirectory() as folder:
        program = Program(path, pathlib.Path(folder))
        while program.compared < cases:
            if generator.random.random() < 0.5:
                batv_keys, srs_keys = generator.keys(list(range(10))), generator.keys([0, 1, 2])
            else:
                # A raw key file says no lifetime, so tags are verified with the usual one.
                batv_keys, srs_keys = generator.keys([generator.random.randrange(10)], lifetime=7), generator.keys([0])
            batv, srs = program.key_options("batv", batv_keys), program.key_options("srs", srs_keys)
            program.sign(generator.sign_cases(batv_keys, batch), batv)
            program.verify(generator.verify_cases(batv_keys, batch), batv)
            program.forward(generator.forward_cases(srs_keys, batch), srs)
            program.reverse(generator.reverse_cases(srs_keys, batch), srs)
            today = generator.today()
            tagged = [generator.tagged(batv_keys, today) for _ in range(batch // 2)]
            tagged += [generator.rewritten(srs_keys, today) for _ in range(batch // 2)]
            program.unwrap(list(filter(is_well_formed, tagged)), strict=generator.random.random() < 0.5)
        print(f"oracle: {program.compared} cases, {len(program.mismatches)} mismatches (seed {seed})")
        return program.mismatches


def generate(cases: int, seed: int) -> None:
    generator, size = Generator(seed), max(1, cases // 4)
    batv_keys, srs_keys = generator.keys(list(range(10))), generator.keys([0, 1, 2])
    documents = {
        "sign": [{**case, **expect_sign(case)} for case in generator.sign_cases(batv_keys, size)],
        "verify": [{**case, **expect_verify(case)} for case in generator.verify_cases(batv_keys, size)],
        "forward": [{**case, **expect_forward(case)} for case in generator.forward_cases(srs_keys, size)],
        "reverse": [{**case, **expect_reverse(case)} for case in generator.reverse_cases(srs_keys, size)],
    }
    print(json.dumps(documents, indent=1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("vectors", help="check vectors/*.json")
    cli = commands.add_parser("cli", help="compare a built batv on random cases")
    cli.add_argument("--batv", required=True, help="path of the program")
    cli.add_argument("--cases", type=int, default=10_000)
    cli.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    printing = commands.add_parser("generate", help="print random cases")
    printing.add_argument("--cases", type=int, default=100)
    printing.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments = parser.parse_args()
    if arguments.command == "generate":
        generate(arguments.cases, arguments.seed)
        return 0
    if arguments.command == "vectors":
        mismatches = check_vectors(pathlib.Path(__file__).parent / "vectors")
    else:
        mismatches = compare_with_program(arguments.batv, arguments.cases, arguments.seed)
    for mismatch in mismatches[:20]:
        print(mismatch, file=sys.stderr)
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
