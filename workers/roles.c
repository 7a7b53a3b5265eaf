/* roles - the one list */
#include "workers/roles.h"

const struct role *const roles[] = {
	&ingest_role, &reconcile_role, &renew_role,  &route_role, &release_role, &rate_role,
	&label_role,  &fulfill_role,   &notify_role, &erase_role, &dead_role,	 NULL,
};
