#!/usr/bin/env python3
"""libbatv from Python: batv.py KEYRING sign|verify ADDRESS..., or batv.py KEYRING judge RECIPIENT... <BOUNCE
BATV_LIBRARY names the library where the system can't find it. Exit status: 0 good, 1 refused, 2 wrong usage or keyring."""

import ctypes
import ctypes.util
import os
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p

ABI_VERSION, ADDRESS_SIZE, REPLY_SIZE, OK, VALID, REJECT = 1, 1024, 512, 0, 100, 253


class Text(ctypes.Structure):
    _fields_ = [("data", c_char_p), ("length", c_size_t)]


class Buffer(ctypes.Structure):
    _fields_ = [("data", c_char_p), ("capacity", c_size_t), ("length", c_size_t)]


class Sized(ctypes.Structure):
    """A struct that begins with its size."""

    def __init__(self, **fields):
        super().__init__(size=ctypes.sizeof(self), **fields)


def fields(type_, names):
    return [(name, type_) for name in names.split()]


class Verification(Sized):
    _fields_ = [*fields(c_uint32, "size verdict"), *fields(c_int32, "key_id days_left expires")]


class Envelope(Sized):
    _fields_ = [*fields(c_uint32, "size trusted_client earlier stage report_is_welcome reserved"),
                *fields(Text, "reverse_path forward_path")]


class Judgement(Sized):
    _fields_ = [*fields(c_uint32, "size verdict reason disposition reply_code settled earlier mode in_reject origin row"),
                ("reply", c_char * REPLY_SIZE)]


batv = ctypes.CDLL(os.environ.get("BATV_LIBRARY") or ctypes.util.find_library("batv") or "libbatv.so")
batv.batv_code_text.restype = c_char_p
batv.batv_keyring_free.restype = batv.batv_settings_free.restype = batv.batv_message_free.restype = None
for name, arguments in {
    "code_text": [c_uint32], "error_message": [POINTER(Buffer)], "keyring_free": [c_void_p],
    "keyring_new_from_file": [c_char_p, c_uint32, POINTER(c_void_p)],
    "sign": [c_void_p, c_void_p, Text, c_int64, POINTER(Buffer), c_void_p],
    "verify": [c_void_p, Text, c_int64, POINTER(Verification), POINTER(Buffer)],
    "settings_new": [POINTER(c_void_p)], "settings_set": [c_void_p, c_char_p, c_char_p], "settings_free": [c_void_p],
    "message_new": [Text, Text, c_size_t, POINTER(c_void_p)], "message_free": [c_void_p],
    "judge_message": [c_void_p, c_void_p, c_void_p, POINTER(Envelope), c_int64, POINTER(Judgement), POINTER(Buffer)],
}.items():
    getattr(batv, "batv_" + name).argtypes = arguments


def text(octets):
    return Text(octets, len(octets))


def buffer():
    """A buffer, and the string that it writes into."""
    string = ctypes.create_string_buffer(ADDRESS_SIZE)
    return Buffer(ctypes.cast(string, c_char_p), len(string)), string


def complain(about):
    place, message = buffer()
    batv.batv_error_message(byref(place))
    print(f"batv.py: {about}: {os.fsdecode(message.value)}", file=sys.stderr)


def answer(keyring, operation, address):
    octets, found, (place, written) = text(os.fsencode(address)), Verification(), buffer()
    if operation == "sign":
        result = batv.batv_sign(keyring, None, octets, 0, byref(place), None)
    else:
        result = batv.batv_verify(keyring, octets, 0, byref(found), byref(place))
    if result != OK:
        complain(address)
        return False
    verdict = [batv.batv_code_text(found.verdict).decode()] if operation == "verify" else []
    print(*verdict, os.fsdecode(written.value), sep="\t")
    return operation == "sign" or found.verdict == VALID


def judge(keyring, octets, recipients):
    settings, message, found, good = c_void_p(), c_void_p(), Judgement(), []
    try:
        if (batv.batv_settings_new(byref(settings)) != OK or batv.batv_settings_set(settings, b"mode", b"reject") != OK
                or batv.batv_message_new(text(octets), text(b"<>"), 0, byref(message)) != OK):
            complain("message")
            return [False]
        for recipient in recipients:
            envelope = Envelope(reverse_path=text(b"<>"), forward_path=text(os.fsencode(recipient)))
            if batv.batv_judge_message(keyring, settings, message, byref(envelope), 0, byref(found), None) != OK:
                complain(recipient)
                good.append(False)
                continue
            print(batv.batv_code_text(found.verdict).decode(), batv.batv_code_text(found.reason).decode(), found.reply.decode(),
                  sep="\t")
            good.append(found.disposition != REJECT)
        return good
    finally:
        batv.batv_message_free(message)
        batv.batv_settings_free(settings)


def main(arguments):
    operations = ("sign", "verify", "judge")
    if batv.batv_abi_version() != ABI_VERSION or len(arguments) < 3 or arguments[1] not in operations:
        print(__doc__.splitlines()[0], "with version", ABI_VERSION, "of the ABI", file=sys.stderr)
        return 2
    keyring = c_void_p()
    if batv.batv_keyring_new_from_file(os.fsencode(arguments[0]), 0, byref(keyring)) != OK:
        complain("keyring")
        return 2
    try:
        if arguments[1] == "judge":
            good = judge(keyring, sys.stdin.buffer.read(), arguments[2:])
        else:
            good = [answer(keyring, arguments[1], address) for address in arguments[2:]]
    finally:
        batv.batv_keyring_free(keyring)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
