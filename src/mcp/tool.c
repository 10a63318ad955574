#include "mcp/tool.h"

#include <string.h>

#include "fmt/json.h"

enum {
	QUESTIONS_MAX = 50,
	OPTIONS_MAX = 20,
	WORD_MAX = 128,
	DECISION_MAX = 64,
	LABEL_MAX = 1024,
	FOLDER_MAX = 4096,
	LOG_MAX = 256 * 1024,
};

const char mcp_instructions[] =
	"You work in a session of muster: a person, the lead, supervises many agents at once and is not "
	"watching this one. These tools are how you reach the lead.\n"
	"- ask when the lead must decide something that you cannot find out yourself: a requirement that can be "
	"read in two ways, a choice that is expensive to undo, something outside of your task. Give the context "
	"that it takes to decide, options, what you would assume, and what it blocks. Ask related questions "
	"together with ask_many. When you can go on meanwhile, give your assumption and do not block.\n"
	"- report when the state of the work has changed; done when the task is complete and tested.\n"
	"- decisions and await_decision for choices that the lead has made, or is about to make, for all "
	"sessions; propose_decision for one that concerns more than your task.\n"
	"- job_start for servers, watchers and long builds: they outlive this conversation.\n"
	"- recap before your context is compacted or cleared: what whoever goes on must know.";

/* Fields: those that must be there, and those that may. */
#define MUST(name, type, min, max, help) {name, type, true, min, max, help, NULL}
#define MAY(name, type, min, max, help) {name, type, false, min, max, help, NULL}
#define MUST_TEXT(name, help) MUST(name, MCP_TEXT, 1, MCP_TEXT_MAX, help)
#define MAY_TEXT(name, help) MAY(name, MCP_TEXT, 0, MCP_TEXT_MAX, help)
#define MUST_WORD(name, help) MUST(name, MCP_TEXT, 1, WORD_MAX, help)
/* In results nothing is limited. */
#define GIVEN(name, type, help) {name, type, false, INT64_MIN, INT64_MAX, help, NULL}
#define NOTE GIVEN("note", MCP_TEXT, NULL)
#define END {.name = NULL}

static const struct mcp_field nothing[] = {END};

/* ---- questions ---- */

static const struct mcp_field option_fields[] = {
	MUST_WORD("key", "a short word that names it"),
	MUST("label", MCP_TEXT, 1, LABEL_MAX, "what it is and what follows from it"),
	END,
};

/* Of one question. */
#define QUESTION                                                                                                   \
	MUST_TEXT("question", "one line that can be answered without reading the code"),                           \
	MAY_TEXT("context", "what the lead must know to decide: findings, file:line, a diff"),                     \
	{"options", MCP_OBJECTS, false, 0, OPTIONS_MAX, "to choose from; none: a free text", option_fields},       \
	MAY_TEXT("assumption", "what you take to be the answer until there is one"),                               \
	MAY("sure", MCP_WHOLE, 0, 100, "how sure you are of the assumption, in percent"),                          \
	MAY_TEXT("blocks", "what cannot go on without the answer")

static const struct mcp_field question_fields[] = {QUESTION, END};

static const struct mcp_field ask_takes[] = {
	QUESTION,
	MAY("blocking", MCP_FLAG, 0, 0, "wait for the answer, however long (default: without an assumption)"),
	END,
};
static const struct mcp_field ask_many_takes[] = {
	{"questions", MCP_OBJECTS, true, 1, QUESTIONS_MAX, NULL, question_fields},
	MAY("blocking", MCP_FLAG, 0, 0, "wait until all are answered (default: if one has no assumption)"),
	END,
};
static const struct mcp_field answer_fields[] = {
	GIVEN("option", MCP_TEXT, "the key of the option that the lead chose"),
	GIVEN("text", MCP_TEXT, "what the lead wrote"),
	GIVEN("withdrawn", MCP_TEXT, "why the question was withdrawn without an answer"),
	END,
};
static const struct mcp_field ask_gives[] = {
	{"answer", MCP_OBJECT, false, 0, 0, "when you waited", answer_fields},
	GIVEN("item", MCP_WHOLE, "when you did not: its number on the docket"),
	NOTE,
	END,
};
static const struct mcp_field ask_many_gives[] = {
	{"answers", MCP_OBJECTS, false, 0, 0, "when you waited: one for each question, in order", answer_fields},
	GIVEN("items", MCP_WHOLES, "when you did not: their numbers on the docket"),
	NOTE,
	END,
};

