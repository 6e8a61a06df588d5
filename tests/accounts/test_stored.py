"""What is stored of an account."""

from accounts.models import User

OURS = {"id", "username", "workspace", "role", "is_active", "is_staff", "is_superuser", "created_at", "last_login"}
BREAK_GLASS = {"password"}  # of the operator; empty for everybody who signs in with Microsoft


def test_of_the_account_only_ids_address_and_name_are_stored() -> None:
    stored = {field.name for field in User._meta.fields}

    assert stored - OURS - BREAK_GLASS == {"object_id", "email", "display_name"}
