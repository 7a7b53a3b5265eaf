/*
 * broker - a real RabbitMQ for unit tests
 *
 * WAYBILL_TEST_AMQP_URL is its address; WAYBILL_TEST_BROKER_CTL a shell command that is
 * rabbitmqctl for it, which some tests need. Tests whose variable is not set are skipped.
 * Whatever goes wrong in here fails the test.
 */
#ifndef WAYBILL_TESTS_BROKER_H
#define WAYBILL_TESTS_BROKER_H

#include "core/runtime/amqp_internal.h"
#include "tests/unit/unit.h"

extern const char *broker_url, *broker_ctl_command;
extern char broker_role[64], broker_queue[80]; /* of the running test, and of no other */

/* run_with_broker - the test's body in a fiber. */
void run_with_broker(void (*body)(void *));
void run_with_ctl(void (*body)(void *)); /* the same for a test that calls broker_ctl() */

int64_t broker_deadline(void); /* patience of one wait */

struct amqp *broker_connect(void);
struct amqp *broker_connect_with(const struct amqp_settings *settings);
/* broker_expect_refused - no connection to url, for a reason that contains why. */
void broker_expect_refused(const char *url, const char *why);
void broker_declare(struct amqp *m); /* the topology with the test's role */
void broker_publish(struct amqp *m, const void *body, size_t len);
void broker_delete_queue(struct amqp *m, const char *name);

/*
 * broker_wait_depth - until the test's queue holds so many messages; the broker counts a little
 * late.
 */
void broker_wait_depth(struct amqp *m, int64_t wanted);

/* broker_cut - shut every socket to the broker, as a broken network would. */
void broker_cut(const struct amqp *m);

/* Commands run while the loop turns. */
void run_command(const char *command);
void broker_ctl(const char *arguments);

/* What a consumer has received. */
struct inbox {
	struct amqp *m;
	size_t count, redelivered, body_bytes;
	int keeps; /* deliveries are kept instead of acknowledged */
	struct amqp_delivery *kept[64];
	struct fiber_queue news;
};

void broker_consume(struct amqp *m, struct inbox *in, int prefetch);
void inbox_receive(struct amqp_delivery *d, void *arg);
void inbox_wait(struct inbox *in, size_t count);
void inbox_free(struct inbox *in);

#endif
