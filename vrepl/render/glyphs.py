"""The characters of terminal drawings, as data: a Unicode and an ASCII set side by side.

It knows what each line, corner and operator looks like; where they go is left to the painters.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrepl.core.graph import Edge, Node
from vrepl.render.bounds import title_of
from vrepl.render.cells import clean, shorten
from vrepl.render.numbers import short

__all__ = [
    "ASCII",
    "DOWN",
    "LEFT",
    "RIGHT",
    "UNICODE",
    "UP",
    "Glyphs",
    "heading",
    "operator_glyph",
    "symbol_glyph",
]

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters; `lines` is indexed by the sum of the sides a line goes to.

    `box` are the corners and sides of a box: top left, top right, bottom left, bottom right,
    horizontal, vertical. `joints` are where an operand joins others and where all reach their
    operation.
    """

    lines: str
    crossing: str
    dot: str
    box: str
    arrow: str
    slope: str
    ellipsis: str
    operand: str
    times: str
    rule: str
    column: str
    rule_crossing: str
    branches: tuple[str, str, str]
    above: str
    below: str
    joints: str


#                 sides: none L R LR U LU RU LRU D LD RD LRD UD LUD RUD LRUD
UNICODE = Glyphs(
    lines=" ───│╯╰●│╮╭●│●●●",
    crossing="┼",
    dot="●",
    box="╭╮╰╯─│",
    arrow="▶",
    slope="∇",
    ellipsis="…",
    operand="·",
    times="×",
    rule="─",
    column="│",
    rule_crossing="┼",
    branches=("├─ ", "└─ ", "│  "),
    above="↑",
    below="↓",
    joints="┤├",
)
ASCII = Glyphs(
    lines=" ---|''o|..o|ooo",
    crossing="+",
    dot="o",
    box="++++-|",
    arrow=">",
    slope="s",
    ellipsis="...",
    operand="_",
    times="*",
    rule="-",
    column="|",
    rule_crossing="+",
    branches=("|- ", "`- ", "|  "),
    above="^",
    below="v",
    joints="o|",
)


def heading(node: Node, glyphs: Glyphs, limit: int) -> str:
    """What a drawing calls *node*, in at most *limit* cells; '' when only its value is known.

    Example:
        >>> root = Node(0, "", "… + x1 * w1", 9.0, "+", (Edge(None, 9.0, 1.0, True),))
        >>> heading(root, UNICODE, 20), heading(root, ASCII, 10)
        ('… + x1 * w1', '... + x...')
    """
    title = title_of(node)
    written = title if node.name else title.replace("…", glyphs.ellipsis)
    return shorten(clean(written), limit, glyphs.ellipsis)


def operator_glyph(node: Node, glyphs: Glyphs) -> str:
    """The operator of *node* in parentheses, with the operands that have no box of their own.

    Example:
        >>> a = Edge(0, 3.0, 6.0)
        >>> two, dropped = Edge(None, 2, None), Edge(None, 4.0, 1.0, left_out=True)
        >>> [operator_glyph(Node(1, "", "", 9.0, symbol, edges), UNICODE) for symbol, edges in (
        ...     ("**", (a, two)), ("*", (two, a)), ("+", (a, dropped)), ("tanh", (a,)))]
        ['(**2)', '(2×)', '(+…)', '(tanh)']
    """
    symbol = symbol_glyph(node.symbol, glyphs)
    inline = [_inline(edge, glyphs) for edge in node.edges]
    if not any(inline):
        return f"({symbol})"
    if symbol.isidentifier() or len(inline) > 2:
        return f"({symbol}({','.join(text or glyphs.operand for text in inline)}))"
    if len(inline) == 1:
        return f"({symbol}{inline[0]})"
    return f"({inline[0]}{symbol}{inline[1]})"


def symbol_glyph(symbol: str, glyphs: Glyphs) -> str:
    """How *symbol* is drawn.

    Example:
        >>> symbol_glyph("*", UNICODE), symbol_glyph("*", ASCII), symbol_glyph("**", UNICODE)
        ('×', '*', '**')
    """
    return glyphs.times if symbol == "*" else clean(symbol)


def _inline(edge: Edge, glyphs: Glyphs) -> str:
    if edge.source is not None:
        return ""
    return glyphs.ellipsis if edge.left_out else short(edge.value)
