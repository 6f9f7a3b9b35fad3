"""Write-back: where each deal and lead came from goes into the CRM, won deals go to the ads as conversions.

First a plan, which changes nothing and can be looked at; then the plan is carried out, value by value in a log; what was
written can be undone. A person's own edit is never overwritten.
"""

from __future__ import annotations

from longfunnel.app.write_back.carrying_out import Done, carry_out, undo, write_automatically
from longfunnel.app.write_back.planning import Change, Planned, plan
from longfunnel.app.write_back.sending import send, take_back

__all__ = ["Change", "Done", "Planned", "carry_out", "plan", "send", "take_back", "undo", "write_automatically"]
