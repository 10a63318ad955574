"""The real Codex under muster, against the scripted model (scenarios.py): headless, and in a terminal that it shares."""

import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile

import pytest
from conftest import ClaudeMuster
from house import WAIT_S, RpcError, processes_of
from test_acp_codex import CONFIG as ACP_CONFIG
from test_claude import Session, press_until
from test_claude_mcp import call

MODEL = 'scripted'


class CodexMuster(ClaudeMuster):
    """A muster whose environment has Codex and nothing of the person's who runs the tests."""

    def __init__(self, home, binary, model_url, catalog):
        super().__init__(home, binary, model_url)
        (home / 'bin' / 'claude').rename(home / 'bin' / 'codex')
        self.env = {k: v for k, v in self.env.items() if 'ANTHROPIC' not in k and 'CLAUDE' not in k}
        # Codex keeps its sockets in the folder for temporary files, by names that are long already.
        self.temporary = tempfile.mkdtemp(prefix='mcx')
        self.codex = home / 'codex'
        self.codex.mkdir()
        self.env.update(CODEX_HOME=str(self.codex), TMPDIR=self.temporary, SCRIPTED_KEY='dummy')
        (self.codex / 'catalog.json').write_text(catalog)
        (self.codex / 'config.toml').write_text(self.config(model_url))

    def config(self, model_url):
        return f"""
model = "{MODEL}"
model_provider = "scripted"
model_catalog_json = "{self.codex}/catalog.json"
check_for_update_on_startup = false
suppress_unstable_features_warning = true

[features]
default_mode_request_user_input = true

[analytics]
enabled = false

[model_providers.scripted]
name = "Scripted"
base_url = "{model_url}/v1"
env_key = "SCRIPTED_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""

    def end(self):
        super().end()
        shutil.rmtree(self.temporary)


@pytest.fixture(scope='session')
def catalog(codex_binary, tmp_path_factory):
    """One model of Codex's own catalogue, by a name that it advertises nothing newer for."""
    home = tmp_path_factory.mktemp('catalog')
    env = {'PATH': '/usr/bin:/bin', 'HOME': str(home)}
    listed = subprocess.run([codex_binary, 'debug', 'models'], env=env, capture_output=True, check=True)
    (model,) = [m for m in json.loads(listed.stdout)['models'] if m['slug'] == 'gpt-5.5']
    model.update(slug=MODEL, display_name='Scripted', upgrade=None)
    return json.dumps({'models': [model]})


@pytest.fixture
def muster(tmp_path, codex_binary, model, catalog):
    m = CodexMuster(tmp_path / 'm', codex_binary, model, catalog)
    yield m
    m.end()


@pytest.fixture
def repo(muster, tmp_path):
    path = tmp_path / 'project'
    path.mkdir()
    (path / 'hello.txt').write_text('hello\n')
    muster.git('init', '-q', '-b', 'main', cwd=path)
    muster.git('add', '-A', cwd=path)
    muster.git('commit', '-q', '-m', 'first', cwd=path)
    return path


def codex(muster, repo, prompt, **params):
    return Session(muster, repo, prompt, agent='codex', **params)


def said(s, kind):
    events = s.rpc.call('events.list', session=s.name, limit=10000)['events']
    return [e['data']['said'] for e in events if e['kind'] == 'agent.said' and e['data']['kind'] == kind]


HEADLESS = [True, False]


@pytest.fixture(params=HEADLESS, ids=lambda headless: 'headless' if headless else 'terminal')
def headless(request):
    return request.param


