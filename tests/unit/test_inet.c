/* inet: what is this machine's, and what is the public internet's */
#include "core/runtime/inet.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/unit/unit.h"

static void judge(const char *text, int *is_loopback, int *is_public)
{
	struct sockaddr_in ip4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
	int is_ip4 = inet_pton(AF_INET, text, &ip4.sin_addr) == 1;
	const struct sockaddr *address =
		is_ip4 ? (const struct sockaddr *)&ip4 : (const struct sockaddr *)&ip6;

	print_message("  %s\n", text);
	assert_true(is_ip4 || inet_pton(AF_INET6, text, &ip6.sin6_addr) == 1);
	*is_loopback = inet_is_loopback(address);
	*is_public = inet_is_public(address);
}

static void addresses_are_public_loopback_or_neither(void **state)
{
	static const char *const public[] = {"1.1.1.1",		 "8.8.8.8",
					     "9.255.255.255",	 "11.0.0.0",
					     "100.63.255.255",	 "100.128.0.0",
					     "126.255.255.255",	 "128.0.0.0",
					     "169.253.255.255",	 "172.15.255.255",
					     "172.32.0.0",	 "192.0.1.0",
					     "192.169.0.0",	 "198.17.255.255",
					     "198.20.0.0",	 "223.255.255.255",
					     "2606:4700::1111",	 "2a00:1450::200e",
					     "2001:200::1",	 "::ffff:8.8.8.8",
					     "64:ff9b::808:808", NULL};
	static const char *const loopback[] = {"127.0.0.1", "127.255.255.255", "::1",
					       "::ffff:127.0.0.1", NULL};
	static const char *const neither[] = {"0.0.0.0",
					      "0.1.2.3",
					      "10.0.0.1",
					      "10.255.255.255",
					      "100.64.0.1",
					      "100.127.255.255",
					      "169.254.169.254",
					      "172.16.0.1",
					      "172.31.255.255",
					      "192.0.0.1",
					      "192.0.2.1",
					      "192.88.99.1",
					      "192.168.1.1",
					      "198.18.0.1",
					      "198.19.255.255",
					      "198.51.100.1",
					      "203.0.113.1",
					      "224.0.0.1",
					      "239.1.1.1",
					      "240.0.0.1",
					      "255.255.255.255",
					      "::",
					      "::2",
					      "::ffff:10.0.0.1",
					      "::ffff:0.0.0.0",
					      "::7f00:1",
					      "64:ff9b::a00:1",
					      "64:ff9b:1::1",
					      "100::1",
					      "2001::1",
					      "2001:db8::1",
					      "2002:7f00:1::",
					      "3fff::1",
					      "fc00::1",
					      "fd12:3456::1",
					      "fe80::1",
					      "fec0::1",
					      "ff02::1",
					      "::ffff:169.254.169.254",
					      NULL};
	int is_loopback, is_public;

	(void)state;
	for (size_t i = 0; public[i]; i++) {
		judge(public[i], &is_loopback, &is_public);
		assert_true(is_public && !is_loopback);
	}
	for (size_t i = 0; loopback[i]; i++) {
		judge(loopback[i], &is_loopback, &is_public);
		assert_true(is_loopback && !is_public);
	}
	for (size_t i = 0; neither[i]; i++) {
		judge(neither[i], &is_loopback, &is_public);
		assert_true(!is_loopback && !is_public);
	}
}

static void what_is_no_internet_address_is_neither(void **state)
{
	struct sockaddr local = {.sa_family = AF_UNIX};

	(void)state;
	assert_false(inet_is_loopback(&local));
	assert_false(inet_is_public(&local));
}

static void a_url_is_of_this_machine_by_its_address_not_by_its_looks(void **state)
{
	static const char *const here[] = {"http://127.0.0.1/x",
					   "http://127.1.2.3:99",
					   "https://LocalHost",
					   "http://[::1]:8/",
					   "http://[::ffff:127.0.0.1]/",
					   "smtp://127.0.0.1:25",
					   "smtps://[::1]",
					   "http://2130706433/",
					   "http://0x7f.1/",
					   NULL};
	static const char *const elsewhere[] = {"http://127.evil.example/",
						"http://127.0.0.1.evil.example/",
						"http://localhost.evil.example/",
						"http://evil.example/127.0.0.1",
						"http://127.0.0.1@evil.example/",
						"http://0/",
						"http://0.0.0.0/",
						"http://[::]/",
						"http://10.0.0.1/",
						"smtp://127.mail.example:25",
						"127.",
						"",
						NULL};

	(void)state;
	for (size_t i = 0; here[i]; i++) {
		print_message("  %s\n", here[i]);
		assert_true(inet_url_is_loopback(here[i]));
	}
	for (size_t i = 0; elsewhere[i]; i++) {
		print_message("  %s\n", elsewhere[i]);
		assert_false(inet_url_is_loopback(elsewhere[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_public_loopback_or_neither),
		cmocka_unit_test(what_is_no_internet_address_is_neither),
		cmocka_unit_test(a_url_is_of_this_machine_by_its_address_not_by_its_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
