/*
 * conf - the configuration file: INI, strict
 *
 * One file for all programs (default /etc/waybill/waybill.conf, or --config FILE, or
 * $WAYBILL_CONFIG). Unknown sections and keys, values out of range and malformed urls are refused
 * with file and line. Secrets are not in it; it names the files that hold them.
 * docs/configuration.md lists every key; conf_describe() prints that list.
 */
#ifndef WAYBILL_CONF_H
#define WAYBILL_CONF_H

#include <stddef.h>

#include "core/runtime/err.h"

struct conf {
	const char *path; /* the file that was read; "" when there was none */
	struct {
		const char *url; /* workers' user; default: $WAYBILL_DB_URL */
		const char *
			operator_url_file; /* the command line; else $WAYBILL_OPERATOR_URL, else url */
		const char *owner_url_file; /* migrate only; else $WAYBILL_OWNER_URL */
		int connections;	    /* per process; default 3 */
	} database;
	struct {
		const char *urls;    /* default: $WAYBILL_AMQP_URL */
		int prefetch;	     /* bundles; default 64 */
		int ingest_prefetch; /* messages; default 512 */
	} broker;
	struct {
		const char *key_file; /* master key */
	} secrets;
	struct {
		int batch_max; /* jobs per claim and settle; default 256 */
		int act_max;   /* jobs acting at once; default 256 */
		int away_s;    /* without the database: then messages are given back; default 60 */
	} worker;
	struct {
		const char *listen; /* host:port; default 127.0.0.1:8480 */
		int body_max_bytes; /* default 8 MiB */
		int connections;    /* default 512 */
	} gateway;
	struct {
		int wait_s; /* rows due and untaken for this long are published again; default 30 */
		int again_s;		 /* each at most once per this; default 60 */
		int interval_ms;	 /* how often the clock looks; default 1000 */
		int reconcile_s;	 /* a store is swept every; default 300 */
		int reconcile_overlap_s; /* default 600 */
	} clock;
	struct {
		const char *store; /* "database" or an absolute directory */
		int grace_s; /* before an unknown purchase is tried once more; default 300, at least 300, unless $WAYBILL_TESTING is set */
	} labels;
	struct {
		const char *url; /* smtp://host:port, smtps://; empty: no mail */
		int allow_plain; /* without TLS to a server on another machine that does not offer it */
		const char *user;
		const char *password_file;
		const char
			*templates; /* directory of edited templates; default: the built-in ones */
	} mail;
	struct {
		int wait_h; /* from a store's demand to an erasure; default 48 */
	} privacy;
	struct {
		int allow_plain; /* http:// to hosts that are not loopback */
		int per_host;
	} http;
	struct {
		const char *level; /* err | warn | info | debug */
	} log;
};

/*
 * conf_read - the file into out; owned by the process for its whole life
 *
 * path NULL: $WAYBILL_CONFIG, else the default path when it exists, else defaults and environment
 * only. Texts that are not set are "". A *_file without a slash is looked for in
 * $CREDENTIALS_DIRECTORY (systemd's LoadCredential). ERR_FINAL: "waybill.conf:12: unknown key
 * \"databse.url\"; did you mean \"database.url\"?". Values are never quoted: a password may have
 * got into the wrong line.
 */
int conf_read(const char *path, struct conf *out, struct err *e);

/*
 * conf_is_private - nobody but the file's owner and group can read or change it, or any file with a secret that it
 * names
 *
 * ERR_FINAL names the file and the remedy. A file that is not there is none of this function's business.
 */
int conf_is_private(const struct conf *conf, struct err *e);

/* conf_has_servers - the urls of PostgreSQL and RabbitMQ are set; else ERR_FINAL names the key */
int conf_has_servers(const struct conf *conf, struct err *e);

/* conf_describe - print a configuration file: every key with its meaning and default */
void conf_describe(void);

#endif
