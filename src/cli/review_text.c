#include "cli/review_text.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/out.h"
#include "cli/when.h"
#include "fmt/json.h"

static void add_summary(struct str *out, struct json_object *r, bool color)
{
	struct json_object *conflicts = json_arr(r, "conflicts");
	int64_t behind = json_int(r, "behind", 0);
	str_addf(out, "tip %.12s, from %.12s", json_str_or(r, "tip", "?"), json_str_or(r, "base", "?"));
	if (behind > 0)
		str_addf(out, "; the target is %lld commit%s ahead", (long long)behind, behind == 1 ? "" : "s");
	str_addc(out, '\n');
	if (json_flag(r, "landed", false))
		out_add(out, PAINT_GREEN, color, "the target has all of it already");
	else if (json_flag(r, "mergeable", false))
		out_add(out, PAINT_GREEN, color, "merges without conflict");
	else
		out_add(out, PAINT_RED, color, "does not merge:");
	str_addc(out, '\n');
	for (size_t i = 0; i < json_len(conflicts); i++) {
		str_adds(out, "    ");
		out_add(out, PAINT_RED, color, json_str_at(conflicts, i));
		str_addc(out, '\n');
	}
}

static void add_commits(struct str *out, struct json_object *r, bool color)
{
	struct json_object *list = json_arr(r, "commits");
	int64_t total = json_int(r, "total_commits", 0), now_ms = clock_wall_ms();
	str_addf(out, "\n%lld commit%s\n", (long long)total, total == 1 ? "" : "s");
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *commit = json_at(list, i);
		char oid[13];
		struct str age STR_FREE = STR_INIT;
		snprintf(oid, sizeof oid, "%.12s", json_str_or(commit, "oid", "?"));
		when_add_age(&age, json_int(commit, "wall_ms", 0), now_ms);
		str_adds(out, "  ");
		out_add(out, PAINT_YELLOW, color, oid);
		str_adds(out, "  ");
		out_add(out, PAINT_NONE, color, json_str_or(commit, "subject", ""));
		str_adds(out, "  ");
		out_add(out, PAINT_DIM, color, age.data);
		str_addc(out, '\n');
	}
	if (total > (int64_t)json_len(list))
		str_addf(out, "  … %lld older ones\n", (long long)total - (int64_t)json_len(list));
}

static void add_file(struct str *out, struct json_object *file, bool color)
{
	bool outside = json_flag(file, "outside", false);
	const char *old = json_str(file, "old_path");
	str_addf(out, "  %s  ", json_str_or(file, "status", "?"));
	if (json_flag(file, "binary", false))
		str_adds(out, "   binary  ");
	else
		str_addf(out, "%+5lld %+5lld  ", (long long)json_int(file, "added", 0),
			 -(long long)json_int(file, "removed", 0));
	if (old) {
		out_add(out, PAINT_DIM, color, old);
		str_adds(out, " → ");
	}
	out_add(out, outside ? PAINT_RED : PAINT_NONE, color, json_str_or(file, "path", "?"));
	if (outside)
		str_adds(out, "  outside of its scope");
	if (json_flag(file, "mode_changed", false))
		str_addf(out, "  mode %s → %s", json_str_or(file, "old_mode", "?"),
			 json_str_or(file, "new_mode", "?"));
	str_addc(out, '\n');
}

static void add_files(struct str *out, const char *title, struct json_object *files, struct json_object *stat,
		      bool color)
{
	int64_t n = json_int(stat, "files", 0), left_out = json_int(stat, "left_out", 0);
	if (n == 0)
		return;
	str_addf(out, "\n%s: %lld file%s, +%lld -%lld\n", title, (long long)n, n == 1 ? "" : "s",
		 (long long)json_int(stat, "added", 0), (long long)json_int(stat, "removed", 0));
	for (size_t i = 0; i < json_len(files); i++)
		add_file(out, json_at(files, i), color);
	if (left_out > 0)
		str_addf(out, "  … %lld files are not listed\n", (long long)left_out);
}

static enum paint paint_of_line(const char *line)
{
	if (strncmp(line, "+++", 3) == 0 || strncmp(line, "---", 3) == 0 || strncmp(line, "diff ", 5) == 0)
		return PAINT_BOLD;
	return line[0] == '+' ? PAINT_GREEN : line[0] == '-' ? PAINT_RED : line[0] == '@' ? PAINT_CYAN : PAINT_NONE;
}

static void add_patch(struct str *out, const char *title, struct json_object *patch, bool color)
{
	const char *text = json_str(patch, "text");
	if (!text || !*text)
		return;
	str_addf(out, "\n%s%s%s\n", out_paint(PAINT_DIM, color), title, out_paint_end(PAINT_DIM, color));
	while (*text) {
		size_t len = strcspn(text, "\n");
		enum paint paint = paint_of_line(text);
		str_adds(out, out_paint(paint, color));
		text_add_inert(out, text, len, TEXT_LINES);
		str_adds(out, out_paint_end(paint, color));
		str_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
	if (json_flag(patch, "truncated", false))
		str_addf(out, "… cut here; all of it: %s\n", json_str_or(patch, "command", "git diff"));
	if (json_flag(patch, "altered", false))
		str_adds(out, "(control characters or bytes that are not UTF-8 were taken out of what you see)\n");
}

void review_text_add(struct str *out, const char *session, struct json_object *r, bool color)
{
	out_add(out, PAINT_BOLD, color, session);
	str_adds(out, "  ");
	add_summary(out, r, color);
	add_commits(out, r, color);
	add_files(out, "committed", json_arr(r, "files"), json_obj(r, "stat"), color);
	add_files(out, "not committed, will not land", json_arr(r, "uncommitted"), json_obj(r, "uncommitted_stat"),
		  color);
	add_patch(out, "committed", json_obj(r, "patch"), color);
	add_patch(out, "not committed", json_obj(r, "uncommitted_patch"), color);
	if (json_flag(r, "approvable", false) && json_str(r, "session"))
		str_addf(out, "\nmuster approve %s --tip %.12s\n", session, json_str_or(r, "tip", ""));
}