def test_a_permission_is_answered_from_the_docket(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script run]]', headless=headless)
    item = s.need('permission')
    assert item['blocking']
    assert item['title'] == 'it wants to run: touch ran.txt'
    assert item['detail']['command'] == 'touch ran.txt'
    assert [o['key'] for o in item['options']] == ['allow', 'deny', 'always']
    assert s.get()['state'] == 'blocked'
    assert not s.file('ran.txt').exists()
    with pytest.raises(RpcError):
        s.rpc.call('session.tell', session=s.name, text='not now', wait_ms=0)
    s.answer(item, '--option', 'allow')
    assert 'exited with code 0' in s.turn_ended()
    assert s.wait('idle')['state'] == 'idle'
    assert s.file('ran.txt').exists()
    assert [i['kind'] for i in s.open_items()] == ['review']
    assert [t['title'] for t in said(s, 'tool')] == ['run: touch ran.txt']
    assert [(t['status'], t['command']) for t in said(s, 'tool_update')] == [('completed', 'touch ran.txt')]
    assert [p['text'] for p in said(s, 'prompt')] == ['Please [[script run]]']
    assert said(s, 'usage')[0]['input_tokens'] > 0 and s.get()['usage']['context_size'] > 0
    assert s.get()['unknown'] is None  # nothing that this version of Codex says


def test_a_denial_reaches_the_agent_with_its_reason(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script run]]', headless=headless)
    s.answer(s.need('permission'), '--option', 'deny', 'not on a Tuesday [[script say text=understood]]')
    assert s.turn_ended() == 'understood'
    assert not s.file('ran.txt').exists()


def test_a_file_change_is_asked_about_with_its_diff(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script write file=new.txt text=fresh]]', headless=headless)
    item = s.need('permission')
    assert item['detail']['path'].endswith('/new.txt') and 'paths' not in item['detail']
    assert '+fresh\n' in item['detail']['diff']
    s.answer(item, '--option', 'allow')
    assert s.turn_ended() == 'Wrote new.txt.'
    assert s.file('new.txt').read_text() == 'fresh\n'


def test_a_question_is_answered_from_the_docket(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script ask]]', headless=headless)
    item = s.need('question')
    assert item['title'] == 'Which colour?'
    assert [o['key'] for o in item['options']] == ['Red', 'Green']
    s.answer(item, '--option', 'Green')
    assert '"answers":["Green"]' in s.turn_ended()


def test_an_mcp_server_asks(muster, repo, headless):
    """First Codex, whether its tool may run; then the server itself."""
    args = json.dumps([str(pathlib.Path(__file__).with_name('mcp_elicit.py'))])
    options = {'args': ['-c', 'mcp_servers.db.command="/usr/bin/python3"', '-c', f'mcp_servers.db.args={args}']}
    s = codex(muster, repo, 'Please [[script mcp tool=drop server=db]]', headless=headless, options=options)
    item = s.need('permission')
    assert item['title'].startswith('db: ') and 'drop' in item['title']
    s.answer(item, '--option', 'allow')
    item = s.need('question')
    assert item['title'] == 'db: Which table?' and [o['key'] for o in item['options']] == ['users', 'logs']
    s.answer(item, '--option', 'logs')
    assert '"action": "accept", "content": {"table": "logs"}' in s.turn_ended()
    s.tell('Again [[script mcp tool=drop server=db]]')
    s.answer(s.need('permission'), '--option', 'always')
    s.answer(s.need('question'), '--option', 'users')
    s.turn_ended()
    s.tell('Again [[script mcp tool=drop server=db]]')
    s.answer(s.need('question'), '--option', 'users')  # and no permission
    s.turn_ended()


def test_musters_own_tools(muster, repo, headless):
    """Asking and telling the lead is not asked about; running a command is."""
    s = codex(muster, repo, 'Please [[script mcp_ask]]', headless=headless)
    item = s.need('question')
    assert item['title'] == 'Which colour?' and item['blocking'] and s.open_items('permission') == []
    assert [o['key'] for o in item['options']] == ['red', 'green']
    assert s.wait('blocked')['state'] == 'blocked'
    s.answer(item, 'green', 'like grass')
    assert '{"answer":{"option":"green","text":"like grass"}}' in s.turn_ended().replace('\\"', '"')
    s.wait('idle')
    s.tell(call('report', text='half of it', percent=50))
    s.turn_ended()
    assert s.get()['progress'] == 50
    s.tell(call('job_start', name='server', command='exec sleep 1000'))
    s.answer(s.need('permission'), '--option', 'allow')
    s.turns(3)
    assert [job['name'] for job in s.rpc.call('job.list', session=s.name)['jobs']] == ['server']
    s.tell(call('job_stop', job='server'))
    s.turns(4)


