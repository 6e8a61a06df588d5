"""Every page in every state worth looking at, and how to get there: for the screenshots and tests/test_pages.py.

A new page gets a line in PAGES; tests/test_pages.py fails while it has none.
"""

from dataclasses import dataclass

from devserver import arrivals

# The campaigns of mailmerge/management/commands/seed.py, by what they show; TO_MEND and the doubtful rows of
# FINISHED come from devserver/tour.py.
FINISHED = "Spring newsletter"
READY = "School reports, class 7b"
WRITTEN = "Alumni dinner, first ideas"
EMPTY = "Supplier survey"
SCHEDULED = "Summer party invitation"
PAUSED = "Salary letters 2026"
STOPPED = "Car park notice (wrong list)"
SENDING = "Membership renewal"
WAITING = "Fees from January"
TO_APPROVE = "Works council election"  # Ben's
TO_MEND = "Trade fair contacts"

DENIED = "?error=access_denied"


@dataclass(frozen=True)
class Shown:
    """A page in one of its states.

    `path` is on the app unless it is a whole address; {campaign} stands for the id of the campaign of that name,
    {sandbox} and {tracking} for those sites. `who` is signed in (nobody when empty). `arrive` does what is left
    once the page is there. `status` is what the path answers. `is_ours`: not Django's or the sandbox's.
    """

    name: str
    path: str
    url_name: str = ""
    who: str = ""
    campaign: str = ""
    status: int = 200
    arrive: arrivals.Arrive | None = None
    is_ours: bool = True


def step(name: str, campaign: str, arrive: arrivals.Arrive | None = None, query: str = "", state: str = "") -> Shown:
    """A step of one of Ana's campaigns."""
    word = state or {EMPTY: "empty", WRITTEN: "without-data", READY: "ready", FINISHED: "finished"}.get(campaign, "")
    path = f"/campaigns/{{campaign}}/{name}/{query}"
    return Shown(f"{name}-{word}", path, f"campaign-{name}", "Ana", campaign, arrive=arrive)