/* ---- reporting ---- */

static const struct mcp_field report_takes[] = {
	MUST_TEXT("text", "one line: what is the case now"),
	MAY("percent", MCP_WHOLE, 0, 100, "how much of the whole task is done"),
	MAY_TEXT("next", "one line: what comes next"),
	END,
};
static const struct mcp_field done_takes[] = {
	MUST_TEXT("summary", "what was changed and why; the first line stands alone"),
	MAY_TEXT("tested", "what was tested and how: commands and what they said"),
	MAY_TEXT("look", "what the reviewer should look at first: files, doubts"),
	END,
};
static const struct mcp_field recap_takes[] = {
	MUST_TEXT("text", "what was done, what was learnt, what is left"),
	END,
};
static const struct mcp_field noted_gives[] = {
	GIVEN("ok", MCP_FLAG, NULL),
	NOTE,
	END,
};

/* ---- decisions ---- */

static const struct mcp_field decision_fields[] = {
	MUST("name", MCP_TEXT, 0, 0, NULL),
	GIVEN("value", MCP_TEXT, "missing: it is not made yet"),
	GIVEN("because", MCP_TEXT, NULL),
	GIVEN("version", MCP_WHOLE, "counts how often it was changed"),
	GIVEN("decided_ms", MCP_WHOLE, "milliseconds since 1970"),
	END,
};
static const struct mcp_field await_takes[] = {
	MUST("decision", MCP_TEXT, 1, DECISION_MAX, "its name"),
	END,
};
static const struct mcp_field propose_takes[] = {
	MUST("decision", MCP_TEXT, 1, DECISION_MAX, "its name: words with dashes, such as error-format"),
	MUST_TEXT("value", "what you propose"),
	MAY_TEXT("because", "why, and what was weighed"),
	MAY("options", MCP_TEXTS, 0, OPTIONS_MAX, "other values that are possible"),
	MAY("blocking", MCP_FLAG, 0, 0, "wait for the decision (default: yes)"),
	END,
};
static const struct mcp_field decision_gives[] = {
	{"decision", MCP_OBJECT, false, 0, 0, NULL, decision_fields},
	GIVEN("item", MCP_WHOLE, "when you did not wait: its number on the docket"),
	NOTE,
	END,
};
static const struct mcp_field decisions_gives[] = {
	{"decisions", MCP_OBJECTS, false, 0, 0, NULL, decision_fields},
	END,
};

/* ---- jobs ---- */

static const struct mcp_field job_start_takes[] = {
	MUST_TEXT("command", "a command line for sh"),
	MUST_WORD("name", "what to call it: letters, digits, dashes"),
	MAY("cwd", MCP_TEXT, 1, FOLDER_MAX, "the folder that it runs in (default: the workspace)"),
	END,
};
static const struct mcp_field job_logs_takes[] = {
	MUST_WORD("job", "its name"),
	MAY("offset", MCP_WHOLE, INT64_MIN, INT64_MAX,
	    "the byte to begin with; negative: so many before the end (default: the last 16 KiB)"),
	MAY("limit", MCP_WHOLE, 1, LOG_MAX, "bytes at most (default: 65536)"),
	END,
};
static const struct mcp_field job_stop_takes[] = {
	MUST_WORD("job", "its name, or the process id of one that was found"),
	END,
};
static const struct mcp_field job_gives[] = {
	MUST("name", MCP_TEXT, 0, 0, NULL),
	GIVEN("state", MCP_TEXT, "running or exited"),
	GIVEN("pid", MCP_WHOLE, NULL),
	GIVEN("command", MCP_TEXTS, NULL),
	GIVEN("exit", MCP_WHOLE, "the exit code"),
	GIVEN("started_ms", MCP_WHOLE, "milliseconds since 1970"),
	GIVEN("ended_ms", MCP_WHOLE, "0: it runs"),
	GIVEN("found", MCP_FLAG, "a background process that was not started as a job"),
	END,
};
static const struct mcp_field jobs_gives[] = {
	{"jobs", MCP_OBJECTS, false, 0, 0, NULL, job_gives},
	END,
};
static const struct mcp_field log_gives[] = {
	GIVEN("text", MCP_TEXT, NULL),
	GIVEN("next", MCP_WHOLE, NULL),
	GIVEN("size", MCP_WHOLE, NULL),
	GIVEN("state", MCP_TEXT, NULL),
	END,
};

