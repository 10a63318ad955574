#include "fmt/yaml.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/yaml_scalar.h"

struct anchor {
	char *name;
	struct json_object *value; /* borrowed from the tree */
	size_t nodes;              /* what one copy of it costs */
};

struct build {
	struct yaml *doc;
	struct fy_parser *parser;
	int line_shift; /* the document's first line in its file, minus 1 */
	struct yaml_place at;
	size_t nodes;
	struct anchor *anchors;
	size_t anchor_count;
	struct err *err;
};

static int node(struct build *b, struct fy_event *e, int depth, struct json_object **ret);

static int fail(struct build *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int fail(struct build *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text STR_FREE = STR_INIT;
	str_addv(&text, fmt, ap);
	va_end(ap);
	return err_set(b->err, ERR_USAGE, "%s:%d:%d: %s", b->doc->file, b->at.line, b->at.column, str_c(&text));
}

/* The parser's own complaint; the first one is the cause. */
static int fail_syntax(struct build *b, struct fy_diag *diag)
{
	void *iterator = NULL;
	struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iterator);
	if (!e)
		return fail(b, "this is no YAML");
	b->at = (struct yaml_place){MAX(e->line, 1) + b->line_shift, MAX(e->column, 1)};
	return fail(b, "%s", e->msg ? e->msg : "this is no YAML");
}

/* An empty scalar has no mark: it keeps the place of what came before it. */
static void move_to(struct build *b, struct fy_token *token)
{
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	if (mark)
		b->at = (struct yaml_place){mark->line + 1 + b->line_shift, mark->column + 1};
}

static void remember(struct build *b, const struct json_object *in, const char *key, size_t index,
		     struct yaml_place name, struct yaml_place value)
{
	struct yaml *y = b->doc;
	if (y->n == y->cap) {
		y->cap = MAX(y->cap * 2, (size_t)64);
		y->marks = mem_resize(y->marks, y->cap, sizeof *y->marks);
	}
	y->marks[y->n++] = (struct yaml_mark){in, key, index, name, value};
}

/* The next event; the caller frees it. NULL after fail(). */
static struct fy_event *next(struct build *b)
{
	struct fy_event *e = fy_parser_parse(b->parser);
	if (e)
		return e;
	struct fy_diag *diag = fy_parser_get_diag(b->parser);
	fail_syntax(b, diag);
	fy_diag_unref(diag);
	return NULL;
}

static int count(struct build *b, size_t nodes)
{
	b->nodes += nodes;
	if (b->nodes > YAML_NODES_MAX)
		return fail(b, "more than %d values", YAML_NODES_MAX);
	return 0;
}

static int scalar(struct build *b, struct fy_event *e, struct json_object **ret)
{
	size_t len = 0;
	const char *text = e->scalar.value ? fy_token_get_text(e->scalar.value, &len) : "";
	if (!text)
		return fail(b, "this scalar cannot be read");
	if (e->scalar.value && fy_token_scalar_style(e->scalar.value) != FYSS_PLAIN) {
		*ret = json_new_strn(text, len);
		return 0;
	}
	if (yaml_scalar(text, len, ret) != 0)
		return fail(b, "%.*s does not fit into 64 bits: quote it if it is text", (int)len, text);
	return 0;
}

static int sequence(struct build *b, int depth, struct json_object **ret)
{
	struct json_object *list JSON_FREE = json_new_array();
	for (;;) {
		struct fy_event *e = next(b);
		if (!e)
			return -1;
		if (e->type == FYET_SEQUENCE_END) {
			fy_parser_event_free(b->parser, e);
			*ret = MEM_TAKE(list);
			return 0;
		}
		struct json_object *value;
		if (node(b, e, depth + 1, &value) != 0)
			return -1;
		remember(b, list, NULL, json_len(list), b->at, b->at);
		json_push(list, value);
	}
}

/* The key of the event, which is freed, or NULL after fail(). */
static char *map_key(struct build *b, struct fy_event *e, struct json_object *map)
{
	char *key = NULL;
	if (e->type == FYET_SCALAR) {
		move_to(b, e->scalar.value);
		size_t len = 0;
		const char *text = e->scalar.value ? fy_token_get_text(e->scalar.value, &len) : "";
		if (!text || memchr(text, '\0', len))
			fail(b, "this key cannot be read");
		else
			key = mem_strndup(text, len);
	} else {
		fail(b, "a key is a plain text");
	}
	fy_parser_event_free(b->parser, e);
	if (key && json_has(map, key)) {
		fail(b, "\"%s\" is there twice", key);
		mem_freep(&key);
	}
	return key;
}

