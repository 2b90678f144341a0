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
AGAIN = " (again)"  # ends the title of a leaf that is drawn elsewhere, too
MOST_INLINE = 5  # operands written beside an operator
LONGEST_INLINE = 8  # cells of the name of one of them


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters; `lines` is indexed by the sum of the sides a line goes to.

    `box` are the corners and sides of a box: top left, top right, bottom left, bottom right,
    horizontal, vertical; `heavy` is a box that stands out. `joints` are where an operand joins
    others and where all reach their operation. `bars` are a bar's last cell, from nearly empty to
    full.
    """

    lines: str
    crossing: str
    dot: str
    box: str
    heavy: str
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
    bars: str


#                 sides: none L R LR U LU RU LRU D LD RD LRD UD LUD RUD LRUD
UNICODE = Glyphs(
    lines=" ───│╯╰●│╮╭●│●●●",
    crossing="┼",
    dot="●",
    box="╭╮╰╯─│",
    heavy="┏┓┗┛━┃",
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
    bars="▏▎▍▌▋▊▉█",
)
ASCII = Glyphs(
    lines=" ---|''o|..o|ooo",
    crossing="+",
    dot="o",
    box="++++-|",
    heavy="######",
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
    bars="#",
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
    if node.copy:
        return shorten(clean(written), limit - len(AGAIN), glyphs.ellipsis) + AGAIN
    return shorten(clean(written), limit, glyphs.ellipsis)


def operator_glyph(node: Node, glyphs: Glyphs) -> str:
    """The operator of *node* in parentheses, with the operands that have no box of their own.

    Of a folded node it is the last operator, and an ellipsis for those before it.

    Example:
        >>> a, b = Edge(0, 3.0, 6.0), Edge(None, 4.0, 1.0, left_out=True, name="b")
        >>> two, dropped = Edge(None, 2, None), Edge(None, 4.0, 1.0, left_out=True)
        >>> [operator_glyph(Node(1, "", "", 9.0, symbol, edges), UNICODE) for symbol, edges in (
        ...     ("**", (a, two)), ("*", (two, a)), ("+", (a, dropped)), ("*", (a, b)),
        ...     ("tanh", (a,)), ("+", (a, two, a)))]
        ['(**2)', '(2×)', '(+…)', '(×b)', '(tanh)', '(·+2+·)']
    """
    symbol = symbol_glyph(node.symbol, glyphs)
    if node.folded:
        return f"({symbol}{glyphs.ellipsis})"
    inline = [_inline(edge, glyphs) for edge in node.edges]
    if not any(inline):
        return f"({symbol})"
    if len(inline) == 1:
        return f"({symbol}{inline[0]})"
    if len(inline) == 2 and not symbol.isidentifier():
        return f"({inline[0]}{symbol}{inline[1]})"
    shown = [text or glyphs.operand for text in inline]
    if len(shown) > MOST_INLINE:
        shown = [*shown[: MOST_INLINE - 2], glyphs.ellipsis, shown[-1]]
    return f"({symbol}({','.join(shown)}))" if symbol.isidentifier() else f"({symbol.join(shown)})"


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
    if edge.left_out:
        return shorten(clean(edge.name), LONGEST_INLINE, glyphs.ellipsis) or glyphs.ellipsis
    return short(edge.value)
