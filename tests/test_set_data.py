"""`.data = x` is seen by everything that reads the number, code in C included."""

from __future__ import annotations

import array
import ctypes
import json
import math
import operator
import pickle
import statistics
import struct
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgpack
import numpy as np
import orjson
import pytest
import yaml

from vrepl import Value
from vrepl.fronts.encoders import meet_encoder

READERS: dict[str, Callable[[Any], Any]] = {
    "text": lambda x: (str(x), f"{x:.2f}", "%.2f" % x, format(x, "e")),
    "arithmetic": lambda x: (float(x * 2), float(1 - x), float(2.0**x), float(-x), float(x // 2)),
    "comparison": lambda x: (x == 5.5, x < 6, 5.5 in [x], hash(x) == hash(5.5), sorted([x, 5, 6])),
    "float": lambda x: (float(x), int(x), round(float(x)), x.is_integer(), x.hex(), bool(x)),
    "math": lambda x: (math.sin(x), math.floor(x), math.fsum([x, 1]), math.hypot(x, 1)),
    "C functions": lambda x: (complex(x, x), math.fmod(x, 7), operator.mul(2.0, x) == 11.0),
    "struct": lambda x: (struct.pack("d", x), array.array("d", [x]), ctypes.c_double(x).value),
    "json": lambda x: (json.dumps([x]), msgpack.packb(x), pickle.loads(pickle.dumps(x))),
    "numpy": lambda x: (np.array([x, 1]).tolist(), float(np.sin(x)), float(np.ones(2) @ [x, x])),
    "numbers": lambda x: (Decimal(x), Fraction(x), statistics.mean([x, 1.5])),
}


def made() -> list[Value]:
    """A leaf, a result, one of NumPy's, and an explicit zero."""
    leaf = Value(2.0)
    return [leaf, leaf * 3.0, leaf * np.float64(3.0), Value(0)]


@pytest.mark.parametrize("what", READERS)
@pytest.mark.parametrize("kind", range(4))
def test_everything_reads_the_new_number(what: str, kind: int) -> None:
    node = made()[kind]
    READERS[what](node)  # nothing may remember the old one
    node.data = 5.5
    expected, found = READERS[what](5.5), READERS[what](node)
    assert found == expected


def test_writers_of_exact_types_read_it_too() -> None:
    node = Value(2.0)
    node.data = 5.5
    meet_encoder(orjson)
    assert orjson.dumps({"x": [node]}) == b'{"x":[5.5]}'
    assert yaml.safe_dump([node]) == "- 5.5\n"
