"""Attachments over the HTTP API."""

import json

from django.test import Client

from accounts.models import ApiToken
from tests.campaigns.attachments import a_file, a_zip, campaign_with_files
from tests.people import People


def headers(people: People) -> dict[str, str]:
    _token, text = ApiToken.objects.issue(people.ana, "test")
    return {"Authorization": f"Bearer {text}"}


def test_files_are_attached_for_all_and_by_a_column(people: People, client: Client) -> None:
    campaign = campaign_with_files(people.ana)
    key, path = headers(people), f"/api/v1/campaigns/{campaign.pk}/attachments"

    told = client.post(path, {"files": [a_file("Prices.pdf", b"12345"), a_file("x.exe")]}, headers=key)
    assert told.status_code == 201
    assert [(one["name"], one["size"]) for one in told.json()["for_all"]] == [("Prices.pdf", 5)]
    assert told.json()["refused"][0]["name"] == "x.exe"

    files = [a_zip("all.zip", juergen__pdf=b"J", left__pdf=b"L")]
    told = client.post(path, {"files": files, "column": "File"}, headers=key)
    [column] = told.json()["by_column"]
    assert (column["files"], column["matched"], column["missing"], column["empty"]) == (2, 1, 1, 1)
    assert column["misses"] == [{"row": 3, "name": "zoe.pdf"}, {"row": 3, "name": "extra"}]
    assert column["leftovers"] == ["left.pdf"]
    assert client.get(path, headers=key).json() == {**told.json(), "refused": []}


def test_the_column_is_found_when_asked_to(people: People, client: Client) -> None:
    campaign = campaign_with_files(people.ana)
    form = {"files": [a_file("zoe.pdf")], "for_all": "false"}
    told = client.post(f"/api/v1/campaigns/{campaign.pk}/attachments", form, headers=headers(people))
    assert told.json()["by_column"][0]["column"] == "File"


def test_refusals_are_problem_details(people: People, client: Client) -> None:
    key = headers(people)
    campaign = campaign_with_files(people.ana)
    path = f"/api/v1/campaigns/{campaign.pk}/attachments"
    no_column = client.post(path, {"files": [a_file("a.pdf")], "column": "Nope"}, headers=key)
    assert (no_column.status_code, no_column["Content-Type"]) == (422, "application/problem+json")
    assert client.post(path, headers=key).status_code == 422
    campaign.launch(people.ana, people.ana.mailbox)
    assert client.post(path, {"files": [a_file("a.pdf")]}, headers=key).status_code == 409
    theirs = campaign_with_files(people.cleo)
    assert client.get(f"/api/v1/campaigns/{theirs.pk}/attachments", headers=key).status_code == 404


def test_it_is_described(people: People, client: Client) -> None:
    described = json.loads(client.get("/api/v1/openapi.json").content)["paths"]
    paths = described["/api/v1/campaigns/{campaign_id}/attachments"]
    assert set(paths) == {"get", "post"}
    assert "multipart/form-data" in paths["post"]["requestBody"]["content"]
