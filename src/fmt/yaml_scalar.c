#include "fmt/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_LEN_MAX = 64 };

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};

static bool is_one_of(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static int integer_base(const char *text)
{
	if (strncmp(text, "0x", 2) == 0)
		return text[2] && strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2) ? 16 : 0;
	if (strncmp(text, "0o", 2) == 0)
		return text[2] && strspn(text + 2, "01234567") == strlen(text + 2) ? 8 : 0;
	text += *text == '-' || *text == '+';
	return *text && strspn(text, "0123456789") == strlen(text) ? 10 : 0;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(const char *text)
{
	text += *text == '-' || *text == '+';
	size_t whole = strspn(text, "0123456789");
	text += whole;
	size_t part = *text == '.' ? strspn(text + 1, "0123456789") : 0;
	if (whole + part == 0)
		return false;
	text += *text == '.' ? 1 + part : 0;
	if (*text == '\0')
		return true;
	if (*text != 'e' && *text != 'E')
		return false;
	text++;
	text += *text == '-' || *text == '+';
	return *text && strspn(text, "0123456789") == strlen(text);
}

int yaml_scalar(const char *bytes, size_t len, struct json_object **ret)
{
	char text[NUMBER_LEN_MAX];
	if (len >= sizeof text || memchr(bytes, '\0', len)) {
		*ret = json_new_strn(bytes, len);
		return 0;
	}
	memcpy(text, bytes, len);
	text[len] = '\0';
	int base = integer_base(text);
	if (base > 0) {
		errno = 0;
		long long n = strtoll(base == 8 ? text + 2 : text, NULL, base);
		if (errno == ERANGE)
			return -ERANGE;
		*ret = json_object_new_int64(n);
		return 0;
	}
	if (is_one_of(nulls, text))
		*ret = NULL;
	else if (is_one_of(trues, text) || is_one_of(falses, text))
		*ret = json_object_new_boolean(is_one_of(trues, text));
	else if (is_float(text) && isfinite(strtod(text, NULL)))
		*ret = json_object_new_double(strtod(text, NULL));
	else
		*ret = json_new_strn(bytes, len);
	return 0;
}
