/*
 * secret - what must never be printed, and how it is kept
 *
 * A struct secret has no format; its bytes are wiped when its arena is freed. At rest secrets are
 * sealed with XChaCha20-Poly1305 (libsodium) under the installation's master key, bound to what
 * they belong to, so that a sealed value moved to another row does not open. Master key: 32 bytes,
 * base64, in the file named by the configuration (a systemd credential).
 */
#ifndef WAYBILL_SECRET_H
#define WAYBILL_SECRET_H

#include <stddef.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"

struct secret {
	const unsigned char *bytes; /* NUL-terminated besides */
	size_t len;
};

struct master_key;

/* secret_init - libsodium; once per process. Switches core dumps of this process off. */
void secret_init(void);

/* secret_new - copied into the arena, wiped with it */
struct secret secret_new(struct arena *a, const void *bytes, size_t len);

/*
 * secret_file_read - the text of a small file, cut after size - 1 bytes, without blanks at its end
 *
 * ERR_FINAL names what and the file: not there, or others than its owner and group may read it.
 */
int secret_file_read(const char *path, const char *what, char *text, size_t size, size_t *len,
		     struct err *e);

/*
 * secret_key_read - the master key from a file (mode 0600 or less for others). ERR_FINAL names the
 * file.
 */
int secret_key_read(const char *path, struct master_key **out, struct err *e);
void secret_key_free(struct master_key *key);

/* secret_key_make - a new random key, as text for such a file; wiped with the arena */
struct secret secret_key_make(struct arena *a);

/*
 * secret_seal, secret_open - owner ("credential:17:webhook") is bound to the value, not stored in
 * it. Format: version, nonce, text.
 */
void secret_seal(struct arena *a, const struct master_key *key, const char *owner,
		 struct secret plain, unsigned char **sealed, size_t *len);
int secret_open(struct arena *a, const struct master_key *key, const char *owner,
		const void *sealed, size_t len, struct secret *plain, struct err *e);

/* hmac_sha256 - 32 bytes */
void hmac_sha256(struct secret key, const void *data, size_t len, unsigned char out[32]);
/* sha256 - 32 bytes */
void sha256(const void *data, size_t len, unsigned char out[32]);
/* bytes_equal - in constant time */
int bytes_equal(const void *a, const void *b, size_t len);
/* base64_decode - strict, with padding; 0 or -1 when it is not base64 or longer than size */
int base64_decode(const char *text, size_t text_len, unsigned char *out, size_t size, size_t *len);
char *base64_encode(struct arena *a, const void *data, size_t len);
char *hex_encode(struct arena *a, const void *data, size_t len);
/* uuid_v7 - 36 characters and NUL */
void uuid_v7(char out[37]);

#endif
