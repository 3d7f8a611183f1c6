"""A second implementation of the address tags, for oracle.py to compare the first one with.

Python 3.9 or later, standard library only. It shares no code with the Rust
crates and is written for reading, not for speed. Days are days since 1970-01-01.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass
from typing import Optional

ATEXT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~"
DELIMITERS = "!#$%&'*+-/=?^_`{|}~."
LOCAL_PART_LIMIT = 64  # RFC 5321 section 4.5.3.1.1
DOMAIN_LIMIT = 255  # RFC 5321 section 4.5.3.1.2
LABEL_LIMIT = 63  # RFC 1035 section 2.3.4
PATH_LIMIT = 1000
LAST_DAY = 2_932_896  # 9999-12-31


def ascii_lower(text: str) -> str:
    return text.encode().lower().decode()


# ---------------------------------------------------------------- mailboxes


class Malformed(ValueError):
    """position: the first wrong octet; None where the domain or the whole is too long."""

    def __init__(self, position: Optional[int]):
        super().__init__(f"malformed at octet {position}")
        self.position = position


class TooLong(ValueError):
    pass


@dataclass(frozen=True)
class Mailbox:
    """local has no quotes and no escapes; domain is None after a bare postmaster."""

    local: str
    domain: Optional[str]
    came_quoted: bool = False

    def needs_quotes(self) -> bool:
        return self.came_quoted and not is_dot_string(self.local)

    def as_received(self) -> str:
        return write(self.local, self.domain, self.needs_quotes())

    def canonical(self) -> str:
        return write(self.local, self.domain and ascii_lower(self.domain), self.needs_quotes())

    def with_other_quotes(self) -> list[str]:
        """Exim hashes needless quotes, and a server takes them off where only what the tag made of it needs none."""
        if not self.came_quoted and is_dot_string(self.local):
            return []
        local = escape(self.local) if self.needs_quotes() else quote(self.local)
        return [f"{local}@{self.domain}", f"{local}@{ascii_lower(self.domain)}"]


def escape(local: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", local)


def quote(local: str) -> str:
    return f'"{escape(local)}"'


def write(local: str, domain: Optional[str], quoted: bool) -> str:
    written = quote(local) if quoted else local
    return written if domain is None else f"{written}@{domain}"


def write_within_limit(local: str, domain: str, quoted: bool) -> str:
    length = len(write(local, None, quoted).encode())
    if length > LOCAL_PART_LIMIT:
        raise TooLong(f"local part of {length} octets, at most {LOCAL_PART_LIMIT}")
    return write(local, ascii_lower(domain), quoted)


def is_control(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F


def is_atext(char: str) -> bool:
    """RFC 5322 section 3.2.3, RFC 6531 section 3.3."""
    return char in ATEXT or (ord(char) > 0x7F and not is_control(char))


def is_dot_string(text: str) -> bool:
    return all(atom and all(map(is_atext, atom)) for atom in text.split("."))


def parse(octets: bytes) -> Optional[Mailbox]:
    """Reads a path. None is the null reverse-path."""
    if len(octets) > PATH_LIMIT:
        raise Malformed(None)
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        raise Malformed(error.start) from None
    if text in ("", "<>"):
        return None
    try:
        return Reader(text).path()
    except Malformed as error:
        if error.position is None:
            raise
        raise Malformed(len(text[: error.position].encode())) from None


class Reader:
    """Reads a path of RFC 5321 section 4.1.2 from left to right. Positions count characters here, octets outside."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def expect(self, char: str) -> None:
        if self.peek() != char:
            raise Malformed(self.at)
        self.at += 1

    def path(self) -> Mailbox:
        if self.peek() != "<":
            mailbox = self.mailbox()
        elif self.text.startswith("<>"):
            raise Malformed(2)
        else:
            self.at += 1
            if self.peek() == "@":
                self.source_route()
            mailbox = self.mailbox()
            self.expect(">")
        if self.peek():
            raise Malformed(self.at)
        return mailbox

    def source_route(self) -> None:
        self.expect("@")
        self.domain()
        while self.peek() == ",":
            self.at += 1
            self.expect("@")
            self.domain()
        self.expect(":")

    def mailbox(self) -> Mailbox:
        start = self.at
        # Real mailboxes have dots anywhere, so an unquoted local part need not be a Dot-string.
        while self.peek() and (is_atext(self.peek()) or self.peek() == "."):
            self.at += 1
        local = self.text[start : self.at]
        quoted = self.peek() == '"' and (not local or local.endswith("="))
        if quoted:
            # Exim's prvs and the SRS of Mail::SRS put the tag in front of the quotes.
            local += self.quoted_string()
        if ascii_lower(local) == "postmaster" and self.peek() in ("", ">"):
            return Mailbox(local, None)
        if not local:
            raise Malformed(self.at)
        self.expect("@")
        return Mailbox(local, self.literal() if self.peek() == "[" else self.domain(), quoted)

    def quoted_string(self) -> str:
        self.at += 1
        content = ""
        while self.peek() != '"':
            escaped = self.peek() == "\\"
            self.at += escaped
            if self.peek() == "" or is_control(self.peek()) or (escaped and not self.peek().isascii()):
                raise Malformed(self.at)
            content += self.peek()
            self.at += 1
        if not content:
            raise Malformed(self.at)
        self.at += 1
        return content

    def domain(self) -> str:
        start = self.at
        self.label()
        while self.peek() == ".":
            self.at += 1
            self.label()
        domain = self.text[start : self.at]
        if len(domain.encode()) > DOMAIN_LIMIT:
            raise Malformed(None)
        return domain

    def label(self) -> None:
        start = self.at
        while self.peek() and (self.peek() in "-_" or (is_atext(self.peek()) and self.peek() not in DELIMITERS)):
            if not self.peek().isascii():
                raise Malformed(self.at)
            self.at += 1
        label = self.text[start : self.at]
        if not label or label[0] == "-":
            raise Malformed(start)
        if len(label) > LABEL_LIMIT:
            raise Malformed(start + LABEL_LIMIT)
        if label[-1] == "-":
            raise Malformed(self.at - 1)

    def literal(self) -> str:
        """RFC 5321 section 4.1.3."""
        start = self.at
        end = self.text.find("]", start)
        if end < 0:
            raise Malformed(len(self.text))
        tag, colon, address = self.text[start + 1 : end].partition(":")
        if not colon:
            wrong_at, good = start + 1, is_ip_address(tag, ipaddress.IPv4Address)
        elif not re.fullmatch(r"[a-z0-9-]*[a-z0-9]", tag, re.I | re.A):
            wrong_at, good = start + 1, False
        elif tag.lower() == "ipv6":
            wrong_at, good = start + len("[IPv6:"), is_ip_address(address, ipaddress.IPv6Address)
        else:
            wrong_at, good = start + len(tag) + 2, re.fullmatch(r"[!-Z^-~]+", address)
        if not good:
            raise Malformed(wrong_at)
        self.at = end + 1
        return self.text[start : self.at]


