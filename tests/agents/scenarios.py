"""What the scripted model does: scenarios, free of any vendor's wire format.

A test puts `[[script NAME key=value ...]]` into the prompt that it sends to an agent.  The model server finds the last
such marker in the conversation that the agent sends back with every request, counts the model's own turns since then,
and plays that step of the scenario.  So a reply is a function of the request alone: nothing to reset between tests, and
any number of agents may share one server.

A scenario is a function from the marker's arguments to its list of steps; past the last step the model says "Done.".
"""

import json
import re
import shlex
from dataclasses import dataclass, field

MARKER = re.compile(r'\[\[script ([a-z_]+)((?: [^\]]*)?)\]\]')


@dataclass(frozen=True)
class Say:
    """The model writes text and ends its turn; `pause_ms` between words makes it slow."""
    text: str
    pause_ms: int = 0


@dataclass(frozen=True)
class Hold:
    """The model writes text, then says nothing more until `until` exists (a path), and ends its turn."""
    text: str
    until: str


@dataclass(frozen=True)
class Call:
    """The model calls one of the agent's tools: read, write, edit, run or ask, or mcp: a tool of a server."""
    tool: str
    given: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Calls:
    """The model calls several tools at once."""
    calls: tuple


@dataclass(frozen=True)
class Echo:
    """The model repeats what its last tool call returned, so that a test sees what reached it."""
    text: str


@dataclass(frozen=True)
class Fail:
    """The model's API answers with an HTTP error."""
    status: int
    kind: str
    message: str


def find(text):
    """The scenario name and arguments of the last marker in text, or None."""
    found = None
    for found in MARKER.finditer(text):
        pass
    if found is None:
        return None
    return found[1], dict(word.split('=', 1) for word in shlex.split(found[2]))


def step(name, args, turns):
    """The step of scenario `name` after `turns` turns of the model."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        return Fail(400, 'invalid_request_error', f'the scripted model knows no scenario {name!r}')
    steps = scenario(**args)
    return steps[turns] if turns < len(steps) else Say('Done.')


def say(text='Hello from the scripted model.'):
    return [Say(text)]


def slow(words='40', pause_ms='50'):
    return [Say(' '.join(f'word{i}' for i in range(int(words))), int(pause_ms))]


def hold(until):
    return [Hold('Thinking about it.', until)]


def fail(status='400', kind='invalid_request_error'):
    return [Fail(int(status), kind, 'the scripted model refuses, as the script says')]


def write(file='hello.txt', text='hello\n'):
    return [Call('write', {'file': file, 'text': text}), Say(f'Wrote {file}.')]


def edit(file='hello.txt', old='hello', new='goodbye'):
    return [
        Call('read', {'file': file}),
        Call('edit', {'file': file, 'old': old, 'new': new}),
        Say(f'Edited {file}.'),
    ]


def run(command='touch ran.txt'):
    return [Call('run', {'command': command}), Echo('The command said')]


def both(first='touch first.txt', second='touch second.txt'):
    return [Calls((Call('run', {'command': first}), Call('run', {'command': second}))), Say('Both ran.')]


def background(command='sleep 600'):
    return [
        Call('run', {'command': command, 'background': True}),
        Say('Started it in the background.'),
        Say('The background command has ended.'),
    ]


def ask(question='Which colour?', options='Red,Green', header='Colour'):
    return [
        Call('ask', {'question': question, 'options': options.split(','), 'header': header}),
        Echo('Thank you for the answer'),
    ]


def mcp(tool, given='{}', server='muster'):
    """A tool of an MCP server, with arguments in JSON (without a list, whose end would end the marker)."""
    return [Call('mcp', {'server': server, 'tool': tool, 'arguments': json.loads(given)}), Echo('It said')]


def mcp_ask(question='Which colour?', options='red,green'):
    choices = [{'key': key, 'label': f'{key} it is'} for key in options.split(',')]
    return [Call('mcp', {'server': 'muster', 'tool': 'ask', 'arguments': {'question': question, 'options': choices}}), Echo('The lead said')]


SCENARIOS = {f.__name__: f for f in (say, slow, hold, fail, write, edit, run, both, background, ask, mcp, mcp_ask)}
