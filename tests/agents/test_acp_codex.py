"""codex-acp under muster, against the scripted model: the second real agent behind the one client of the protocol."""

import os
import signal

import pytest
from conftest import ClaudeMuster
from test_acp import said
from test_claude import Session

AGENT = 'acp:codex-acp'
CONFIG = """
model = "gpt-5.4"
model_provider = "scripted"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.scripted]
name = "Scripted"
base_url = "{url}/v1"
env_key = "SCRIPTED_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""


@pytest.fixture
def muster(tmp_path, claude_binary, acp_folder, model):
    m = ClaudeMuster(tmp_path / 'm', claude_binary, model)
    codex = m.home / 'codex'
    codex.mkdir()
    (codex / 'config.toml').write_text(CONFIG.format(url=model))
    (m.home / 'bin' / 'codex-acp').symlink_to(acp_folder / '@zed-industries' / 'codex-acp-linux-x64' / 'bin' / 'codex-acp')
    m.env.update(CODEX_HOME=str(codex), SCRIPTED_KEY='dummy', OPENAI_API_KEY='dummy')
    yield m
    m.end()


def test_one_permission_of_two_sessions_outlives_musterd(muster, repo):
    one = Session(muster, repo, 'Please [[script run]]', agent=AGENT)
    first = one.need('permission')
    assert first['detail']['command'] == 'touch ran.txt'
    assert [o['key'] for o in first['options']] == ['allow', 'deny', 'always']
    two = Session(muster, repo, 'Please [[script run]]', agent=AGENT)
    shown = two.need('permission')
    assert shown['id'] == first['id'] and [s['session_name'] for s in shown['same']] == [two.name]
    muster.kill_daemon()
    for s in (one, two):
        s.reconnect()
    one.answer(one.need('permission'), '--option', 'allow')
    for s in (one, two):
        s.turns(1)
        assert s.file('ran.txt').exists()
        assert [t['status'] for t in said(s, 'tool_update')] == ['completed']
    assert one.get()['usage']['context_size'] > 0 and one.get()['mode'] == 'read-only'


def test_a_denial_an_interruption_and_a_new_conversation(muster, repo, tmp_path):
    s = Session(muster, repo, 'Please [[script run]]', agent=AGENT)
    s.answer(s.need('permission'), '--option', 'deny', 'not on a Tuesday')
    s.turns(2)
    assert not s.file('ran.txt').exists()
    assert any('not on a Tuesday' in p['text'] for p in said(s, 'prompt'))
    s.tell(f'Then [[script hold until={tmp_path}/never]]')
    muster.run('interrupt', s.name)
    s.turns(3)
    before = s.get()['conversation']
    muster.run('clear', s.name)
    s.tell('Then [[script say text=fresh]]')
    s.turns(4)
    assert s.get()['last_words'] == 'fresh' and s.get()['conversation'] != before


def test_the_agent_is_killed_and_its_conversation_goes_on(muster, repo):
    s = Session(muster, repo, 'Please [[script say text=before]]', agent=AGENT)
    s.turns(1)
    known = s.get()['conversation']
    os.kill(s.get()['pid'], signal.SIGKILL)
    s.wait('failed', 'stopped')
    muster.run('resume', s.name)
    s.tell('Go on: [[script say text=after]]')
    s.turns(2)
    assert s.get()['conversation'] == known and s.get()['last_words'] == 'after'
    assert [m['text'] for m in said(s, 'message')] == ['before', 'after']
    muster.run('stop', s.name)  # it ignores the end of its input
    assert s.get()['state'] == 'stopped'