def is_ip_address(text: str, kind: type) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return "%" not in text and "/" not in text


def is_domain(text: str) -> bool:
    try:
        mailbox = parse(f"x@{text}".encode())
    except Malformed:
        return False
    return mailbox is not None and mailbox.domain == text


# --------------------------------------------------------------------- keys


@dataclass(frozen=True)
class Key:
    algorithm: str
    secret: bytes
    state: str = "signing"
    id: int = 0
    lifetime: int = 7

    def mac(self, message: str, algorithm: Optional[str] = None) -> bytes:
        digest = {"hmac-sha1": hashlib.sha1, "hmac-sha256": hashlib.sha256}[algorithm or self.algorithm]
        return hmac.new(self.secret, message.encode(), digest).digest()


# --------------------------------------------- prvs, sub-address and strong

PRVS = re.compile(r"prvs=(?P<k>\d)(?P<ddd>\d{3})(?P<mac>[0-9a-f]{6})=(?P<core>.+)", re.I | re.A)
STRONG = re.compile(r"batv=(?P<k>\d)(?P<ddd>\d{3})(?P<mac>[a-z2-7]{12})=(?P<core>.+)", re.I | re.A)
SUB_ADDRESS = re.compile(
    rf"(?P<core>.+)[{re.escape(DELIMITERS)}]prvs=(?P<k>\d)(?P<ddd>\d{{3}})(?P<mac>[0-9a-f]{{6}})", re.I | re.A
)
CISCO_SUB_ADDRESS = re.compile(rf"(?P<core>.+)[{re.escape(DELIMITERS)}]prvs=\d{{3}}[0-9a-f]{{6}}", re.I | re.A)


