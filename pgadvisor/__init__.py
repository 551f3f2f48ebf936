"""pgadvisor: PostgreSQL tuning advice with its proof, and the migration that carries it out.

::

    import pgadvisor

    snapshot = pgadvisor.collect("postgresql:///shop")
    advice = pgadvisor.advise(snapshot, budget=pgadvisor.Budget(index_bytes=2 * pgadvisor.GiB))
    print(advice.report("markdown"))

What is in ``__all__`` is the public interface; see also ``pgadvisor.model`` for the values,
``pgadvisor.rulekit`` for rules of your own, and ``pgadvisor.testing`` for their tests.
"""

from pgadvisor.advice import Advice
from pgadvisor.baseline import load_baseline
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.live_plan import LiveOptions, explain_statement
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.config import Config, load_config
from pgadvisor.errors import PgAdvisorError
from pgadvisor.explanation import Explanation, explain_plans
from pgadvisor.index_trial import indexes_for
from pgadvisor.logs import read_logs
from pgadvisor.model.baseline import Baseline
from pgadvisor.model.budget import Budget
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.parameter_values import ParameterValue
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.parse.plans.regression import regressions
from pgadvisor.pipeline import advise
from pgadvisor.plan_files import read_executions
from pgadvisor.snapshotfile import load, save
from pgadvisor.units import GiB, KiB, MiB, TiB
from pgadvisor.version import VERSION
from pgadvisor.whatif.hypopg import HypoPG
from pgadvisor.whatif.twin import Twin
from pgadvisor.workload import read_workload

__version__ = VERSION

# ``collect`` is the function here, and a package of that name stands behind it: the import
# above binds the name once and for all, which an import on first use could not.
__all__ = [
    "Advice",
    "Baseline",
    "Budget",
    "CollectOptions",
    "Config",
    "Explanation",
    "GiB",
    "HypoPG",
    "KiB",
    "LiveOptions",
    "MiB",
    "ParameterValue",
    "PgAdvisorError",
    "Snapshot",
    "TiB",
    "Twin",
    "__version__",
    "advise",
    "collect",
    "executions_of",
    "explain_plans",
    "explain_statement",
    "indexes_for",
    "load",
    "load_baseline",
    "load_config",
    "read_executions",
    "read_logs",
    "read_plans",
    "read_workload",
    "regressions",
    "save",
]
