"""Form, call, chat, email, marketplace or crm."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.dimensions._dimension import Dimension, of_row

DIMENSION = Dimension(
    title=Text("Kind of lead", "Вид лида"),
    meaning=Text("form, call, chat, email, marketplace or crm.", "form, call, chat, email, marketplace или crm."),
    columns=of_row("kind", "leads"),
    words={
        "form": Text("form", "форма"),
        "call": Text("call", "звонок"),
        "chat": Text("chat", "чат"),
        "email": Text("e-mail", "письмо"),
        "marketplace": Text("marketplace", "маркетплейс"),
        "crm": Text("CRM", "CRM"),
    },
)
