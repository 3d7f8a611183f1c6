#!/usr/bin/env python3
"""libbatv from Python: batv.py KEYRING sign|verify ADDRESS..., or batv.py KEYRING judge RECIPIENT... <BOUNCE
BATV_LIBRARY names the library where the system can't find it. Exit status: 0 good, 1 refused, 2 wrong usage or keyring."""

import ctypes
import ctypes.util
import os
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p

ABI_VERSION, ADDRESS_SIZE, REPLY_SIZE, OK, VALID, REJECT = 1, 1024, 512, 0, 100, 253


class Verification(ctypes.Structure):
    _fields_ = [("verdict", c_uint32), ("key_id", c_int32), ("days_left", c_int32), ("expires", c_int32)]


class Envelope(ctypes.Structure):
    _fields_ = [("reverse_path", c_char_p), ("reverse_path_length", c_size_t),
                ("forward_path", c_char_p), ("forward_path_length", c_size_t),
                ("trusted_client", c_uint32), ("earlier", c_uint32), ("stage", c_uint32)]


class Judgement(ctypes.Structure):
    _fields_ = [*((name, c_uint32) for name in ("verdict", "reason", "disposition", "reply_code", "settled", "earlier")),
                ("reply", c_char * REPLY_SIZE), ("mode", c_uint32), ("in_reject", c_uint32)]


batv = ctypes.CDLL(os.environ.get("BATV_LIBRARY") or ctypes.util.find_library("batv") or "libbatv.so")
batv.batv_text.restype = c_char_p
batv.batv_keyring_free.restype = batv.batv_settings_free.restype = batv.batv_message_free.restype = None
TEXT = [c_char_p, c_size_t]
for name, arguments in {
    "text": [c_uint32], "error_message": [*TEXT, c_void_p], "keyring_free": [c_void_p],
    "keyring_new_from_file": [c_char_p, c_uint32, POINTER(c_void_p)],
    "sign": [c_void_p, c_void_p, *TEXT, c_int64, *TEXT, c_void_p, c_void_p],
    "verify": [c_void_p, *TEXT, c_int64, POINTER(Verification), *TEXT, c_void_p],
    "settings_new": [POINTER(c_void_p)], "settings_set": [c_void_p, c_char_p, c_char_p], "settings_free": [c_void_p],
    "message_new": [*TEXT, *TEXT, c_size_t, POINTER(c_void_p)], "message_free": [c_void_p],
    "judge_message": [c_void_p, c_void_p, c_void_p, POINTER(Envelope), c_uint32, c_int64, POINTER(Judgement), c_void_p,
                      *TEXT, c_void_p],
}.items():
    getattr(batv, "batv_" + name).argtypes = arguments


def complain(about):
    message = ctypes.create_string_buffer(ADDRESS_SIZE)
    batv.batv_error_message(message, len(message), None)
    print(f"batv.py: {about}: {os.fsdecode(message.value)}", file=sys.stderr)


def answer(keyring, operation, address):
    octets, text, found = os.fsencode(address), ctypes.create_string_buffer(ADDRESS_SIZE), Verification()
    if operation == "sign":
        result = batv.batv_sign(keyring, None, octets, len(octets), 0, text, len(text), None, None)
    else:
        result = batv.batv_verify(keyring, octets, len(octets), 0, byref(found), text, len(text), None)
    if result != OK:
        complain(address)
        return False
    verdict = [batv.batv_text(found.verdict).decode()] if operation == "verify" else []
    print(*verdict, os.fsdecode(text.value), sep="\t")
    return operation == "sign" or found.verdict == VALID


def judge(keyring, octets, recipients):
    settings, message, found, good = c_void_p(), c_void_p(), Judgement(), []
    try:
        if (batv.batv_settings_new(byref(settings)) != OK or batv.batv_settings_set(settings, b"mode", b"reject") != OK
                or batv.batv_message_new(octets, len(octets), b"<>", 2, 0, byref(message)) != OK):
            complain("message")
            return [False]
        for recipient in recipients:
            to = os.fsencode(recipient)
            envelope = Envelope(b"<>", 2, to, len(to))
            if batv.batv_judge_message(keyring, settings, message, byref(envelope), 0, 0, byref(found), None, None, 0,
                                       None) != OK:
                complain(recipient)
                good.append(False)
                continue
            print(batv.batv_text(found.verdict).decode(), batv.batv_text(found.reason).decode(), found.reply.decode(),
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