def prvs_mac(key: Key, kddd: str, address: str) -> str:
    message = kddd + address
    if key.algorithm == "hmac-sha256":
        message = ascii_lower(message)
    return key.mac(message)[:3].hex()


def strong_mac(key: Key, kddd: str, address: str) -> str:
    digest = key.mac("batv=" + kddd + ascii_lower(address), "hmac-sha256")
    return base64.b32encode(digest)[:12].decode().lower()


def sign(text: str, key: Key, today: int, lifetime: int, form: str, delimiter: str) -> tuple[str, Optional[int]]:
    """The tagged address and the day it expires; the text as it is and None where no tag is due."""
    mailbox = parse(text.encode())
    if mailbox is None or mailbox.domain is None or peel(mailbox, strict=True):
        return text, None
    kddd = f"{key.id}{(today + lifetime) % 1000:03}"
    address = mailbox.canonical()
    if form == "prvs":
        local = f"prvs={kddd}{prvs_mac(key, kddd, address)}={mailbox.local}"
    elif form == "sub-address":
        local = f"{mailbox.local}{delimiter}prvs={kddd}{prvs_mac(key, kddd, address)}"
    else:
        local = f"batv={kddd}{strong_mac(key, kddd, address)}={mailbox.local}"
    return write_within_limit(local, mailbox.domain, mailbox.needs_quotes()), today + lifetime


@dataclass(frozen=True)
class Verdict:
    verdict: str
    address: Optional[str] = None
    key_id: Optional[int] = None
    expires: Optional[int] = None
    days_left: Optional[int] = None


def verify(text: str, keys: list[Key], today: int) -> Verdict:
    try:
        mailbox = parse(text.encode())
    except Malformed:
        return Verdict("malformed")
    if mailbox is None:
        return Verdict("untagged", text)
    strong = STRONG.fullmatch(mailbox.local)
    tag = strong or PRVS.fullmatch(mailbox.local) or SUB_ADDRESS.fullmatch(mailbox.local)
    if not tag or mailbox.domain is None:
        return Verdict("untagged", mailbox.canonical())
    original = Mailbox(tag["core"], mailbox.domain, mailbox.came_quoted)
    address, key_id, kddd = original.canonical(), int(tag["k"]), tag["k"] + tag["ddd"]
    key = next((key for key in keys if key.id == key_id and key.state != "retired"), None)
    if key is None:
        return Verdict("unknown-key", address, key_id)
    # Exim hashes the domain as it is sent; a gateway may also have changed its case on the way back.
    spellings = [original.as_received(), address, *original.with_other_quotes()]
    mac_of = strong_mac if strong else prvs_mac
    if tag["mac"].lower() not in [mac_of(key, kddd, spelling) for spelling in spellings]:
        return Verdict("bad-mac", address, key_id)
    # draft-levine-smtp-batv-01 section 4.2.2: unsigned subtraction mod 1000.
    days_left = (int(tag["ddd"]) - today) % 1000
    verdict = "valid"
    if days_left > key.lifetime:
        verdict, days_left = "expired", days_left - 1000
    expires = today + days_left
    return Verdict(verdict, address, key_id, expires if 0 <= expires <= LAST_DAY else None, days_left)


# -------------------------------------------------------------------- marks

MARK = re.compile(r"1\.(?P<k>\d)\.(?P<day>0|[1-9]\d*)\.(?P<mac>[a-z2-7]{24})", re.I | re.A)
ENVELOPE_ID = re.compile(
    r"batv1\.(?P<k>\d)\.(?P<day>0|[1-9]\d*)\.(?P<id>[a-z2-7]{20})\.(?P<mac>[a-z2-7]{24})", re.I | re.A
)
# Beyond the lifetime of a tag: 5 days in a queue, and 2 of grace.
MARK_GRACE = 7


def base32(digest: bytes, length: int) -> str:
    return base64.b32encode(digest)[:length].decode().lower()


def without_space(text: str) -> str:
    return re.sub(r"[ \t\n\v\f\r]", "", text)


def message_digest(message_id: str) -> str:
    text = re.sub(r"[\0-\x20\x7f]", "", message_id)
    if len(text) > 1 and text[0] + text[-1] == "<>":
        text = text[1:-1]
    return base32(hashlib.sha256(text.encode()).digest(), 20)


