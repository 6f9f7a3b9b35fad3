"""Who is who: identifiers that facts assert together are one person, with the evidence, and reversibly."""

from __future__ import annotations

from longfunnel.people.decide import Group, Preview, decision, parse_identifier, preview
from longfunnel.people.known import Evidence, Known, Link, evidence, find, identifiers_of
from longfunnel.people.refresh import PeopleChange, refresh_people
from longfunnel.people.rows import row_node_sql, shared_kinds

__all__ = [
    "Evidence",
    "Group",
    "Known",
    "Link",
    "PeopleChange",
    "Preview",
    "decision",
    "evidence",
    "find",
    "identifiers_of",
    "parse_identifier",
    "preview",
    "refresh_people",
    "row_node_sql",
    "shared_kinds",
]
