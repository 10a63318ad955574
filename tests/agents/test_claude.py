"""The real Claude Code under muster, against the scripted model (scenarios.py)."""

import json
import os
import pathlib
import signal
import subprocess
import time
import uuid

import pexpect
import pytest
from house import BUILD, WAIT_S, RpcError, processes_of


class Session:
    """A session with Claude Code in it, seen through muster's own doors."""

    def __init__(self, muster, repo, prompt, agent='claude', **params):
        self.muster = muster
        self.rpc = muster.rpc()
        self.events = muster.rpc()
        self.events.call('events.subscribe')
        if 'conversation' in params:
            started = self.rpc.call('session.adopt', workspace=str(repo), agent=agent, **params)
        else:
            started = self.rpc.call('session.start', repo=str(repo), agent=agent, prompt=prompt, **params)
        self.name, self.id = started['name'], started['id']
        self.workspace = None

    def reconnect(self):
        """After musterd was killed: a new one, and what it has to tell from here on."""
        self.rpc = self.muster.rpc()
        self.events = self.muster.rpc()
        self.events.call('events.subscribe')

    def get(self, **params):
        return self.rpc.call('session.get', session=self.name, **params)

    def wait(self, *states):
        return self.rpc.call('session.wait', session=self.name, until=','.join(states), timeout_ms=WAIT_S * 1000)

    def wait_event(self, kind, match=lambda e: True):
        return self.events.wait_event(kind, lambda e: e.get('session') == self.id and match(e))

    def open_items(self, kind=None):
        items = self.rpc.call('docket.list', session=self.name)['items']
        return [i for i in items if kind in (None, i['kind'])]

    def need(self, kind):
        """Waits until an item of that kind stands on the docket, and returns it."""
        while not (items := self.open_items(kind)):
            self.wait_event('item.opened')
        return items[0]

    def answer(self, item, *words):
        self.muster.run('answer', item['id'], *words)

    def file(self, name):
        return pathlib.Path(self.get()['workspace'], name)

    def turn_ended(self):
        """Waits for the end of a turn; returns the agent's last words."""
        return self.wait_event('turn.ended')['data']['said']

    def turns(self, count):
        """Waits until that many turns have ended since the session began."""
        def ended():
            events = self.rpc.call('events.list', session=self.name, limit=10000)['events']
            return sum(event['kind'] == 'turn.ended' for event in events)

        while ended() < count:
            self.wait_event('turn.ended')

    def tell(self, text):
        self.muster.run('tell', self.name, '--', text)

    def terminal(self):
        return pexpect.spawn(str(BUILD / 'src' / 'muster'), ['attach', self.name], env=self.muster.env, dimensions=(40, 120))


def press_until(terminal, key, done):
    """Claude Code ignores keys in the first moments of a dialog, so that nobody answers it by accident: the key is pressed
    again until it did its work."""
    deadline = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < deadline, f'{key!r} did nothing'
        terminal.send(key)
        terminal.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.5)


def waiting_hooks(muster):
    """Hook processes that wait for an answer."""
    found = []
    for pid in processes_of(muster.home):
        try:
            argv = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().split(b'\0')
        except OSError:
            continue
        if argv[1:3] == [b'hook', b'PermissionRequest']:
            found.append(pid)
    return found


def user_texts(muster):
    """What Claude Code wrote down as said by the user, text by text; all of it is there once it has ended."""
    texts = []
    for path in (muster.home / 'user' / '.claude' / 'projects').glob('*/*.jsonl'):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            content = entry['message']['content'] if entry['type'] == 'user' else []
            blocks = [{'text': content}] if isinstance(content, str) else content
            texts += [block['text'] for block in blocks if 'text' in block]
    return texts


def test_a_permission_is_answered_from_the_docket(muster, repo):
    s = Session(muster, repo, 'Please [[script edit]]')
    item = s.need('permission')
    assert item['blocking']
    assert item['detail']['tool'] == 'Edit'
    assert item['detail']['diff'] == '-hello\n+goodbye\n'
    assert s.get()['state'] == 'blocked'
    assert s.file('hello.txt').read_text() == 'hello\n'
    with pytest.raises(RpcError) as refused:
        s.rpc.call('session.tell', session=s.name, text='not now', wait_ms=0)
    assert refused.value.code == 3
    s.answer(item, '--option', 'allow')
    assert s.turn_ended() == 'Edited hello.txt.'
    assert s.wait('idle')['state'] == 'idle'
    assert s.file('hello.txt').read_text() == 'goodbye\n'
    assert [i['kind'] for i in s.open_items()] == ['review']
    assert (repo / 'hello.txt').read_text() == 'hello\n'


