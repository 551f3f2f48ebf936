"""Executed plans, in whichever of EXPLAIN's four formats and from wherever they were copied.

TEXT, XML and YAML are turned into what JSON decodes to, and that into one tree: the same for all
four, of PostgreSQL 10 to 18.
"""
