"""The program's own database: what people decided. It is small, and it is not derived from anything: back it up."""

from __future__ import annotations

from longfunnel.state.access import OpenSession
from longfunnel.state.access_tokens import AccessToken
from longfunnel.state.alerts import Alert, AlertState, Rule
from longfunnel.state.api_keys import ApiKey, ApiKeys
from longfunnel.state.audit import AuditEntry
from longfunnel.state.connections import Connection
from longfunnel.state.database import State, open_state
from longfunnel.state.identity_decisions import Decision, IdentityDecisions, Verb
from longfunnel.state.jobs import KeptJob
from longfunnel.state.letters import Kind, Letter
from longfunnel.state.saved_views import SavedView
from longfunnel.state.share_links import ShareLink
from longfunnel.state.subscriptions import Every, Subscription
from longfunnel.state.users import ROLES, AccountError, Role, User

__all__ = [
    "ROLES",
    "AccessToken",
    "AccountError",
    "Alert",
    "AlertState",
    "ApiKey",
    "ApiKeys",
    "AuditEntry",
    "Connection",
    "Decision",
    "Every",
    "IdentityDecisions",
    "KeptJob",
    "Kind",
    "Letter",
    "OpenSession",
    "Role",
    "Rule",
    "SavedView",
    "ShareLink",
    "State",
    "Subscription",
    "User",
    "Verb",
    "open_state",
]
