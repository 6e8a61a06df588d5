"""How much may leave a mailbox now, and when everything will have left: Microsoft's limits on one side, what was
used on the other. Pure.

Times are seconds since 1970. A window of 60 s holds at most the limit wherever one lays it, because

- what was sent counts from the moment its answer came, which is never before Microsoft counted it;
- what is still on its way counts as sent now, whatever its age.
"""

from campaigns.pacing.forecast import forecast
from campaigns.pacing.ledger import LOOK_AGAIN, Allowance, Ledger, Row, allowance, ever_fits
from campaigns.pacing.limits import ONE, Cost, Limits, Rule
from campaigns.pacing.situation import Batch, Forecast, Leg, Queue, Situation, Tenant, Use
from campaigns.pacing.slowdown import Slowdown
from campaigns.pacing.tenant import TenantDay
from campaigns.pacing.windows import DAY, MINUTE, Room, Window

__all__ = [
    "DAY",
    "LOOK_AGAIN",
    "MINUTE",
    "ONE",
    "Allowance",
    "Batch",
    "Cost",
    "Forecast",
    "Ledger",
    "Leg",
    "Limits",
    "Queue",
    "Room",
    "Row",
    "Rule",
    "Situation",
    "Slowdown",
    "Tenant",
    "TenantDay",
    "Use",
    "Window",
    "allowance",
    "ever_fits",
    "forecast",
]
