"""Writes what the functions of fixed point must give: `python3 make.py > functions.txt`. Needs mpmath 1.3; the output never changes.

A line is `function numerator denominator expected`: the argument is exact, what is expected has 40 decimals, or is `none` outside of
the function's domain. A function's lines are in the order of its argument. Lines `constant name value` are constants of the crate,
times 2^120 and rounded to the nearest.
"""

import random
from fractions import Fraction

from mpmath import mp, mpf

mp.dps = 110
ONE = 1 << 64
MAX = (1 << 127) - 1
RANDOM = random.Random(20261120)


def real(x):
    return mpf(x.numerator) / mpf(x.denominator)


def exp(x):
    result = mp.exp(real(x)) if abs(x) < 1000 else (mpf(0) if x < 0 else None)
    return None if result is None or result >= mpf(2) ** 63 - mpf(2) ** -65 else result


def ln(x):
    return mp.log(mpf(x.numerator)) - mp.log(mpf(x.denominator)) if x > 0 else None


def sqrt(x):
    return mp.sqrt(real(x)) if x >= 0 else None


def pdf(x):
    return mp.npdf(real(x)) if abs(x) < 1000 else mpf(0)


def cdf(x):
    if abs(x) > 1000:
        return mpf(0 if x < 0 else 1)
    return mp.erfc(-real(x) / mp.sqrt(2)) / 2


def mills(x):
    """(1 - cdf(x)) / pdf(x)."""
    return mp.sqrt(mp.pi / 2) * mp.exp(mpf(x) ** 2 / 2) * mp.erfc(mpf(x) / mp.sqrt(2))


def bits(value):
    return int(mp.floor(mpf(value) * ONE))


def around(values, reach=1):
    return {value + n for value in values for n in range(-reach, reach + 1)}


def uniform(low, high, count):
    """With neighbours, at which the order of the results is checked."""
    return around(RANDOM.randrange(bits(low), bits(high)) for _ in range(count))


def of_every_length(count):
    """Above zero, with as many of few bits as of many."""
    return {RANDOM.getrandbits(RANDOM.randrange(1, 128)) | 1 for _ in range(count)}


def plain(points):
    return {(point, ONE) for point in points if -MAX - 1 <= point <= MAX}


def exp_points():
    halves = around(bits((k + mpf(1) / 2) * mp.ln2) for k in range(-66, 64))
    ends = around([bits(63 * mp.ln2), bits(-65 * mp.ln2), 44 * ONE, -46 * ONE, MAX, -MAX], 3)
    whole = {k * ONE for k in range(-46, 45)}
    small = {sign * RANDOM.getrandbits(n) for n in range(1, 66) for sign in (-1, 1)}
    return plain(halves | ends | whole | small | around([0], 3) | uniform(-46, 44, 250))


def ln_points():
    powers = around((1 << k for k in range(1, 127)), 1) | around([bits(mpf(2) ** (mpf(k) / 2 - 64)) for k in range(41, 253, 2)])
    return plain(powers | set(range(-2, 41)) | around([ONE], 40) | of_every_length(400) | {MAX - 1, MAX, -MAX - 1})


def sqrt_points():
    squares = around(RANDOM.getrandbits(RANDOM.randrange(1, 64)) ** 2 for _ in range(80))
    return plain(around(1 << k for k in range(127)) | squares | set(range(-2, 41)) | of_every_length(300) | {MAX - 1, MAX, -MAX - 1})


def normal_points():
    steps = around(bits(mpf(sign * (2 * j + 1)) / 4) for j in range(20) for sign in (-1, 1))
    ends = around(sign * bits(mpf(end)) for end in ("9.2", "9.25", "9.5", "10") for sign in (-1, 1))
    small = {sign * RANDOM.getrandbits(n) for n in range(1, 66) for sign in (-1, 1)}
    whole = {k * ONE // 2 for k in range(-20, 21)}
    return plain(steps | ends | small | whole | {0, MAX, -MAX - 1} | uniform(-10, 10, 250))


def ratios(low, high, count):
    """Whose denominators are no powers of two; `low` and `high` are where they lie."""
    found = set()
    while len(found) < count:
        denominator = RANDOM.getrandbits(RANDOM.randrange(2, 126)) | 1
        numerator = int(RANDOM.uniform(low, high) * denominator)
        if abs(numerator) <= MAX:
            found.add((numerator, denominator))
    return found


def any_ratios(count):
    return {(n, d) for n, d in zip(of_every_length(count), of_every_length(count))}


def wad(points):
    """Of prices with 18 decimals."""
    return {(point, 10**18) for point in points}


def written(value):
    if value is None:
        return "none"
    scaled = int(mp.nint(value * mpf(10) ** 40))
    digits = str(abs(scaled)).rjust(41, "0")
    return f"{'-' if scaled < 0 else ''}{digits[:-40]}.{digits[-40:]}"


def main():
    functions = {
        "exp": (exp, exp_points()),
        "ln": (ln, ln_points()),
        "sqrt": (sqrt, sqrt_points()),
        "pdf": (pdf, normal_points()),
        "cdf": (cdf, normal_points()),
        "exp_ratio": (exp, ratios(-47, 44, 150)),
        "ln_ratio": (ln, any_ratios(200) | wad([1, 10, 10**4, 10**18 - 1, 10**18 + 1])),
        "sqrt_ratio": (sqrt, {(n, d) for n, d in any_ratios(250) if n < d << 126} | wad([0, 1, 10**4])),
    }
    constants = {
        "LN_2": mp.ln2,
        "INVERSE_LN_2": 1 / mp.ln2,
        "INVERSE_SQRT_TAU": 1 / mp.sqrt(2 * mp.pi),
    } | {f"MILLS_{j}": mills(mpf(j) / 2) for j in range(20)}
    for name, value in constants.items():
        print("constant", name, int(mp.nint(value * mpf(2) ** 120)))
    for name, (function, points) in functions.items():
        for numerator, denominator in sorted(points, key=lambda point: Fraction(*point)):
            print(name, numerator, denominator, written(function(Fraction(numerator, denominator))))


main()
