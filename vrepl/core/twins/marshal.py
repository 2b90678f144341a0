"""`marshal` as a session imports it: it writes nodes, which the real one refuses, as numbers.

Reading is the real module's.
"""

import marshal as _marshal
from typing import Any as _Any

from vrepl.core.twins import pass_for as _pass_for
from vrepl.core.value import stripped as _stripped


def dumps(value: _Any, version: int = _marshal.version, /) -> bytes:
    """Return the bytes object that would be written to a file by dump(value, file)."""
    __tracebackhide__ = True
    return _marshal.dumps(_stripped(value), version)


def dump(value: _Any, file: _Any, version: int = _marshal.version, /) -> None:
    """Write the value on the open file."""
    __tracebackhide__ = True
    _marshal.dump(_stripped(value), file, version)


_pass_for(_marshal, globals())
