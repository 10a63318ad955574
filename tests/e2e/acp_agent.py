"""An agent that speaks the Agent Client Protocol and does what its prompts say, one step a line; also what no agent should.

    acp_agent.py --log FILE [--folder DIR] [--no-load] [--resume] [--version N] [--refuse METHOD] [--gate FILE]

The log has each line that it got. Conversations live in DIR, so that a new process can load them. With --gate it answers
initialize only when FILE exists. Steps: see Agent.step_*.
"""

import argparse
import json
import os
import pathlib
import sys
import threading
import time


class Agent:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.answers = {}  # to requests of ours, by id
        self.got_answer = threading.Condition()
        self.next_id = 0
        self.cancelled = threading.Event()
        self.session = None
        self.deaf = None
        self.turns = threading.Lock()  # one at a time, in order
        self.modes = {'currentModeId': 'auto', 'availableModes': [
            {'id': 'default', 'name': 'Ask'}, {'id': 'auto', 'name': 'Auto'}, {'id': 'plan', 'name': 'Plan'}]}

    # ---- the wire ----

    def raw(self, data):
        with self.lock:
            os.write(1, data.encode() if isinstance(data, str) else data)

    def send(self, **message):
        line = json.dumps({'jsonrpc': '2.0', **message}).encode() + b'\n'
        with self.lock:
            while line:
                line = line[os.write(1, line):]

    def update(self, kind, /, **members):
        self.send(method='session/update', params={'sessionId': self.session, 'update': {'sessionUpdate': kind, **members}})

    def request(self, method, wait=True, **params):
        ident = self.next_id
        self.next_id += 1
        self.send(id=ident, method=method, params={'sessionId': self.session, **params})
        return self.answer(ident) if wait else ident

    def answer(self, ident):
        with self.got_answer:
            self.got_answer.wait_for(lambda: ident in self.answers)
            return self.answers[ident]

    # ---- requests of the client ----

    def run(self):
        for line in sys.stdin:
            while self.deaf and not os.path.exists(self.deaf):
                time.sleep(0.01)
            with open(self.options.log, 'a') as log:
                log.write(line)
            message = json.loads(line)
            if 'method' not in message:
                with self.got_answer:
                    self.answers[message['id']] = message.get('result', message.get('error'))
                    self.got_answer.notify_all()
            elif message['method'] == 'session/cancel':
                self.cancelled.set()
            elif message['method'] == 'session/prompt':
                threading.Thread(target=self.on_prompt, args=(message,), daemon=True).start()
            else:
                self.on_request(message)

    def on_request(self, message):
        method, params = message['method'], message['params']
        if method == self.options.refuse:
            self.send(id=message['id'], error={'code': -32000, 'message': 'log in first\x1b[31m'})
            return
        self.send(id=message['id'], result=getattr(self, 'on_' + method.split('/')[-1])(params))

    def on_initialize(self, params):
        while self.options.gate and not os.path.exists(self.options.gate):
            time.sleep(0.01)
        can = {'loadSession': not self.options.no_load}
        if self.options.resume:
            can['sessionCapabilities'] = {'resume': {}}
        return {'protocolVersion': self.options.version, 'agentCapabilities': can, 'agentInfo': {'name': 'scripted', 'version': '1'}}

    def on_new(self, params):
        self.session = f'conversation-{len(list(self.options.folder.glob("conversation-*"))) + 1}'
        (self.options.folder / self.session).touch()
        return {'sessionId': self.session, 'modes': self.modes}

    def on_load(self, params):
        self.session = params['sessionId']
        for text in (self.options.folder / self.session).read_text().splitlines():
            self.update('user_message_chunk', content={'type': 'text', 'text': text})
            self.update('agent_message_chunk', content={'type': 'text', 'text': f'an earlier answer to {text}'})
        return {'modes': self.modes}

    def on_resume(self, params):
        self.session = params['sessionId']
        return {'modes': self.modes}

    def on_set_mode(self, params):
        self.modes['currentModeId'] = params['modeId']
        return {}

    # ---- prompts ----

    def on_prompt(self, message):
        with self.turns:
            self.cancelled.clear()
            text = message['params']['prompt'][0]['text']
            with open(self.options.folder / self.session, 'a') as f:
                f.write(text.splitlines()[0] + '\n')
            self.prompt_id, self.reason = message['id'], 'end_turn'
            for line in text.splitlines():
                word, _, rest = line.partition(' ')
                step = getattr(self, 'step_' + word, None)
                if step and not self.cancelled.is_set():
                    step(rest)
            if self.cancelled.is_set():
                self.reason = 'cancelled'
            if self.reason:
                self.send(id=self.prompt_id, result={'stopReason': self.reason, 'usage': {'inputTokens': 10, 'outputTokens': 5}})

    def step_say(self, text):
        for i, word in enumerate(text.split(' ')):
            self.update('agent_message_chunk', content={'type': 'text', 'text': word if i == 0 else ' ' + word})

    def step_line(self, text):
        self.update('agent_message_chunk', content={'type': 'text', 'text': text + '\n'})

    def step_deaf(self, path):
        """Reads nothing more until the file exists."""
        self.deaf = path

    def step_think(self, text):
        self.update('agent_thought_chunk', content={'type': 'text', 'text': text})

    def step_plan(self, text):
        self.update('plan', entries=[{'content': t, 'priority': 'high', 'status': 'pending'} for t in text.split(',')])

    def step_usage(self, text):
        self.update('usage_update', used=1000, size=200000, cost={'amount': float(text), 'currency': 'USD'})

    def step_mode(self, text):
        self.update('current_mode_update', currentModeId=text)

    def step_run(self, command):
        """Asks, and appends the command to the file ran; or says how it was refused."""
        call = {'toolCallId': f't{self.next_id}', 'title': command, 'kind': 'execute', 'status': 'pending'}
        self.update('tool_call', **call)
        options = [{'optionId': 'y', 'name': 'Yes', 'kind': 'allow_once'}, {'optionId': 'n', 'name': 'No', 'kind': 'reject_once'}]
        given = {**call, 'rawInput': {'command': command, 'description': f'number {self.next_id}'}}
        answer = self.request('session/request_permission', toolCall=given, options=options)
        outcome = (answer or {}).get('outcome', {})
        if outcome.get('optionId') == 'y':
            with open('ran', 'a') as f:
                f.write(command + '\n')
            self.update('tool_call_update', toolCallId=call['toolCallId'], status='completed', rawOutput='it ran')
        else:
            self.update('tool_call_update', toolCallId=call['toolCallId'], status='failed', rawOutput='refused')
            self.step_say(f'answered {outcome.get("optionId", outcome.get("outcome"))}')

    def step_edit(self, path):
        self.update('tool_call', toolCallId='e1', title=f'Edit {path}', kind='edit', status='completed', rawInput={'path': path},
                    content=[{'type': 'diff', 'path': path, 'oldText': 'one\ntwo\nthree\n', 'newText': 'one\n2\nthree\n'}])

    def step_write(self, paths):
        """Asks for all of the files at once, and writes them; the protocol has the changes beside the places."""
        first, *more = paths.split(',')
        call = {'toolCallId': f't{self.next_id}', 'title': 'Write', 'kind': 'edit', 'status': 'pending', 'locations': [{'path': first}],
                'content': [{'type': 'diff', 'path': path, 'oldText': '', 'newText': 'new'} for path in more]}
        self.permit(call, lambda: [pathlib.Path(path).write_text('new') for path in (first, *more)])

    def step_run_in(self, words):
        """Runs a command somewhere else: FOLDER COMMAND."""
        cwd, command = words.split(' ', 1)
        call = {'toolCallId': f't{self.next_id}', 'title': command, 'kind': 'execute', 'rawInput': {'command': command, 'cwd': cwd}}
        self.permit(call, lambda: None)

    def permit(self, call, work):
        options = [{'optionId': 'y', 'name': 'Yes', 'kind': 'allow_once'}, {'optionId': 'n', 'name': 'No', 'kind': 'reject_once'}]
        answer = self.request('session/request_permission', toolCall=call, options=options)
        if (answer or {}).get('outcome', {}).get('optionId') == 'y':
            work()

    def step_ask(self, text):
        schema = {'type': 'object', 'properties': {
            'colour': {'type': 'string', 'oneOf': [{'const': 'Red', 'title': 'Red'}, {'const': 'Green', 'title': 'Green'}]},
            'other': {'type': 'string', 'title': 'Other'}}}
        self.step_say('got ' + json.dumps(self.request('elicitation/create', mode='form', message=text, requestedSchema=schema)))

    def step_form(self, text):
        schema = {'type': 'object', 'required': ['name', 'count'], 'properties': {
            'name': {'type': 'string'}, 'count': {'type': 'integer'}, 'sure': {'type': 'boolean'},
            'parts': {'type': 'array', 'items': {'enum': ['a', 'b', 'c']}}}}
        self.step_say('got ' + json.dumps(self.request('elicitation/create', mode='form', message=text, requestedSchema=schema)))

    def step_wait(self, path):
        while not os.path.exists(path) and not self.cancelled.is_set():
            time.sleep(0.01)

    def step_raw(self, line):
        """What no agent should write, as it is."""
        self.raw(line + '\n')

    def step_half(self, text):
        self.raw(text)

    def step_huge(self, size):
        self.raw('{"jsonrpc":"2.0","method":"session/update","params":{"x":"')
        for _ in range(int(size) >> 20):
            data = b'x' * (1 << 20)
            with self.lock:
                while data:
                    data = data[os.write(1, data):]
        self.raw('"}}\n')

    def step_flood(self, count):
        for i in range(int(count)):
            self.request('session/request_permission', wait=False, toolCall={'toolCallId': f'f{i}', 'title': f'flood {i}'},
                         options=[{'optionId': 'y', 'name': 'Yes', 'kind': 'allow_once'}])

    def step_call(self, method):
        self.step_say('got ' + json.dumps(self.request(method)))

    def step_twice(self, _):
        """Answers its prompt twice."""
        for _ in range(2):
            self.send(id=self.prompt_id, result={'stopReason': 'end_turn'})
        self.reason = None

    def step_withdraw(self, command):
        ident = self.request('session/request_permission', wait=False, toolCall={'toolCallId': 'w', 'title': command},
                             options=[{'optionId': 'y', 'name': 'Yes', 'kind': 'allow_once'}])
        self.send(method='$/cancel_request', params={'requestId': ident})
        self.step_say('got ' + json.dumps(self.answer(ident)))

    def step_fail(self, text):
        self.send(id=self.prompt_id, error={'code': -32603, 'message': text})
        self.reason = None

    def step_stop(self, reason):
        self.reason = reason

    def step_open(self, command):
        """Leaves a permission open and goes on."""
        self.request('session/request_permission', wait=False, toolCall={'toolCallId': 'o', 'title': command},
                     options=[{'optionId': 'y', 'name': 'Yes', 'kind': 'allow_once'}])

    def step_die(self, code):
        os._exit(int(code or 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--log', required=True)
    parser.add_argument('--folder', type=pathlib.Path, required=True)
    parser.add_argument('--no-load', action='store_true')
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--version', type=int, default=1)
    parser.add_argument('--refuse')
    parser.add_argument('--gate')
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    Agent(options).run()


if __name__ == '__main__':
    main()
