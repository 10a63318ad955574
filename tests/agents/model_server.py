"""A scripted model on loopback: stands in for a vendor's model API, so that a real agent CLI becomes deterministic.

Stateless: every reply is a function of the request (see scenarios.py).  A vendor's wire format is one dialect module
with PATHS (what it answers) and reply(request).  Started by itself it prints its base URL and serves until it is ended:

    python3 model_server.py [--log FILE]

The log has one JSON object a request: path, model, and the step that was played.
"""

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import dialect_anthropic
import dialect_openai

DIALECTS = (dialect_anthropic, dialect_openai)


class Request(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        self.dispatch()

    def do_GET(self):
        self.body = b''
        self.dispatch()

    do_HEAD = do_GET

    def dispatch(self):
        self.path = urlsplit(self.path).path
        for dialect in DIALECTS:
            if self.path in dialect.PATHS:
                dialect.reply(self)
                return
        self.note(None, None)
        self.send_json(404, {'type': 'error', 'error': {'type': 'not_found_error', 'message': self.path}})

    def send_json(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def send_stream(self, events):
        """Server-sent events; the agent may hang up in the middle, which ends the reply."""
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        try:
            for name, event in events:
                self.send_chunk(f'event: {name}\ndata: {json.dumps(event)}\n\n'.encode())
            self.send_chunk(b'')
        except ConnectionError:
            self.close_connection = True

    def send_chunk(self, data):
        self.wfile.write(f'{len(data):x}\r\n'.encode() + data + b'\r\n')
        self.wfile.flush()

    def note(self, model, step):
        self.server.note({'path': self.path, 'model': model, 'step': repr(step)})

    def log_message(self, *args):
        pass


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, log=None):
        super().__init__(('127.0.0.1', 0), Request)
        self.log = log
        self.log_lock = threading.Lock()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_port}'

    def note(self, entry):
        if self.log is None:
            return
        with self.log_lock:
            self.log.write(json.dumps(entry) + '\n')
            self.log.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--log', type=argparse.FileType('a'), help='append a line of JSON a request')
    server = ModelServer(parser.parse_args().log)
    print(server.url, flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
