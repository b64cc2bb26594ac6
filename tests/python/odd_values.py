"""Values that JSON does not know or that other languages cannot hold, by name."""
import datetime
import decimal
import uuid

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
    "datetime": datetime.datetime(2026, 1, 2, 3, 4, 5),
    "datetime_tz": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    "date": datetime.date(2026, 1, 2),
    "time": datetime.time(3, 4, 5),
    "decimal": decimal.Decimal("1.50"),
    "uuid": uuid.UUID("12345678123456781234567812345678"),
    "bytes": b"abc",
    "bytes_beyond_utf8": b"\xff",
}
