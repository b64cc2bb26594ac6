"""Exceptions that both peers can import, for `allowed_remote_exmods`."""


class CustomError(Exception):
    def __init__(self, message, code=7):
        super().__init__(message, code)
        self.code = code


class KeywordError(Exception):
    """oslo's habit: the exception carries `kwargs`, which go over the wire."""

    def __init__(self, message=None, **kwargs):
        self.kwargs = kwargs
        super().__init__(message or "kwargs=%s" % sorted(kwargs.items()))
