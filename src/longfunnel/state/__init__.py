"""The program's own database: what people decided. It is small, and it is not derived from anything: back it up."""

from __future__ import annotations

from longfunnel.state.api_keys import ApiKey, ApiKeys
from longfunnel.state.database import State, open_state
from longfunnel.state.identity_decisions import Decision, IdentityDecisions, Verb

__all__ = ["ApiKey", "ApiKeys", "Decision", "IdentityDecisions", "State", "Verb", "open_state"]
