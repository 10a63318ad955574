"""muster's tools in the real Claude Code, in a terminal and headless, called by the scripted model."""

import json
import pathlib

import pytest
from house import BUILD, processes_of
from test_claude import Session, user_texts

BOTH = pytest.mark.parametrize('headless', [False, True])


def call(tool, server='muster', **arguments):
    """A prompt that makes the model call one of muster's tools."""
    return f"Please [[script mcp server={server} tool={tool} given='{json.dumps(arguments)}']]"


def servers(muster):
    """Processes that serve muster's tools."""
    found = []
    for pid in processes_of(muster.home):
        try:
            argv = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().split(b'\0')
        except OSError:
            continue
        if argv[1:2] == [b'mcp']:
            found.append(pid)
    return found


@BOTH
def test_a_question_is_answered_from_the_docket(muster, repo, headless):
    s = Session(muster, repo, 'Please [[script mcp_ask]]', headless=headless)
    item = s.need('question')
    assert item['title'] == 'Which colour?' and item['blocking']
    assert [option['key'] for option in item['options']] == ['red', 'green']
    assert s.wait('blocked')['state'] == 'blocked'
    s.answer(item, 'green', 'like grass')
    assert s.turn_ended() == 'The lead said: {"answer":{"option":"green","text":"like grass"}}'
    assert s.wait('idle')['state'] == 'idle'
    assert s.get()['jobs'] == 0


@BOTH
def test_telling_the_lead_needs_no_permission_and_running_a_command_does(muster, repo, headless):
    s = Session(muster, repo, call('report', text='half of it', percent=50), headless=headless)
    assert s.turn_ended() == 'It said: {"ok":true}'
    assert s.get()['progress'] == 50 and s.get()['progress_text'] == 'half of it'
    s.tell(call('job_start', name='server', command='echo serving; exec sleep 1000'))
    item = s.need('permission')
    assert item['detail']['tool'] == 'mcp__muster__job_start'
    assert s.rpc.call('job.list', session=s.name)['jobs'] == []
    s.answer(item, '--option', 'allow')
    while '"state":"running"' not in s.turn_ended():
        pass
    (job,) = s.rpc.call('job.list', session=s.name)['jobs']
    assert job['name'] == 'server' and job['command'] == ['sh', '-c', 'echo serving; exec sleep 1000']
    s.tell(call('job_stop', job='server'))
    while s.turn_ended() != 'It said: {"ok":true}':
        pass


def test_a_question_outlives_musterd(muster, repo):
    s = Session(muster, repo, 'Please [[script mcp_ask]]')
    item = s.need('question')
    muster.kill_daemon()
    s.reconnect()
    s.answer(item, 'green')
    assert s.turn_ended() == 'The lead said: {"answer":{"option":"green"}}'


@BOTH
def test_an_interruption_withdraws_the_question(muster, repo, headless):
    s = Session(muster, repo, 'Please [[script mcp_ask]]', headless=headless)
    item = s.need('question')
    muster.run('interrupt', s.name)
    s.turns(1)
    while s.open_items('question'):  # which of the two ends first is open
        s.wait_event('item.withdrawn', lambda e: e['data']['item'] == item['id'])
    s.tell('Then [[script say text=well]]')
    while s.turn_ended() != 'well':
        pass


def test_the_tools_are_there_again_after_a_resume(muster, repo):
    s = Session(muster, repo, 'Please [[script mcp_ask]]')
    item = s.need('question')
    muster.run('stop', s.name)
    assert item['id'] not in [i['id'] for i in s.open_items('question')]
    muster.run('resume', s.name)
    s.tell(call('report', text='here again'))
    while s.turn_ended() != 'It said: {"ok":true}':
        pass


@pytest.mark.parametrize('era', ['legacy', 'auto'])
def test_both_eras_of_the_protocol(muster, repo, era):
    muster.env['MCP_PROTOCOL_NEGOTIATION'] = era
    s = Session(muster, repo, 'Please [[script mcp_ask]]')
    item = s.need('question')
    (server,) = servers(muster)
    assert f'MCP_PROTOCOL_NEGOTIATION={era}'.encode() in pathlib.Path(f'/proc/{server}/environ').read_bytes().split(b'\0')
    s.answer(item, 'green')
    assert s.turn_ended() == 'The lead said: {"answer":{"option":"green"}}'


def test_they_can_be_switched_off(muster, repo):
    (repo / '.muster').mkdir()
    (repo / '.muster' / 'config.yaml').write_text('agents:\n  claude:\n    mcp: false\n')
    s = Session(muster, repo, call('report', text='half of it'))
    assert 'No such tool' in s.turn_ended()
    assert servers(muster) == []


def test_a_question_needs_no_permission_while_it_plans(muster, repo):
    (repo / '.muster').mkdir()
    (repo / '.muster' / 'config.yaml').write_text('agents: {claude: {permission-mode: plan}}\n')
    s = Session(muster, repo, 'Please [[script mcp_ask]]')
    s.answer(s.need('question'), 'green')
    assert s.turn_ended() == 'The lead said: {"answer":{"option":"green"}}'
    assert not [e for e in s.rpc.call('events.list', session=s.name, limit=1000)['events'] if e['kind'] == 'item.withdrawn']


def test_it_goes_on_under_an_assumption_and_hears_otherwise(muster, repo):
    s = Session(muster, repo, call('ask', question='Which colour?', assumption='It is red.'))
    item = s.need('question')
    assert not item['blocking'] and item['detail']['assumption'] == 'It is red.'
    assert f'item {item["id"]} on the docket' in s.turn_ended()
    s.answer(item, 'It is green.')
    s.turn_ended()
    muster.run('stop', s.name)  # by then it has written all it had to say
    assert any('It is green.' in text for text in user_texts(muster))


def test_a_decision_is_awaited(muster, repo):
    s = Session(muster, repo, call('await_decision', decision='log-format'))
    s.need('decision')
    muster.run('decide', 'log-format', 'text', '--because', 'grep', cwd=repo)
    assert '"name":"log-format","value":"text","because":"grep"' in s.turn_ended()


def test_the_users_own_servers_stay_and_ask_for_permission(muster, repo):
    """Of the user's configuration, and of arguments that are the same option as muster's."""
    server = {'type': 'stdio', 'command': str(BUILD / 'src' / 'muster'), 'args': ['mcp'], 'alwaysLoad': True}
    path = muster.home / 'user' / '.claude.json'
    settings = {**json.loads(path.read_text()), 'mcpServers': {'mine': server}}
    path.write_text(json.dumps(settings))
    given = json.dumps({'mcpServers': {'given': server}})
    (repo / '.muster').mkdir()
    (repo / '.muster' / 'config.yaml').write_text(f"agents: {{claude: {{args: [--mcp-config, '{given}']}}}}\n")
    s = Session(muster, repo, call('report', text='by mine', server='mine'))
    s.answer(s.need('permission'), '--option', 'allow')
    assert s.turn_ended() == 'It said: {"ok":true}'
    s.tell(call('report', text='by given', server='given'))
    s.answer(s.need('permission'), '--option', 'allow')
    while s.get()['progress_text'] != 'by given':
        s.turn_ended()
    s.tell(call('report', text='by muster'))
    while s.get()['progress_text'] != 'by muster':
        s.turn_ended()
    assert json.loads(path.read_text())['mcpServers'] == {'mine': server}
