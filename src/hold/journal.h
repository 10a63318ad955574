/* A session's journal (proto.h, EVENTS): what musterd must not miss, kept until it says that it has it.
 *
 * File format: frames (io/frame.h). The first has type 0 and payload u64 base: the entries that follow are
 * numbered from base + 1 without gaps. The others have an enum hold_event as their type and the payload
 * u64 number, u64 wall_ms, u32 sum, rest; sum is FNV-1a over the type, the number, the time and the rest.
 *
 * An entry is one write(2): it survives the death of the process, not that of the machine. A torn last entry is
 * cut off when the journal is opened for writing, and is the end for a reader. */
#ifndef HOLD_JOURNAL_H
#define HOLD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

enum {
	JOURNAL_LIMIT = 16 << 20,  /* bytes of entries that nobody has taken; more are refused */
	JOURNAL_SPARE = 64 << 10,  /* what essential entries may go beyond it, on disk or waiting in memory */
	JOURNAL_KEEP = 256 << 10,  /* taken bytes that may stay in the file before it is rewritten */
};

struct journal_entry {
	uint64_t number;
	int64_t wall_ms;
	uint8_t kind; /* enum hold_event */
	const uint8_t *payload;
	size_t len;
};

/* Reads entries in order, from a journal that is being written as well as from one whose holder is gone. */
struct journal_reader {
	int fd;         /* -1 while closed */
	uint64_t next;  /* the number of the entry that the next call gives */
	int64_t at;     /* where buf starts in the file */
	size_t pending; /* bytes of buf that the entry given last takes */
	struct str buf;
	uint64_t rewrites; /* of the journal it follows: see journal_follow() */
};

/* 0 or a negative errno; -ENOENT: no journal. Entries up to and including `after` are skipped. */
int journal_read_open(struct journal_reader *r, const char *path, uint64_t after) NODISCARD;
/* 1 and an entry that is valid until the next call, 0 at the end (also before a torn or damaged entry), or a
 * negative errno. */
int journal_read(struct journal_reader *r, struct journal_entry *ret) NODISCARD;
void journal_read_close(struct journal_reader *r);

struct journal {
	char *path;
	int fd;
	uint64_t last;  /* number of the newest entry, 0: none ever */
	uint64_t taken; /* up to here musterd has them */
	uint64_t base;  /* the number before the file's first entry */
	int64_t end;    /* bytes in the file */
	int64_t taken_end; /* where the first entry after `taken` starts */
	uint64_t rewrites; /* how often the file was replaced */
	struct str unwritten; /* essential entries that the disk had no room for, as frames */
	uint64_t unwritten_count;
};

/* Opens or makes the journal at path; numbering goes on where it ended. 0 or a negative errno. */
int journal_init(struct journal *j, const char *path) NODISCARD;
void journal_fini(struct journal *j);

/* Appends an entry, whose number is then j->last. -ENOSPC when JOURNAL_LIMIT is met, or the write's errno. An
 * essential entry is not lost to a full disk: it waits in memory (see journal_retry) and 0 comes back. */
int journal_add(struct journal *j, uint8_t kind, const struct str *payload, bool essential) NODISCARD;

/* Tries again to write what waits in memory. True when nothing waits any more. */
bool journal_retry(struct journal *j);

/* The newest entry that is on disk, which is what readers can see. */
uint64_t journal_written(const struct journal *j);

/* musterd has everything up to this number. The file is rewritten now and then. */
void journal_take(struct journal *j, uint64_t up_to);

/* journal_read() for a reader that follows a living journal: reopens it when the file was replaced. A reader
 * whose next entry was already taken goes on with the oldest there is. */
int journal_follow(const struct journal *j, struct journal_reader *r, struct journal_entry *ret) NODISCARD;

#endif