def mark_mac(key: Key, day: int, message: str, mailbox: Mailbox) -> str:
    derived = hmac.new(key.secret, b"batv mark 1", hashlib.sha256).digest()
    fields = ["1", str(key.id), str(day), message, mailbox.domain or "", escape(mailbox.local)]
    return base32(hmac.new(derived, ascii_lower("\0".join(fields)).encode(), hashlib.sha256).digest(), 24)


def make_mark(text: str, message_id: str, keys: list[Key], today: int) -> tuple[Optional[str], Optional[str]]:
    """The value of the header field and the envelope id."""
    mailbox = parse(text.encode())
    key = next((key for key in keys if key.state == "signing"), None)
    if mailbox is None or mailbox.domain is None or peel(mailbox, strict=True) or key is None:
        return None, None
    message = message_digest(message_id)
    mac = mark_mac(key, today, message, mailbox)
    return f"1.{key.id}.{today}.{mac}", f"batv1.{key.id}.{today}.{message}.{mac}"


def judge_mark(found: Optional[re.Match], message: str, text: str, keys: list[Key], today: int) -> str:
    mailbox = parse(text.encode())
    if not found or int(found["day"]) > LAST_DAY:
        return "untagged"
    key_id, day = int(found["k"]), int(found["day"])
    live = [key for key in keys if key.id == key_id and key.state != "retired"]
    if not live:
        return "unknown-key"
    made = [key for key in live if ascii_lower(found["mac"]) == mark_mac(key, day, message, mailbox)]
    if not made:
        return "bad-mac"
    one_day_of_skew = -1
    return "valid" if one_day_of_skew <= today - day <= made[0].lifetime + MARK_GRACE else "expired"


def verify_mark(mark: str, message_id: str, text: str, keys: list[Key], today: int) -> str:
    return judge_mark(MARK.fullmatch(without_space(mark)), message_digest(message_id), text, keys, today)


