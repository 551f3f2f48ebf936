"""Plans for values: what a statement is asked for, and how its plan depends on that."""

from pgadvisor.whatif.parameters.by_value import plans_by_value
from pgadvisor.whatif.parameters.logged import LoggedValues, logged_sampling, logged_values
from pgadvisor.whatif.parameters.samples import Sample, Sampling, draw_samples
from pgadvisor.whatif.parameters.survey import PinnedValues, survey

__all__ = [
    "LoggedValues",
    "PinnedValues",
    "Sample",
    "Sampling",
    "draw_samples",
    "logged_sampling",
    "logged_values",
    "plans_by_value",
    "survey",
]
