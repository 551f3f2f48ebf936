"""Wagtail, the content management system: pages, revisions, images, search and its admin."""

# mypy: ignore-errors
# pyright: reportMissingImports=false
from __future__ import annotations

import os
import sys

import django
from django.conf import settings

WAGTAIL = (
    "contrib.forms",
    "contrib.redirects",
    "embeds",
    "sites",
    "users",
    "snippets",
    "documents",
    "images",
    "search",
    "admin",
)
MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
)
PROCESSORS = (
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
)

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
            "NAME": os.environ["PGDATABASE"],
        }
    },
    SECRET_KEY="nobody else sees this",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    WAGTAIL_SITE_NAME="a site",
    WAGTAILADMIN_BASE_URL="http://example.org",
    WAGTAILSEARCH_BACKENDS={"default": {"BACKEND": "wagtail.search.backends.database"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=[
        *(f"wagtail.{name}" for name in WAGTAIL),
        "wagtail",
        "modelcluster",
        "taggit",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "django.contrib.postgres",
    ],
    MIDDLEWARE=[*MIDDLEWARE],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [*PROCESSORS]},
        }
    ],
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402
from wagtail import urls as pages  # noqa: E402
from wagtail.admin import urls as admin  # noqa: E402
from wagtail.models import Page  # noqa: E402

urlpatterns = [path("admin/", include(admin)), path("", include(pages))]


def work() -> None:
    """Write, find and list pages."""
    User.objects.create_superuser("editor", "editor@example.org", "secret")
    home = Page.objects.filter(depth=2).get()
    for section in range(20):
        parent = home.add_child(instance=Page(title=f"Section {section}", slug=f"s{section}"))
        for number in range(100):
            title = f"Page {number} of things"
            page = parent.add_child(instance=Page(title=title, slug=f"p{number}"))
            if number % 10 == 0:
                page.save_revision().publish()
    call_command("update_index", verbosity=0)
    client = Client()
    client.login(username="editor", password="secret")  # noqa: S106
    for number in range(40):
        section = Page.objects.get(slug=f"s{number % 20}")
        client.get("/admin/")
        client.get(f"/admin/pages/{section.pk}/")
        client.get(f"/admin/pages/search/?q=page+{number}")
        client.get(f"/admin/pages/{section.get_children().first().pk}/history/")
        client.get("/admin/reports/site-history/")
        list(Page.objects.live().descendant_of(section).order_by("-first_published_at")[:20])
        list(Page.objects.live().search("things")[:10])
        section.get_ancestors().live().specific().count()


call_command("migrate", verbosity=0) if sys.argv[1] == "migrate" else work()