def verify_envelope_id(envelope_id: str, text: str, keys: list[Key], today: int) -> str:
    decoded = re.sub(r"\+([0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), without_space(envelope_id))
    found = ENVELOPE_ID.fullmatch(without_space(decoded))
    return judge_mark(found, found["id"] if found else "", text, keys, today)


# ---------------------------------------------------------------------- SRS

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# A mailbox such as srs0-news is none: behind + and - there must be fields.
SRS = re.compile(r"SRS(?P<kind>[01])(?P<separator>=|[+-](?=.*=))(?P<fields>.*)", re.I | re.A)
SRS0_FIELDS = re.compile(r"(?P<hash>[^=]{4,27})=(?P<day>[a-z2-7]{2})=(?P<domain>[^=]+)=(?P<local>.+)", re.I | re.A)
# A dot between a hyphen and the next = could make the hyphen one of the host, for the hash runs both together.
SRS1_REST = r"(?:[=+]|-(?![^=]*\.)).+"
SRS1_FIELDS = re.compile(rf"(?P<hash>[^=]+)=(?P<host>[^=]+)=(?P<rest>{SRS1_REST})", re.S)
SHORTEST_HASH, LONGEST_HASH, SHORTEST_SEPARATED_HASH = 4, 27, 12


def timestamp(day: int) -> str:
    return BASE32[day // 32 % 32] + BASE32[day % 32]


def srs_hash(key: Key, kind: str, fields: list[str], length: int) -> str:
    if key.algorithm == "hmac-sha256":
        message = ascii_lower("\0".join([f"srs{kind}", *fields]))
    else:
        message = ascii_lower("".join(fields))
    return base64.b64encode(key.mac(message)[:20]).decode()[:length]


def hash_length(key: Key, wanted: int) -> int:
    return max(wanted, SHORTEST_SEPARATED_HASH) if key.algorithm == "hmac-sha256" else wanted


def srs_forward(
    text: str,
    keys: list[Key],
    today: int,
    domains: list[str],
    separator: str = "=",
    length: int = 4,
    always: bool = False,
) -> str:
    mailbox = parse(text.encode())
    if mailbox is None or mailbox.domain is None:
        return text
    if is_ours(mailbox.domain, domains) and not always:
        return text
    key = next(key for key in keys if key.state == "signing")
    tag = SRS.fullmatch(mailbox.local)
    srs1 = SRS1_FIELDS.fullmatch(tag["fields"]) if tag and tag["kind"] == "1" else None
    if srs1:
        kind, fields = "1", [srs1["host"], srs1["rest"]]
    elif tag and tag["kind"] == "0" and re.fullmatch(SRS1_REST, tag["separator"] + tag["fields"], re.S):
        kind, fields = "1", [mailbox.domain, tag["separator"] + tag["fields"]]
    else:
        kind, fields = "0", [timestamp(today), mailbox.domain, mailbox.local]
    # What is hashed is the text between the quotes, with its escapes.
    new_hash = srs_hash(key, kind, [*fields[:-1], escape(fields[-1])], hash_length(key, length))
    quoted = mailbox.needs_quotes() or not all(map(is_dot_string, fields[:-1]))
    return write_within_limit(f"SRS{kind}{separator}" + "=".join([new_hash, *fields]), domains[0], quoted)


def is_ours(domain: str, domains: list[str]) -> bool:
    return ascii_lower(domain) in map(ascii_lower, domains)


def folded_hash(text: str) -> str:
    """postsrsd writes - and _ for + and /, and some gateways change the case."""
    return ascii_lower(text.replace("-", "+").replace("_", "/"))


def srs_reverse(
    text: str, keys: list[Key], today: int, domains: list[str], minimum: int = 4, max_age: int = 21
) -> tuple[str, Optional[str]]:
    try:
        mailbox = parse(text.encode())
    except Malformed:
        return "malformed", None
    tag = SRS.fullmatch(mailbox.local) if mailbox and mailbox.domain else None
    if not tag:
        return "untagged", text if mailbox is None else mailbox.canonical()
    if not is_ours(mailbox.domain, domains):
        return "foreign", mailbox.canonical()
    fields = (SRS1_FIELDS if tag["kind"] == "1" else SRS0_FIELDS).fullmatch(tag["fields"])
    if not fields or not SHORTEST_HASH <= len(fields["hash"]) <= LONGEST_HASH:
        return "malformed", None
    if tag["kind"] == "1":
        original = Mailbox("SRS0" + fields["rest"], fields["host"], mailbox.came_quoted)
        hashed, last, age = [fields["host"]], fields["rest"], 0
    else:
        original = Mailbox(fields["local"], fields["domain"], mailbox.came_quoted)
        hashed, last = [fields["day"], fields["domain"]], fields["local"]
        then = 32 * BASE32.index(fields["day"][0].upper()) + BASE32.index(fields["day"][1].upper())
        age = (today - then) % 1024
    if not is_domain(original.domain):
        return "malformed", None
    # libsrs2 and postsrsd hash a quoted local part with its quotes.
    spellings = [escape(last), quote(last)] if mailbox.came_quoted else [last]
    found = fields["hash"]
    good = any(
        folded_hash(srs_hash(key, tag["kind"], [*hashed, spelling], len(found))) == folded_hash(found)
        for key in keys
        if key.state != "retired" and len(found) >= hash_length(key, minimum)
        for spelling in spellings
    )
    if not good:
        return "bad-mac", None
    one_day_of_skew = 1023
    if age > max_age and age != one_day_of_skew:
        return "expired", None
    return "valid", original.canonical()


# ----------------------------------------------------------------- dialects

DEEPEST = 8


def peel(mailbox: Mailbox, strict: bool) -> Optional[tuple[str, Optional[Mailbox]]]:
    """Takes the outermost tag off, whoever made it: its dialect, and what is behind or None where that is hidden."""

    def match(pattern: str, flags: int = re.I | re.A) -> Optional[re.Match]:
        return re.fullmatch(pattern, mailbox.local, flags)

    def found(dialect: str, local: str, domain: Optional[str] = mailbox.domain) -> tuple[str, Optional[Mailbox]]:
        return dialect, Mailbox(local, domain, mailbox.came_quoted)

    def forwarded(dialect: str, local: str, domain: str) -> tuple[str, Optional[Mailbox]]:
        # What is no domain is hidden in a way that is not known.
        return found(dialect, local, domain) if is_domain(domain) else (dialect, None)

    if tag := match(r"btv1==\d{3}[0-9a-f]{8}==(.+)" if strict else r"btv1==[a-z0-9-]+==(.+)"):
        return found("btv1", tag[1])
    if tag := match(r"msprvs1=\d{5}[a-z0-9_-]{8}=(.+)" if strict else r"msprvs1=\d{5}[a-z0-9_-]*=(.+)"):
        return found("msprvs1", tag[1])
    if tag := STRONG.fullmatch(mailbox.local):
        return found("batv-strong", tag["core"])
    if tag := match(r"prvs=(\d{3}[0-9a-f]{6}|\d{4}[0-9a-f]{6})=(.+)" if strict else r"prvs=(\d{3}[0-9a-f]{6,7})=(.+)"):
        return found("prvs-draft" if len(tag[1]) == 10 else "prvs-cisco9", tag[2])
    # The example in the AsyncOS manual has a G among its hex digits.
    user_first = r"\d{3}[0-9a-f]{6,7}" if strict else r"\d{3}[0-9a-z]{6,7}"
    if tag := match(rf"prvs=(.+)=({user_first})"):
        return found("prvs-user-tag", tag[1])
    if tag := match(rf"prvs=(.+)/({user_first})"):
        return found("prvs-slash", tag[1])
    if not strict and (tag := match(r"prvs=[a-z0-9-]+=(.+)")):
        # draft-levine-smtp-batv-01 section 3: discard the local part up through the second equal sign.
        return found("prvs-nonconforming", tag[1])
    if tag := match(r"(BATV|SRS0)\+[0-9a-f]{20}\+\d+\+([^+]+)\+(.+)"):
        return found("infradead-batv" if tag[1].upper() == "BATV" else "infradead-rpr", tag[3], tag[2])
    # Nobody takes fewer characters of a hash than four, and a whole one has 27.
    hash, day = (r"[a-z0-9+/_-]{4,27}", r"[a-z2-7]{2}") if strict else (r"[a-z0-9+/_-]+", r"[a-z0-9-]+")
    if tag := match(rf"SRS1[=+-]{hash}=([^=]+)=([=+-].+)"):
        return forwarded("srs1", "SRS0" + tag[2], tag[1])
    if tag := match(r"SRS1[=+-]([^=]+\.[^=]+)=(.+)"):
        return found("srs1-hashless-old", "SRS0=" + tag[2], tag[1])
    if match(rf"SRS0[=+-]{hash}={day}=1=.+"):
        return "srs0-postsrsd-db", None
    if tag := match(rf"SRS0[=+-]{hash}={day}==(.+)"):
        return found("srs0-pysrs-sign", tag[1])
    if tag := match(r"SRS0=[0-9a-f]{4}=[a-z2-7]{2}=([^=]+)=(.+)", re.A):
        return forwarded("srs0-exim-native", tag[2], tag[1])
    if tag := match(rf"SRS0([=+-]){hash}={day}=([^=]+)=(.+)"):
        return forwarded({"=": "srs0", "+": "srs0-plus-sep", "-": "srs0-minus-sep"}[tag[1]], tag[3], tag[2])
    if tag := SUB_ADDRESS.fullmatch(mailbox.local) or CISCO_SUB_ADDRESS.fullmatch(mailbox.local):
        return found("prvs-subaddr", tag["core"])
    if tag := match(r".+?\+SRS=[a-z0-9+/_-]{4,27}=[a-z2-7]{2}=([^=]+)=(.+)"):
        return found("m365-srs", tag[2], tag[1])
    if match(r".+?\+SRS=[a-z0-9+/_-]{4,27}=[a-z2-7]{2}"):
        return "m365-srs-opaque", None
    if tag := match(r"(.+?)\+caf_=[^=]+=.+"):
        return found("google-caf", tag[1])
    return None


def unwrap(text: str, strict: bool) -> tuple[list[dict], Optional[str]]:
    """All layers from the outermost inwards, and the last address recovered."""
    mailbox, layers, address = parse(text.encode()), [], text
    while mailbox and mailbox.domain and len(layers) < DEEPEST and (layer := peel(mailbox, strict)):
        dialect, mailbox = layer
        if mailbox and not is_domain(mailbox.domain):
            break
        layers.append({"dialect": dialect, "address": mailbox.canonical() if mailbox else None})
        if mailbox or len(layers) == 1:
            address = layers[-1]["address"]
    return layers, address
