"""examples/README.md: commands that make the projects worth a look, from the template's own data where it has any."""

from __future__ import annotations

import shlex

from streamplate.creation import presets_of

from tests.template.combinations import matrix, questions

INTRODUCTION = """\
# Examples

| To see | read |
|---|---|
| what the command makes, file by file | [weather-time-calculator](weather-time-calculator) |
| tools of your own; a person approves, declines or changes a call | [support-agent](support-agent) |
| runs in the background; a program starts, reads and stops them | [research-agent](research-agent) |
| a template of a company, with a tool of its own, and an agent that it updates | [company-template](company-template) |
| one agent that asks another over A2A | [travel-desk](travel-desk) asks [weather-agent](weather-agent) |

All run offline. Projects of generated files only are checked in as they are, and a test compares them with the
template. Where an example adds files, only these are checked in, in its folder `files/`: so you see what was written
by hand. Its README begins with the command that makes the rest.

The two agents of A2A, offline:

```sh
(cd weather-agent && uv run serve --offline) &
cd travel-desk
export AGENTS='{"weather": {"address": "http://127.0.0.1:9000", "description": "Knows the weather."}}'
uv run serve --offline &
uv run chat "Ask the weather agent: what's the weather in Paris?"
```

Each other project is a command away: `cd` into it, then `uv run serve --offline`.
"""
OF_INTEREST = {
    "Clients": {
        "A React page on CopilotKit, and a program on AG-UI's TypeScript client": "protocol=ag-ui "
        "clients=copilotkit,typescript",
        "A notebook that runs offline, and the Python client that it is built on": "clients=python,notebook",
        "A Streamlit page": "clients=streamlit",
    },
    "Protocols": {
        "An agent that other agents call, with a tool that waits for approval": "protocol=a2a tools=time,messages",
        "An agent that is a tool of MCP clients": "protocol=mcp",
    },
    "Tools": {
        "Tools of MCP servers, beside one of the project's own": "tools=time,mcp",
        "Amazon's: a knowledge base, a sandbox that runs code, a browser": "tools=knowledge_base,"
        "code_interpreter,browser",
    },
    "On AWS": {
        "A container, and callers with a token of an OpenID Connect issuer": "deployment=container auth=jwt "
        "jwt_discovery_url=https://example.auth0.com/.well-known/openid-configuration",
        "A CloudFormation template, a CDK app and Terraform, to choose from": "deployment=cloudformation,cdk,terraform",
        "Conversations that outlive a session's microVM, and traces": "memory=agentcore observability=otel",
        "Evaluation, and the template's updates as merge requests": "evals=questions ci=gitlab",
    },
}
"""What a project shows, and the answers that make it."""


def index(checked_in: dict[str, dict[str, object]]) -> str:
    """The page; `checked_in` are the answers of the projects that are kept here."""
    sections = {
        "Checked in": {str(answers["description"]): command(name, answers) for name, answers in checked_in.items()},
        "Presets": {text: f"streamplate new {name}-agent --preset {name}" for name, text in presets_of().items()},
        "Frameworks": {label: command("my-agent", {"framework": name}) for name, label in _choices("framework")},
        "Model providers": {label: command("my-agent", _provider(name)) for name, label in _choices("model_provider")},
    }
    for section, projects in OF_INTEREST.items():
        sections[section] = {
            text: command("my-agent", dict(part.split("=", 1) for part in given.split()))
            for text, given in projects.items()
        }
    return "\n".join([INTRODUCTION, *(_table(section, projects) for section, projects in sections.items())])


def command(name: str, answers: dict[str, object]) -> str:
    """What makes a project with these answers, and the defaults for what they leave open."""
    values = {key: ",".join(value) if isinstance(value, list) else value for key, value in answers.items()}
    data = [part for key, value in values.items() for part in ("-d", f"{key}={value}")]
    return shlex.join(["streamplate", "new", name, "--defaults", *data])


def _choices(key: str) -> list[tuple[str, str]]:
    """The answers to a question and what they mean, but for the default."""
    question = next(question for question in questions() if question.key == key)
    return [(value, label) for value, label in question.choices.items() if value != question.default]


def _provider(name: str) -> dict[str, object]:
    """The first framework that has it, when it is not the default one."""
    framework = next(framework for framework, providers in matrix().items() if name in providers)
    default = next(iter(matrix()))
    return ({"framework": framework} if framework != default else {}) | {"model_provider": name}


def _table(section: str, projects: dict[str, str]) -> str:
    rows = [f"| {text} | `{made_by}` |" for text, made_by in projects.items()]
    return "\n".join([f"## {section}", "", "| | |", "|---|---|", *rows, ""])
