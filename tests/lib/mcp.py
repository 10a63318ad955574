"""A bare client of `muster mcp`: a server inside a session, with its lines in the test's hands."""

import json
import os

ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class McpClient:
    """A session (of the shell agent) whose process is a server, run by the command `run`."""

    def __init__(self, rpc, folder, name="asker", run=""):
        self.name = name
        self.answered = {}
        ends = [folder / f"{name}.{end}" for end in ("in", "out", "pid")]
        for end in ends:
            os.mkfifo(end)
        script = f'echo $$ > {ends[2]}; exec {run} "$MUSTER_BIN" mcp < {ends[0]} > {ends[1]}'
        self.session = rpc.call("session.start", repo=str(folder), name=name, worktree=False, command=["sh", "-c", script])
        with open(ends[2]) as f:
            self.pid = int(f.readline())
        self.into = open(ends[0], "wb", buffering=0)
        self.out = open(ends[1], "rb")
        self.next_id = 0

    def write(self, data):
        while data:
            data = data[self.into.write(data):]

    def send(self, method, params=None, modern=False, **members):
        """A request; returns its id."""
        self.next_id += 1
        params = dict(params or {})
        if modern:
            params["_meta"] = ENVELOPE
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params, **members}
        self.write(json.dumps(message).encode() + b"\n")
        return self.next_id

    def notify(self, method, **params):
        self.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")

    def read(self):
        """The next message, whatever it is."""
        line = self.out.readline()
        if not line:
            raise EOFError("the server is gone")
        return json.loads(line)

    def answer(self, request):
        """The answer to that request; those to others are kept, and one that comes twice is an error."""
        while request not in self.answered:
            message = self.read()
            assert message["id"] not in self.answered, f"answered twice: {message}"
            self.answered[message["id"]] = message
        return self.answered[request]

    def ask(self, tool, modern=False, **arguments):
        return self.send("tools/call", {"name": tool, "arguments": arguments}, modern)

    def call(self, tool, modern=False, **arguments):
        return self.answer(self.ask(tool, modern, **arguments))["result"]

    def begin(self, version="2025-11-25"):
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        result = self.answer(self.send("initialize", params))["result"]
        self.notify("notifications/initialized")
        return result

    def close(self):
        self.into.close()
        self.out.close()
