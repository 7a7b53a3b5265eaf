/*
 * db - statements and transactions
 *
 * A statement goes out with what must precede it (BEGIN, its preparation, statements whose answers could
 * wait) as one pipeline and costs one round trip.
 */
#include <stdlib.h>
#include <string.h>

#include "core/runtime/db_internal.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"

enum { STEPS_MAX = 3 }; /* of one statement: BEGIN, its preparation, itself */

static void keep(char *to, size_t size, const PGresult *r, int field)
{
	const char *text = PQresultErrorField(r, field);

	text_printf(to, size, "%s", text ? text : "");
}

static void remember(struct db *db, const char *sqlstate, const PGresult *r)
{
	struct db_refusal *to = &db->refusal;

	text_printf(to->sqlstate, sizeof to->sqlstate, "%s", sqlstate);
	keep(to->constraint, sizeof to->constraint, r, PG_DIAG_CONSTRAINT_NAME);
	keep(to->column, sizeof to->column, r, PG_DIAG_COLUMN_NAME);
	keep(to->text, sizeof to->text, r, PG_DIAG_MESSAGE_PRIMARY);
}

const struct db_refusal *db_refusal(const struct db *db)
{
	return &db->refusal;
}

/* The answer to a step; that to a statement is the caller's. */
static int take_result(struct db *db, const struct db_step *step, PGresult *r, PGresult **out,
		       struct err *e)
{
	const char *what = step->kind == DB_CONTROL ? "transaction" : sql_statements[step->id].name;
	const char *sqlstate, *text;

	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		if (step->kind != DB_STATEMENT)
			break;
		PQclear(*out);
		*out = r;
		return 0;
	case PGRES_PIPELINE_ABORTED: /* a step before failed, and said why */
		if (step->kind == DB_PREPARE)
			db->is_prepared[step->id] = 0;
		break;
	case PGRES_FATAL_ERROR:
		if (step->kind == DB_PREPARE)
			db->is_prepared[step->id] = 0;
		sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
		text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
		if (sqlstate) {
			db_judge(e, what, sqlstate, text ? text : "");
			remember(db, sqlstate, r);
		} else
			db_lost(e, "reach the database", PQresultErrorMessage(r));
		db->is_over |= !sqlstate || db_ends_session(sqlstate);
		PQclear(r);
		return -1;
	case PGRES_EMPTY_QUERY:
	case PGRES_COPY_OUT:
	case PGRES_COPY_IN:
	case PGRES_COPY_BOTH:
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
	case PGRES_SINGLE_TUPLE:
	case PGRES_PIPELINE_SYNC:
	default:
		err_bug(e, "sql %s: an answer of kind %s", what, PQresStatus(PQresultStatus(r)));
		PQclear(r);
		return -1;
	}
	PQclear(r);
	return 0;
}

/*
 * Waits for the answers to all that is pending; out gets the last statement's. The first error wins; one
 * that tells of a lost connection, or of one that is not worth keeping, closes it.
 */
YIELDS
static int collect(struct db *db, PGresult **out, struct err *e)
{
	int64_t deadline_ms = loop_now_ms() + db->answer_ms;
	struct err first = {0};
	int at = 0, has_answer = 0;

	*out = NULL;
	if (!PQpipelineSync(db->pg))
		return db_abandon(db, e);
	while (db->pg && !db->is_over) {
		struct err here = {0};

		if (db_await_answer(db, deadline_ms, &first))
			break;
		PGresult *r = PQgetResult(db->pg);

		if (!r) { /* the end of one step's results */
			/* Without memory for one: that is not "no rows". */
			if (!has_answer || ++at > db->pending_count)
				db_abandon(db, &first);
			has_answer = 0;
			continue;
		}
		has_answer = 1;
		db->pool->is_up = 1;
		if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
			PQclear(r);
			break;
		}
		int last = db->pending_count - 1;

		if (take_result(db, &db->pending[at < last ? at : last], r, out, &here) &&
		    first.kind == ERR_NONE)
			first = here;
	}
	db->pending_count = 0;
	if (first.kind == ERR_NONE)
		return 0;
	if (db->pg && first.code == ERR_CODE_DISCONNECTED)
		db_pool_away(db->pool, &first);
	if (db->is_over)
		db_close(db);
	PQclear(*out);
	*out = NULL;
	if (e)
		*e = first;
	return -1;
}

static void note_sent(struct db *db, enum db_step_kind kind, enum sql_id id)
{
	db->pending[db->pending_count].kind = kind;
	db->pending[db->pending_count++].id = id;
}

