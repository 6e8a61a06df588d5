from django.apps import AppConfig


class MailmergeConfig(AppConfig):
    name = "mailmerge"
