#!/usr/bin/env python3
"""libbatv from Python: batv.py KEYRING sign|verify ADDRESS...
BATV_LIBRARY names the library where the system can't find it. Exit status: 0 good, 1 refused, 2 wrong usage or keyring."""

import ctypes
import ctypes.util
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p

ABI_VERSION, ADDRESS_SIZE, OK, VALID = 1, 1024, 0, 100


class Verification(ctypes.Structure):
    _fields_ = [("verdict", c_uint32), ("key_id", c_int32), ("days_left", c_int32), ("expires", c_int32)]


batv = ctypes.CDLL(os.environ.get("BATV_LIBRARY") or ctypes.util.find_library("batv") or "libbatv.so")
batv.batv_text.restype = c_char_p
batv.batv_keyring_free.restype = None
TEXT = [c_char_p, c_size_t]
for name, arguments in {
    "text": [c_uint32], "error_message": [*TEXT, c_void_p], "keyring_free": [c_void_p],
    "keyring_new_from_file": [c_char_p, c_uint32, POINTER(c_void_p)],
    "sign": [c_void_p, c_void_p, *TEXT, c_int64, *TEXT, c_void_p, c_void_p],
    "verify": [c_void_p, *TEXT, c_int64, POINTER(Verification), *TEXT, c_void_p],
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


def main(arguments):
    if batv.batv_abi_version() != ABI_VERSION or len(arguments) < 3 or arguments[1] not in ("sign", "verify"):
        print(__doc__.splitlines()[0], "with version", ABI_VERSION, "of the ABI", file=sys.stderr)
        return 2
    keyring = c_void_p()
    if batv.batv_keyring_new_from_file(os.fsencode(arguments[0]), 0, byref(keyring)) != OK:
        complain("keyring")
        return 2
    try:
        good = [answer(keyring, arguments[1], address) for address in arguments[2:]]
    finally:
        batv.batv_keyring_free(keyring)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
