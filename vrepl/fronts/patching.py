"""Has the twins of modules follow what libraries for tests put in the place of a function.

Those change a module and change it back behind the session's back. That stays so after an unload,
as the twins do.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from vrepl.core.twins import followed

__all__ = ["PATCHERS", "meet_patcher"]

# Classes by module, and their methods that change modules, or the table of modules.
PATCHERS: Final = {
    "unittest.mock": (
        ("_patch", ("__enter__", "__exit__")),
        ("_patch_dict", ("_patch_dict", "_unpatch_dict")),
    ),
    "_pytest.monkeypatch": (("MonkeyPatch", ("setattr", "delattr", "setitem", "delitem", "undo")),),
}


def meet_patcher(module: ModuleType) -> None:
    """Have twins follow what the methods of *module* change, once.

    Example:
        >>> import math
        >>> meet_patcher(math)  # which changes nothing
    """
    for name, methods in PATCHERS.get(module.__name__, ()):
        kind = getattr(module, name, None)
        for method in methods:
            original = vars(kind).get(method) if isinstance(kind, type) else None
            if original is not None and not hasattr(original, "is_followed"):
                setattr(kind, method, followed(original))
