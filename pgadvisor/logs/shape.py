"""A cheap key for statements that differ in their literals only."""

from __future__ import annotations

import re

_PIECE = re.compile(
    rb"""(
      (?: [^'"0-9/$-]++            # a run of what is no part of any constant
        | "[^"]*+"                 # a quoted name stays, digits and apostrophes included
        | (?<=[A-Za-z0-9_$\x80-\xff])[0-9]++   # so do the digits of t1 and of $1
        | /(?!\*) | -(?!-)
        | \$(?=[0-9]) | (?<=[A-Za-z0-9_\x80-\xff])\$ | \$(?!(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$)
      )++ )
      | (?<=[^A-Za-z0-9_][eE])'(?:[^'\\]++|\\.|'')*+'   # E'...' has escapes
      | '[^']*+(?:''[^']*+)*+'
      | [0-9][0-9A-Za-z_]*+(?:\.[0-9]*+)?(?:(?<=[eE])[+-][0-9]++)?
      | --[^\n]*+
      | /\*(?:[^*]++|\*(?!/))*+\*/
      | (\$[A-Za-z_\x80-\xff]?[\w\x80-\xff]*\$).*?\2
    """,
    re.VERBOSE | re.DOTALL,
)
_LONG_BYTES = 2_048
_MANY_OPENINGS = 100
_LIST = re.compile(rb"(?i)\bin\s*\(\s*\?(?:\s*,\s*\?)+")


def shape_of(text: bytes) -> bytes:
    """Leave out of a statement what its fingerprint does not depend on, fast.

    Texts of one shape have one fingerprint.  The converse need not be: a comment more or less
    is another shape, which costs a look at the grammar once and changes no result.  A shape may
    hold a literal (of a text that is cut off in the middle of it), so it is never shown.

    A long text with many beginnings of comments or dollar quotes is its own shape: each of them
    may be without its end, and that takes a look at all that follows to find out.
    """
    if len(text) > _LONG_BYTES and text.count(b"/*") + text.count(b"$") > _MANY_OPENINGS:
        return text
    shape = b"".join([piece or b"?" for piece, _ in _PIECE.findall(text)])
    if b"?," in shape:
        return _LIST.sub(b"IN (?", shape)
    return shape
