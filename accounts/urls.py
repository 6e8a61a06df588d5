from django.urls import path

from accounts import views

urlpatterns = [
    path("sign-in/", views.sign_in_page, name="sign-in"),
    path("sign-in/start/", views.sign_in_start, name="sign-in-start"),
    path("sign-in/callback/", views.sign_in_callback, name="sign-in-callback"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("admin-consent/", views.admin_consent, name="admin-consent"),
    path("admin-consent/callback/", views.admin_consent_callback, name="admin-consent-callback"),
    path("settings/mailbox/", views.mailbox, name="mailbox"),
    path("settings/api-tokens/", views.api_tokens, name="api-tokens"),
    path("settings/api-tokens/create/", views.create_api_token, name="create-api-token"),
    path("settings/api-tokens/<int:token_id>/delete/", views.delete_api_token, name="delete-api-token"),
]