def test_without_musters_tools(muster, repo):
    s = codex(muster, repo, 'Please [[script mcp_ask]]', headless=True, options={'mcp': False})
    s.turns(1)
    assert s.open_items('question') == []
    wrong = codex(muster, repo, None, headless=True, options={'mcp': 'no'})
    assert 'the option mcp of codex must be true or false' in wrong.wait('failed')['why']


def test_prompts_clear_and_the_users_configuration(muster, repo, headless):
    before = (muster.codex / 'config.toml').read_text()
    s = codex(muster, repo, 'Please [[script say text=one]]', headless=headless)
    assert s.turn_ended() == 'one'
    s.tell('Then [[script say text=two]]')
    assert s.turn_ended() == 'two'
    conversation = s.get()['conversation']
    s.wait('idle')
    muster.run('clear', s.name)
    s.tell('Then [[script say text=three]]')
    assert s.turn_ended() == 'three'
    assert s.get()['conversation'] != conversation
    assert (muster.codex / 'config.toml').read_text().startswith(before)
    assert 'trust_level' not in (muster.codex / 'config.toml').read_text()


def test_a_prompt_is_taken_during_a_turn(muster, repo, headless, tmp_path):
    gate = tmp_path / 'gate'
    s = codex(muster, repo, f'Please [[script hold until={gate}]]', headless=headless)
    s.wait_event('turn.started')
    s.tell('And [[script say text=both]]')
    gate.touch()
    assert s.turn_ended() == 'both'


def test_an_interrupted_turn_ends(muster, repo, headless, tmp_path):
    s = codex(muster, repo, f'Please [[script hold until={tmp_path}/never]]', headless=headless)
    s.wait_event('turn.started')
    muster.run('interrupt', s.name)
    s.turn_ended()
    assert s.wait('idle')['state'] == 'idle'
    s.tell('Then [[script say text=well]]')
    assert s.turn_ended() == 'well'


def test_interrupting_takes_the_permission_back(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script run]]', headless=headless)
    s.need('permission')
    muster.run('interrupt', s.name)
    s.wait('idle')
    assert s.open_items('permission') == []


def test_a_service_that_fails_lands_on_the_docket(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script fail]]', headless=headless)
    assert 'the scripted model refuses' in s.need('failure')['title']
    s.tell('Then [[script say text=well]]')
    assert s.turn_ended() == 'well'
    assert s.open_items('failure') == []


def test_two_permissions_at_once_are_two_items(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script both]]', headless=headless)
    answers = {'touch first.txt': 'deny', 'touch second.txt': 'allow'}
    while answers:
        item = s.need('permission')
        s.answer(item, '--option', answers.pop(item['detail']['command']))
        s.wait_event('item.delivered', lambda e, i=item: e['data']['item'] == i['id'])
    assert s.turn_ended() == 'Both ran.'
    assert not s.file('first.txt').exists()
    assert s.file('second.txt').exists()


def test_musterd_is_killed_while_a_permission_waits(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script run]]', headless=headless)
    item = s.need('permission')
    muster.kill_daemon()
    s.reconnect()
    again = s.need('permission')
    assert again['id'] == item['id']
    s.answer(again, '--option', 'allow')
    s.wait('idle')
    assert s.file('ran.txt').exists()


def test_no_prompt_and_no_answer_is_lost_or_doubled(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script say text=ready]]', headless=headless)
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


def test_the_agent_is_killed_and_its_conversation_goes_on(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script say text=before]]', headless=headless)
    assert s.turn_ended() == 'before'
    s.tell('Then [[script run]]')
    s.need('permission')
    known = s.get()['conversation']
    os.kill(s.get()['pid'], signal.SIGKILL)
    s.wait('failed', 'stopped')
    assert s.open_items('permission') == []
    muster.run('resume', s.name)
    s.wait('idle')
    s.tell('Go on: [[script say text=after]]')
    while s.turn_ended() != 'after':
        pass
    assert s.get()['conversation'] == known


