"""The OpenAI Responses API, as far as Codex uses it, for the scripted model."""

import json
import time
from pathlib import Path

import scenarios

PATHS = ('/v1/responses', '/openai/models')


def reply(request):
    """Answers one HTTP request by the script in its conversation."""
    if request.path != '/v1/responses':
        return request.send_json(200, {'models': []})
    body = json.loads(request.body)
    step = plan(body)
    request.note(body.get('model'), step)
    if isinstance(step, scenarios.Fail):
        error = {'type': step.kind, 'code': step.kind, 'message': step.message}
        return request.send_json(step.status, {'error': error})
    return request.send_stream((event['type'], event) for event in events_of(body, step))


def plan(body):
    """The step that this request calls for."""
    found, turns = None, 0
    for item in body['input']:
        if is_the_models(item):
            turns += 1
        elif item.get('type') == 'message':
            marker = scenarios.find(text_of(item.get('content')))
            if marker:
                found, turns = marker, 0
    if found is None:
        return scenarios.Say('Nothing is scripted for this conversation.')
    # Several calls of one reply come back as several items, which name the reply that they were in.
    step = scenarios.step(*found, len(replies_since(body, found)) if turns else 0)
    if isinstance(step, scenarios.Echo):
        return scenarios.Say(f'{step.text}: {last_tool_result(body)}')
    return step


def is_the_models(item):
    return item.get('role') == 'assistant' or item.get('type') in ('function_call', 'custom_tool_call')


def replies_since(body, marker):
    """The model's replies since the last prompt with a marker: calls that were made together count as one."""
    replies = []
    for item in body['input']:
        if item.get('type') == 'message' and item.get('role') != 'assistant':
            if scenarios.find(text_of(item.get('content'))):
                replies = []
        elif item.get('role') == 'assistant':
            replies.append('')
        elif item.get('type') in ('function_call', 'custom_tool_call'):
            serial = item['call_id'].split('_')[2]
            if serial not in replies:
                replies.append(serial)
    return replies


def text_of(content):
    if isinstance(content, str):
        return content
    return '\n'.join(part.get('text', '') for part in content or [])


def last_tool_result(body):
    for item in reversed(body['input']):
        if item.get('type') in ('function_call_output', 'custom_tool_call_output'):
            return text_of(item['output'])
    return ''


def patch(file, old, new):
    """A patch in Codex's own format; old None: a new file."""
    def signed(sign, text):
        return [sign + line for line in text.splitlines()]

    body = [f'*** Add File: {file}', *signed('+', new)]
    if old is not None:
        body = [f'*** Update File: {file}', '@@', *signed('-', old), *signed('+', new)]
    return '\n'.join(['*** Begin Patch', *body, '*** End Patch', ''])


def shell(command, *, escalated=False):
    given = {'cmd': command, 'yield_time_ms': 10000}
    if escalated:
        given |= {'sandbox_permissions': 'require_escalated', 'justification': 'Do you want me to run this command?'}
    return 'exec_command', given


def tool_input(call):
    """The agent's own tool name and input for a scenario's abstract call; the input of a custom tool is text."""
    given = call.given
    if call.tool == 'read':
        return shell(f'cat {given["file"]}')
    if call.tool == 'write':
        return 'apply_patch', patch(given['file'], None, given['text'])
    if call.tool == 'edit':
        return 'apply_patch', patch(given['file'], given['old'], given['new'])
    if call.tool == 'run':
        if given.get('background'):
            return 'exec_command', {'cmd': given['command'], 'yield_time_ms': 250}
        return shell(given['command'], escalated=True)
    if call.tool == 'ask':
        options = [{'label': label, 'description': f'Choose {label}'} for label in given['options']]
        question = {'id': 'choice', 'header': given['header'], 'question': given['question'], 'options': options}
        return 'request_user_input', {'questions': [question]}
    if call.tool == 'mcp':
        return f'mcp__{given["server"]}__{given["tool"]}', given['arguments']
    raise ValueError(f'no tool for {call.tool!r}')


def events_of(body, step):
    """The events of one streamed reply; pauses happen between them."""
    serial = len(body['input'])
    response = {'id': f'resp_scripted_{serial:04}', 'object': 'response', 'status': 'in_progress', 'model': body['model']}
    yield {'type': 'response.created', 'response': response}
    calls = tool_calls(step)
    for index, call in enumerate(calls):
        item = call_item(call, f'call_scripted_{serial:04}_{index}')
        yield {'type': 'response.output_item.added', 'output_index': index, 'item': item}
        yield {'type': 'response.output_item.done', 'output_index': index, 'item': item}
    if not calls:
        yield from text_events(step, f'msg_scripted_{serial:04}')
    usage = {'input_tokens': 10, 'input_tokens_details': {'cached_tokens': 0}, 'output_tokens': 10,
             'output_tokens_details': {'reasoning_tokens': 0}, 'total_tokens': 20}
    yield {'type': 'response.completed', 'response': {**response, 'status': 'completed', 'usage': usage}}


def tool_calls(step):
    if isinstance(step, scenarios.Calls):
        return step.calls
    return (step,) if isinstance(step, scenarios.Call) else ()


def call_item(call, identity):
    name, given = tool_input(call)
    if isinstance(given, str):
        return {'type': 'custom_tool_call', 'id': f'ctc_{identity}', 'call_id': identity, 'name': name, 'input': given,
                'status': 'completed'}
    item = {'type': 'function_call', 'id': f'fc_{identity}', 'call_id': identity, 'name': name,
            'arguments': json.dumps(given), 'status': 'completed'}
    return item | {'namespace': f'mcp__{call.given["server"]}', 'name': call.given['tool']} if call.tool == 'mcp' else item


def text_events(step, identity):
    item = {'type': 'message', 'id': identity, 'role': 'assistant', 'status': 'in_progress', 'content': []}
    yield {'type': 'response.output_item.added', 'output_index': 0, 'item': item}
    pause_ms = getattr(step, 'pause_ms', 0)
    for piece in step.text.split(' ') if pause_ms else [step.text]:
        yield {'type': 'response.output_text.delta', 'item_id': identity, 'output_index': 0, 'content_index': 0,
               'delta': piece + ' ' if pause_ms else piece}
        time.sleep(pause_ms / 1000)
    if isinstance(step, scenarios.Hold):
        while not Path(step.until).exists():
            time.sleep(0.02)
            yield {'type': 'response.in_progress', 'response': {}}
    content = [{'type': 'output_text', 'text': step.text, 'annotations': []}]
    yield {'type': 'response.output_item.done', 'output_index': 0, 'item': {**item, 'status': 'completed', 'content': content}}
