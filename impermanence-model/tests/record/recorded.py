"""Bytes in JSON: everything but printable ASCII, and the percent sign, is percent-encoded."""

import random


def encode(data):
    return "".join(chr(b) if 33 <= b < 127 and b != 37 else f"%{b:02X}" for b in data)


PIECES = [
    b"a", b"B", b"7", b"var", b"lib", b"log", b"srv", b"home", b"alice", b"-", b"--", b".", b"..", b"...",
    b"_", b":", b"@", b"%", b"%%", b"%h", b"%i", b" ", b"  ", b"\t", b"\n", b"\r", b"'", b'"', b"\\", b"\\x2d",
    b"\\040", b"\\134", b"\\043", b"#", b";", b"$", b"$HOME", b"~", b"*", b"?", b"[x]", b"{a,b}", b"|", b"&", b"!", b"=",
    b",", b"+", b"<", b">", b"(", b")", b"^", b"`", b"\x01", b"\x1b", b"\x7f", b"\x80", b"\xff", b"\xc3",
    "ü".encode(), "ünïcode".encode(), "日本".encode(), "é".encode(), "\u00a0".encode(), "😀".encode(),
]


def component(rng):
    return b"".join(rng.choice(PIECES) for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5])))


def path(rng, tidy):
    """An absolute path; in normal form if tidy."""
    names = []
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4])):
        name = component(rng)
        if tidy and name in (b".", b".."):
            name = b".x"
        names.append(name)
    if tidy:
        return b"/" + b"/".join(names)
    return b"/" + b"".join(name + b"/" * rng.choice([0, 1, 1, 1, 2]) for name in names)


def long(rng):
    """A path whose unit has a long name."""
    unit = rng.choice([b"x", "é".encode(), b"-", b"ab/"])
    return b"/" + unit * (rng.choice([30, 60, 62, 63, 120, 248, 249, 250]) // len(unit))


def seeded(seed):
    return random.Random(seed)