def test_a_denial_reaches_the_agent_with_its_reason(muster, repo):
    s = Session(muster, repo, 'Please [[script run]]')
    s.answer(s.need('permission'), '--option', 'deny', 'not on a Tuesday')
    assert 'not on a Tuesday' in s.turn_ended()
    assert not s.file('ran.txt').exists()


def test_the_same_permission_is_answered_in_the_terminal(muster, repo):
    s = Session(muster, repo, 'Please [[script run]]')
    item = s.need('permission')
    assert item['detail']['command'] == 'touch ran.txt'
    terminal = s.terminal()
    press_until(terminal, '1', lambda: not s.open_items('permission'))
    s.turn_ended()
    assert s.file('ran.txt').exists()
    terminal.close(force=True)
    late = muster.run('answer', item['id'], '--option', 'deny', check=False)
    assert late.returncode == 3
    assert 'terminal' in late.stderr
    s.wait('idle')
    assert waiting_hooks(muster) == []


def test_escape_at_the_dialog_ends_the_turn(muster, repo):
    s = Session(muster, repo, 'Please [[script run]]')
    s.need('permission')
    terminal = s.terminal()
    press_until(terminal, '\x1b', lambda: not s.open_items('permission'))
    assert s.wait('idle')['state'] == 'idle'
    terminal.close(force=True)
    assert waiting_hooks(muster) == []
    assert not s.file('ran.txt').exists()
    s.tell('Then [[script say text=well]]')
    while s.turn_ended() != 'well':
        pass


def test_a_question_is_answered_from_the_docket(muster, repo):
    s = Session(muster, repo, 'Please [[script ask]]')
    item = s.need('question')
    assert item['title'] == 'Which colour?'
    assert [o['key'] for o in item['options']] == ['Red', 'Green']
    s.answer(item, '--option', 'Green')
    assert '"Which colour?"="Green"' in s.turn_ended()


def test_clear_leaves_a_background_shell_alone(muster, repo):
    s = Session(muster, repo, 'Please [[script background command="sleep 1234"]]')
    assert s.turn_ended() == 'Started it in the background.'
    assert s.get()['state'] == 'working'
    job = next(j for j in s.rpc.call('job.list', session=s.name)['jobs'] if 'sleep 1234' in ' '.join(j['command']))
    before = s.get()['conversation']
    muster.run('clear', s.name)
    s.wait('idle')
    s.tell('Then [[script say text=fresh]]')
    while s.turn_ended() != 'fresh':
        pass
    assert s.get()['conversation'] != before
    os.kill(job['pid'], 0)
    refused = muster.run('stop', s.name, check=False)
    assert refused.returncode == 3
    assert str(job['pid']) in refused.stderr
    muster.run('stop', s.name, '--jobs')
    with pytest.raises(ProcessLookupError):
        os.kill(job['pid'], 0)


def test_musterd_is_killed_while_a_permission_is_open(muster, repo):
    s = Session(muster, repo, 'Please [[script edit]]')
    item = s.need('permission')
    muster.kill_daemon()
    s.reconnect()
    again = s.need('permission')
    assert again['id'] == item['id']
    s.answer(again, '--option', 'allow')
    s.wait('idle')
    assert s.file('hello.txt').read_text() == 'goodbye\n'


def test_the_agent_is_killed_and_its_conversation_goes_on(muster, repo):
    s = Session(muster, repo, 'Please [[script say text=before]]')
    assert s.turn_ended() == 'before'
    s.tell('Then [[script run]]')
    s.need('permission')
    known = s.get()['conversation']
    os.kill(s.get()['pid'], signal.SIGKILL)
    s.wait('failed', 'stopped')
    assert s.open_items('permission') == []
    muster.run('resume', s.name)
    s.wait('idle')
    assert waiting_hooks(muster) == []
    s.tell('Go on: [[script say text=after]]')
    while s.turn_ended() != 'after':
        pass
    assert s.get()['conversation'] == known
    muster.run('stop', s.name)
    said = user_texts(muster)
    assert 'Please [[script say text=before]]' in said and 'Go on: [[script say text=after]]' in said


