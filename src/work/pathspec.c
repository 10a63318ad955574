#include "work/pathspec.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "work/pathspec_form.h"

enum { FORMS_MAX = 2 };

struct pathspec {
	char *text; /* as it was given */
	bool exclude;
	struct form forms[FORMS_MAX]; /* it matches what one of them matches */
	size_t n_forms;
	char *within; /* of one that is excluded: all below this folder, that ends with a slash; or the file or folder; "" is all;
	                 NULL: it has another form, and counts for nothing */
};

/* ---- magic ---- */

struct magic {
	bool exclude, literal, glob, icase, attr;
};

static int take_word(struct magic *m, const char *word, size_t len, struct err *err)
{
	static const struct {
		const char *name;
		size_t offset;
	} words[] = {
		{"exclude", offsetof(struct magic, exclude)}, {"literal", offsetof(struct magic, literal)},
		{"glob", offsetof(struct magic, glob)},       {"icase", offsetof(struct magic, icase)},
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, word, len) == 0) {
			*(bool *)((char *)m + words[i].offset) = true;
			return 0;
		}
	if (len == 0 || (len == 3 && memcmp(word, "top", 3) == 0))
		return 0;
	if (len > 5 && memcmp(word, "attr:", 5) == 0) {
		m->attr = true;
		return 0;
	}
	return err_set(err, ERR_USAGE, "git knows no pathspec magic \"%.*s\"", (int)MIN(len, (size_t)40), word);
}

/* ":(glob,top)…" */
static const char *take_words(struct magic *m, const char *text, struct err *err)
{
	const char *p = text + 2, *end = strchr(p, ')');
	if (!end) {
		err_set(err, ERR_USAGE, "the magic of the pathspec %s has no closing )", text);
		return NULL;
	}
	while (p <= end) {
		size_t len = strcspn(p, ",)");
		if (take_word(m, p, len, err) < 0)
			return NULL;
		p += len + 1;
	}
	if (m->literal && m->glob) {
		err_set(err, ERR_USAGE, "the magics literal and glob do not go together: %s", text);
		return NULL;
	}
	return end + 1;
}

/* ":/!…"; punctuation that git keeps for magic to come is refused. */
static const char *take_letters(struct magic *m, const char *text, struct err *err)
{
	const char *p = text + 1;
	for (; *p && *p != ':'; p++) {
		if (*p == '!' || *p == '^')
			m->exclude = true;
		else if (*p != '/' && strchr("\"#%&',-;<=>@_`~", *p)) {
			err_set(err, ERR_USAGE, "git knows no pathspec magic '%c': %s", *p, text);
			return NULL;
		} else if (*p != '/')
			break;
	}
	return *p == ':' ? p + 1 : p;
}

static const char *take_magic(struct magic *m, const char *text, struct err *err)
{
	if (text[0] != ':')
		return text;
	return text[1] == '(' ? take_words(m, text, err) : take_letters(m, text, err);
}

/* ---- the path ---- */

/* Without empty parts, "." and ".."; a slash at the end stays. "" is the top. */
static int normalise(const char *path, struct str *out, struct err *err)
{
	if (path[0] == '/')
		return err_set(err, ERR_USAGE, "a pathspec begins at the top of the repository, without a slash: %s", path);
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");
		bool slash = p[len] == '/';
		if (len == 2 && memcmp(p, "..", 2) == 0) {
			if (out->len == 0)
				return err_set(err, ERR_USAGE, "the pathspec %s leads out of the repository", path);
			out->len--; /* its slash */
			while (out->len > 0 && out->data[out->len - 1] != '/')
				out->len--;
			out->data[out->len] = '\0';
		} else if (len > 0 && !(len == 1 && *p == '.')) {
			str_add(out, p, len);
			if (slash)
				str_addc(out, '/');
		}
		p += len + slash;
	}
	return 0;
}

/* What an exclusion holds as a whole; the caller owns it. */
static char *find_within(const char *path, const struct magic *m)
{
	size_t len = strlen(path), plain = m->literal ? len : strcspn(path, "*?[\\");
	const char *rest = path + plain;
	bool all = strcmp(rest, "**") == 0 || (strcmp(rest, "*") == 0 && !m->glob);
	if (m->attr || (*rest && !(all && (plain == 0 || path[plain - 1] == '/'))))
		return NULL;
	return mem_strndup(path, plain);
}

