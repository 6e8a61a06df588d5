"""Addresses that a workspace must not mail."""

from django.test import Client

from campaigns.models import Suppression
from tests.people import People

URL = "/settings/suppressions/"


def test_one_is_added_by_hand_and_removed_again(ana: Client) -> None:
    page = ana.post(URL + "add/", {"address": "Gone@northwind.example"}, follow=True).content.decode()
    assert "gone@northwind.example" in page
    suppression = Suppression.objects.get()
    ana.post(f"{URL}{suppression.pk}/remove/")
    assert not Suppression.objects.exists()


def test_what_is_no_address_is_refused(ana: Client) -> None:
    page = ana.post(URL + "add/", {"address": "gone"}, follow=True).content.decode()
    assert "is not an address" in page
    assert not Suppression.objects.exists()


def test_who_unsubscribed_stays(people: People, ana: Client) -> None:
    reason = Suppression.Reason.UNSUBSCRIBED
    Suppression.objects.add(people.ana.workspace, ["gone@northwind.example"], reason)  # type: ignore[arg-type]
    suppression = Suppression.objects.get()
    assert ana.post(f"{URL}{suppression.pk}/remove/").status_code == 404
    assert Suppression.objects.exists()


def test_who_unsubscribes_after_being_added_by_hand_stays_too(people: People, ana: Client) -> None:
    ana.post(URL + "add/", {"address": "gone@northwind.example"})
    reason = Suppression.Reason.UNSUBSCRIBED
    Suppression.objects.add(people.ana.workspace, ["Gone@northwind.example"], reason)  # type: ignore[arg-type]
    ana.post(URL + "add/", {"address": "gone@northwind.example"})
    suppression = Suppression.objects.get()
    assert suppression.reason == reason
    assert ana.post(f"{URL}{suppression.pk}/remove/").status_code == 404


def test_another_workspace_neither_sees_nor_removes_it(ana: Client, cleo: Client) -> None:
    ana.post(URL + "add/", {"address": "gone@northwind.example"})
    assert "gone@northwind.example" not in cleo.get(URL).content.decode()
    assert cleo.post(f"{URL}{Suppression.objects.get().pk}/remove/").status_code == 404


def test_the_search_finds_a_part(ana: Client) -> None:
    for name in ("one", "two"):
        ana.post(URL + "add/", {"address": f"{name}@northwind.example"})
    page = ana.get(URL, {"search": "TWO"}).context["page"]
    assert [one.address for one in page] == ["two@northwind.example"]
