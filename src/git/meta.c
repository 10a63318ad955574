#include "git/meta.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/path.h"

#define KEYED(member, key) {key, offsetof(struct meta, member)},

static const struct keyed {
	const char *key;
	size_t offset;
} lists[] = {META_LISTS(KEYED)}, values[] = {META_VALUES(KEYED)};

static struct strv *list_of(const struct meta *m, size_t i)
{
	return (struct strv *)(void *)((char *)m + lists[i].offset);
}

static char **value_of(const struct meta *m, size_t i)
{
	return (char **)(void *)((char *)m + values[i].offset);
}

void meta_fini(struct meta *m)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_fini(list_of(m, i));
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		free(*value_of(m, i));
	*m = (struct meta){0};
}

static void add_record(struct str *out, const char *key, const char *value)
{
	str_addf(out, "%s %s", key, value);
	str_addc(out, '\0');
}

void meta_write(const struct meta *m, struct str *out)
{
	add_record(out, "version", "1");
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (*value_of(m, i))
			add_record(out, values[i].key, *value_of(m, i));
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t k = 0; k < list_of(m, i)->n; k++)
			add_record(out, lists[i].key, list_of(m, i)->v[k]);
}

static bool has_key(const char *record, const char *key, const char **ret_value)
{
	size_t len = strlen(key);
	*ret_value = record + len + 1;
	return strncmp(record, key, len) == 0 && record[len] == ' ';
}

void meta_parse(const struct str *in, struct meta *ret)
{
	struct meta m = {0};
	const char *end = in->data + in->len, *value;
	for (const char *p = in->data; p < end; p += strlen(p) + 1) {
		for (size_t i = 0; i < ARRAY_LEN(values); i++)
			if (has_key(p, values[i].key, &value))
				mem_replace(value_of(&m, i), value);
		for (size_t i = 0; i < ARRAY_LEN(lists); i++)
			if (has_key(p, lists[i].key, &value))
				strv_add(list_of(&m, i), value);
	}
	*ret = m;
}

void meta_join(struct meta *m, struct meta *from)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		strv_add_all(list_of(m, i), (const char *const *)strv_argv(list_of(from, i)));
		strv_fini(list_of(from, i));
	}
}

const char *meta_mode(const char *record, mode_t *ret)
{
	char *end;
	unsigned long mode = strtoul(record, &end, 8);
	if (end == record || *end != ' ' || mode > 07777 || !path_is_below(end + 1))
		return NULL;
	*ret = (mode_t)mode;
	return end + 1;
}
