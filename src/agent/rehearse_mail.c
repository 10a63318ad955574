#include "agent/rehearse_play.h"
#include "fmt/json.h"

/* The holder has numbered the line when this returns: that is all the player needs. Should the holder be gone, the
 * terminal is too, and the end of the input says so. */
void rehearse_post(struct rehearse_player *p, struct json_object *msg)
{
	struct json_object *taken JSON_FREE = msg;
	uint64_t request;
	struct str line STR_FREE = STR_INIT;
	struct err err = {0};
	if (p->mail.fd < 0)
		return;
	json_add_line(&line, taken);
	if (mailbox_send(&p->mail, line.data, line.len, &request, &err) != 0)
		rehearse_show(&p->term, "(%s)\n", err.msg);
	mailbox_drop_answers(&p->mail);
}

void rehearse_hook(struct rehearse_player *p, const char *event, struct json_object *data)
{
	struct json_object *msg = json_new();
	json_add_str(msg, "m", "hook");
	json_add_str(msg, "event", event);
	json_add_obj(msg, "data", data ? data : json_new());
	rehearse_post(p, msg);
}