def test_a_conversation_that_began_elsewhere_is_adopted(muster, repo):
    """Begun by hand in the user's own folder, gone on with under muster, in the same place and the same file."""
    conversation = str(uuid.uuid4())
    argv = ['claude', '-p', 'Please [[script say text=before]]', '--session-id', conversation]
    done = subprocess.run(argv, cwd=repo, env=muster.env, capture_output=True, text=True, timeout=WAIT_S, check=True)
    assert done.stdout.strip() == 'before'
    (repo / 'hello.txt').write_text('not committed\n')
    s = Session(muster, repo, None, conversation=conversation)
    s.wait('idle')
    assert s.get()['workspace'] == str(repo) and s.get()['conversation'] == conversation
    s.tell('Go on: [[script say text=after]]')
    while s.turn_ended() != 'after':
        pass
    assert s.get()['conversation'] == conversation
    muster.run('stop', s.name)
    muster.run('rm', s.name)
    assert (repo / 'hello.txt').read_text() == 'not committed\n'
    (kept,) = (muster.home / 'user' / '.claude' / 'projects').glob(f'*/{conversation}.jsonl')
    assert 'text=before' in kept.read_text() and 'text=after' in kept.read_text()


def test_headless(muster, repo):
    s = Session(muster, repo, 'Please [[script edit]]', headless=True)
    item = s.need('permission')
    assert item['detail']['diff'] == '-hello\n+goodbye\n'
    muster.kill_daemon()
    s.reconnect()
    s.answer(s.need('permission'), '--option', 'allow')
    s.wait('idle')
    assert s.file('hello.txt').read_text() == 'goodbye\n'
    s.tell('Then [[script ask]]')
    s.answer(s.need('question'), '--option', 'Red')
    while '"Which colour?"="Red"' not in s.turn_ended():
        pass
    before = s.get()['conversation']
    muster.run('clear', s.name)
    s.tell('Then [[script say text=fresh]]')
    while s.turn_ended() != 'fresh':
        pass
    assert s.get()['conversation'] != before


def test_the_conversation_of_a_headless_session(muster, repo):
    s = Session(muster, repo, 'Please [[script edit]]', headless=True)
    s.answer(s.need('permission'), '--option', 'allow')
    assert s.turn_ended() == 'Edited hello.txt.'
    events = s.rpc.call('events.list', session=s.name, limit=10000)['events']
    said = [(e['data']['kind'], e['data']['said']) for e in events if e['kind'] == 'agent.said']
    assert [kind for kind, _ in said] == ['prompt', 'tool', 'tool_update', 'tool', 'tool_update', 'message', 'usage']
    assert said[0][1]['text'] == 'Please [[script edit]]'
    assert said[3][1]['kind'] == 'edit' and said[3][1]['diff'] == '-hello\n+goodbye\n'
    assert said[4][1]['status'] == 'completed' and said[4][1]['title'] == said[3][1]['title']
    got = s.get()
    assert got['usage']['cost'] > 0 and got['usage']['input_tokens'] > 0 and got['mode'] == 'default'
    cost = got['usage']['cost']
    shown = muster.run('show', s.name).stdout
    assert '-hello' in shown and 'Edited hello.txt.' in shown and 'USD' in shown
    muster.run('stop', s.name)
    muster.run('resume', s.name)
    s.tell('Then [[script say text=more]]')
    s.turns(2)
    assert s.get()['usage']['cost'] > cost  # the sum of both processes


def test_the_mode_of_a_headless_session_is_changed(muster, repo):
    s = Session(muster, repo, 'Please [[script say text=ready]]', headless=True)
    s.turns(1)
    muster.run('mode', s.name, 'acceptEdits')
    s.wait_event('agent.said', lambda e: e['data']['kind'] == 'mode')
    assert s.get()['mode'] == 'acceptEdits'
    s.tell('Then [[script edit]]')
    s.turns(2)
    assert s.open_items('permission') == [] and s.file('hello.txt').read_text() == 'goodbye\n'
    muster.run('mode', s.name, 'nonesuch')
    notice = s.wait_event('agent.said', lambda e: e['data']['kind'] == 'notice')
    assert 'refuses the mode nonesuch' in notice['data']['said']['title'] and s.get()['mode'] == 'acceptEdits'


def test_a_folder_that_claude_does_not_trust(muster, repo):
    muster.onboard()
    s = Session(muster, repo, 'Please [[script say text=trusted]]')
    item = s.need('permission')
    assert item['key'] == 'trust'
    assert item['detail']['path'] == s.get()['workspace']
    s.answer(item, '--option', 'trust')
    assert s.turn_ended() == 'trusted'


def test_an_interrupted_turn_ends(muster, repo, tmp_path):
    lines = '\n'.join(f'and {i}' for i in range(60))
    s = Session(muster, repo, f'Please [[script hold until={tmp_path}/never]]\n{lines}')
    s.wait_event('turn.started')
    muster.run('interrupt', s.name)
    s.turn_ended()
    assert s.wait('idle')['state'] == 'idle'
    s.tell('Then [[script say text=well]]')
    assert s.turn_ended() == 'well'
    muster.run('stop', s.name)
    # Claude Code puts a prompt that had no answer yet back into its input: it must not become part of the next one.
    assert 'Then [[script say text=well]]' in user_texts(muster)


