/*
 * address - what an address needs, by country, and between which of them customs stand
 */
#ifndef WAYBILL_ADDRESS_H
#define WAYBILL_ADDRESS_H

#include "core/domain/order.h"

/*
 * address_lacks - what a carrier would miss: "a city, a postal code"; NULL: nothing
 *
 * Name or company, street and country everywhere; city, postal code and province where the country has them.
 */
const char *address_lacks(struct arena *a, const struct address *address);

/* address_city - the city, or what carriers take for one where there are none: the province, else the country's name */
const char *address_city(const struct address *address);

/*
 * address_is_abroad - do goods from one to the other need a customs declaration?
 *
 * Mostly when the countries differ. Not within a customs union; but for military post offices (APO, FPO, DPO) and
 * territories, whose country is that of the sender.
 */
int address_is_abroad(const struct address *from, const struct address *to);

#endif
