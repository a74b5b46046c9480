"""Shell completion: what click does not know by itself, and `streamplate completion`."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click import shell_completion as shells
from click.shell_completion import CompletionItem

from streamplate import creation, questionnaire, remembered, sources, template
from streamplate.cli.group import examples
from streamplate.errors import StreamplateError
from streamplate.questions import Question

Items = list[CompletionItem[str]]


def complete_answer(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """`KEY=`, then `KEY=VALUE`; of a list the last of its values."""
    key, equals, typed = incomplete.partition("=")
    try:
        asked = {question.key: question for question in _questions(context)}
    except StreamplateError:
        return []
    if not equals:
        return _starting(key, ((f"{question.key}=", question.help) for question in asked.values()))
    if key not in asked:
        return []
    before, comma, _ = typed.rpartition(",") if asked[key].multiple else ("", "", typed)
    choices = ((value, label) for value, label in asked[key].choices.items() if value not in before.split(","))
    return _starting(incomplete, ((f"{key}={before}{comma}{value}", label) for value, label in choices))


def complete_question(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    try:
        return _starting(incomplete, ((question.key, question.help) for question in _questions(context)))
    except StreamplateError:
        return []


def _questions(context: click.Context) -> list[Question]:
    """Those of the template that the line names or the project follows, if its user trusts that; else ours."""
    given = context.params
    if source := given.get("source"):
        return questionnaire.written(source=source)
    places = given.get("paths") or context.args or ["."]  # click leaves arguments unread before an unfinished option
    if context.info_name in _OF_A_PROJECT and (found := sources.around(places[0])):
        sources.refuse_untrusted(found)
        return remembered.questions(found.source, given.get("to") or found.release)
    return questionnaire.written(given.get("release") or given.get("to") or "")


_OF_A_PROJECT = ("update", "configure", "options")
"""Commands that follow the template of the project they are about."""


def complete_preset(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    try:
        return _starting(incomplete, creation.presets_of(context.params.get("release") or "").items())
    except StreamplateError:
        return []


def complete_release(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    return _starting(incomplete, ((tag, "") for tag in reversed(template.releases())))


def _starting(incomplete: str, known: Iterable[tuple[str, str]]) -> Items:
    return [CompletionItem(value, help=text or None) for value, text in known if value.startswith(incomplete)]


class Bash(shells.BashComplete):
    """Bash takes `=` for the end of a word, unlike the user: words are put together again."""

    source_template = shells.BashComplete.source_template.replace(
        "COMPREPLY+=($value)", 'COMPREPLY+=($value)\n            [[ "$value" == *= ]] && compopt -o nospace'
    )

    def get_completions(self, args: list[str], incomplete: str) -> Items:
        *before, last = _joined([*args, incomplete])
        items = super().get_completions(before, last)
        if last == incomplete:
            return items
        typed = last[: last.rindex("=") + 1]
        done = typed if not last.startswith("--") else typed.partition("=")[2]
        return [CompletionItem(item.value.removeprefix(done), item.type, item.help) for item in items]


def _joined(words: list[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        if joined and (word == "=" or joined[-1].endswith("=")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


class Fish(shells.FishComplete):
    """Click's script cuts a value, and its help, at their first comma."""

    source_template = shells.FishComplete.source_template.replace('split ","', 'split --max 1 ","')


class Zsh(shells.ZshComplete):
    """Click's script types a space after `KEY=` too."""

    source_template = (
        shells.ZshComplete.source_template.replace("local -a response", "local -a response suffix")
        .replace('("$key":"$descr")', '("$key":"$descr")\n                [[ "$key" == *= ]] && suffix=(-S "")')
        .replace("completions_with_descriptions -U", 'completions_with_descriptions -U "${suffix[@]}"')
    )


for shell in (Bash, Fish, Zsh):
    shells.add_completion_class(shell)


@click.command(
    epilog=examples(
        """echo 'eval "$(streamplate completion bash)"' >> ~/.bashrc""",
        """echo 'eval "$(streamplate completion zsh)"' >> ~/.zshrc""",
        "streamplate completion fish > ~/.config/fish/completions/streamplate.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script for completion in SHELL.

    It completes commands and options, and after -d the questions and their answers.
    """
    made = shells.get_completion_class(shell)
    assert made
    click.echo(made(context.find_root().command, {}, "streamplate", "_STREAMPLATE_COMPLETE").source())
