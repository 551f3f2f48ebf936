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
from django.test import Client, RequestFactory  # noqa: E402
from django.urls import include, path  # noqa: E402
from wagtail import urls as pages  # noqa: E402
from wagtail.admin import urls as admin  # noqa: E402
from wagtail.documents import urls as documents  # noqa: E402
from wagtail.images.models import Image  # noqa: E402
from wagtail.models import Page, ReferenceIndex, Site  # noqa: E402

urlpatterns = [
    path("admin/", include(admin)),
    path("documents/", include(documents)),
    path("", include(pages)),
]
ROUNDS = 16


def work() -> None:
    """Write, find and list pages, and illustrate them."""
    editor = User.objects.create_superuser("editor", "editor@example.org", "secret")
    client = Client()
    client.login(username="editor", password="secret")  # noqa: S106
    for number in range(ROUNDS):
        section = Page.objects.get(slug=f"section-{1 + number % 20}")
        write(section, number, editor)
        visit(section, number)
        edit(client, section, number)
    call_command("publish_scheduled_pages", verbosity=0)


def write(section: Page, number: int, editor: User) -> None:
    """Add a page, change it, publish it, and move another one."""
    page = section.add_child(instance=Page(title=f"News {number} of things", slug=f"n{number}"))
    page.title = f"News {number}"
    page.save_revision(user=editor).publish(user=editor)
    for revision in page.revisions.order_by("-created_at")[:10]:
        revision.is_latest_revision()
    if number % 8 == 0:
        page.move(Page.objects.get(slug="section-30"), pos="last-child")


def visit(section: Page, number: int) -> None:
    """Find the page of an address, and what it shows."""
    request = RequestFactory().get("/", headers={"host": "localhost"})
    home = Site.find_for_request(request).root_page
    slugs = [section.slug, section.get_children().live()[number].slug]
    page = home.specific.route(request, slugs).page
    list(page.get_ancestors().live().in_menu())
    list(page.get_siblings().live()[:20])
    list(Page.objects.live().public().descendant_of(section).order_by("-first_published_at")[:20])
    list(Page.objects.live().search("thing")[:10])
    list(Page.objects.live().descendant_of(section).search(f"page {number}")[:10])
    list(Page.objects.autocomplete("thi")[:10])
    list(Image.objects.filter(title__icontains=f"title {number}")[:12])
    list(Image.objects.order_by("-created_at").prefetch_renditions("width-100", "width-200")[:24])
    ReferenceIndex.get_references_to(page).count()


def edit(client: Client, section: Page, number: int) -> None:
    """Open what editors open."""
    page = section.get_children()[number]
    for place in (
        "/admin/",
        f"/admin/pages/{section.pk}/",
        f"/admin/pages/{section.pk}/?ordering=title&p=2",
        f"/admin/pages/search/?q=page+{number}",
        f"/admin/pages/{page.pk}/edit/",
        f"/admin/pages/{page.pk}/history/",
        f"/admin/pages/usage/wagtailcore/page/?p={1 + number}",
        f"/admin/images/?q=title+{number}",
        "/admin/images/chooser/",
        "/admin/reports/site-history/",
        "/admin/reports/aging-pages/",
    ):
        response = client.get(place)
        if response.status_code != 200:
            raise RuntimeError(f"{place} answered {response.status_code}")


call_command("migrate", verbosity=0) if sys.argv[1] == "migrate" else work()
