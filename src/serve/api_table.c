#include <string.h>

#include "base/nearest.h"
#include "serve/api.h"

enum { ROUTINE, LEADS_WORD };

const struct api_method api_methods[] = {
#define API(name_, access_, durable_, params_, handler_, doc_, result_) \
	{.name = (name_),                                               \
	 .access = ACCESS_##access_,                                    \
	 .durable = (durable_) == LEADS_WORD,                           \
	 .params = (params_),                                           \
	 .doc = (doc_),                                                 \
	 .result = (result_)},
#include "serve/api.def"
#undef API
};

const size_t api_methods_n = ARRAY_LEN(api_methods);

const char *api_access_name(enum api_access access)
{
	static const char *const names[] = {
		[ACCESS_READ] = "read", [ACCESS_SESSION] = "session", [ACCESS_LEAD] = "lead"};
	return names[access];
}

const struct api_method *api_find(const char *name, const char **ret_nearest)
{
	struct nearest nearest = nearest_init(name);
	for (size_t i = 0; i < api_methods_n; i++) {
		if (strcmp(api_methods[i].name, name) == 0)
			return &api_methods[i];
		nearest_offer(&nearest, api_methods[i].name);
	}
	if (ret_nearest)
		*ret_nearest = nearest.best;
	return NULL;
}
