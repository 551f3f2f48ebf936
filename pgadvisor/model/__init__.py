"""Immutable values that the whole program speaks in; this package imports only ``units``."""
