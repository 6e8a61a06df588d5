"""The seeded tenants and people, with fixed ids so that tests and screenshots can name them."""

from dataclasses import dataclass

CLIENT_ID = "11111111-2222-3333-4444-555555555555"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - the sandbox's own, known to everyone
CLIENT_NAME = "Mail merge"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One Microsoft 365 organisation."""

    id: str
    name: str
    domain: str


@dataclass(slots=True)
class Person:
    """Someone who can sign in and has a mailbox."""

    oid: str
    tenant_id: str
    name: str
    address: str
    job_title: str = ""
    admin: bool = False
    disabled: bool = False
    has_mailbox: bool = True


TENANTS = (
    Tenant("c0c0c0c0-0000-4000-8000-000000000001", "Contoso", "contoso.example"),
    Tenant("fabfab00-0000-4000-8000-000000000002", "Fabrikam", "fabrikam.example"),
)


def seeded_people() -> list[Person]:
    """Fresh copies of the four people every sandbox starts with."""
    contoso, fabrikam = TENANTS[0].id, TENANTS[1].id
    return [
        Person("a0a0a0a0-0000-4000-8000-0000000000aa", contoso, "Ana Albrecht", "ana@contoso.example", "Owner"),
        Person("b0b0b0b0-0000-4000-8000-0000000000bb", contoso, "Ben Bauer", "ben@contoso.example", "Teammate"),
        Person(
            "d0d0d0d0-0000-4000-8000-0000000000dd",
            contoso,
            "Dana Dietz",
            "dana@contoso.example",
            "Administrator",
            admin=True,
        ),
        Person(
            "c1c1c1c1-0000-4000-8000-0000000000cc",
            fabrikam,
            "Cleo Costa",
            "cleo@fabrikam.example",
            "Administrator",
            admin=True,
        ),
    ]
