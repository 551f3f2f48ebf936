"""Django's own applications: users, groups, permissions, sessions and the admin site."""

# mypy: ignore-errors
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
from __future__ import annotations

import os
import sys

import django
from django.conf import settings

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASE = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": os.environ["PGHOST"],
    "PORT": os.environ["PGPORT"],
    "USER": os.environ["PGUSER"],
    "NAME": os.environ["PGDATABASE"],
}

settings.configure(
    DATABASES={"default": DATABASE},
    SECRET_KEY="nobody else sees this",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=[
        f"django.contrib.{name}"
        for name in ("admin", "auth", "contenttypes", "sessions", "messages", "sites", "redirects")
    ]
    + ["django.contrib.flatpages"],
    MIDDLEWARE=MIDDLEWARE,
    TEMPLATES=TEMPLATES,
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402

urlpatterns = [path("admin/", admin.site.urls)]


def work() -> None:
    """Do what the staff of a site does."""
    User.objects.create_superuser("root", "root@example.org", "secret")
    for number in range(60):
        client = Client()
        client.login(username="root", password="secret")  # noqa: S106
        client.get("/admin/")
        client.get(f"/admin/auth/user/?q=username+{number}")
        client.get(f"/admin/auth/user/?is_staff__exact=1&p={number % 5}")
        user = User.objects.get(username=f"username {number + 5}")
        client.get(f"/admin/auth/user/{user.pk}/change/")
        client.get(f"/admin/auth/user/{user.pk}/history/")
        client.get("/admin/auth/group/")
        User.objects.get(email__iexact="root@example.org")
        user.has_perm("auth.change_user")
        user.groups.add(Group.objects.order_by("pk")[number % 20])
        User.objects.filter(groups__name="name 1").count()
        client.logout()
    Session.objects.filter(expire_date__lt=timezone.now()).order_by("pk")[:10].count()
    call_command("clearsessions")


call_command("migrate", verbosity=0) if sys.argv[1] == "migrate" else work()