static int map_member(struct build *b, struct fy_event *e, int depth, struct json_object *map)
{
	char *key MEM_FREE = map_key(b, e, map);
	if (!key)
		return -1;
	struct yaml_place name = b->at;
	struct json_object *value;
	e = next(b);
	if (!e || node(b, e, depth + 1, &value) != 0)
		return -1;
	json_add_obj(map, key, value);
	const struct lh_entry *entry = lh_table_lookup_entry(json_object_get_object(map), key);
	remember(b, map, lh_entry_k(entry), 0, name, b->at);
	return count(b, 1);
}

static int mapping(struct build *b, int depth, struct json_object **ret)
{
	struct json_object *map JSON_FREE = json_new();
	for (;;) {
		struct fy_event *e = next(b);
		if (!e)
			return -1;
		if (e->type == FYET_MAPPING_END) {
			fy_parser_event_free(b->parser, e);
			*ret = MEM_TAKE(map);
			return 0;
		}
		if (map_member(b, e, depth, map) != 0)
			return -1;
	}
}

/* An alias becomes a copy, so each use is counted in full: expansion is bounded like everything else. */
static int alias(struct build *b, struct fy_event *e, struct json_object **ret)
{
	size_t len = 0;
	const char *name = fy_token_get_text(e->alias.anchor, &len);
	for (size_t i = b->anchor_count; name && i-- > 0;) {
		const struct anchor *a = &b->anchors[i];
		if (strlen(a->name) != len || memcmp(a->name, name, len) != 0)
			continue;
		if (count(b, a->nodes) != 0)
			return -1;
		*ret = json_copy(a->value);
		return 0;
	}
	return fail(b, "no anchor &%.*s before this alias", (int)len, name ? name : "");
}

static void add_anchor(struct build *b, struct fy_token *token, struct json_object *value, size_t nodes)
{
	size_t len = 0;
	const char *name = token ? fy_token_get_text(token, &len) : NULL;
	if (!name)
		return;
	b->anchors = mem_resize(b->anchors, b->anchor_count + 1, sizeof *b->anchors);
	b->anchors[b->anchor_count++] = (struct anchor){mem_strndup(name, len), value, nodes};
}

/* What the three kinds of content have in common. */
struct parts {
	struct fy_token *first, *tag, *anchor;
};

static bool parts_of(const struct fy_event *e, struct parts *ret)
{
	switch (e->type) {
	case FYET_SCALAR:
		*ret = (struct parts){e->scalar.value, e->scalar.tag, e->scalar.anchor};
		return true;
	case FYET_SEQUENCE_START:
		*ret = (struct parts){e->sequence_start.sequence_start, e->sequence_start.tag,
				      e->sequence_start.anchor};
		return true;
	case FYET_MAPPING_START:
		*ret = (struct parts){e->mapping_start.mapping_start, e->mapping_start.tag,
				      e->mapping_start.anchor};
		return true;
	case FYET_ALIAS:
		*ret = (struct parts){.first = e->alias.anchor};
		return true;
	default:
		return false;
	}
}

static int content(struct build *b, struct fy_event *e, int depth, struct json_object **ret)
{
	switch (e->type) {
	case FYET_SCALAR:
		return scalar(b, e, ret);
	case FYET_ALIAS:
		return alias(b, e, ret);
	case FYET_SEQUENCE_START:
		return sequence(b, depth, ret);
	default:
		return mapping(b, depth, ret);
	}
}

