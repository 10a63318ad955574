#include <string.h>

#include "agent/rehearse_play.h"
#include "base/file.h"
#include "fmt/json.h"

enum { STATE_BYTES_MAX = 4 << 20 };

/* A state that cannot be written costs the resume, not the turn. */
void rehearse_save(struct rehearse_player *p)
{
	if (!p->state_path)
		return;
	struct str text STR_FREE = STR_INIT;
	json_add_line(&text, p->state);
	str_addc(&text, '\n');
	int failed = file_write_atomic(p->state_path, 0600, text.data, text.len);
	if (failed)
		rehearse_show(&p->term, "cannot write %s: %s\n", p->state_path, strerror(-failed));
}

int rehearse_load(struct rehearse_player *p, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	if (!p->state_path)
		return err_set(err, ERR_USAGE, "--resume needs --state");
	if (file_read_text(p->state_path, STATE_BYTES_MAX, &text, err) < 0)
		return -1;
	struct json_object *state = json_parse_object(text.data, text.len, err);
	if (!state)
		return err_prefix(err, "%s", p->state_path);
	json_object_put(p->state);
	p->state = state;
	return 0;
}
