/* machine - which running system this is */
#include "core/runtime/machine.h"

#include <stdio.h>
#include <sys/types.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "core/runtime/secret.h"

void machine_mark(char out[MACHINE_MARK_BYTES])
{
	struct {
		sd_id128_t machine, boot;
		char namespace[64];
		char nonce[37];
	} self = {0};
	unsigned char hash[32];

	sd_id128_get_machine(&self.machine); /* a container may have none */
	if (sd_id128_get_boot(&self.boot) < 0 ||
	    readlink("/proc/self/ns/pid", self.namespace, sizeof self.namespace) < 0)
		uuid_v7(self.nonce);
	sha256(&self, sizeof self, hash);
	for (int i = 0; i < (MACHINE_MARK_BYTES - 1) / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}
