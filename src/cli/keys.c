#include "cli/keys.h"

#include <string.h>

/* How terminals send C-\ . The second is the extended keyboard protocol's, which agents may switch on. */
static const char plain[] = "\x1c";
static const char extended[] = "\x1b[92;5u";

/* How they send d after it: as itself, with Control still held, or in the extended form. */
static const char *const detach[] = {"d", "D", "\x04", "\x1b[100u", "\x1b[100;1u", "\x1b[100;5u"};

/* The length of the text at p if the bytes there begin with it, else 0. */
static size_t starts(const char *p, size_t len, const char *text)
{
	size_t n = strlen(text);
	return len >= n && memcmp(p, text, n) == 0 ? n : 0;
}

static size_t prefix_at(const char *p, size_t len, const char **ret_form)
{
	size_t n = starts(p, len, plain);
	*ret_form = n ? plain : extended;
	return n ? n : starts(p, len, extended);
}

static size_t detach_at(const char *p, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(detach); i++)
		if (starts(p, len, detach[i]))
			return strlen(detach[i]);
	return 0;
}

bool keys_take(struct keys *k, const char *bytes, size_t len, struct str *out)
{
	for (size_t i = 0; i < len;) {
		const char *form;
		size_t n = prefix_at(bytes + i, len - i, &form);
		if (!k->prefix_form && n) {
			k->prefix_form = form;
			i += n;
			continue;
		}
		if (k->prefix_form && !n && detach_at(bytes + i, len - i))
			return true;
		if (k->prefix_form)
			str_adds(out, k->prefix_form);
		k->prefix_form = NULL;
		if (n)
			i += n;
		else
			str_addc(out, bytes[i++]);
	}
	return false;
}