static int send_control(struct db *db, const char *command)
{
	if (!PQsendQueryParams(db->pg, command, 0, NULL, NULL, NULL, NULL, 0))
		return -1;
	note_sent(db, DB_CONTROL, 0);
	return 0;
}

static int send_statement(struct db *db, struct arena *a, enum sql_id id,
			  const struct db_value *params, size_t count)
{
	const struct sql_statement *s = &sql_statements[id];
	const char **values = ARENA_ARRAY(a, const char *, count);
	int *lengths = ARENA_ARRAY(a, int, count), *formats = ARENA_ARRAY(a, int, count);
	Oid *types = ARENA_ARRAY(a, Oid, count);

	for (size_t i = 0; i < count; i++) {
		values[i] = params[i].data;
		lengths[i] = params[i].len;
		formats[i] = params[i].format;
		types[i] = params[i].type;
	}
	if (!db->is_prepared[id]) {
		if (!PQsendPrepare(db->pg, s->name, s->text, (int)count, types))
			return -1;
		note_sent(db, DB_PREPARE, id);
		db->is_prepared[id] = 1;
	}
	if (!PQsendQueryPrepared(db->pg, s->name, (int)count, values, lengths, formats,
				 /* resultFormat= */ 0))
		return -1;
	note_sent(db, DB_STATEMENT, id);
	return 0;
}

static void clear_result(void *pg)
{
	PQclear(pg);
}

/* Sends a statement and what must precede it; answers are collected later. */
static int send_all(struct db *db, struct arena *a, enum sql_id id, const struct db_value *params,
		    size_t count, struct err *e)
{
	if (count != (size_t)sql_statements[id].params)
		return err_bug(e, "sql %s: %zu parameters instead of %d", sql_statements[id].name,
			       count, sql_statements[id].params);
	if (!db->pg)
		return db_abandon(db, e);
	if (db->is_begin_owed && send_control(db, "BEGIN"))
		return db_abandon(db, e);
	db->is_begin_owed = 0;
	if (send_statement(db, a, id, params, count))
		return db_abandon(db, e);
	return 0;
}

int db_query(struct db *db, struct arena *a, enum sql_id id, const struct db_value *params,
	     size_t param_count, struct db_result *out, struct err *e)
{
	PGresult *r;

	if (send_all(db, a, id, params, param_count, e) || collect(db, &r, e))
		return -1;
	if (!out) {
		PQclear(r);
		return 0;
	}
	arena_defer(a, clear_result, r);
	*out = (struct db_result){.rows = (size_t)PQntuples(r), .pg = r};
	return 0;
}

int db_send(struct db *db, struct arena *a, enum sql_id id, const struct db_value *params,
	    size_t param_count, struct err *e)
{
	if (db->pg && !db->is_begin_owed && !db->pending_count &&
	    PQtransactionStatus(db->pg) != PQTRANS_INTRANS)
		return err_bug(e, "sql %s: only in a transaction can an answer wait",
			       sql_statements[id].name);
	if (db->pending_count + STEPS_MAX >= DB_PENDING_MAX)
		return db_query(db, a, id, params, param_count, NULL, e);
	return send_all(db, a, id, params, param_count, e);
}

/* ---- Transactions ---- */

int db_begin(struct db *db, struct err *e)
{
	if (!db->pg)
		return db_abandon(db, e);
	if (db->is_begin_owed || db->pending_count || PQtransactionStatus(db->pg) != PQTRANS_IDLE)
		return err_bug(e, "a transaction inside a transaction");
	db->is_begin_owed = 1;
	db->refusal = (struct db_refusal){0};
	return 0;
}

YIELDS
static int control(struct db *db, const char *command, struct err *e)
{
	PGresult *r;

	if (send_control(db, command))
		return db_abandon(db, e);
	int failed = collect(db, &r, e);

	PQclear(r);
	return failed;
}

int db_commit(struct db *db, struct err *e)
{
	if (!db->pg)
		return db_abandon(db, e);
	if (db->is_begin_owed) { /* nothing was done */
		db->is_begin_owed = 0;
		return 0;
	}
	if (!db->pending_count && PQtransactionStatus(db->pg) != PQTRANS_INTRANS)
		return err_bug(e, "commit of a transaction that is not open or has failed");
	return control(db, "COMMIT", e);
}

int db_rollback(struct db *db, struct err *e)
{
	PGresult *r;

	if (!db->pg)
		return 0;
	db->is_begin_owed = 0;
	if (db->pending_count && collect(db, &r, NULL) == 0)
		PQclear(r);
	if (!db->pg || PQtransactionStatus(db->pg) == PQTRANS_IDLE)
		return 0;
	return control(db, "ROLLBACK", e);
}
