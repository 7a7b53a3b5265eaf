/* curl_loop - libcurl's multi interface on the loop */
#include "core/runtime/curl_loop.h"

#include <signal.h>
#include <stdlib.h>

#include "core/runtime/loop.h"
#include "core/runtime/memory.h"

static struct {
	CURLM *multi;
	ev_timer timer;
} state;

struct transfer {
	struct fiber *fiber;
	CURLcode result;
	int is_done;
};

/* Wakes the fibers whose transfers have ended. */
static void collect(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(state.multi, &left))) {
		struct transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		t->result = message->data.result;
		t->is_done = 1;
		fiber_wake(t->fiber);
	}
}

static void turn(curl_socket_t socket, int what)
{
	int running;

	curl_multi_socket_action(state.multi, socket, what, &running);
	collect();
}

static void on_socket(EV_P_ ev_io *io, int events)
{
	int what = (events & EV_READ ? CURL_CSELECT_IN : 0) |
		   (events & EV_WRITE ? CURL_CSELECT_OUT : 0);

	(void)loop;
	turn(io->fd, what);
}

static void on_timer(EV_P_ ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	turn(CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl says which socket it wants watched for what; socket_data is the watcher of it. */
static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *socket_data)
{
	ev_io *io = socket_data;
	int events = (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);

	(void)easy;
	(void)user;
	if (what == CURL_POLL_REMOVE) {
		if (io)
			ev_io_stop(loop_ev(), io);
		free(io);
		return 0;
	}
	if (io) {
		ev_io_stop(loop_ev(), io);
	} else {
		io = malloc(sizeof *io);
		if (!io)
			die("out of memory: a socket");
		curl_multi_assign(state.multi, socket, io);
	}
	ev_io_init(io, on_socket, socket, events);
	ev_io_start(loop_ev(), io);
	return 0;
}

/* A time of 0 means soon: never at once, because libcurl is in the middle of something when it calls this. */
static int set_timer(CURLM *multi, long timeout_ms, void *user)
{
	(void)multi;
	(void)user;
	ev_timer_stop(loop_ev(), &state.timer);
	if (timeout_ms < 0)
		return 0;
	ev_now_update(loop_ev());
	ev_timer_set(&state.timer, (double)timeout_ms / 1000.0, 0.0);
	ev_timer_start(loop_ev(), &state.timer);
	return 0;
}

CURLM *curl_loop_multi(void)
{
	if (state.multi)
		return state.multi;
	signal(SIGPIPE, SIG_IGN);
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, memory_new, free, memory_resize, memory_text,
				 memory_zeroed))
		die("cannot initialize libcurl");
	state.multi = curl_multi_init();
	if (!state.multi)
		die("out of memory: libcurl");
	ev_init(&state.timer, on_timer);
	curl_multi_setopt(state.multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(state.multi, CURLMOPT_TIMERFUNCTION, set_timer);
	return state.multi;
}

CURL *curl_loop_easy(void)
{
	curl_loop_multi(); /* which sets libcurl up as we want it */
	CURL *easy = curl_easy_init();

	if (!easy)
		die("out of memory: libcurl");
	return easy;
}

enum err_kind curl_loop_kind(CURLcode result)
{
	switch ((int)result) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return ERR_FINAL;
	case CURLE_NOT_BUILT_IN:
	case CURLE_UNKNOWN_OPTION:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return ERR_BUG;
	case CURLE_OUT_OF_MEMORY:
		die("out of memory: libcurl");
	default:
		return ERR_RETRY;
	}
}

/* Runs until the transfer has ended; the handle stays added. */
YIELDS
static int run(CURL *easy, int64_t deadline_ms, CURLcode *result, struct err *e)
{
	struct transfer t = {.fiber = fiber_self()};

	curl_easy_setopt(easy, CURLOPT_PRIVATE, &t);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Giving up must not wait for a name lookup that goes on in its thread. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	CURLMcode added = curl_multi_add_handle(curl_loop_multi(), easy);

	if (added)
		return err_bug(e, "cannot start a transfer: %s", curl_multi_strerror(added));
	while (!t.is_done)
		if (fiber_suspend(deadline_ms, e))
			return -1;
	*result = t.result;
	return 0;
}

int curl_loop_perform(CURL *easy, int64_t deadline_ms, CURLcode *result, struct err *e)
{
	int failed = run(easy, deadline_ms, result, e);

	curl_multi_remove_handle(state.multi, easy);
	return failed;
}

int curl_loop_connect(CURL *easy, int64_t deadline_ms, CURLcode *result, struct err *e)
{
	int failed = run(easy, deadline_ms, result, e);

	if (failed || *result != CURLE_OK)
		curl_multi_remove_handle(state.multi, easy);
	return failed;
}

struct socket_wait {
	struct fiber *fiber;
	int is_ready;
};

static void socket_ready(EV_P_ ev_io *io, int events)
{
	struct socket_wait *w = io->data;

	(void)loop;
	(void)events;
	w->is_ready = 1;
	fiber_wake(w->fiber);
}

int curl_loop_wait(CURL *easy, int events, int64_t deadline_ms, struct err *e)
{
	struct socket_wait w = {.fiber = fiber_self()};
	curl_socket_t socket = CURL_SOCKET_BAD;
	ev_io io;
	int failed = 0;

	curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
	if (socket == CURL_SOCKET_BAD)
		return err_set(e, ERR_RETRY, ERR_CODE_DISCONNECTED, "the connection is closed");
	ev_io_init(&io, socket_ready, socket, events);
	io.data = &w;
	ev_io_start(loop_ev(), &io);
	while (!failed && !w.is_ready)
		failed = fiber_suspend(deadline_ms, e);
	ev_io_stop(loop_ev(), &io);
	return failed;
}

void curl_loop_disconnect(CURL *easy)
{
	curl_multi_remove_handle(state.multi, easy);
}
