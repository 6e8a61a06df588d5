"""The query language, as tables."""

from typing import Any

import pytest

from sandbox import odata

ITEM: dict[str, Any] = {
    "subject": "Grüße aus 'Bonn'",
    "isDraft": True,
    "from": {"emailAddress": {"address": "Ana@contoso.example"}},
    "receivedDateTime": "2026-11-01T10:00:00Z",
    "props": [{"id": "a", "value": "1"}, {"id": "b", "value": "2"}],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subject eq 'grüße aus ''bonn'''", True),
        ("subject ne 'x'", True),
        ("isDraft eq false", False),
        ("from/emailAddress/address eq 'ana@CONTOSO.example'", True),
        ("receivedDateTime ge 2026-11-01T00:00:00Z and receivedDateTime lt 2026-11-02", True),
        ("receivedDateTime gt 2026-11-02T00:00:00Z or isDraft eq true", True),
        ("receivedDateTime ge 2026-11-01T09:59:59.9999999Z", True),
        ("receivedDateTime ge 2026-11-01T11:00:00+01:00", True),
        ("receivedDateTime gt 2026-11-01T10:00:00.000Z", False),
        ("missing ge 2026-11-01T10:00:00Z", False),
        ("not (isDraft eq true)", False),
        ("startswith(subject,'grüße') and contains(subject,'aus')", True),
        ("endswith(subject,'x')", False),
        ("props/any(p: p/id eq 'a' and p/value eq '1')", True),
        ("props/Any(p:p/id eq 'a' and p/value eq '2')", False),
        ("missing eq null", True),
    ],
)
def test_a_filter_holds_or_does_not(text: str, expected: bool) -> None:
    assert odata.matches(odata.Reader(text).read(), ITEM) is expected


@pytest.mark.parametrize(
    "text", ["", "subject", "subject eq", "eq 'a'", "(isDraft eq true", "a eq 'b' extra", "a ~ 1", "a ge 2026-13-01"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(odata.BadQuery):
        odata.Reader(text).read()


def test_what_an_index_can_be_asked_for() -> None:
    node = odata.Reader(
        "isDraft eq true and singleValueExtendedProperties/any(e: e/id eq 'P' and e/value eq 'V')"
    ).read()
    assert odata.required_property(node) == ("P", "V")
    assert dict(odata.required(node)) == {"isDraft": True}
    either = odata.Reader("a eq '1' or singleValueExtendedProperties/any(e: e/id eq 'P' and e/value eq 'V')").read()
    assert odata.required_property(either) is None


def test_query_options() -> None:
    query = odata.read_query(
        {
            "$select": "id, subject",
            "$expand": "attachments($select=id,name),singleValueExtendedProperties($filter=id eq 'a, (b')",
            "$orderby": "receivedDateTime desc,subject",
            "$top": "5",
        }
    )
    assert query.select == {"id", "subject"}
    assert query.expand["attachments"] == {"select": "id,name"}
    assert query.expand["singleValueExtendedProperties"] == {"filter": "id eq 'a, (b'"}
    assert query.order == (("receivedDateTime", True), ("subject", False))
    assert query.top == 5
    for wrong in ({"$top": "0"}, {"$top": "many"}, {"$skip": "-1"}, {"$orderby": "a sideways"}):
        with pytest.raises(odata.BadQuery):
            odata.read_query(wrong)
