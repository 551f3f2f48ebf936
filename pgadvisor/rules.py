"""Import path of the built-in rules: ``pgadvisor.rules.<category>.<rule>``.

The rule files live in the top-level ``rules/`` directory of the repository and are
shipped in the wheel as ``pgadvisor/_rules/``.  Python treats any module that defines
``__path__`` as a package, so this one line is the whole mechanism.
"""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_SHIPPED = _HERE / "_rules"

__path__ = [str(_SHIPPED if _SHIPPED.is_dir() else _HERE.parent / "rules")]
