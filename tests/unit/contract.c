/* contract - files that tests read, and the outside services' recorded traffic where it is at hand */
#include "tests/unit/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { FILE_MAX = 4 * 1024 * 1024 };

const char *file_text(struct arena *a, const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return NULL;
	char *text = arena_alloc(a, FILE_MAX);
	size_t len = fread(text, 1, FILE_MAX - 1, file);

	fclose(file);
	text[len] = '\0';
	return text;
}

const char *contract(struct arena *a, const char *name)
{
	const char *given = getenv("WAYBILL_CONTRACTS");
	const char *folder = given ? given : "../shared/contracts";
	const char *text = file_text(a, arena_printf(a, "%s/%s", folder, name));

	if (!text && access(folder, F_OK) == 0)
		fail_msg("%s is not in %s", name, folder);
	if (!text) {
		printf("# skipped: the services' recorded traffic is not here\n");
		skip();
	}
	return text;
}
