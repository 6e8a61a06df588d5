from django.apps import AppConfig


class PostmarkConfig(AppConfig):
    name = "postmark"