/* ---- the table ---- */

const struct mcp_tool mcp_tools[] = {
	{"ask", "Ask the lead",
	 "Ask the person who leads this work a question. Waits for the answer unless you give an assumption to "
	 "go on with; then the answer comes later, as a prompt. Nobody watches your output: a question that you "
	 "only write down is not seen.",
	 ask_takes, ask_gives, "ask", .complete = mcp_complete_ask, .tell = mcp_tell_ask},
	{"ask_many", "Ask the lead several questions at once",
	 "Ask several questions as one batch: better than one after the other, since the lead answers them "
	 "together.",
	 ask_many_takes, ask_many_gives, "ask_many", .complete = mcp_complete_ask_many, .tell = mcp_tell_ask_many},
	{"report", "Report progress",
	 "Tell the lead how far the work is. Use it when that has changed, not after every step.", report_takes,
	 noted_gives, "report", .tell = mcp_tell_noted},
	{"await_decision", "Wait for a decision",
	 "Wait until the lead has made the named decision, and get its value. Returns at once when it is made "
	 "already.",
	 await_takes, decision_gives, "await", .tell = mcp_tell_decision},
	{"decisions", "List the decisions",
	 "List the decisions that concern this session, with their values. Look here before you ask.", nothing,
	 decisions_gives, "decisions", .tell = mcp_tell_decisions},
	{"propose_decision", "Propose a decision",
	 "Propose a decision that concerns more than your own task (a format, a name, a convention). The lead "
	 "accepts it or decides otherwise, and every session that depends on it is told.",
	 propose_takes, decision_gives, "propose", .complete = mcp_complete_propose, .tell = mcp_tell_decision},
	{"job_start", "Start a background job",
	 "Start a process that outlives this conversation: a server, a watcher, a long build. Its output is "
	 "kept.",
	 job_start_takes, job_gives, "job", "start", .acts = true, .runs_code = true,
	 .complete = mcp_complete_job_start, .tell = mcp_tell_job},
	{"job_list", "List the background jobs", "List the jobs of this session, running and ended.", nothing,
	 jobs_gives, "job", "list", .tell = mcp_tell_jobs},
	{"job_logs", "Read the output of a job", "Read what a job has printed, by default its end.", job_logs_takes,
	 log_gives, "job", "logs", .wordy = true, .complete = mcp_complete_job_logs,
	 .tell = mcp_tell_log},
	{"job_stop", "Stop a background job", "End a job of this session and all its processes.", job_stop_takes,
	 noted_gives, "job", "stop", .acts = true, .tell = mcp_tell_stopped},
	{"done", "Say that the task is complete",
	 "Say that the task is complete, committed and tested, and ask the lead to review it. The work lands "
	 "only after that.",
	 done_takes, noted_gives, "done", .tell = mcp_tell_done},
	{"recap", "Leave a recap",
	 "Leave a recap for whoever goes on without this conversation: after a clear, a compaction or a "
	 "restart.",
	 recap_takes, noted_gives, "recap", .tell = mcp_tell_noted},
	{.name = NULL},
};

const struct mcp_tool *mcp_tool_find(const char *name)
{
	for (const struct mcp_tool *t = mcp_tools; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

static struct json_object *tool_json(const struct mcp_tool *t, bool with_gives)
{
	struct json_object *o = json_new(), *hints = json_new();
	json_add_str(o, "name", t->name);
	json_add_str(o, "title", t->title);
	json_add_str(o, "description", t->help);
	json_add_obj(o, "inputSchema", mcp_schema_taken(t->takes));
	if (with_gives && !t->wordy)
		json_add_obj(o, "outputSchema", mcp_schema_given(t->gives));
	json_add_bool(hints, "readOnlyHint", !t->acts);
	json_add_bool(hints, "destructiveHint", t->runs_code);
	json_add_bool(hints, "openWorldHint", t->runs_code);
	json_add_obj(o, "annotations", hints);
	return o;
}

struct json_object *mcp_tools_json(bool with_gives)
{
	struct json_object *list = json_new_array();
	for (const struct mcp_tool *t = mcp_tools; t->name; t++)
		json_push(list, tool_json(t, with_gives));
	return list;
}
