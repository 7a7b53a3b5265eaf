/* roles - the one list: a new role is a file and a line here and in roles.c */
#ifndef WAYBILL_ROLES_H
#define WAYBILL_ROLES_H

#include "core/runtime/role.h"

extern const struct role ingest_role, reconcile_role, renew_role, route_role, release_role,
	rate_role, label_role, fulfill_role, notify_role, erase_role, dead_role;

/* All of them; NULL ends the list. */
extern const struct role *const roles[];

#endif
