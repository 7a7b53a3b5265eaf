/* secret - what must never be printed, and how it is kept */
#include "core/runtime/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runtime/loop.h"
#include "core/runtime/sanitizer.h"

enum {
	KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	SEAL_VERSION = 1,
	SEAL_EXTRA_BYTES = 1 + NONCE_BYTES + TAG_BYTES,
	KEY_FILE_BYTES_MAX = 128,
};

struct master_key {
	unsigned char bytes[KEY_BYTES];
};

void secret_init(void)
{
	const struct rlimit none = {0, 0};

	if (sodium_init() < 0)
		die("libsodium does not start");
	/* LeakSanitizer must be able to look into this process. */
	if (setrlimit(RLIMIT_CORE, &none) || (!WAYBILL_ASAN && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)))
		die("cannot switch core dumps off");
}

/* ---- Memory that is wiped ---- */

struct wipe {
	void *bytes;
	size_t len;
};

static void wipe(void *arg)
{
	const struct wipe *w = arg;

	sodium_memzero(w->bytes, w->len);
}

static unsigned char *wiped_alloc(struct arena *a, size_t len)
{
	struct wipe *w = ARENA_NEW(a, struct wipe);

	w->bytes = arena_alloc(a, len);
	w->len = len;
	arena_defer(a, wipe, w);
	return w->bytes;
}

struct secret secret_new(struct arena *a, const void *bytes, size_t len)
{
	unsigned char *copy = wiped_alloc(a, len + 1);

	if (len)
		memcpy(copy, bytes, len);
	return (struct secret){.bytes = copy, .len = len};
}

/* ---- Files ---- */

int secret_file_read(const char *path, const char *what, char *text, size_t size, size_t *len,
		     struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_final(e, "cannot read %s %s: %s", what, path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_final(e, "cannot read %s %s: not a file", what, path);
	}
	/* A group may read: so do the access lists look that systemd gives its credentials. */
	if (st.st_mode & (S_IWGRP | S_IRWXO)) {
		close(fd);
		return err_final(e, "refused %s %s: anybody may read it (chmod 600)", what, path);
	}
	ssize_t got = read(fd, text, size - 1);

	close(fd);
	if (got < 0)
		return err_final(e, "cannot read %s %s: %s", what, path, strerror(errno));
	*len = (size_t)got;
	while (*len && strchr(" \t\r\n", text[*len - 1]))
		--*len;
	text[*len] = '\0';
	return 0;
}

/* ---- The master key ---- */

int secret_key_read(const char *path, struct master_key **out, struct err *e)
{
	char text[KEY_FILE_BYTES_MAX + 1];
	size_t text_len = 0, len = 0;
	struct master_key *key;

	if (!path[0])
		return err_final(e, "secrets.key_file is not set; `waybill setup` makes the key");
	if (secret_file_read(path, "the master key", text, sizeof text, &text_len, e))
		return -1;
	key = sodium_malloc(sizeof *key);
	if (!key)
		die("out of memory: the master key");
	int failed = base64_decode(text, text_len, key->bytes, sizeof key->bytes, &len) ||
		     len != sizeof key->bytes;

	sodium_memzero(text, sizeof text);
	if (failed) {
		secret_key_free(key);
		return err_final(e, "refused the master key %s: not 32 bytes in base64", path);
	}
	sodium_mprotect_readonly(key);
	*out = key;
	return 0;
}

void secret_key_free(struct master_key *key)
{
	sodium_free(key); /* wipes */
}

struct secret secret_key_make(struct arena *a)
{
	unsigned char key[KEY_BYTES];
	const size_t size = sodium_base64_ENCODED_LEN(sizeof key, sodium_base64_VARIANT_ORIGINAL);
	unsigned char *text = wiped_alloc(a, size);

	crypto_aead_xchacha20poly1305_ietf_keygen(key);
	sodium_bin2base64((char *)text, size, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(key, sizeof key);
	return (struct secret){.bytes = text, .len = size - 1};
}

/* ---- Sealing ---- */

void secret_seal(struct arena *a, const struct master_key *key, const char *owner,
		 struct secret plain, unsigned char **sealed, size_t *len)
{
	unsigned char *out = arena_alloc(a, plain.len + SEAL_EXTRA_BYTES);
	unsigned char *nonce = out + 1;

	out[0] = SEAL_VERSION;
	randombytes_buf(nonce, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, plain.bytes,
						   plain.len, (const unsigned char *)owner,
						   strlen(owner), NULL, nonce, key->bytes);
	*sealed = out;
	*len = plain.len + SEAL_EXTRA_BYTES;
}

int secret_open(struct arena *a, const struct master_key *key, const char *owner,
		const void *sealed, size_t len, struct secret *plain, struct err *e)
{
	const unsigned char *in = sealed;

	if (len < SEAL_EXTRA_BYTES || in[0] != SEAL_VERSION)
		return err_final(e, "cannot open a secret: not a sealed value");
	size_t plain_len = len - SEAL_EXTRA_BYTES;
	unsigned char *bytes = wiped_alloc(a, plain_len + 1);
	const unsigned char *nonce = in + 1;

	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    bytes, NULL, NULL, nonce + NONCE_BYTES, len - 1 - NONCE_BYTES,
		    (const unsigned char *)owner, strlen(owner), nonce, key->bytes))
		return err_final(e, "cannot open a secret: another master key, or damaged");
	*plain = (struct secret){.bytes = bytes, .len = plain_len};
	return 0;
}

/* ---- Digests and encodings ---- */

void hmac_sha256(struct secret key, const void *data, size_t len, unsigned char out[32])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key.bytes, key.len);
	crypto_auth_hmacsha256_update(&state, data, len);
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof state);
}

void sha256(const void *data, size_t len, unsigned char out[32])
{
	crypto_hash_sha256(out, data, len);
}

int bytes_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

int base64_decode(const char *text, size_t text_len, unsigned char *out, size_t size, size_t *len)
{
	size_t got = 0;
	const char *end = NULL;

	if (sodium_base642bin(out, size, text, text_len, NULL, &got, &end,
			      sodium_base64_VARIANT_ORIGINAL) ||
	    end != text + text_len)
		return -1;
	*len = got;
	return 0;
}

char *base64_encode(struct arena *a, const void *data, size_t len)
{
	size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(arena_alloc(a, size), size, data, len,
				 sodium_base64_VARIANT_ORIGINAL);
}

char *hex_encode(struct arena *a, const void *data, size_t len)
{
	return sodium_bin2hex(arena_alloc(a, len * 2 + 1), len * 2 + 1, data, len);
}

/*
 * RFC 9562, version 7: 48 bits of milliseconds, 12 bits that count within one millisecond, 62
 * random bits. So the ids of a process ascend, also when its clock steps back.
 */
void uuid_v7(char out[37])
{
	static uint64_t last; /* milliseconds << 12 | count */
	uint64_t now = (uint64_t)(wall_now_us() / 1000) << 12;
	unsigned char id[16];
	char hex[33];

	last = now > last ? now : last + 1;
	randombytes_buf(id, sizeof id);
	for (int i = 0; i < 6; i++)
		id[i] = (unsigned char)(last >> (52 - 8 * i));
	id[6] = (unsigned char)(0x70 | ((last >> 8) & 0x0f));
	id[7] = (unsigned char)last;
	id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
	sodium_bin2hex(hex, sizeof hex, id, sizeof id);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}
