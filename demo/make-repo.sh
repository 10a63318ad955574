#!/bin/sh
# Makes the demonstration's repository: a small music player's library in C, with tests.
# usage: make-repo.sh FOLDER (which must not exist)
set -eu

[ $# -eq 1 ] || { echo "usage: make-repo.sh FOLDER" >&2; exit 2; }
[ ! -e "$1" ] || { echo "make-repo.sh: $1 exists already" >&2; exit 2; }
mkdir -p "$1/src" "$1/tests" "$1/.muster"
cd "$1"

cat >.gitignore <<'EOF'
/build/
EOF

cat >README.md <<'EOF'
# jukebox

Keeps a playlist: `printf 'So What;565\n' | build/jukebox` prints how long it takes.
`make` builds, `make check` tests.
EOF

cat >Makefile <<'EOF'
CFLAGS = -std=c11 -Wall -Wextra -Werror -g -Isrc
LIB = $(filter-out src/main.c,$(wildcard src/*.c src/*/*.c))
HEADERS = $(wildcard src/*.h src/*/*.h)
TESTS = $(patsubst tests/%.c,build/%,$(wildcard tests/test_*.c))

build/jukebox: src/main.c $(LIB) $(HEADERS)
	@mkdir -p build
	$(CC) $(CFLAGS) -o $@ src/main.c $(LIB)

build/test_%: tests/test_%.c $(LIB) $(HEADERS)
	@mkdir -p build
	$(CC) $(CFLAGS) -o $@ $< $(LIB)

check: build/jukebox $(TESTS)
	@for t in $(TESTS); do echo "$$t" && $$t || exit 1; done
	@echo all tests passed

clean:
	rm -rf build

.PHONY: check clean
EOF

cat >src/track.h <<'EOF'
#ifndef TRACK_H
#define TRACK_H

struct track {
	char title[64];
	int seconds;
};

/* Reads "TITLE;SECONDS". Returns 0, or -1 when the line is no track. */
int track_parse(struct track *t, const char *line);

#endif
EOF

cat >src/track.c <<'EOF'
#include "track.h"

#include <stdlib.h>
#include <string.h>

int track_parse(struct track *t, const char *line)
{
	const char *semicolon = strrchr(line, ';');
	char *end;
	if (!semicolon || semicolon == line || semicolon - line >= (long)sizeof t->title)
		return -1;
	long seconds = strtol(semicolon + 1, &end, 10);
	if (end == semicolon + 1 || *end || seconds <= 0 || seconds > 86400)
		return -1;
	memset(t, 0, sizeof *t);
	memcpy(t->title, line, (size_t)(semicolon - line));
	t->seconds = (int)seconds;
	return 0;
}
EOF

cat >src/playlist.h <<'EOF'
#ifndef PLAYLIST_H
#define PLAYLIST_H

#include "track.h"

enum { PLAYLIST_MAX = 100 };

struct playlist {
	struct track tracks[PLAYLIST_MAX];
	int n;
};

/* Returns 0, or -1 when the list is full. */
int playlist_add(struct playlist *p, const struct track *t);
int playlist_seconds(const struct playlist *p);

#endif
EOF

cat >src/playlist.c <<'EOF'
#include "playlist.h"

int playlist_add(struct playlist *p, const struct track *t)
{
	if (p->n == PLAYLIST_MAX)
		return -1;
	p->tracks[p->n++] = *t;
	return 0;
}

int playlist_seconds(const struct playlist *p)
{
	int sum = 0;
	for (int i = 0; i < p->n; i++)
		sum += p->tracks[i].seconds;
	return sum;
}
EOF

cat >src/main.c <<'EOF'
#include <stdio.h>
#include <string.h>

#include "playlist.h"

int main(void)
{
	static struct playlist list;
	char line[256];
	while (fgets(line, sizeof line, stdin)) {
		struct track t;
		line[strcspn(line, "\n")] = '\0';
		if (track_parse(&t, line) != 0)
			fprintf(stderr, "skipped: %s\n", line);
		else if (playlist_add(&list, &t) != 0)
			fprintf(stderr, "the list is full\n");
	}
	printf("%d tracks, %d seconds\n", list.n, playlist_seconds(&list));
	return 0;
}
EOF

cat >tests/test_track.c <<'EOF'
#include <assert.h>
#include <string.h>

#include "track.h"

int main(void)
{
	struct track t;
	assert(track_parse(&t, "So What;565") == 0);
	assert(strcmp(t.title, "So What") == 0 && t.seconds == 565);
	assert(track_parse(&t, "no length") == -1);
	assert(track_parse(&t, ";12") == -1);
	assert(track_parse(&t, "x;twelve") == -1);
	return 0;
}
EOF

cat >tests/test_playlist.c <<'EOF'
#include <assert.h>

#include "playlist.h"

int main(void)
{
	static struct playlist p;
	struct track t = {"x", 10};
	assert(playlist_add(&p, &t) == 0 && playlist_add(&p, &t) == 0);
	assert(p.n == 2 && playlist_seconds(&p) == 20);
	return 0;
}
EOF

cat >.muster/config.yaml <<'EOF'
# What must pass before anything lands.
gate:
- make check
EOF

git init -q -b main
git config user.name "Demo Lead"
git config user.email lead@localhost
git add -A
git commit -q -m "Keep a playlist"
