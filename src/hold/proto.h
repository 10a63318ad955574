/* The protocol between a holder (muster-hold) and those who talk to it: musterd, and `muster attach`.
 *
 * A holder listens on two unix sockets.
 *
 * 1. The lead's (dirs_hold_socket): frames (io/frame.h) whose payloads are written with base/pack.h. Both
 *    sides send HELLO first. Everything is little-endian. An unknown message type is skipped by its length,
 *    a malformed payload ends the connection. Requests that carry an `id` (chosen by the client, unique per
 *    connection) are answered by one ACK or one answer message with the same id.
 *
 * 2. The agent's (dirs_agent_socket): lines of text, see AGENT MAILBOX below. It is the only socket that the
 *    session's processes can reach, and the connection alone says which session speaks.
 *
 * A paused session (PAUSE) refuses SPAWN and JOB_START with EAGAIN until it is resumed.
 *
 * EVENTS. All that musterd must not miss is an entry of the holder's journal, numbered from 1 without gaps
 * and kept in the session's folder until musterd has acknowledged it (EVENTS_TAKEN, sent after its own commit).
 * A new musterd asks for everything after the last number it has committed.
 *
 * A follower of events and output that keeps up gets what the agent wrote before an event before that event, and
 * the events that a request caused before its ACK.
 *
 * OUTPUT. What the agent wrote is a byte stream with offsets from 0, kept in the session's folder. A
 * follower asks for it from an offset. Bytes that were dropped because a limit was met are announced by an
 * OUTPUT whose offset is beyond the expected one. An agent on pipes that is followed by another one leaves no
 * unfinished line: its end is added, so that the next one's first line is its own.
 *
 * AGENT MAILBOX. A client sends one JSON object on one line (at most HOLD_LINE_MAX bytes). The holder does
 * not read into it: it journals it as HOLD_EV_REQUEST and answers the line "+<number>\n", the entry's number.
 * When musterd replies, the client gets "=<number> <json>\n". "-<reason>\n" refuses a line: long, busy (too many
 * connections, open requests or unfinished lines), full (the journal). A client that closes before its reply
 * makes a HOLD_EV_REQUEST_GONE. A reply to a request that has been replied to, or is gone, is acknowledged and
 * dropped, so musterd may repeat itself. */
#ifndef HOLD_PROTO_H
#define HOLD_PROTO_H

enum {
	HOLD_MAGIC = 0x4452544d, /* "MTRD" */
	HOLD_VERSION = 2, /* of what the holder knows: 2 has INPUT_AT, and ends lines that an agent left unfinished */
	HOLD_LINE_MAX = (1 << 20) - 256, /* with what surrounds it, a line must fit a frame */
	HOLD_REQUESTS_MAX = 1024, /* open requests of one session */
	HOLD_CLIENTS_MAX = 64,    /* connections on each socket */
};

/* X(NAME, value, payload) */
#define HOLD_TO_HOLDER(X)                                                                                          \
	X(HELLO, 1, "u32 magic, u16 version, u8 role (enum hold_role)")                                            \
	X(SPAWN, 2, "u32 id, u32 generation, u8 io (enum hold_io), u16 cols, u16 rows, text cwd, strv argv, strv env") \
	X(INPUT, 3, "u32 id, bytes; id 0: no ACK wanted. ACK when written. When one with id 0 is refused, so is all "  \
	            "input of this connection up to and including the next one with an id")                        \
	X(RESIZE, 4, "u16 cols, u16 rows: this client's window; the smallest attached one is the terminal's size") \
	X(ATTACH, 5, "u16 cols, u16 rows: SCREEN, then OUTPUT from its offset on")                                 \
	X(DETACH, 6, "")                                                                                           \
	X(FOLLOW_OUTPUT, 7, "u64 offset: OUTPUT from there on, then live")                                        \
	X(FOLLOW_EVENTS, 8, "u64 after: EVENTs with a greater number, then live")                                 \
	X(EVENTS_TAKEN, 9, "u64 up_to: the journal may forget these")                                             \
	X(READ_SCREEN, 10, "u32 id, u32 scrollback_lines: TEXT (the newest lines that fit a frame)")                                            \
	X(REPLY, 11, "u32 id, u64 request, bytes: a line of JSON for a mailbox request")                           \
	X(SIGNAL, 12, "u32 id, u32 signal: to the agent's process group")                                          \
	X(STOP, 13, "u32 id, u32 grace_ms, u8 jobs: TERM, then HUP, to the agent's processes (jobs: to all of the "  \
	            "session), KILL to what is left after the grace; ACK when they are gone (hold/tree.h: whose " \
	            "is which)")                                                                                   \
	X(PAUSE, 14, "u32 id: freezes the whole tree")                                                             \
	X(RESUME, 15, "u32 id")                                                                                    \
	X(JOB_START, 16, "u32 id, text job, text cwd, strv argv, strv env: output goes to jobs/<job>.log")         \
	X(JOB_STOP, 17, "u32 id, text job or decimal pid, u32 grace_ms: ACK when its processes are gone")          \
	X(READ_JOBS, 18, "u32 id: JOBS")                                                                           \
	X(RELEASE, 19, "u32 id: the holder ends if no process is left and all events were taken; ACK 0, or an error") \
	X(CLOSE_STDIN, 20, "u32 id: HOLD_IO_PIPE only: the agent sees the end of its input")                       \
	X(INPUT_AT, 21, "u32 id, u32 generation, u64 offset, bytes: HOLD_IO_PIPE only: at that offset of all that " \
	                "came to this agent by INPUT_AT. What the holder has had already is dropped, so musterd may " \
	                "repeat itself; EINVAL when something before it is missing. ACK when all of it is written")

