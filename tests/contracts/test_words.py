"""Captions, the house's words, and things that must never stand in the tree."""

from __future__ import annotations

import ast
import re

import pytest
from django.apps import apps

from tests.contracts.source import python_files, shown, tracked_files, tree_of

BANNED = re.compile(
    r"(^|_)(util|utils|helper|helpers|manager|handle|process|data|info|misc|common)(_|$)"
)
NOT_HOUSE_WORDS = {
    "user",
    "subscriber",
    "lead",
    "recipient",
    "topic",
    "blacklist",
    "tag",
    "blast",
    "job",
}
# Names that a framework fixes, or that mean what they say.
FRAMEWORK_NAMES = {
    "MemberManager",
    "process_view",
    "get_context_data",
    "create_user",
    "process",
    "data_received",
}


def test_every_module_has_a_caption() -> None:
    wrong = {}
    for path in python_files():
        text = ast.get_docstring(tree_of(path)) or ""
        caption = text.split("\n", 1)[0]
        if not caption or len(caption) > 90:
            wrong[shown(path)] = caption
    assert wrong == {}


def test_no_banned_words_in_names_of_modules_functions_and_classes() -> None:
    wrong = []
    for path in python_files():
        if BANNED.search(path.stem):
            wrong.append(shown(path))
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower()
            if BANNED.search(snake) and node.name not in FRAMEWORK_NAMES:
                wrong.append(f"{shown(path)}:{node.name}")
    assert wrong == []


def test_models_and_their_columns_use_the_house_words() -> None:
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("sincerely."):
            continue
        names = [model.__name__, *(field.name for field in model._meta.get_fields())]
        for name in names:
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
            if set(words) & NOT_HOUSE_WORDS and name not in ALLOWED_COLUMNS:
                wrong.append(f"{model.__name__}.{name}")
    assert wrong == []


ALLOWED_COLUMNS = {
    "tag",  # how a mailing is sent (R069), not an interest label
    "user_agent",  # the HTTP header's name
    "user_name",  # what an SMTP server asks for
}


ORDER = (
    "team",
    "contacts",
    "consent",
    "labels",
    "engagement",
    "interests",
    "segments",
    "content",
    "sending",
    "preferences",
    "campaigns",
    "people",
    "reports",
)


def test_foreign_keys_run_down_the_domains() -> None:
    order = list(ORDER)
    wrong = []
    for model in apps.get_models():
        if model._meta.app_label not in order:
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not field.concrete or target is None or target._meta.app_label not in order:
                continue
            if order.index(target._meta.app_label) > order.index(model._meta.app_label):
                wrong.append(f"{model.__name__}.{field.name} → {target.__name__}")
    assert wrong == []


FORBIDDEN = {
    "a package registry's host": re.compile(
        "files" + r"\.pythonhosted\.org|" + "pypi" + r"\.org/simple|" + "registry" + r"\.npmjs\.org"
    ),
    "a path of one machine": re.compile(r"(?<![\w.])/(work|farm|root)/"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_one_machine_stands_in_the_tree(what: str) -> None:
    wrong = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if FORBIDDEN[what].search(text):
            wrong.append(shown(path))
    assert wrong == []
