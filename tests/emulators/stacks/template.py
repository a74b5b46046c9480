"""A template with its parameters: what it says once conditions and functions are worked out."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .errors import invalid

Json = dict[str, Any]
LARGEST = 51_200  # bytes of a TemplateBody
SECTIONS = {
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Resources", "Outputs"),
}
NO_VALUE = object()


def load(body: str) -> Json:
    """The template of a TemplateBody."""
    if len(body.encode()) > LARGEST:
        raise invalid(f"1 validation error detected: templateBody has more than {LARGEST} bytes")
    try:
        template = json.loads(body) if body.lstrip().startswith("{") else yaml.safe_load(body)
    except (ValueError, yaml.YAMLError) as error:
        raise invalid(f"Template format error: {error}") from None
    if not isinstance(template, dict) or not template.get("Resources"):
        raise invalid("Template format error: At least one Resources member must be defined.")
    if unknown := sorted(set(template) - SECTIONS):
        raise invalid(f"Invalid template property or properties {unknown}")
    return template


@dataclass
class Scope:
    """What functions can see: parameters, pseudo parameters, and the resources made so far."""

    template: Json
    parameters: Mapping[str, Any]
    pseudo: Mapping[str, str]
    attribute: Callable[[str, str | None], Any] = lambda resource, attribute: NO_VALUE
    _conditions: dict[str, bool] = field(default_factory=dict)

    def present(self, entity: Json) -> bool:
        """Whether a resource or an output is there at all."""
        return "Condition" not in entity or self.condition(entity["Condition"])

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            if name not in self.template.get("Conditions", {}):
                raise invalid(f"Template format error: Unresolved condition dependency {name}")
            self._conditions[name] = bool(self.resolve(self.template["Conditions"][name]))
        return self._conditions[name]

    def resolve(self, value: Any) -> Any:
        """The value with every function worked out; what is AWS::NoValue is left out."""
        if isinstance(value, dict):
            if len(value) == 1 and (function := FUNCTIONS.get(next(iter(value)))):
                return function(self, next(iter(value.values())))
            resolved = {name: self.resolve(each) for name, each in value.items()}
            return {name: each for name, each in resolved.items() if each is not NO_VALUE}
        if isinstance(value, list):
            return [each for each in map(self.resolve, value) if each is not NO_VALUE]
        return value

    def ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        return self.attribute(self._known(name), None)

    def get(self, target: Any) -> Any:
        resource, attribute = target.split(".", 1) if isinstance(target, str) else target
        return self.attribute(self._known(resource), attribute)

    def _known(self, name: str) -> str:
        if name not in self.template["Resources"]:
            raise invalid(f"Template format error: Unresolved resource dependencies [{name}] in the template")
        return name

    def sub(self, value: Any) -> str:
        text, names = (value, {}) if isinstance(value, str) else value
        values = {name: self.resolve(each) for name, each in names.items()}

        def one(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            return str(values[name] if name in values else self.get(name) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^}]+)\}", one, text)

    def choose(self, value: Any) -> Any:
        name, yes, no = value
        return self.resolve(yes if self.condition(name) else no)


def _equal(scope: Scope, value: Any) -> bool:
    first, second = scope.resolve(value)
    return str(first) == str(second)


FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Ref": Scope.ref,
    "Condition": Scope.condition,
    "Fn::GetAtt": Scope.get,
    "Fn::Sub": Scope.sub,
    "Fn::If": Scope.choose,
    "Fn::Equals": _equal,
    "Fn::Not": lambda scope, value: not scope.resolve(value[0]),
    "Fn::And": lambda scope, value: all(map(scope.resolve, value)),
    "Fn::Or": lambda scope, value: any(map(scope.resolve, value)),
    "Fn::Join": lambda scope, value: value[0].join(map(str, scope.resolve(value[1]))),
    "Fn::Select": lambda scope, value: scope.resolve(value[1])[int(scope.resolve(value[0]))],
    "Fn::Split": lambda scope, value: scope.resolve(value[1]).split(value[0]),
}


def check_references(template: Json, pseudo: Mapping[str, str]) -> None:
    """Raise what the service answers to a name that nothing has."""
    known = {*template["Resources"], *template.get("Parameters", {}), *pseudo, "AWS::NoValue"}
    found = {*references(template["Resources"]), *references(template.get("Outputs", {}))}
    if unknown := sorted(found - known):
        raise invalid(f"Template format error: Unresolved resource dependencies [{', '.join(unknown)}] in the template")


def parameters(template: Json, given: list[Json], before: Mapping[str, Any]) -> Json:
    """The values of the template's parameters. Raises what the service answers to missing and unknown ones."""
    declared = template.get("Parameters", {})
    texts = {name: each["Default"] for name, each in declared.items() if "Default" in each}
    for each in given:
        name = each["ParameterKey"]
        if name not in declared:
            raise invalid(f"Parameters: [{name}] do not exist in the template")
        texts[name] = before[name] if each.get("UsePreviousValue") else each.get("ParameterValue", "")
    if missing := sorted(set(declared) - set(texts)):
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, each in declared.items():
        _check(name, each, str(texts[name]))
    return {name: _typed(each["Type"], str(texts[name])) for name, each in declared.items()}


def _check(name: str, declared: Json, text: str) -> None:
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], text):
        raise invalid(f"Parameter {name} failed to satisfy constraint: must match pattern {declared['AllowedPattern']}")
    if "AllowedValues" in declared and text not in map(str, declared["AllowedValues"]):
        raise invalid(f"Parameter '{name}' must be one of AllowedValues")


def _typed(kind: str, text: str) -> Any:
    return text.split(",") if kind == "CommaDelimitedList" else text


def references(value: Any) -> Iterator[str]:
    """The names that a value refers to, parameters among them."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "Ref":
                yield each
            elif name == "Fn::GetAtt":
                yield each.partition(".")[0] if isinstance(each, str) else each[0]
            elif name == "Fn::Sub":
                text = each if isinstance(each, str) else each[0]
                yield from (found.partition(".")[0] for found in re.findall(r"\$\{([^!}][^}]*)\}", text))
                yield from references(each)
            else:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def order(template: Json, names: set[str]) -> list[str]:
    """These resources, each after the ones that it needs."""
    needs = {
        name: {*references(each.get("Properties", {})), *_listed(each.get("DependsOn", []))} & names
        for name, each in template["Resources"].items()
        if name in names
    }
    found: list[str] = []
    while len(found) < len(needs):
        ready = sorted(name for name in needs if name not in found and needs[name] <= set(found))
        if not ready:
            raise invalid(f"Circular dependency between resources: {sorted(set(needs) - set(found))}")
        found += ready
    return found


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
