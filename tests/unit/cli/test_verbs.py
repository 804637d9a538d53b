"""Each verb is there under its name, and only the one that is asked for is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command

from pgmoat.cli.main import build_app, run
from pgmoat.cli.verbs import VERBS, Verb, choose_verbs

# What the verbs below do without: the SQL parser, the runtime, the reports, the servers.
HEAVY = ("postgast", "pgmoat.runtime", "pgmoat.report", "pgmoat.mcp_server", "pgmoat.dashboard")


def test_the_tuple_names_each_verb_once() -> None:
    names = [verb.name for verb in VERBS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_verb_alone_is_as_it_is_among_all(verb: Verb) -> None:
    alone, among = get_command(build_app((verb,))), get_command(build_app())
    assert list(getattr(alone, "commands")) == [verb.name]  # noqa: B009 - typer's groups are untyped
    asked = [getattr(command, "commands")[verb.name] for command in (alone, among)]  # noqa: B009 - likewise
    assert [parameter.opts for parameter in asked[0].params] == [p.opts for p in asked[1].params]


@pytest.mark.parametrize(
    ("arguments", "count"), [(["plan", "--check"], 1), (["--help"], 0), (["plam"], 0), ([], 0)]
)
def test_help_and_unknown_words_know_all_verbs(arguments: list[str], count: int) -> None:
    assert len(choose_verbs(arguments)) == (count or len(VERBS))


def test_the_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [verb.name for verb in VERBS if verb.name not in shown] == []


@pytest.mark.parametrize("words", [["schema"], ["history", "--help"], ["--version"]], ids=" ".join)
def test_only_what_the_verb_needs_is_loaded(words: list[str]) -> None:
    code = (
        "import sys; from pgmoat.cli.main import run; status = run(sys.argv[1:]);"
        " print('\\n' + '\\n'.join(sys.modules)); sys.exit(status)"
    )
    answer = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True)
    assert not set(HEAVY) & set(answer.stdout.splitlines())
