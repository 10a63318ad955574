#include "serve/params.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "fmt/json.h"

static bool is_text(struct json_object *value)
{
	return json_text(value) != NULL;
}

static bool is_integer(struct json_object *value)
{
	return json_object_is_type(value, json_type_int);
}

static bool is_bool(struct json_object *value)
{
	return json_object_is_type(value, json_type_boolean);
}

static bool is_object(struct json_object *value)
{
	return json_object_is_type(value, json_type_object);
}

static bool is_list_of_texts(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_len(value); i++)
		if (!json_text(json_at(value, i)))
			return false;
	return true;
}

static const struct type {
	char letter;
	const char *words;
	bool (*fits)(struct json_object *value);
} types[] = {
	{'s', "a text", is_text},
	{'i', "a whole number", is_integer},
	{'b', "true or false", is_bool},
	{'S', "a list of texts", is_list_of_texts},
	{'o', "an object", is_object},
};

static const struct type *type_find(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].letter == letter)
			return &types[i];
	return NULL;
}

static void read_range(const char **p, struct param *ret)
{
	char *end;
	(*p)++;
	if (**p != '.') {
		ret->min = strtoll(*p, &end, 10);
		*p = end;
	}
	*p += strspn(*p, ".");
	if (**p != ')') {
		ret->max = strtoll(*p, &end, 10);
		*p = end;
	}
	if (*(*p)++ != ')')
		abort();
}

static void read_default(const char **p, struct param *ret)
{
	(*p)++;
	ret->has_default = true;
	if (ret->type == 'b') {
		ret->fallback = **p == 't';
		*p += strcspn(*p, " ");
		return;
	}
	char *end;
	ret->fallback = strtoll(*p, &end, 10);
	*p = end;
}

bool param_next(const char **schema, struct param *ret)
{
	const char *p = *schema + strspn(*schema, " ");
	if (!*p)
		return false;
	size_t len = strcspn(p, ":");
	*ret = (struct param){.min = INT64_MIN, .max = INT64_MAX};
	if (len >= sizeof ret->name || p[len] != ':' || !type_find(p[len + 1]))
		abort();
	memcpy(ret->name, p, len);
	ret->type = p[len + 1];
	p += len + 2;
	if (*p == '(')
		read_range(&p, ret);
	if (*p == '!') {
		ret->required = true;
		p++;
	} else if (*p == '=') {
		read_default(&p, ret);
	}
	if (*p && *p != ' ')
		abort();
	*schema = p;
	return true;
}

static int check_value(const struct param *p, struct json_object *value, struct err *err)
{
	if (p->type == 's' && json_object_is_type(value, json_type_string) && !json_text(value))
		return err_set(err, ERR_USAGE, "parameter %s has a NUL character in it", p->name);
	const struct type *type = type_find(p->type);
	if (!type->fits(value))
		return err_set(err, ERR_USAGE, "parameter %s must be %s", p->name, type->words);
	if (p->type != 'i')
		return 0;
	int64_t number = json_object_get_int64(value);
	if (number < p->min)
		return err_set(err, ERR_USAGE, "parameter %s must be at least %lld", p->name, (long long)p->min);
	if (number > p->max)
		return err_set(err, ERR_USAGE, "parameter %s must be at most %lld", p->name, (long long)p->max);
	return 0;
}

static void fill_in(const struct param *p, struct json_object *params)
{
	if (p->type == 'b')
		json_add_bool(params, p->name, p->fallback);
	else
		json_add_int(params, p->name, p->fallback);
}

static int check_known(const char *schema, const char *name, struct err *err)
{
	struct nearest nearest = nearest_init(name);
	struct param p, best;
	for (const char *s = schema; param_next(&s, &p);) {
		if (strcmp(p.name, name) == 0)
			return 0;
		nearest_offer(&nearest, p.name);
		if (nearest.best == p.name) {
			best = p;
			nearest.best = best.name;
		}
	}
	if (nearest.best)
		return err_set(err, ERR_USAGE, "there is no parameter %s; did you mean %s?", name, nearest.best);
	return err_set(err, ERR_USAGE, "there is no parameter %s", name);
}

int params_check(const char *schema, struct json_object *params, struct err *err)
{
	json_object_object_foreach (params, name, given) {
		(void)given;
		if (check_known(schema, name, err) < 0)
			return -1;
	}
	struct param p;
	for (const char *s = schema; param_next(&s, &p);) {
		struct json_object *value = json_any(params, p.name);
		if (value) {
			if (check_value(&p, value, err) < 0)
				return -1;
		} else if (p.required) {
			return err_set(err, ERR_USAGE, "parameter %s is missing", p.name);
		} else if (p.has_default) {
			fill_in(&p, params);
		}
	}
	return 0;
}
