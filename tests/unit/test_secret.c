/* secret: sealing, wiping, the master key's file, digests, encodings, ids */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runtime/secret.h"
#include "tests/unit/unit.h"

static char path[] = "/tmp/waybill-key-XXXXXX";

static struct secret text_secret(struct arena *a, const char *text)
{
	return secret_new(a, text, strlen(text));
}

static int start(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	secret_init();
	return fd < 0 ? -1 : close(fd);
}

static int finish(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_key(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static struct master_key *new_key(struct arena *a)
{
	struct secret text = secret_key_make(a);
	struct master_key *key;
	struct err e = {0};

	assert_int_equal(text.len, 44);
	write_key((const char *)text.bytes, 0600);
	if (secret_key_read(path, &key, &e))
		fail_msg("%s", e.msg);
	return key;
}

/* ---- Sealing ---- */

static void what_is_sealed_opens_for_its_owner_only(void **state)
{
	struct arena *a = arena_new();
	struct master_key *key = new_key(a), *other = new_key(a);
	struct secret plain;
	unsigned char *sealed;
	size_t len;
	struct err e = {0};

	(void)state;
	secret_seal(a, key, "credential:17:webhook", text_secret(a, "shpss_hush"), &sealed, &len);
	assert_int_equal(len, 1 + 24 + 10 + 16);
	assert_int_equal(secret_open(a, key, "credential:17:webhook", sealed, len, &plain, &e), 0);
	assert_int_equal(plain.len, 10);
	assert_string_equal((const char *)plain.bytes, "shpss_hush");
	assert_int_equal(secret_open(a, key, "credential:18:webhook", sealed, len, &plain, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_int_equal(secret_open(a, other, "credential:17:webhook", sealed, len, &plain, &e),
			 -1);
	secret_key_free(key);
	secret_key_free(other);
	arena_free(a);
}

static void a_sealed_value_with_any_bit_changed_does_not_open(void **state)
{
	struct arena *a = arena_new();
	struct master_key *key = new_key(a);
	struct secret plain;
	unsigned char *sealed;
	size_t len;

	(void)state;
	secret_seal(a, key, "o", text_secret(a, "x"), &sealed, &len);
	for (size_t bit = 0; bit < len * 8; bit++) {
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(secret_open(a, key, "o", sealed, len, &plain, NULL), -1);
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t shorter = 0; shorter < len; shorter++)
		assert_int_equal(secret_open(a, key, "o", sealed, shorter, &plain, NULL), -1);
	assert_int_equal(secret_open(a, key, "o", sealed, len, &plain, NULL), 0);
	secret_key_free(key);
	arena_free(a);
}

static void the_same_secret_is_sealed_differently_each_time(void **state)
{
	struct arena *a = arena_new();
	struct master_key *key = new_key(a);
	unsigned char *one, *two;
	size_t len;

	(void)state;
	secret_seal(a, key, "o", text_secret(a, "x"), &one, &len);
	secret_seal(a, key, "o", text_secret(a, "x"), &two, &len);
	assert_memory_not_equal(one, two, len);
	secret_key_free(key);
	arena_free(a);
}

static const unsigned char *watched;
static unsigned char seen[6];

static void look(void *arg)
{
	(void)arg;
	memcpy(seen, watched, sizeof seen);
}

static void a_secret_is_wiped_with_its_arena(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	arena_defer(a, look, NULL); /* runs after the secret's own, which is newer */
	watched = text_secret(a, "secret").bytes;
	assert_string_equal((const char *)watched, "secret");
	arena_free(a);
	assert_memory_equal(seen, "\0\0\0\0\0\0", 6);
}

/* ---- The master key ---- */

static void a_bad_key_file_is_refused_by_name(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *says;
	} cases[] = {
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0604, "anybody may read it"},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0620, "anybody may read it"},
		{"", 0600, "not 32 bytes"},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", 0600, "not 32 bytes"},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0600, "not 32 bytes"},
		{"hush-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0600, "not 32 bytes"},
	};
	struct master_key *key;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_key(cases[i].text, cases[i].mode);
		assert_int_equal(secret_key_read(path, &key, &e), -1);
		assert_int_equal(e.kind, ERR_FINAL);
		if (!strstr(e.msg, cases[i].says) || !strstr(e.msg, path) || strstr(e.msg, "hush"))
			fail_msg("%s", e.msg);
	}
	assert_int_equal(secret_key_read("/nonexistent", &key, &e), -1);
	assert_int_equal(secret_key_read("/tmp", &key, &e), -1);
	assert_non_null(strstr(e.msg, "not a file"));
}

static void a_key_file_may_be_the_groups_and_end_with_a_newline(void **state)
{
	struct master_key *key;

	(void)state;
	write_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n", 0440);
	assert_int_equal(secret_key_read(path, &key, NULL), 0);
	secret_key_free(key);
}

/* ---- Digests and encodings ---- */

static const char *hmac_hex(struct arena *a, struct secret key, const char *text)
{
	unsigned char out[32];

	hmac_sha256(key, text, strlen(text), out);
	return hex_encode(a, out, sizeof out);
}

static void hmac_agrees_with_published_vectors(void **state)
{
	struct arena *a = arena_new();
	unsigned char key[131], mac[32];
	size_t len;

	(void)state;
	memset(key, 0xaa, sizeof key);
	/* RFC 4231, cases 2 and 6 (a key longer than a block) */
	assert_string_equal(hmac_hex(a, text_secret(a, "Jefe"), "what do ya want for nothing?"),
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_string_equal(hmac_hex(a, secret_new(a, key, sizeof key),
				     "Test Using Larger Than Block-Size Key - Hash Key First"),
			    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	/* the Standard Webhooks library's own */
	assert_int_equal(
		base64_decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32, key, sizeof key, &len), 0);
	assert_int_equal(len, 24);
	static const char message[] =
		"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";

	hmac_sha256(secret_new(a, key, len), message, sizeof message - 1, mac);
	assert_string_equal(base64_encode(a, mac, sizeof mac),
			    "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	/* Shippo's way */
	assert_string_equal(
		hmac_hex(
			a, text_secret(a, "shippo_synthetic_secret"),
			"1764000000.{\"event\":\"track_updated\",\"test\":true,\"data\":{\"carrier\":"
			"\"shippo\",\"tracking_number\":\"SHIPPO_TRANSIT\"}}"),
		"97657a9986958bbd713aeb45ae8fa0abafd4a0bc4db061a13ce772cc301adb8e");
	arena_free(a);
}

static void sha256_agrees_with_the_standard(void **state)
{
	struct arena *a = arena_new();
	unsigned char out[32];

	(void)state;
	sha256("abc", 3, out);
	assert_string_equal(hex_encode(a, out, sizeof out),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	arena_free(a);
}

static void base64_is_strict(void **state)
{
	static const struct {
		const char *text, *want; /* want NULL: refused */
	} cases[] = {
		{"", ""},	    {"Zg==", "f"},	   {"Zm8=", "fo"},
		{"Zm9v", "foo"},    {"Zm9vYmE=", "fooba"}, {"Zg", NULL},
		{"Zg=", NULL},	    {"Zg===", NULL},	   {"Zh==", NULL}, /* bits beyond the end */
		{"Zm9v ", NULL},    {"Zm 9v", NULL},	   {"Zm9v\n", NULL},
		{"Z-_v", NULL},	    {"=", NULL},	   {"Zg==Zg==", NULL},
		{"Zm9vYmFy", NULL}, /* longer than there is room */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char out[5];
		size_t len = 0;
		int failed =
			base64_decode(cases[i].text, strlen(cases[i].text), out, sizeof out, &len);

		if (failed != (cases[i].want ? 0 : -1))
			fail_msg("\"%s\"", cases[i].text);
		if (!cases[i].want)
			continue;
		assert_int_equal(len, strlen(cases[i].want));
		assert_memory_equal(out, cases[i].want, len);
	}
}

static void bytes_are_compared_whole(void **state)
{
	(void)state;
	assert_true(bytes_equal("abc", "abc", 3));
	assert_false(bytes_equal("abc", "abd", 3));
	assert_false(bytes_equal("abc", "xbc", 3));
	assert_true(bytes_equal("abc", "abd", 2));
}

static void uuids_ascend_and_have_version_7(void **state)
{
	char last[37] = "", id[37];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uuid_v7(id);
		assert_int_equal(strlen(id), 36);
		assert_int_equal(id[14], '7');
		assert_non_null(strchr("89ab", id[19]));
		assert_true(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
		assert_true(strcmp(last, id) < 0);
		memcpy(last, id, sizeof id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_opens_for_its_owner_only),
		cmocka_unit_test(a_sealed_value_with_any_bit_changed_does_not_open),
		cmocka_unit_test(the_same_secret_is_sealed_differently_each_time),
		cmocka_unit_test(a_secret_is_wiped_with_its_arena),
		cmocka_unit_test(a_bad_key_file_is_refused_by_name),
		cmocka_unit_test(a_key_file_may_be_the_groups_and_end_with_a_newline),
		cmocka_unit_test(hmac_agrees_with_published_vectors),
		cmocka_unit_test(sha256_agrees_with_the_standard),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(bytes_are_compared_whole),
		cmocka_unit_test(uuids_ascend_and_have_version_7),
	};

	return cmocka_run_group_tests_name("secret", tests, start, finish);
}