def test_a_conversation_that_began_elsewhere_is_adopted(muster, repo):
    argv = [muster.home / 'bin' / 'codex', 'exec', '--json', 'Please [[script say text=before]]']
    done = subprocess.run(
        argv, cwd=repo, env=muster.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S, check=True
    )
    conversation = json.loads(done.stdout.splitlines()[0])['thread_id']
    s = codex(muster, repo, None, conversation=conversation)
    s.wait('idle')
    assert s.get()['workspace'] == str(repo) and s.get()['conversation'] == conversation
    s.tell('Go on: [[script say text=after]]')
    while s.turn_ended() != 'after':
        pass
    assert s.get()['conversation'] == conversation


def test_a_stop_leaves_no_process(muster, repo, headless):
    s = codex(muster, repo, 'Please [[script run]]', headless=headless)
    s.need('permission')
    muster.run('stop', s.name)
    assert s.open_items('permission') == []
    for pid in processes_of(muster.home):
        if pid != muster.daemon_pid():
            ended(pid)


def ended(pid):
    """Waits for the end of a process."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([fd], [], [], WAIT_S)[0], f'{pid} does not end'
    os.close(fd)


# ---- in a terminal that Codex's own interface shares ----


def dialog(s):
    """The session's terminal, as soon as Codex asks there."""
    terminal = s.terminal()
    terminal.expect('Yes, proceed', timeout=WAIT_S)
    return terminal


def closed(s, item):
    return s.wait_event('item.withdrawn', lambda e: e['data']['item'] == item['id'])['data']['reason']


def test_the_same_permission_is_answered_in_the_terminal(muster, repo):
    s = codex(muster, repo, 'Please [[script run]]')
    item = s.need('permission')
    terminal = dialog(s)
    press_until(terminal, 'y', lambda: not s.open_items('permission'))
    assert 'answered in the terminal' in closed(s, item)
    s.turn_ended()
    assert s.file('ran.txt').exists()
    with pytest.raises(RpcError):
        s.rpc.call('docket.answer', item=item['id'], option='deny')


def test_the_dialog_closes_when_the_docket_answers(muster, repo):
    s = codex(muster, repo, 'Please [[script run]]')
    item = s.need('permission')
    terminal = dialog(s)
    s.answer(item, '--option', 'deny')
    s.turn_ended()
    terminal.expect('Ask Codex to do anything', timeout=WAIT_S)
    assert not s.file('ran.txt').exists()


def test_docket_and_terminal_answer_at_once(muster, repo):
    """Whichever is first decides, once, and the item is closed."""
    s = codex(muster, repo, 'Please [[script say text=ready]]')
    s.turns(1)
    for i in range(6):
        s.tell(f'[[script run command="echo {i} >> ran.txt"]]')
        item = s.need('permission')
        terminal = dialog(s)
        terminal.send('y')
        try:
            s.rpc.call('docket.answer', item=item['id'], option='allow')
        except RpcError as late:
            assert 'withdrawn' in late.message or 'closed' in late.message or 'answered' in late.message, late.message
        s.turns(2 + i)
        assert s.open_items('permission') == []
        terminal.close(force=True)
    assert s.file('ran.txt').read_text() == '0\n1\n2\n3\n4\n5\n'


def test_a_conversation_that_is_begun_in_the_terminal_is_followed(muster, repo):
    """Its permission is asked before muster takes part: the app-server repeats it to whoever joins."""
    s = codex(muster, repo, 'Please [[script say text=ready]]')
    s.turns(1)
    before = s.get()['conversation']
    terminal = s.terminal()
    terminal.expect('Ask Codex to do anything', timeout=WAIT_S)
    terminal.send('/new')
    terminal.expect('start a new chat', timeout=WAIT_S)
    terminal.send('\r')
    terminal.expect('Ask Codex to do anything', timeout=WAIT_S)
    terminal.send('Please [[script run]]')
    press_until(terminal, '\r', lambda: s.open_items('permission'))
    assert s.get()['conversation'] != before
    s.answer(s.need('permission'), '--option', 'allow')
    s.wait('idle')
    assert s.file('ran.txt').exists()
    s.tell('Then [[script say text=here]]')
    while s.turn_ended() != 'here':
        pass


