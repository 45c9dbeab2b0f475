"""Counts a file of credit records by the rules of the demo, in another language and with another parser.

    python3 count.py FILE

Prints one JSON object: records, malformed, malformed_lines (the first 1,000), npl, outstanding, branches. Written from
the rules alone; it shares nothing with the pipeline, so that a mistake there does not vouch for itself.
"""

import json
import math
import sys

sys.setrecursionlimit(1_000_000)
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)

LONGEST = 1 << 20
KEYS = ("id", "amount", "kol", "branch")


class Malformed(Exception):
    """The line is no record."""


class Integer:
    """An integer as it was written: Python's own forgets the sign of -0."""

    def __init__(self, text):
        self.text = text


class Decimal:
    """A number with a fraction or an exponent, as it was written."""

    def __init__(self, text):
        self.text = text


def refuse(text):
    raise Malformed(text)




DECODER = json.JSONDecoder(
    object_pairs_hook=lambda found: ("object", found),
    parse_int=Integer,
    parse_float=Decimal,
    parse_constant=refuse,
    strict=True,
)


def number(value):
    if not isinstance(value, (Integer, Decimal)):
        raise Malformed("no number")
    result = float(value.text)
    if not math.isfinite(result):
        raise Malformed("not finite")
    return result


def integer(value, low, high):
    if not isinstance(value, Integer) or value.text.startswith("-"):
        raise Malformed("no such integer")
    result = int(value.text)
    if not low <= result <= high:
        raise Malformed("out of range")
    return result


def name(value):
    if not isinstance(value, str):
        raise Malformed("no string")
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise Malformed("half a surrogate pair") from None
    if size > 16 or "\0" in value:
        raise Malformed("too long, or a NUL")
    return value


def record(line):
    if len(line) > LONGEST:
        raise Malformed("too long")
    try:
        text = line.decode("utf-8")
        start = len(text) - len(text.lstrip(" \t\r\n"))
        value, end = DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        raise Malformed("no JSON") from None
    if text[end:].strip(" \t\r\n") or not isinstance(value, tuple):
        raise Malformed("no object, or more than one")
    found = {}
    for key, member in value[1]:
        if key in KEYS:
            if key in found:
                raise Malformed("a key twice")
            found[key] = member
    if len(found) != len(KEYS):
        raise Malformed("a key is missing")
    integer(found["id"], 0, 2**64 - 1)
    return number(found["amount"]), integer(found["kol"], 1, 5), name(found["branch"])


def lines(data):
    """The lines without their ends; a last one that is empty is none."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    *ended, last = data.split(b"\n")
    for line in ended:
        yield line[:-1] if line.endswith(b"\r") else line
    if last:
        yield last


def count(data):
    records = malformed = npl = 0
    outstanding = 0.0
    first = []
    branches = {}
    for at, line in enumerate(lines(data), start=1):
        if not line.strip(b" \t"):
            continue
        try:
            amount, kol, branch = record(line)
        except Malformed:
            malformed += 1
            if len(first) < 1000:
                first.append(at)
            continue
        records += 1
        if kol >= 3:
            npl += 1
            outstanding += amount
            held, total = branches.get(branch, (0, 0.0))
            branches[branch] = (held + 1, total + amount)

    def told(total):
        return total if math.isfinite(total) else None

    return {
        "records": records,
        "malformed": malformed,
        "malformed_lines": first,
        "npl": npl,
        "outstanding": told(outstanding),
        "branches": {branch: {"npl": held, "outstanding": told(total)} for branch, (held, total) in branches.items()},
    }


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        print(json.dumps(count(file.read())))
