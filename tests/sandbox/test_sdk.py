"""The real msgraph-sdk against the sandbox, used as the product uses it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
from kiota_abstractions.authentication.base_bearer_token_authentication_provider import (
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.internet_message_header import InternetMessageHeader
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import (
    MessagesRequestBuilder,
)
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from tests.sandbox.mail import OUTBOX_KEY
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ANA = "ana@contoso.example"


class FixedToken(AccessTokenProvider):
    """An access token that was got elsewhere."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        return self.token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


@asynccontextmanager
async def sdk(sandbox: SandboxProcess, token: str) -> AsyncIterator[GraphServiceClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(FixedToken(token)), client)
        adapter.base_url = sandbox.graph_url
        yield GraphServiceClient(request_adapter=adapter)


def mail(to: str = "kim@fabrikam.example", key: str = "k1") -> Message:
    return Message(
        subject="Hello",
        body=ItemBody(content_type=BodyType.Html, content="<p>Hi</p>"),
        to_recipients=[Recipient(email_address=EmailAddress(address=to))],
        internet_message_headers=[InternetMessageHeader(name="x-own", value="1")],
        single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=OUTBOX_KEY, value=key)],
        attachments=[FileAttachment(odata_type="#microsoft.graph.fileAttachment", name="a.txt", content_bytes=b"Hi")],
    )


def run(sandbox: SandboxProcess, act: Callable[[GraphServiceClient], Awaitable[Any]], scopes: str = "") -> Any:
    token = sandbox.token(ANA, scopes or "User.Read Mail.Send Mail.ReadWrite")["access_token"]

    async def inside() -> Any:
        async with sdk(sandbox, token) as graph:
            # The SDK addresses /users/me-token-to-replace and relies on middleware that a plain client lacks.
            return await act(graph)

    return asyncio.run(inside())


def test_it_sends_in_one_shot(sandbox: SandboxProcess) -> None:
    async def act(graph: GraphServiceClient) -> None:
        body = SendMailPostRequestBody(message=mail(), save_to_sent_items=True)
        await graph.users.by_user_id(ANA).send_mail.post(body)

    run(sandbox, act)
    [arrived] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    assert arrived["outbox_key"] == "k1"
    assert arrived["attachments"][0]["size"] == 2
    assert {"name": "x-own", "value": "1"} in arrived["headers"]


def test_it_drafts_sends_and_finds_by_key(sandbox: SandboxProcess) -> None:
    async def act(graph: GraphServiceClient) -> tuple[str | None, list[Message]]:
        me = graph.users.by_user_id(ANA)
        created = await me.messages.post(mail())
        assert created is not None
        assert created.id is not None
        await me.messages.by_message_id(created.id).send.post()
        await asyncio.to_thread(sandbox.wait_for_messages, to="kim@fabrikam.example")
        query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
            filter=f"singleValueExtendedProperties/Any(ep: ep/id eq '{OUTBOX_KEY}' and ep/value eq 'k1')",
            select=["id", "internetMessageId", "isDraft"],
        )
        found = await me.mail_folders.by_mail_folder_id("sentitems").messages.get(
            RequestConfiguration(query_parameters=query)
        )
        assert found is not None
        return created.internet_message_id, found.value or []

    internet_id, [sent] = run(sandbox, act)
    assert sent.internet_message_id == internet_id
    assert sent.is_draft is False


def test_an_error_carries_its_code_and_headers(sandbox: SandboxProcess) -> None:
    async def act(graph: GraphServiceClient) -> None:
        await graph.users.by_user_id(ANA).send_mail.post(SendMailPostRequestBody(message=mail("bad")))

    with pytest.raises(ODataError) as caught:
        run(sandbox, act)
    assert caught.value.response_status_code == 400
    assert caught.value.error is not None
    assert caught.value.error.code == "ErrorInvalidRecipients"