/* Builds the value that begins with e, which is freed. b->at is its place afterwards. */
static int node(struct build *b, struct fy_event *e, int depth, struct json_object **ret)
{
	struct parts p;
	if (!parts_of(e, &p)) {
		fy_parser_event_free(b->parser, e);
		return fail(b, "a value is expected");
	}
	move_to(b, p.first);
	struct yaml_place at = b->at;
	size_t before = b->nodes;
	int failed = count(b, 1);
	if (failed == 0 && p.tag)
		failed = fail(b, "tags are not supported");
	if (failed == 0 && depth > YAML_DEPTH_MAX)
		failed = fail(b, "nested deeper than %d", YAML_DEPTH_MAX);
	if (failed == 0)
		failed = content(b, e, depth, ret);
	if (failed == 0) {
		add_anchor(b, p.anchor, *ret, b->nodes - before);
		b->at = at;
	}
	fy_parser_event_free(b->parser, e);
	return failed;
}

/* stream start, then nothing or one document. */
static int document(struct build *b)
{
	for (;;) {
		struct fy_event *e = next(b);
		if (!e)
			return -1;
		enum fy_event_type type = e->type;
		if (type == FYET_DOCUMENT_START && b->nodes > 0) {
			move_to(b, e->document_start.document_start);
			fy_parser_event_free(b->parser, e);
			return fail(b, "only one document is expected");
		}
		if (type != FYET_STREAM_START && type != FYET_STREAM_END && type != FYET_DOCUMENT_START &&
		    type != FYET_DOCUMENT_END) {
			if (node(b, e, 0, &b->doc->root) != 0)
				return -1;
			continue;
		}
		fy_parser_event_free(b->parser, e);
		if (type == FYET_STREAM_END)
			return 0;
	}
}

static int build(struct build *b, const void *bytes, size_t len)
{
	struct fy_diag_cfg diag_cfg;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	struct fy_diag *diag = fy_diag_create(&diag_cfg);
	if (!diag)
		abort();
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg cfg = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
			 FYPCF_DISABLE_MMAP_OPT,
		.diag = diag,
	};
	b->parser = fy_parser_create(&cfg);
	if (!b->parser)
		abort();
	int failed = fy_parser_set_string(b->parser, bytes, len) != 0 ? fail_syntax(b, diag) : document(b);
	fy_parser_destroy(b->parser);
	fy_diag_destroy(diag);
	return failed;
}

int yaml_parse(struct yaml *ret, const char *file, int first_line, const void *bytes, size_t len, struct err *err)
{
	if (len > YAML_BYTES_MAX)
		return err_set(err, ERR_USAGE, "%s: larger than %d bytes", file, YAML_BYTES_MAX);
	struct yaml doc = {.file = mem_strdup(file)};
	struct build b = {.doc = &doc, .line_shift = first_line - 1, .at = {first_line, 1}, .err = err};
	int failed, line, column;
	if (text_find_foreign(bytes, len, &line, &column)) {
		b.at = (struct yaml_place){line + b.line_shift, column};
		failed = fail(&b, "this is no UTF-8 text");
	} else {
		failed = len > 0 ? build(&b, bytes, len) : 0;
	}
	for (size_t i = 0; i < b.anchor_count; i++)
		free(b.anchors[i].name);
	free(b.anchors);
	if (failed == 0)
		*ret = doc;
	else
		yaml_fini(&doc);
	return failed;
}

int yaml_read(struct yaml *ret, const char *path, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	if (file_read_text(path, YAML_BYTES_MAX, &text, err) < 0)
		return -1;
	return yaml_parse(ret, path, 1, str_c(&text), text.len, err);
}

void yaml_fini(struct yaml *y)
{
	json_object_put(y->root);
	free(y->file);
	free(y->marks);
	*y = (struct yaml){0};
}

const struct yaml_mark *yaml_mark(const struct yaml *y, const struct json_object *in, const char *key, size_t index)
{
	for (size_t i = 0; i < y->n; i++) {
		const struct yaml_mark *m = &y->marks[i];
		if (m->in == in && (key ? m->key && strcmp(m->key, key) == 0 : !m->key && m->index == index))
			return m;
	}
	return NULL;
}

int yaml_err(const struct yaml *y, const struct json_object *in, const char *key, size_t index, struct err *err,
	     const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text STR_FREE = STR_INIT;
	str_addv(&text, fmt, ap);
	va_end(ap);
	const struct yaml_mark *m = yaml_mark(y, in, key, index);
	if (!m)
		return err_set(err, ERR_USAGE, "%s: %s", y->file, str_c(&text));
	return err_set(err, ERR_USAGE, "%s:%d:%d: %s", y->file, m->value.line, m->value.column, str_c(&text));
}