def test_quitting_the_interface_ends_the_session(muster, repo):
    s = codex(muster, repo, 'Please [[script say text=ready]]')
    s.turns(1)
    terminal = s.terminal()
    terminal.expect('Ask Codex to do anything', timeout=WAIT_S)
    press_until(terminal, '\x03', lambda: s.get()['state'] in ('stopped', 'failed'))
    assert s.get()['state'] == 'stopped' and s.open_items('failure') == []
    assert 'the session ends here' in s.get()['last_words']
    for pid in processes_of(muster.home):
        if pid != muster.daemon_pid():
            ended(pid)


def child_of(pid, word):
    """The child whose command line has the word."""
    for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
        if word.encode() in pathlib.Path(f'/proc/{child}/cmdline').read_bytes().split(b'\0'):
            return int(child)
    raise AssertionError(f'{pid} has no child with {word}')


def test_an_app_server_that_dies_ends_the_session_aloud(muster, repo):
    s = codex(muster, repo, 'Please [[script run]]')
    s.need('permission')
    os.kill(child_of(s.get()['pid'], 'app-server'), signal.SIGKILL)
    s.wait('failed')
    assert "Codex's app-server ended (signal 9)" in s.get()['last_words']
    assert s.open_items('permission') == []
    muster.run('resume', s.name)
    s.wait('idle')
    s.tell('Then [[script say text=again]]')
    while s.turn_ended() != 'again':
        pass


def test_what_is_allowed_from_now_on_is_for_one_session(muster, repo):
    """In a terminal and headless: one item, and all go on, but each conversation remembers for itself."""
    one = codex(muster, repo, 'Please [[script run]]')
    first = one.need('permission')
    two = codex(muster, repo, 'Please [[script run]]', headless=True)
    shown = two.need('permission')
    assert shown['id'] == first['id'] and [s['session_name'] for s in shown['same']] == [two.name]
    one.answer(shown, '--option', 'always')
    for s in (one, two):
        s.wait('idle')
        assert s.file('ran.txt').exists()
    items = one.rpc.call('docket.list', all=True)['items']
    assert {i['session_name']: i['option'] for i in items if i['kind'] == 'permission'} == {one.name: 'always', two.name: 'allow'}


@pytest.fixture
def claude(muster, repo, claude_binary, model):
    """Claude Code beside Codex."""
    (muster.home / 'bin' / 'claude').symlink_to(claude_binary)
    muster.env.update(ClaudeMuster.settings(model))
    muster.onboard(repo)
    return 'claude'


def test_claude_and_codex_ask_the_same(muster, repo, claude):
    """A command and then a question, each in its own protocol: one item, one answer, both go on."""
    prompt = 'Please [[script run]]'
    one, two = Session(muster, repo, prompt, agent=claude), codex(muster, repo, prompt)
    for s in (one, two):
        shown = s.need('permission')
    assert shown['detail']['command'] == 'touch ran.txt' and len(shown['same']) == 1
    assert '3 always' in (listed := muster.run('docket').stdout) and listed.count('(the others: allow)') == 1
    muster.run('answer', shown['id'], '--option', 'allow')
    for s in (one, two):
        s.wait('idle')
        assert s.file('ran.txt').exists()
        s.rpc.call('session.tell', session=s.name, text='Then [[script ask]]')
    for s in (one, two):
        shown = s.need('question')
    assert shown['title'] == 'Which colour?' and len(shown['same']) == 1
    muster.run('answer', shown['id'], '--option', 'Green')
    for s in (one, two):
        while 'Green' not in s.turn_ended():
            pass


@pytest.fixture
def acp(muster, model, acp_folder):
    """codex-acp beside them, with a Codex of its own inside."""
    home = muster.home / 'codex-acp'
    home.mkdir()
    (home / 'config.toml').write_text(ACP_CONFIG.format(url=model))
    binary = acp_folder / '@zed-industries' / 'codex-acp-linux-x64' / 'bin' / 'codex-acp'
    script = muster.home / 'bin' / 'codex-acp'
    script.write_text(f'#!/bin/sh\nCODEX_HOME={home} exec {binary} "$@"\n')
    script.chmod(0o755)
    muster.env['OPENAI_API_KEY'] = 'dummy'
    return 'acp:codex-acp'


