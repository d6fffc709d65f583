#!/usr/bin/env python3
"""Derives the constants of Sources/CKernels/elementary.h (formats/numerics.md, section 2).

    python3 Scripts/fit_polynomials.py           print the constants as C
    python3 Scripts/fit_polynomials.py --check   derive again and compare with elementary.h; exit 1 on a difference

Weighted minimax fits by Remez's exchange over a fixed grid. All arithmetic is mpmath's at 60 digits, so the result
does not depend on the machine's libm or BLAS. Written with Python 3.11 and mpmath 1.3.0; nothing else is needed.
"""
import argparse
import pathlib
import re
import struct
import sys

from mpmath import mp, mpf

mp.dps = 60
HEADER = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "CKernels" / "elementary.h"

# 2^f on |f| <= 1/2. n = round(x log2e) is decided on a rounded product, so f may pass 1/2 by a hair.
EXP2_DEGREE = 6
EXP2_LIMIT = mpf("0.50001")
# w(t) = t Q(t) = log2(erfc(t / sqrt 2)) on 0 <= t <= limit; beyond it gelu uses the value at the limit.
GELU_DEGREE = 7
GELU_LIMIT = mpf(9)
# The weight of an error in w is its effect on gelu. The floor keeps w within about 1 of the truth, out of 60, where
# gelu itself (below 1e-7) is less than the rounding error of everything that it is added to.
GELU_WEIGHT_FLOOR = mpf("2e-8")
GRID_POINTS = 1500


def to_f32(value):
    """The nearest binary32 (through binary64: the double rounding is checked to be harmless)."""
    double = float(value)
    single = struct.unpack("<f", struct.pack("<f", double))[0]
    below, above = (mpf(x) for x in neighbours(single))
    if not (abs(value - single) <= abs(value - below) and abs(value - single) <= abs(value - above)):
        raise ArithmeticError(f"double rounding of {value}")
    return single


def neighbours(single):
    bits = struct.unpack("<I", struct.pack("<f", single))[0]
    return [struct.unpack("<f", struct.pack("<I", bits + step))[0] for step in (-1, 1)]


def hex_f32(single):
    """C's hexadecimal literal of a normal binary32."""
    mantissa, exponent = single.hex().split("p")
    sign = "-" if mantissa.startswith("-") else ""
    fraction = mantissa.split(".")[1][:6] if "." in mantissa else ""
    fraction = fraction.rstrip("0")
    return f"{sign}0x1{'.' + fraction if fraction else ''}p{exponent}f"


def polynomial(coefficients, x):
    """Horner; coefficients from the constant upward."""
    value = mpf(0)
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


def remez(target, weight, low, high, degree):
    """The polynomial that minimizes the largest weight * |polynomial - target| over a Chebyshev grid."""
    middle, half = (low + high) / 2, (high - low) / 2
    grid = [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * GRID_POINTS)) for i in range(GRID_POINTS)]
    targets = [target(x) for x in grid]
    weights = [weight(x) for x in grid]
    count = degree + 2
    reference = [round((GRID_POINTS - 1) * (1 - mp.cos(mp.pi * i / (count - 1))) / 2) for i in range(count)]
    for _ in range(60):
        matrix = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for row, index in enumerate(reference):
            for power in range(degree + 1):
                matrix[row, power] = grid[index] ** power
            matrix[row, degree + 1] = (-1) ** row / weights[index]
            right[row] = targets[index]
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[i] for i in range(degree + 1)]
        errors = [weights[i] * (polynomial(coefficients, grid[i]) - targets[i]) for i in range(GRID_POINTS)]
        reference = alternation(errors, count)
        largest = max(abs(error) for error in errors)
        if largest <= abs(solution[degree + 1]) * (1 + mpf("1e-6")):
            return coefficients, largest
    raise ArithmeticError("Remez's exchange did not settle")


def alternation(errors, count):
    """The indices of `count` extrema of alternating sign that include the largest."""
    extrema = []
    for index, error in enumerate(errors):
        if extrema and (error > 0) == (errors[extrema[-1]] > 0):
            if abs(error) > abs(errors[extrema[-1]]):
                extrema[-1] = index
        else:
            extrema.append(index)
    while len(extrema) > count:
        drop_last = abs(errors[extrema[0]]) >= abs(errors[extrema[-1]])
        extrema = extrema[:-1] if drop_last else extrema[1:]
    if len(extrema) < count:
        raise ArithmeticError("too few alternations")
    return extrema


def fit_exp2():
    """2^f, relative error."""
    return remez(lambda f: mpf(2) ** f, lambda f: mpf(2) ** -f, -EXP2_LIMIT, EXP2_LIMIT, EXP2_DEGREE)


def fit_gelu():
    """Q(t) = log2(erfc(t / sqrt 2)) / t; an error dQ moves gelu by t * erfc / 2 * ln 2 * t * dQ."""

    def tail(t):
        return mp.erfc(t / mp.sqrt(2))

    def weight(t):
        return max(t * tail(t) / 2 * mp.log(2), GELU_WEIGHT_FLOOR) * t

    return remez(lambda t: mp.log(tail(t), 2) / t, weight, mpf(0), GELU_LIMIT, GELU_DEGREE)


def derive():
    """Name -> hexadecimal literals, and the approximation errors for the comments."""
    exp2, exp2_error = fit_exp2()
    gelu, gelu_error = fit_gelu()
    exp2[0] = mpf(to_f32(exp2[0]))
    if exp2[0] != 1:
        raise ArithmeticError("2^0 must be exactly 1")
    log2e = 1 / mp.log(2)
    log2e_high = to_f32(log2e)
    constants = {
        "EXP_LOG2E_HIGH": [log2e_high],
        "EXP_LOG2E_LOW": [to_f32(log2e - log2e_high)],
        "EXP2_COEFFICIENTS": [to_f32(c) for c in exp2],
        "GELU_LIMIT": [to_f32(GELU_LIMIT)],
        "GELU_COEFFICIENTS": [to_f32(c) for c in gelu],
    }
    return {name: [hex_f32(x) for x in values] for name, values in constants.items()}, exp2_error, gelu_error


def read_header():
    """Name -> literals, as elementary.h has them."""
    text = HEADER.read_text()
    found = {}
    for name, body in re.findall(r"#define GLCK_(\w+) ((?:.*\\\n)*.*)\n", text):
        found[name] = re.findall(r"-?0x1[0-9a-f.]*p[+-]\d+f", body)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with elementary.h")
    arguments = parser.parse_args()
    constants, exp2_error, gelu_error = derive()
    if not arguments.check:
        print(f"// 2^f: relative error {mp.nstr(exp2_error, 3)}; gelu: absolute error {mp.nstr(gelu_error, 3)}")
        print("// (of the polynomials in exact arithmetic), from the constant term upward.")
        for name, literals in constants.items():
            print(f"#define GLCK_{name} {', '.join(literals)}")
        return 0
    found = read_header()
    different = [name for name, literals in constants.items() if found.get(name) != literals]
    for name in different:
        print(f"{name}: derived {constants[name]}, elementary.h has {found.get(name)}", file=sys.stderr)
    print("elementary.h differs" if different else "elementary.h agrees")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
