"""A verb has its own address and is a POST; everything else only looks."""

from django.urls import path
from django.views.generic import RedirectView

from accounts.permissions import public
from campaigns.views import campaigns, check, data, message, results, sending, suppressions

one = "campaigns/<int:campaign_id>/"
urlpatterns = [
    path("", public(RedirectView.as_view(pattern_name="campaigns")), name="home"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/new/", campaigns.create, name="new-campaign"),
    path(one, campaigns.campaign, name="campaign"),
    path(one + "rename/", campaigns.rename, name="rename-campaign"),
    path(one + "delete/", campaigns.delete, name="delete-campaign"),
    # Data
    path(one + "data/", data.data, name="campaign-data"),
    path(one + "spreadsheet/", data.upload_spreadsheet, name="upload-spreadsheet"),
    path(one + "importing/", data.reading, name="importing"),
    path(one + "importing/cancel/", data.cancel_import, name="cancel-import"),
    path(one + "reuse/", data.reuse_data, name="reuse-data"),
    path(one + "address-column/", data.choose_address_column, name="choose-address-column"),
    path(one + "recipients/<int:recipient_id>/mend/", data.mend_recipient, name="mend-recipient"),
    path(one + "recipients/<int:recipient_id>/skip/", data.skip_recipient, name="skip-recipient"),
    path(one + "recipients/<int:recipient_id>/take-in/", data.take_in_recipient, name="take-in-recipient"),
    path(one + "leave-out/", data.leave_out, name="leave-out"),
    path(one + "take-in/", data.take_in, name="take-in"),
    # Message
    path(one + "message/", message.message, name="campaign-message"),
    path(one + "message/save/", message.save_message, name="save-message"),
    # Check
    path(one + "check/", check.check, name="campaign-check"),
    path(one + "preview/", check.preview, name="preview"),
    path(one + "preview/frame/", check.preview_frame, name="preview-frame"),
    path(one + "test/", check.send_test, name="send-test"),
    # Send
    path(one + "send/", sending.send, name="campaign-send"),
    path(one + "sending/", sending.sending, name="sending"),
    path(one + "progress/", sending.progress, name="progress"),
    path(one + "launch/", sending.launch, name="launch"),
    path(one + "pause/", sending.pause, name="pause"),
    path(one + "resume/", sending.resume, name="resume"),
    path(one + "stop/", sending.stop, name="stop"),
    # Results
    path(one + "results/", results.results, name="campaign-results"),
    path(one + "results/figures/", results.result_figures, name="result-figures"),
    path(one + "results/export/", results.export, name="export-results"),
    path(one + "retry/", results.retry_failed, name="retry-failed"),
    path(one + "messages/<int:message_id>/settle/", results.settle_message, name="settle-message"),
    # Across campaigns
    path("settings/suppressions/", suppressions.suppressions, name="suppressions"),
    path("settings/suppressions/add/", suppressions.add, name="add-suppression"),
    path("settings/suppressions/<int:suppression_id>/remove/", suppressions.remove, name="remove-suppression"),
]