@pytest.mark.parametrize('answer', ['allow', 'always', 'deny'])
def test_three_agents_ask_for_the_same_command(muster, repo, claude, acp, answer):
    """Claude Code, Codex and an ACP agent, each in its own way: one item, one answer, all three go on."""
    three = [Session(muster, repo, 'Please [[script run]]', agent=agent) for agent in (claude, 'codex', acp)]
    for s in three:
        shown = s.need('permission')
    assert len(shown['same']) == 2
    permissions = [i for i in three[0].rpc.call('docket.list')['items'] if i['kind'] == 'permission']
    assert [i['id'] for i in permissions] == [shown['id']]
    muster.run('answer', shown['id'], '--option', answer)
    for s in three:
        s.wait('idle')
        assert s.file('ran.txt').exists() == (answer != 'deny')
        assert s.open_items('permission') == []
    answers = sorted(i['option'] for i in three[0].rpc.call('docket.list', all=True)['items'] if i['kind'] == 'permission')
    assert answers == sorted([answer] + [{'always': 'allow'}.get(answer, answer)] * 2)


def test_three_agents_ask_the_same_by_musters_tool(muster, repo, claude, acp):
    three = [Session(muster, repo, 'Please [[script mcp_ask]]', agent=agent) for agent in (claude, 'codex', acp)]
    for s in three:
        shown = s.need('question')
    assert shown['title'] == 'Which colour?' and len(shown['same']) == 2
    muster.run('answer', shown['id'], 'green')
    for s in three:
        assert '"option":"green"' in s.turn_ended().replace('\\"', '"')


SYS_PIDFD_GETFD = 438


def cut_connections(pid, word):
    """Shuts the sockets of a process whose other end has a name with that word, as a fault would."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    cut = 0
    for name in os.listdir(f'/proc/{pid}/fd'):
        fd = libc.syscall(SYS_PIDFD_GETFD, pidfd, int(name), 0)
        if fd < 0:
            continue  # closed meanwhile
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            os.close(fd)
            continue
        with socket.socket(fileno=fd) as theirs:
            try:
                peer = theirs.getpeername()
            except OSError:
                continue
            if word in str(peer):
                theirs.shutdown(socket.SHUT_RDWR)
                cut += 1
    os.close(pidfd)
    return cut


def test_a_pending_permission_is_asked_again_after_a_lost_connection(muster, repo):
    s = codex(muster, repo, 'Please [[script run]]')
    first = s.need('permission')
    known = s.get()['conversation']
    assert cut_connections(s.get()['pid'], 'codex-daemon') == 1
    closed(s, first)
    again = s.need('permission')
    assert again['id'] != first['id'] and again['detail']['command'] == 'touch ran.txt'
    s.answer(again, '--option', 'allow')
    s.turn_ended()
    s.wait('idle')
    assert s.file('ran.txt').exists()
    s.tell('Then [[script say text=well]]')
    assert s.turn_ended() == 'well'
    assert s.get()['conversation'] == known


def test_a_prompt_on_its_way_outlives_a_lost_connection(muster, repo):
    """Wherever it was when the connection was cut, it is taken once."""
    s = codex(muster, repo, 'Please [[script say text=ready]]')
    s.turns(1)
    s.wait('idle')
    server = child_of(s.get()['pid'], 'app-server')
    os.kill(server, signal.SIGSTOP)
    try:
        s.rpc.call('session.tell', session=s.name, text='[[script run command="echo x >> ran.txt"]]', wait_ms=0)
        assert cut_connections(s.get()['pid'], 'codex-daemon') == 1
    finally:
        os.kill(server, signal.SIGCONT)
    s.answer(s.need('permission'), '--option', 'allow')
    s.wait('idle')
    s.tell('Then [[script say text=well]]')
    while s.turn_ended() != 'well':
        pass
    assert s.file('ran.txt').read_text() == 'x\n'