PAGES = [
    Shown("sign-in", "/sign-in/", "sign-in"),
    Shown("sign-in-refused", f"/sign-in/callback/{DENIED}", "sign-in-callback", status=403),
    Shown("microsoft-sign-in", "/sign-in/start/", is_ours=False),
    Shown("microsoft-admin-consent", "/admin-consent/", is_ours=False),
    Shown("admin-consent-given", "/admin-consent/", "admin-consent-callback", arrive=arrivals.give_admin_consent),
    Shown("admin-consent-refused", f"/admin-consent/callback/{DENIED}", "admin-consent-callback", status=403),
    Shown("campaigns", "/campaigns/", "campaigns", "Ana"),
    Shown("campaigns-menu", "/campaigns/", "campaigns", "Ana", arrive=arrivals.open_menu),
    Shown("campaigns-none", "/campaigns/", "campaigns", "Cleo"),
    Shown("campaigns-none-found", "/campaigns/?search=birthday", "campaigns", "Ana"),
    Shown("templates-none", "/templates/", "saved-templates", "Cleo"),
    Shown("templates", "/templates/", "saved-templates", "Ana", arrive=arrivals.keep_a_template),
    step("data", EMPTY),
    step("data", EMPTY, arrivals.paste_cells, state="paste"),
    step("data", EMPTY, arrivals.type_by_hand, state="type"),
    step("data", EMPTY, arrivals.use_earlier_data, state="earlier"),
    step("data", EMPTY, arrivals.upload_no_sheet, state="refused"),
    step("data", READY, arrivals.wait_for_grid, state="grid"),
    step("data", READY, arrivals.open_other_data, state="other-data"),
    step("data", TO_MEND, arrivals.wait_for_grid, state="problems"),
    step("data", TO_MEND, arrivals.open_folds, state="options-open"),
    step("data", TO_MEND, arrivals.edit_a_cell, state="editing"),
    step("data", TO_MEND, arrivals.select_rows, state="selection"),
    step("data", TO_MEND, arrivals.ask_about_typos, state="typos"),
    step("data", TO_MEND, arrivals.see_no_server, state="server-away"),
    step("data", TO_MEND, query="?search=nobody", state="none-found"),
    step("data", FINISHED, arrivals.wait_for_grid),
    step("message", EMPTY, arrivals.wait_for_editor),
    step("message", WRITTEN, arrivals.wait_for_editor),
    step("message", READY, arrivals.wait_for_editor),
    step("message", TO_MEND, arrivals.wait_for_editor, state="mistakes"),
    step("message", TO_MEND, arrivals.attach_files, state="attachments"),
    step("message", TO_MEND, arrivals.make_files, state="made-files"),
    step("message", READY, arrivals.touch_a_field, state="field"),
    step("message", READY, arrivals.ask_for_a_condition, state="condition"),
    step("message", READY, arrivals.choose_a_template, state="templates"),
    step("message", FINISHED),
    step("check", WRITTEN),
    step("check", READY, arrivals.wait_for_mail),
    step("check", READY, arrivals.open_campaign_menu, state="menu"),
    step("check", READY, arrivals.preview_attached, state="attachments"),
    step("check", READY, arrivals.wait_for_mail, "?dark=1&width=phone", state="dark"),
    step("check", TO_MEND, state="blockers"),
    step("check", FINISHED, arrivals.wait_for_mail),
    step("send", TO_MEND, state="blockers"),
    step("send", TO_MEND, arrivals.send_from_shared_mailbox, state="sender-consent"),
    step("send", TO_MEND, arrivals.send_from_untested_alias, state="sender-untested"),
    step("send", READY),
    step("send", READY, arrivals.send_from_tested_alias, state="sender-tested"),
    step("send", READY, arrivals.ask_to_launch, state="question"),
    step("send", READY, arrivals.choose_hours, state="schedule"),
    step("send", TO_MEND, arrivals.choose_unreadable_zones, state="schedule-unreadable"),
    step("send", WAITING, state="waiting"),
    step("send", SCHEDULED, state="scheduled"),
    step("send", SENDING, state="sending"),
    step("send", PAUSED, state="paused"),
    step("send", STOPPED, state="stopped"),
    step("send", FINISHED),
    step("results", SENDING, state="sending"),
    step("results", STOPPED, state="stopped"),
    step("results", FINISHED),
    step("results", FINISHED, query="?status=clicked", state="clicked"),
    step("results", FINISHED, query="?status=unclear", state="unclear"),
    step("results", FINISHED, query="?search=nobody", state="none-found"),
    Shown("mailbox-full", "/settings/mailbox/", "mailbox", "Ana"),
    Shown("mailbox-basic", "/settings/mailbox/", "mailbox", "Cleo"),
    Shown("mailbox-disconnected", "/settings/mailbox/", "mailbox", "Ben"),
    Shown("spreadsheet-settings", "/settings/spreadsheets/", "spreadsheet-settings", "Ana"),
    Shown("sending-policy", "/settings/sending/", "sending-policy", "Ana"),
    Shown("sending-policy-refused", "/settings/sending/", "sending-policy", "Ana", arrive=arrivals.type_a_wrong_limit),
    Shown("sending-policy-no-admin", "/settings/sending/", "sending-policy", "Ben"),
    Shown("approvals", "/approvals/", "approvals", "Ana"),
    Shown("approvals-none", "/approvals/", "approvals", "Cleo"),
    Shown("approval", "/approvals/{campaign}/", "approval", "Ana", TO_APPROVE, arrive=arrivals.wait_for_mail),
    Shown("added-rows-none", "/campaigns/{campaign}/added/", "added-rows", "Ana", FINISHED),
    Shown("suppressions", "/settings/suppressions/", "suppressions", "Ana"),
    Shown("suppressions-none", "/settings/suppressions/", "suppressions", "Cleo"),
    Shown("api-tokens", "/settings/api-tokens/", "api-tokens", "Ana"),
    Shown("api-tokens-none", "/settings/api-tokens/", "api-tokens", "Cleo"),
    Shown("api-tokens-new", "/settings/api-tokens/", "api-tokens", "Ana", arrive=arrivals.make_token),
    Shown("error-400", "/sign-in/?" + "a&" * 201, status=400),
    Shown("error-403", "/403.html", status=403),
    Shown("error-403-expired", "/settings/suppressions/", who="Dana", arrive=arrivals.send_form_without_token),
    Shown("error-404", "/campaigns/987654321/", status=404, who="Ana"),
    Shown("error-500", "/500.html", status=500),
    Shown("unsubscribe", "{unsubscribe}"),
    Shown("unsubscribe-done", "{unsubscribe}", arrive=arrivals.unsubscribe),
    Shown("unsubscribe-unknown", "{tracking}/u/tampered/with", status=404),
    Shown("webmail", "{sandbox}/mail/", is_ours=False),
    Shown("webmail-inbox", "{sandbox}/mail/person001@northwind.example/", is_ours=False),
    Shown(
        "webmail-mail", "{sandbox}/mail/person001@northwind.example/", arrive=arrivals.open_first_mail, is_ours=False
    ),
    Shown("admin-sign-in", "/admin/login/", is_ours=False),
    Shown("admin", "/admin/", who="Operator", is_ours=False),
    Shown("admin-campaigns", "/admin/campaigns/campaign/", who="Operator", is_ours=False),
    Shown("added-rows", "/campaigns/{campaign}/added/", "added-rows", "Ana", FINISHED, arrive=arrivals.add_a_row),
    step("data", EMPTY, arrivals.upload_without_a_worker, state="reading"),
]
