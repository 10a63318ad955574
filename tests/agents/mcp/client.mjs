// The official MCP clients against `muster mcp`, inside a session: client.mjs FOLDER MODE FIFO
//
// FOLDER has the packages (fetch-mcp-clients.sh). MODE: "new" and "auto" (2026-07-28, demanded or found out), "legacy"
// (2025-11-25) of the current client, or "before", the client of the 1.x series. Each line on standard output tells what
// came of one step; a line in FIFO lets the question that shall be cancelled be cancelled.

import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

const [folder, mode, fifo] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/client.mjs`));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const tell = (step, value) => console.log(JSON.stringify({ step, value }));

async function connect() {
	const who = { name: 'test', version: '1' };
	const server = { command: process.env.MUSTER_BIN, args: ['mcp'], env: { MUSTER_SOCKET: process.env.MUSTER_SOCKET } };
	if (mode === 'before') {
		const { Client } = await load('@modelcontextprotocol/sdk/client/index.js');
		const { StdioClientTransport } = await load('@modelcontextprotocol/sdk/client/stdio.js');
		const client = new Client(who, { capabilities: {} });
		await client.connect(new StdioClientTransport(server));
		return [client, (given, options) => client.callTool(given, undefined, options)];
	}
	const { Client } = await load('@modelcontextprotocol/client');
	const { StdioClientTransport } = await load('@modelcontextprotocol/client/stdio');
	const negotiation = mode === 'new' ? { pin: '2026-07-28' } : mode;
	const client = new Client(who, { versionNegotiation: { mode: negotiation } });
	await client.connect(new StdioClientTransport(server));
	return [client, (given, options) => client.callTool(given, options)];
}

const [client, callTool] = await connect();
tell('version', client.getNegotiatedProtocolVersion?.() ?? null);
tell('server', client.getServerVersion()?.name);
tell('instructions', client.getInstructions());

// The client checks results against the schemas that it is given here.
const { tools } = await client.listTools();
tell('tools', tools.map((tool) => tool.name));

const call = (name, args, options) => callTool({ name, arguments: args }, options);
const outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ error: String(error.message), code: error.code }));

const asked = call('ask', { question: 'Which colour?', options: [{ key: 'red', label: 'as before' }, { key: 'blue', label: 'new' }] },
	{ timeout: 600000, onprogress: () => {} });
tell('report', await call('report', { text: 'half of it', percent: 50 }));
tell('jobs', await call('job_list', {}));
tell('wrong', await call('ask', { question: 'Which?', sure: 200 }));
tell('unknown', await outcome(call('no_such_tool', {})));
if (mode === 'before' || mode === 'legacy')
	tell('ping', await client.ping());

const abort = new AbortController();
const cancelled = outcome(call('ask', { question: 'Shall this be cancelled?' }, { signal: abort.signal, timeout: 600000 }));
await readFile(fifo);
abort.abort('the test says so');
tell('cancelled', Boolean((await cancelled).error));

tell('asked', await asked);
await client.close();
tell('closed', true);
