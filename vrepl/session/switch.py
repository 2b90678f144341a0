"""Whether the typed numbers of a session become nodes.

What that means for a cell is left to ``literals``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

__all__ = ["Switch"]


@dataclass(slots=True)
class Switch:
    """Whether the numbers of new cells become nodes, and which cells ran last."""

    is_on: bool = True
    cells: deque[str] = field(default_factory=lambda: deque(maxlen=100))
