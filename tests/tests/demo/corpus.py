"""Writes a file that mixes good records with every kind of malformed line; the same file for the same arguments.

    python3 corpus.py SEED LINES MALFORMED_PERCENT BRANCHES lf|crlf|mixed > FILE
"""

import json
import random
import sys

GRAMMAR = [
    b"null", b"7", b'"x"', b"[]", b"{}", b"true", b"kol", b"{", b"}", b"\x0b", b"\xc2\xa0", b" \r x", b"\x00",
    b"[%s]" % b"0", b"{'id':1}", b"{\"id\":1,}", b"\xff\xfe", b"\xef\xbb\xbf", b",", b"//", b"\"", b"-", b"nan",
]


def record(rng, branches, **changes):
    """Pairs of key and JSON text, in some order, with what else may stand there."""
    branch = f"B{rng.randrange(branches):04d}" if rng.random() < 0.9 else rng.choice(["Köln", "東京支店", "é" * 8, "", "🏦" * 4])
    amount = rng.choice([
        lambda: f"{rng.randrange(10**9)}.{rng.randrange(100):02d}",
        lambda: str(rng.randrange(-10**6, 10**12)),
        lambda: repr(rng.uniform(-1e9, 1e9)),
        lambda: f"{rng.random():.30f}",
        lambda: f"{rng.randrange(1, 10)}e{rng.randrange(-30, 30)}",
        lambda: "-0",
        lambda: "0." + "0" * 400 + "1e400",
    ])()
    text = json.dumps(branch, ensure_ascii=rng.random() < 0.5)
    values = {
        "id": str(rng.choice([0, rng.randrange(10**9), 2**64 - 1])),
        "amount": amount,
        "kol": str(rng.randrange(1, 6)),
        "branch": text,
    }
    values.update(changes)
    pairs = [(key, value) for key, value in values.items() if value is not None]
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        pairs.append((rng.choice(["note", "Id", "", "kol ", "\\ud800", "i\\u0064x"]), rng.choice([
            "null", "1e400", "-0", '"\\ud800"', '[{"id":1,"id":2},[[]]]', '{"kol":9}', '"\\u0000"', "9" * 50,
            "[" * 300 + "]" * 300, '"' + "x" * 200 + '"',
        ])))
    return pairs


def written(rng, pairs):
    rng.shuffle(pairs)
    gap = rng.choice(["", "", "", " ", "\t", " \r"])

    def key(name):
        if name in ("id", "amount", "kol", "branch") and rng.random() < 0.1:
            return "".join(f"\\u{ord(letter):04x}" for letter in name)
        return name

    body = f"{gap},{gap}".join(f'"{key(name)}"{gap}:{gap}{value}' for name, value in pairs)
    return f"{gap}{{{body}}}{gap}".encode("utf-8", "surrogatepass")


def malformed(rng, branches):
    key = rng.choice(["id", "amount", "kol", "branch"])
    wrong = {
        "id": ["-0", "-1", "7.0", "7e0", "18446744073709551616", '"7"', "null", "07", "1e400", "[7]", "true"],
        "amount": ["1e400", "-1e400", '"1.5"', "null", "NaN", "Infinity", "01", "1.", ".5", "+1", "[]", "false", "9" * 400],
        "kol": ["0", "6", "-0", "3.0", "1e0", '"3"', "null", "259", "03", "[3]", "4294967299"],
        "branch": ['"12345678901234567"', '"é23456789012345é"', '"a\\u0000"', '"\\ud83c"', '"\\udfe6x"', "7", "null",
                   '"a\tb"', '"\\x"', '"open', "[]", '"' + "y" * 60 + '"'],
    }
    kind = rng.randrange(9)
    if kind == 0:
        return rng.choice(GRAMMAR)
    if kind == 1:
        return written(rng, record(rng, branches, **{key: None}))
    if kind == 2:
        pairs = record(rng, branches)
        return written(rng, pairs + [(key, dict(pairs)[key])])
    if kind in (3, 4):
        return written(rng, record(rng, branches, **{key: rng.choice(wrong[key])}))
    whole = written(rng, record(rng, branches)).strip()
    if kind == 5:
        return whole + rng.choice([b" x", b"}", b",", b"{}", b"\x00", b"\xef\xbb\xbf"])
    if kind == 6:
        return whole[: rng.randrange(1, len(whole) - 1)]
    if kind == 7:
        bad = rng.choice([b"\xff", b"\xc3(", b"\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"])
        return whole[:-1] + b',"n":"' + bad + b'"}'
    return whole[:-1] + b',"n":' + rng.choice([b"01", b"tru", b"[1,]", b'{"a"}', b"'x'", b'"\x01"', b"NaN", b'"\\q"', b"]"]) + b"}"


def main(seed, lines, percent, branches, ends):
    rng = random.Random(seed)
    out = sys.stdout.buffer
    if seed % 2:
        out.write(b"\xef\xbb\xbf")
    for at in range(lines):
        chance = rng.random() * 100
        if chance < percent:
            line = malformed(rng, branches)
        elif chance > 99:
            line = rng.choice([b"", b" ", b"\t \t"])
        else:
            line = written(rng, record(rng, branches))
        if at in (lines // 3, lines // 2):
            size = (1 << 20) + (at == lines // 2)
            line = b'{"id":1,"amount":2,"kol":5,"branch":"Long","n":""}'
            line = line[:-2] + b"z" * (size - len(line)) + line[-2:]
        last = at == lines - 1
        end = {"lf": b"\n", "crlf": b"\r\n", "mixed": rng.choice([b"\n", b"\r\n"])}[ends]
        out.write(line + (b"" if last else end))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
