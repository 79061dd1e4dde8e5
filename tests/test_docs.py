"""The documentation names every setting, command and option, and none that is not there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

REPOSITORY = Path(__file__).resolve().parent.parent
READERS = {"text", "integer", "boolean", "listing", "choice", "path"}
DJANGO_OPTIONS = {
    "--help",
    "--version",
    "--verbosity",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
}


def settings_in_code() -> set[str]:
    """The first argument of every call of a function of gallery.env."""
    names = set()
    for path in [*REPOSITORY.glob("gallery/**/*.py"), *REPOSITORY.glob("dedup/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="env"), attr=attribute),
                    args=[ast.Constant(value=str(name)), *_],
                ) if attribute in READERS:
                    names.add(name)
    return names


def settings_in_docs() -> set[str]:
    text = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))


def sections_of_commands() -> dict[str, str]:
    """Command name -> its section in docs/commands.md."""
    text = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (\w+).*$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def own_commands() -> Iterator[tuple[str, str]]:
    for name, app in get_commands().items():
        if app in {"gallery", "dedup"}:
            yield name, app


def test_every_setting_is_documented_and_no_other() -> None:
    assert settings_in_docs() == settings_in_code()


def test_every_command_is_documented_and_no_other() -> None:
    assert set(sections_of_commands()) == {name for name, _ in own_commands()}


@pytest.mark.parametrize(("name", "app"), sorted(own_commands()))
def test_every_option_of_a_command_is_documented_and_no_other(name: str, app: str) -> None:
    parser = load_command_class(app, name).create_parser("manage.py", name)
    options = {text for action in parser._actions for text in action.option_strings if text.startswith("--")}
    documented = set(re.findall(r"^- `(--[\w-]+)", sections_of_commands()[name], re.MULTILINE))
    assert documented == options - DJANGO_OPTIONS


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in REPOSITORY.glob("docs/*.md"))])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", text)
    assert [name for name in targets if not (REPOSITORY / page).parent.joinpath(name).exists()] == []