static bool is_file(const char *root, const char *path)
{
	struct stat st;
	if (!root)
		return false;
	MEM_FREE char *full = mem_printf("%s/%s", root, path);
	return lstat(full, &st) == 0 && !S_ISDIR(st.st_mode);
}

int pathspecs_add(struct pathspecs *ret, const char *text, const char *root, struct err *err)
{
	struct magic m = {0};
	struct str path STR_FREE = STR_INIT;
	if (!*text)
		return err_set(err, ERR_USAGE, "an empty text is no pathspec");
	if (strlen(text) > PATHSPEC_MAX)
		return err_set(err, ERR_USAGE, "a pathspec of more than %d bytes: %.40s…", PATHSPEC_MAX, text);
	const char *rest = take_magic(&m, text, err);
	if (!rest || normalise(rest, &path, err) < 0)
		return -1;
	struct pathspec p = {.text = mem_strdup(text), .exclude = m.exclude};
	/* What has such characters in its name is matched by its name as well: app/[id] is a usual folder. Only of folders with
	 * * or ? in their names nobody thinks, and "src/STAR.c" is not to meet "src/STAR.h" in one that is called "STAR.c". */
	bool wild = !m.literal && strpbrk(str_c(&path), "*?[\\");
	if (!wild || !strpbrk(str_c(&path), "*?"))
		form_literal(&p.forms[p.n_forms++], str_c(&path), m.icase, !m.icase && is_file(root, str_c(&path)));
	if (wild)
		form_glob(&p.forms[p.n_forms++], str_c(&path), m.icase, m.glob);
	if (m.exclude)
		p.within = find_within(str_c(&path), &m);
	ret->any = ret->any || !m.exclude;
	ret->v = mem_resize(ret->v, ret->n + 1, sizeof *ret->v);
	ret->v[ret->n++] = p;
	return 0;
}

void pathspecs_fini(struct pathspecs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->v[i].n_forms; k++)
			form_fini(&p->v[i].forms[k]);
		free(p->v[i].text);
		free(p->v[i].within);
	}
	free(p->v);
	*p = (struct pathspecs){0};
}

/* ---- two of them ---- */

/* Does every path that the form matches lie in it? */
static bool holds(const char *within, const struct form *f)
{
	size_t len = strlen(within);
	if (len == 0)
		return true;
	if (f->prefix_len < len || memcmp(f->prefix, within, len) != 0)
		return false;
	if (within[len - 1] == '/')
		return true;
	/* A file or a folder: the same one, or what is below it. */
	return f->prefix_len > len ? f->prefix[len] == '/' : f->subtree;
}

static bool excluded(const struct pathspec *p, const struct pathspecs *by)
{
	for (size_t i = 0; i < by->n; i++) {
		size_t held = 0;
		if (!by->v[i].within)
			continue;
		while (held < p->n_forms && holds(by->v[i].within, &p->forms[held]))
			held++;
		if (held == p->n_forms)
			return true;
	}
	return false;
}

static bool meet(const struct pathspec *a, const struct pathspec *b)
{
	for (size_t i = 0; i < a->n_forms; i++)
		for (size_t k = 0; k < b->n_forms; k++)
			if (form_overlap(&a->forms[i], &b->forms[k]))
				return true;
	return false;
}

/* The i-th that says what belongs to the list: of a list without such only the first, which is NULL and everything. */
static bool part(const struct pathspecs *p, size_t i, const struct pathspec **ret)
{
	*ret = NULL;
	if (!p->any)
		return i == 0;
	*ret = i < p->n ? &p->v[i] : NULL;
	return i < p->n;
}

static bool parts_meet(const struct pathspecs *a, const struct pathspec *x, const struct pathspecs *b,
                       const struct pathspec *y)
{
	if ((x && (x->exclude || excluded(x, a) || excluded(x, b))) || (y && (y->exclude || excluded(y, a) || excluded(y, b))))
		return false;
	return !x || !y || meet(x, y);
}

bool pathspecs_overlap(const struct pathspecs *a, const struct pathspecs *b, const char **ret_a, const char **ret_b)
{
	const struct pathspec *x, *y;
	for (size_t i = 0; part(a, i, &x); i++)
		for (size_t k = 0; part(b, k, &y); k++) {
			if (!parts_meet(a, x, b, y))
				continue;
			if (ret_a)
				*ret_a = x ? x->text : ".";
			if (ret_b)
				*ret_b = y ? y->text : ".";
			return true;
		}
	return false;
}