def test_a_service_that_fails_lands_on_the_docket(muster, repo):
    s = Session(muster, repo, 'Please [[script fail]]')
    assert 'the scripted model refuses' in s.need('failure')['title']
    s.tell('Then [[script say text=well]]')
    assert s.turn_ended() == 'well'
    assert s.open_items('failure') == []


def test_prompts_of_any_shape_are_taken_whole(muster, repo):
    s = Session(muster, repo, 'Please [[script say text=ready]]')
    assert s.turn_ended() == 'ready'
    many = '\n'.join(f'line {i}: äöü 漢字 🎉 "quoted" $HOME `x`' for i in range(60))
    for prompt in (many, '- a list item', '@hello.txt is a file', 'x' * 5000, 'not /a command \x1b[201~\r\x03 at all'):
        s.tell(f'{prompt}\n[[script say text=taken]]')
        assert s.turn_ended() == 'taken'


def test_a_prompt_told_during_a_turn_is_taken_after_it(muster, repo, tmp_path):
    gate = tmp_path / 'gate'
    s = Session(muster, repo, f'Please [[script hold until={gate}]]')
    s.wait_event('turn.started')
    told = s.rpc.call('session.tell', session=s.name, text='Then [[script say text=second]]', wait_ms=0)
    assert told['state'] == 'queued'
    muster.kill_daemon()
    s.reconnect()
    gate.touch()
    while s.turn_ended() != 'second':
        pass
    s.wait('idle')
    muster.run('stop', s.name)  # by then it has written all it had to say
    assert user_texts(muster).count('Then [[script say text=second]]') == 1


def test_clear_right_after_an_interruption(muster, repo, tmp_path):
    s = Session(muster, repo, f'Please [[script hold until={tmp_path}/never]]')
    s.wait_event('turn.started')
    muster.run('interrupt', s.name)
    s.turn_ended()
    before = s.get()['conversation']
    muster.run('clear', s.name)
    s.tell('Then [[script say text=fresh]]')
    assert s.turn_ended() == 'fresh'
    assert s.get()['conversation'] != before


@pytest.mark.parametrize('headless', [False, True])
def test_two_permissions_at_once_are_two_items(muster, repo, headless):
    s = Session(muster, repo, 'Please [[script both]]', headless=headless)
    answers = {'touch first.txt': 'deny', 'touch second.txt': 'allow'}
    while answers:
        item = s.need('permission')
        s.answer(item, '--option', answers.pop(item['detail']['command']))
        s.wait_event('item.delivered', lambda e: e['data']['item'] == item['id'])
    assert s.turn_ended() == 'Both ran.'
    assert not s.file('first.txt').exists()
    assert s.file('second.txt').exists()


def test_one_permission_of_two_sessions_is_answered_once(muster, repo):
    """The same edit, each in its own worktree, one in a terminal and one headless."""
    one = Session(muster, repo, 'Please [[script edit]]')
    first = one.need('permission')
    two = Session(muster, repo, 'Please [[script edit]]', headless=True)
    shown = two.need('permission')
    assert shown['id'] == first['id'] and [s['session_name'] for s in shown['same']] == [two.name]
    one.answer(shown, '--option', 'allow')
    for s in (one, two):
        s.wait('idle')
        assert s.file('hello.txt').read_text() == 'goodbye\n'


@pytest.mark.parametrize('headless', [False, True])
def test_no_prompt_and_no_answer_is_lost_or_doubled(muster, repo, headless):
    s = Session(muster, repo, 'Please [[script say text=ready]]', headless=headless)
    s.turns(1)
    for i in range(4):
        s.rpc.call('session.tell', session=s.name, text=f'[[script run command="echo {i} >> ran.txt"]]', wait_ms=0)
        if i % 2:
            s.wait_event('turn.started')
        muster.kill_daemon()
        s.reconnect()
        s.answer(s.need('permission'), '--option', 'allow')
        muster.kill_daemon()
        s.reconnect()
        s.turns(2 + i)
    assert s.file('ran.txt').read_text() == '0\n1\n2\n3\n'


def test_a_conversation_that_is_compacted_leaves_its_recap(muster, repo):
    s = Session(muster, repo, 'Please [[script say text=Something]]')
    assert s.turn_ended() == 'Something'
    terminal = s.terminal()
    try:
        terminal.send('/compact')
        terminal.expect('/compact')
        press_until(terminal, '\r', lambda: s.get()['recap'])
    finally:
        terminal.close(force=True)
    assert 'recap' in [e['data'].get('kind') for e in s.rpc.call('events.list', session=s.name, limit=10000)['events']]
