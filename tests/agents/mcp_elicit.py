"""An MCP server on standard input and output with one tool, `drop`, which asks the person which table."""

import json
import sys

TOOL = {'name': 'drop', 'description': 'Drops a table.', 'inputSchema': {'type': 'object', 'properties': {}}}
TABLE = {'type': 'object', 'properties': {'table': {'type': 'string', 'enum': ['users', 'logs']}}, 'required': ['table']}


def send(message):
    print(json.dumps({'jsonrpc': '2.0', **message}), flush=True)


def main():
    call = None
    for line in sys.stdin:
        message = json.loads(line)
        method, identity = message.get('method'), message.get('id')
        if method == 'initialize':
            version = message['params']['protocolVersion']
            info = {'protocolVersion': version, 'capabilities': {'tools': {}}, 'serverInfo': {'name': 'db', 'version': '1'}}
            send({'id': identity, 'result': info})
        elif method == 'tools/list':
            send({'id': identity, 'result': {'tools': [TOOL]}})
        elif method == 'tools/call':
            call = identity
            params = {'message': 'Which table?', 'requestedSchema': TABLE}
            send({'id': 'which', 'method': 'elicitation/create', 'params': params})
        elif identity == 'which':
            send({'id': call, 'result': {'content': [{'type': 'text', 'text': json.dumps(message['result'])}]}})
        elif method and identity is not None:
            send({'id': identity, 'error': {'code': -32601, 'message': 'no such method'}})


main()
