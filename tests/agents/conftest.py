"""Fixtures of the tests with real agents: the real CLI, a scripted model on loopback, a scratch home, no network."""

import json
import os
import pathlib
import subprocess
import threading

import isolate
import pytest
from house import Muster
from model_server import ModelServer

HERE = pathlib.Path(__file__).parent
CLAUDE = 'MUSTER_TEST_CLAUDE'
CODEX = 'MUSTER_TEST_CODEX'
ACP = 'MUSTER_TEST_ACP'
MCP_CLIENTS = 'MUSTER_TEST_MCP_CLIENTS'
# What each script prints, or why there is nothing.
FETCHED = {
    CLAUDE: 'fetch-claude.sh',
    CODEX: 'fetch-codex.sh',
    ACP: 'fetch-acp.sh',
    MCP_CLIENTS: 'fetch-mcp-clients.sh',
}
KEY = 'sk-ant-scripted-dummy-key'


def pytest_configure(config):
    """Once, before anything is collected: fetch what needs the network, then leave it behind."""
    if hasattr(config, 'workerinput') or isolate.MARK in os.environ:
        return
    for variable, script in FETCHED.items():
        fetched = subprocess.run([HERE / script], capture_output=True, text=True, check=False)
        if fetched.returncode not in (0, 77):
            pytest.exit(fetched.stderr.strip(), returncode=1)
        os.environ[variable] = fetched.stdout.strip() or 'skip: ' + fetched.stderr.strip()
    capture = config.pluginmanager.getplugin('capturemanager')
    if capture:
        capture.stop_global_capturing()
    isolate.enter(['-m', 'pytest', *config.invocation_params.args])
    if capture:
        capture.start_global_capturing()


def pytest_report_header(config):
    return f'agents: isolated in a network namespace: {os.environ.get(isolate.MARK)}'


def fetched_or_skip(variable):
    found = os.environ.get(variable, 'skip: not fetched')
    if found.startswith('skip: '):
        pytest.skip(found.removeprefix('skip: '))
    return found


@pytest.fixture(scope='session')
def claude_binary():
    return fetched_or_skip(CLAUDE)


@pytest.fixture(scope='session')
def codex_binary():
    return fetched_or_skip(CODEX)


@pytest.fixture(scope='session')
def acp_folder():
    """Where the ACP agents and their Node.js are."""
    return pathlib.Path(fetched_or_skip(ACP)) / 'node_modules'


@pytest.fixture(scope='session')
def mcp_clients():
    """The folder of the official MCP clients."""
    return fetched_or_skip(MCP_CLIENTS)


@pytest.fixture(scope='session')
def model():
    """The scripted model's base URL."""
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.url
    server.shutdown()
    thread.join()
    server.server_close()


class ClaudeMuster(Muster):
    """A muster whose environment holds nothing of the person's who runs the tests."""

    def __init__(self, home, binary, model_url):
        super().__init__(home)
        bin_folder = home / 'bin'
        bin_folder.mkdir()
        (bin_folder / 'claude').symlink_to(binary)
        kept = {k: v for k, v in self.env.items() if k in ('MUSTER_HOME', 'HOME', 'TERM', 'NO_COLOR') or k.startswith('GIT_')}
        self.env = {
            **kept,
            'PATH': f'{bin_folder}:/usr/bin:/bin',
            'LANG': 'C.UTF-8',
            'SHELL': '/bin/sh',
            **self.settings(model_url),
        }

    @staticmethod
    def settings(model_url):
        return {
            'ANTHROPIC_API_KEY': KEY,
            'ANTHROPIC_BASE_URL': model_url,
            'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC': '1',
            'DISABLE_AUTOUPDATER': '1',
            'DISABLE_TELEMETRY': '1',
        }

    def onboard(self, *trusted):
        """Claude Code's first questions (theme, key, trust) are answered beforehand."""
        project = {'hasTrustDialogAccepted': True, 'hasCompletedProjectOnboarding': True}
        settings = {
            'hasCompletedOnboarding': True,
            'theme': 'dark',
            'numStartups': 1,
            'customApiKeyResponses': {'approved': [KEY[-20:]], 'rejected': []},
            'projects': {str(folder): project for folder in trusted},
        }
        (self.home / 'user' / '.claude.json').write_text(json.dumps(settings))


@pytest.fixture
def muster(tmp_path, claude_binary, model):
    m = ClaudeMuster(tmp_path / 'm', claude_binary, model)
    yield m
    m.end()


@pytest.fixture
def repo(muster, tmp_path):
    """A repository of the user's that Claude Code trusts."""
    path = tmp_path / 'project'
    path.mkdir()
    (path / 'hello.txt').write_text('hello\n')
    muster.git('init', '-q', '-b', 'main', cwd=path)
    muster.git('add', '-A', cwd=path)
    muster.git('commit', '-q', '-m', 'first', cwd=path)
    muster.onboard(path)
    return path
