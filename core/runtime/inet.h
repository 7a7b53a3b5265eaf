/*
 * inet - whose addresses these are: this machine's, or the public internet's
 *
 * Names prove nothing: "127.evil.example" is a name like others, and any name may lead to this machine or into its
 * network. What counts is the parsed address, and in the end the one that a connection is made to.
 */
#ifndef WAYBILL_INET_H
#define WAYBILL_INET_H

#include <sys/socket.h>

/* inet_is_loopback - 127.0.0.0/8 or ::1, also as an IPv4 address within IPv6 */
int inet_is_loopback(const struct sockaddr *address);

/*
 * inet_is_public - one that is routed on the internet
 *
 * Not: private, shared (CGNAT), link-local, loopback, multicast, documentation, benchmarks, reserved, tunnels
 * (6to4, Teredo), IPv6 outside of 2000::/3. An IPv4 address within IPv6 (mapped, NAT64) is judged as itself.
 */
int inet_is_public(const struct sockaddr *address);

/*
 * inet_host_is_loopback - of a url: "localhost" (libcurl looks it up nowhere), or a literal address that is
 * loopback; "[::1]", too
 */
int inet_host_is_loopback(const char *host);

/* inet_url_is_loopback - has it such a host? 0 for what is no url. */
int inet_url_is_loopback(const char *url);

#endif
