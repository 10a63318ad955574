"""The Anthropic Messages API, as far as Claude Code uses it, for the scripted model."""

import json
import time
from pathlib import Path

import scenarios

PATHS = ('/v1/messages', '/v1/messages/count_tokens', '/v1/models', '/')


def reply(request):
    """Answers one HTTP request by the script in its conversation."""
    if request.path == '/v1/messages/count_tokens':
        return request.send_json(200, {'input_tokens': len(request.body) // 4})
    if request.path != '/v1/messages':
        return request.send_json(200, {'data': [], 'has_more': False})
    body = json.loads(request.body)
    step = plan(body)
    request.note(body.get('model'), step)
    if isinstance(step, scenarios.Fail):
        error = {'type': step.kind, 'message': step.message}
        return request.send_json(step.status, {'type': 'error', 'error': error})
    events = message_events(body, step)
    if body.get('stream'):
        return request.send_stream((event['type'], event) for event in events)
    return request.send_json(200, collect(events))


def plan(body):
    """The step that this request calls for."""
    if not is_conversation(body):
        return scenarios.Say(side_answer(body))
    found, turns = None, 0
    for message in body['messages']:
        if message['role'] == 'assistant':
            turns += 1
            continue
        marker = scenarios.find(prompt_text(message))
        if marker:
            found, turns = marker, 0
    if found is None:
        return scenarios.Say('Nothing is scripted for this conversation.')
    step = scenarios.step(*found, turns)
    if isinstance(step, scenarios.Echo):
        return scenarios.Say(f'{step.text}: {last_tool_result(body)}')
    return step


def is_conversation(body):
    """Claude Code also asks for titles, summaries and topics on the side; those requests offer no tools to edit with."""
    return any(tool.get('name') == 'Bash' for tool in body.get('tools', []))


def side_answer(body):
    schema = body.get('output_config', {}).get('format', {}).get('schema')
    return json.dumps(sample(schema)) if schema else 'Scripted side answer'


def sample(schema):
    """A small value that fits a JSON schema."""
    if 'enum' in schema:
        return schema['enum'][0]
    if 'anyOf' in schema:
        return sample(schema['anyOf'][0])
    kind = schema.get('type', 'string')
    if kind == 'object':
        return {name: sample(of) for name, of in schema.get('properties', {}).items()}
    return {'string': 'scripted', 'boolean': False, 'integer': 0, 'number': 0, 'array': [], 'null': None}[kind]


def prompt_text(message):
    """What a person (or a hook) wrote in a user message: its text blocks, tool results left out."""
    content = message['content']
    if isinstance(content, str):
        return content
    return '\n'.join(block['text'] for block in content if block['type'] == 'text')


def last_tool_result(body):
    for message in reversed(body['messages']):
        content = message['content']
        for block in content if isinstance(content, list) else []:
            if block['type'] == 'tool_result':
                return result_text(block.get('content', ''))
    return ''


def result_text(content):
    if isinstance(content, str):
        return content
    return '\n'.join(block.get('text', '') for block in content)


def tool_input(call):
    """The agent's own tool name and input for a scenario's abstract call."""
    given = call.given
    if call.tool == 'read':
        return 'Read', {'file_path': given['file']}
    if call.tool == 'write':
        return 'Write', {'file_path': given['file'], 'content': given['text']}
    if call.tool == 'edit':
        return 'Edit', {'file_path': given['file'], 'old_string': given['old'], 'new_string': given['new']}
    if call.tool == 'run':
        shell = {'command': given['command'], 'description': 'Run a command'}
        if given.get('background'):
            shell['run_in_background'] = True
        return 'Bash', shell
    if call.tool == 'ask':
        options = [{'label': label, 'description': f'Choose {label}'} for label in given['options']]
        question = {'question': given['question'], 'header': given['header'], 'options': options, 'multiSelect': False}
        return 'AskUserQuestion', {'questions': [question]}
    if call.tool == 'mcp':
        return f'mcp__{given["server"]}__{given["tool"]}', given['arguments']
    raise ValueError(f'no tool for {call.tool!r}')


def message_events(body, step):
    """The events of one streamed reply; pauses happen between them."""
    serial = len(body['messages'])
    yield {'type': 'message_start', 'message': {
        'id': f'msg_scripted_{serial:04}', 'type': 'message', 'role': 'assistant', 'model': body['model'],
        'content': [], 'stop_reason': None, 'stop_sequence': None, 'usage': {'input_tokens': 10, 'output_tokens': 1}}}
    calls = tool_calls(step)
    for index, call in enumerate(calls):
        yield from tool_events(call, index, f'toolu_scripted_{serial:04}_{index}')
    if not calls:
        yield from text_events(step)
    stop_reason = 'tool_use' if calls else 'end_turn'
    yield {'type': 'message_delta', 'delta': {'stop_reason': stop_reason, 'stop_sequence': None},
           'usage': {'output_tokens': 10}}
    yield {'type': 'message_stop'}


def tool_calls(step):
    if isinstance(step, scenarios.Calls):
        return step.calls
    return (step,) if isinstance(step, scenarios.Call) else ()


def text_events(step):
    yield {'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'text', 'text': ''}}
    pause_ms = getattr(step, 'pause_ms', 0)
    for piece in step.text.split(' ') if pause_ms else [step.text]:
        yield {'type': 'content_block_delta', 'index': 0,
               'delta': {'type': 'text_delta', 'text': piece + ' ' if pause_ms else piece}}
        time.sleep(pause_ms / 1000)
    if isinstance(step, scenarios.Hold):
        while not Path(step.until).exists():
            time.sleep(0.02)
            yield {'type': 'ping'}
    yield {'type': 'content_block_stop', 'index': 0}


def tool_events(call, index, identity):
    name, given = tool_input(call)
    yield {'type': 'content_block_start', 'index': index,
           'content_block': {'type': 'tool_use', 'id': identity, 'name': name, 'input': {}}}
    yield {'type': 'content_block_delta', 'index': index,
           'delta': {'type': 'input_json_delta', 'partial_json': json.dumps(given)}}
    yield {'type': 'content_block_stop', 'index': index}


def collect(events):
    """The unstreamed form of the same reply."""
    message, block, given = {}, {}, ''
    for event in events:
        if event['type'] == 'message_start':
            message = event['message']
        elif event['type'] == 'content_block_start':
            block, given = event['content_block'], ''
        elif event['type'] == 'content_block_delta':
            delta = event['delta']
            block['text'] = block.get('text', '') + delta.get('text', '')
            given += delta.get('partial_json', '')
        elif event['type'] == 'content_block_stop':
            if block['type'] == 'tool_use':
                block = {'type': 'tool_use', 'id': block['id'], 'name': block['name'], 'input': json.loads(given)}
            message['content'].append(block)
        elif event['type'] == 'message_delta':
            message.update(event['delta'])
    return message
