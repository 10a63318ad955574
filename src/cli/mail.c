#include "cli/mail.h"

#include "base/mem.h"
#include "fmt/json.h"
#include "io/mailbox.h"

int mail_call(struct json_object *message, int timeout_ms, struct json_object **ret, struct err *err)
{
	struct json_object *owned JSON_FREE = message;
	struct mailbox m;
	struct str answer STR_FREE = STR_INIT;
	if (mailbox_init(&m, NULL, err) < 0)
		return -1;
	int r = mailbox_call(&m, json_line(owned), timeout_ms, &answer, err);
	mailbox_fini(&m);
	if (r < 0)
		return -1;
	struct json_object *o JSON_FREE = json_parse_object(str_c(&answer), answer.len, err);
	if (!o)
		return err_prefix(err, "the supervisor's answer makes no sense");
	if (json_str(o, "error"))
		return err_set(err, ERR_REFUSED, "%s", json_str(o, "error"));
	*ret = MEM_TAKE(o);
	return 0;
}
