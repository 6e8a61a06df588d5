"""Approval by a second person: whom an owner may ask. The verbs are Campaign's (approve, decline, withdraw).

A campaign of more mails than `Workspace.approval_above` waits, frozen and queued, until somebody else of the workspace
has looked at it. Any active colleague may decide; an owner never does, whatever their role.
"""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from campaigns.models import Campaign

NAMED = 5


@dataclass(frozen=True)
class Deciders:
    """`names` of the first NAMED of them, and how many `more` there are."""

    names: list[str]
    more: int


def may_decide(campaign: Campaign) -> QuerySet[User]:
    return User.objects.filter(workspace_id=campaign.workspace_id, is_active=True).exclude(pk=campaign.owner_id)


def deciders(campaign: Campaign) -> Deciders:
    others = may_decide(campaign)
    names = [str(one) for one in others.order_by("display_name", "pk")[:NAMED]]
    return Deciders(names, others.count() - len(names))