#define HOLD_FROM_HOLDER(X)                                                                                        \
	X(WELCOME, 64, "u32 magic, u16 version, u32 pid, u32 generation (0: nothing spawned yet), u8 running, "    \
	               "u64 last_event, u64 output_start, u64 output_end, u16 cols, u16 rows, u8 paused")          \
	X(ACK, 65, "u32 id, u32 errno (0: done), text message")                                                    \
	X(SCREEN, 66, "u64 offset, bytes: escape sequences that draw the screen as it is at that offset; a large "   \
	              "one comes in several messages in a row")                                                    \
	X(OUTPUT, 67, "u64 offset, bytes; to a viewer (ATTACH) the part that it may see, from about that offset")   \
	X(EVENT, 68, "u64 number, u64 wall_ms, u8 kind (enum hold_event), bytes payload")                         \
	X(TEXT, 69, "u32 id, u16 cols, u16 rows, u16 cursor_col, u16 cursor_row, text title, bytes utf8")          \
	X(JOBS, 70, "u32 id, u32 count, then each: text job (\"\" when found, not started), u32 pid, u32 ppid, "   \
	            "u64 start_wall_ms, u8 state (enum hold_job), u32 wait_status, text command line")            \
	X(SIZE, 71, "u16 cols, u16 rows: the terminal's size now")                                                 \
	X(LIVE, 72, "u64 last_output_wall_ms, text title, u8 progress (0-100, 255 none): to followers of events, " \
	            "at most once a second, only when it changed; not journaled")

enum hold_role { HOLD_ROLE_CONTROL = 1, HOLD_ROLE_VIEWER = 2 };
enum hold_io { HOLD_IO_PTY = 1, HOLD_IO_PIPE = 2 };

/* Kinds of journal entries. X(NAME, value, payload) */
#define HOLD_EVENTS(X)                                                                                             \
	X(SPAWNED, 1, "u32 generation, u32 pid")                                                                   \
	X(SPAWN_FAILED, 2, "u32 generation, u32 errno, text what")                                                 \
	X(EXITED, 3, "u32 generation, u32 wait status as of waitpid(2), text last words (the last screen lines)") \
	X(REQUEST, 4, "u64 request, bytes: a mailbox line")                                                        \
	X(REQUEST_GONE, 5, "u64 request")                                                                          \
	X(STATUS, 6, "text: an OSC 7501 report, its key=value pairs; journaled when the state or kind of its "     \
	             "record changes")                                                                             \
	X(NOTIFY, 7, "text title, text body: OSC 9, 777 or 99; rate-limited to 1 a second")                        \
	X(JOB_STARTED, 8, "text job, u32 pid")                                                                     \
	X(JOB_EXITED, 9, "text job, u32 wait status")                                                              \
	X(OUTPUT_LOST, 10, "u64 from, u64 to: the disk was full or the limit was met")                            \
	X(ACTIVITY, 11, "u8 1: output began after silence, 0: silent for HOLD_QUIET_MS")                           \
	X(MOVED, 12, "u8 paused: 1 paused, 0 resumed")                                                             \
	X(BEGAN, 13, "u32 pid: a holder of this session began; processes and open requests of an earlier one are gone")

enum { HOLD_QUIET_MS = 10000 };

#define HOLD_ENUM(name, value, payload) HOLD_##name = value,
enum hold_message { HOLD_TO_HOLDER(HOLD_ENUM) HOLD_FROM_HOLDER(HOLD_ENUM) };
#undef HOLD_ENUM

#define HOLD_ENUM(name, value, payload) HOLD_EV_##name = value,
enum hold_event { HOLD_EVENTS(HOLD_ENUM) };
#undef HOLD_ENUM

enum hold_job { HOLD_JOB_RUNNING = 1, HOLD_JOB_EXITED = 2, HOLD_JOB_FOUND = 3 };

/* The session's folder:
 *   hold.pid        "<pid> <start time of /proc/pid/stat>\n", written before the sockets exist
 *   hold.events     the journal: frames of type enum hold_event with payload u64 number, u64 wall_ms, u32 sum, rest;
 *                   readable by musterd when the holder is gone
 *   output.<offset> segments of the output, 16 hexadecimal digits; output.index: pairs u64 wall_ms, u64 offset
 *   jobs/<job>.log, agent.stderr (HOLD_IO_PIPE): the last 16 MiB are kept, what came before is a hole in the file
 *   hold.log        what the holder has to say; each one starts it anew */

#endif
