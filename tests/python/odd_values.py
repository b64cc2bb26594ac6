"""Values that JSON does not know or that other languages cannot hold, by name."""

ODD = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus_infinity": float("-inf"),
    "big_integer": 2 ** 70,
    "lone_surrogate": "\ud800",
    "number_keys": {1: "a", None: "b", True: "c", 1.5: "d"},
    "small_float": 1e-7,
    "big_float": 1e22,
    "text": "h\u00e9\u4e2d\U0001f600 \x00\x1f\x7f\u2028/",
    "deep": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
}
