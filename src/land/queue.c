#include "land/queue.h"

#include <string.h>

static bool is_taken(const struct queue_entry *list, size_t n, const char *repo)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].active && strcmp(list[i].repo, repo) == 0)
			return true;
	return false;
}

ssize_t queue_next(const struct queue_entry *list, size_t n, size_t active_max)
{
	size_t active = 0;
	for (size_t i = 0; i < n; i++)
		active += list[i].active;
	for (size_t i = 0; i < n && active < active_max; i++)
		if (!list[i].active && !is_taken(list, n, list[i].repo))
			return (ssize_t)i;
	return -1;
}

size_t queue_position(const struct queue_entry *list, size_t n, size_t index)
{
	size_t before = 0;
	for (size_t i = 0; i < index && i < n; i++)
		before += strcmp(list[i].repo, list[index].repo) == 0;
	return before;
}
