"""pgadvisor: PostgreSQL tuning advice with its proof, and the migration that carries it out.

::

    import pgadvisor

    snapshot = pgadvisor.collect("postgresql:///shop")
    advice = pgadvisor.advise(snapshot, budget=pgadvisor.Budget(index_bytes=2 * pgadvisor.GiB))
    print(advice.report("markdown"))

What is in ``__all__`` is the public interface; see also ``pgadvisor.model`` for the values,
``pgadvisor.rulekit`` for rules of your own, and ``pgadvisor.testing`` for their tests.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from pgadvisor.units import GiB, KiB, MiB, TiB
from pgadvisor.version import VERSION

if TYPE_CHECKING:
    from pgadvisor.advice import Advice
    from pgadvisor.collect.assemble import collect
    from pgadvisor.collect.scope import CollectOptions
    from pgadvisor.config import Config, load_config
    from pgadvisor.errors import PgAdvisorError
    from pgadvisor.model.budget import Budget
    from pgadvisor.model.snapshot import Snapshot
    from pgadvisor.pipeline import advise
    from pgadvisor.snapshotfile import load, save
    from pgadvisor.whatif.twin import Twin
    from pgadvisor.workload import read_workload

__all__ = [
    "Advice",
    "Budget",
    "CollectOptions",
    "Config",
    "GiB",
    "KiB",
    "MiB",
    "PgAdvisorError",
    "Snapshot",
    "TiB",
    "Twin",
    "__version__",
    "advise",
    "collect",
    "load",
    "load_config",
    "read_workload",
    "save",
]

__version__ = VERSION

# Imported on first use: the guardian of an embedded server, and ``pgadvisor --help``, need
# neither the parser nor the driver, which together take half a second to import.
_HOMES = {
    "Advice": "pgadvisor.advice",
    "Budget": "pgadvisor.model.budget",
    "CollectOptions": "pgadvisor.collect.scope",
    "Config": "pgadvisor.config",
    "PgAdvisorError": "pgadvisor.errors",
    "Snapshot": "pgadvisor.model.snapshot",
    "Twin": "pgadvisor.whatif.twin",
    "advise": "pgadvisor.pipeline",
    "collect": "pgadvisor.collect.assemble",
    "load": "pgadvisor.snapshotfile",
    "load_config": "pgadvisor.config",
    "read_workload": "pgadvisor.workload",
    "save": "pgadvisor.snapshotfile",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps ``collect`` the function, though there is a package of that name below this one."""

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; what the import of a package below would hide stays as it is."""
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
