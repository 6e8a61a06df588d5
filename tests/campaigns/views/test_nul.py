"""A NUL, which PostgreSQL refuses in a text, is bad input and no accident of ours."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["/campaigns/", "/settings/suppressions/"])
def test_a_search_with_a_nul_is_refused_plainly(ana: Client, page: str) -> None:
    ana.raise_request_exception = False

    assert ana.get(page, {"search": "a\0b"}).status_code == 400
