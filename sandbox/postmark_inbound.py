"""A message as Postmark's inbound webhook tells it. Pure.

(https://postmarkapp.com/developer/webhooks/inbound-webhook)
"""

import base64
import uuid
from typing import Any

from sandbox import mime
from sandbox.mailboxes import Address, Mail


def mailbox_hash(address: str) -> str:
    """What stands after the first + of the local part."""
    return address.rpartition("@")[0].partition("+")[2]


def full(address: Address) -> dict[str, str]:
    return {"Email": address.address, "Name": address.name, "MailboxHash": mailbox_hash(address.address)}


def shown(addresses: list[Address]) -> str:
    return ", ".join(f'"{a.name}" <{a.address}>' if a.name else a.address for a in addresses)


def webhook_body(mail: Mail, recipient: str) -> dict[str, Any]:
    """The JSON that is posted for one message to `recipient`."""
    author = mail.author or Address("", "")
    named = {"subject", "from", "to", "cc", "bcc", "date", "reply-to"}
    headers = [
        {"Name": "X-Spam-Checker-Version", "Value": "SpamAssassin 3.4.0 (2014-02-07) on the sandbox"},
        {"Name": "X-Spam-Status", "Value": "No"},
        {"Name": "X-Spam-Score", "Value": "-0.1"},
        {"Name": "X-Spam-Tests", "Value": "DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,SPF_PASS"},
        {
            "Name": "Received-SPF",
            "Value": "Pass (sender SPF authorized) identity=mailfrom;"
            f" envelope-from={author.address}; receiver={recipient}",
        },
        {"Name": "MIME-Version", "Value": "1.0"},
        *({"Name": name, "Value": value} for name, value in mail.headers if name.lower() not in named),
    ]
    return {
        "FromName": author.name,
        "MessageStream": "inbound",
        "From": author.address,
        "FromFull": {"Email": author.address, "Name": author.name, "MailboxHash": ""},
        "To": shown(mail.to),
        "ToFull": [full(a) for a in mail.to],
        "Cc": shown(mail.cc),
        "CcFull": [full(a) for a in mail.cc],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": recipient,
        "Subject": mail.subject,
        "MessageID": str(uuid.uuid4()),
        "ReplyTo": shown(mail.reply_to),
        "MailboxHash": mailbox_hash(recipient),
        "Date": next((value for name, value in mail.headers if name == "Date"), ""),
        "TextBody": mime.text_of(mail),
        "HtmlBody": mail.body if mail.body_type == "html" else "",
        "StrippedTextReply": mime.text_of(mail).partition("\n\nOn ")[0] if mail.in_reply_to else "",
        "Tag": "",
        "Headers": headers,
        "Attachments": [
            {
                "Name": file.name,
                "Content": base64.b64encode(file.content).decode(),
                "ContentType": file.content_type,
                "ContentLength": len(file.content),
                "ContentID": file.content_id or "",
            }
            for file in mail.attachments
        ],
    }
