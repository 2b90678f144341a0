"""`torch` as a session imports it: the real module, whose `save` writes nodes as numbers.

`torch.load` refuses everything that needs a call to be made, and Python's pickler in C knows exact
numbers only; the one in Python asks for a number's type by equality.
"""

import pickle as _pickle
import sys as _sys
from types import ModuleType as _ModuleType

_torch = __import__("torch")
_pickler = _ModuleType(_pickle.__name__, _pickle.__doc__)
vars(_pickler).update(vars(_pickle), Pickler=_pickle._Pickler)

# `save` itself stays the function that it is, for whoever holds it already.
_torch.save.__defaults__ = tuple(
    _pickler if default is _pickle else default for default in _torch.save.__defaults__ or ()
)
# An import gives what is found under the module's name, so the session gets the real one.
_sys.modules[__name__] = _torch
